//! What needs Node: the browser tests and the screenshots in `e2e/`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, Result};

use crate::browser;
use crate::bundle;
use crate::engines::Engines;
use crate::fingerprint::Fingerprint;
use crate::process;
use crate::progress::say;
use crate::project::Project;
use crate::server;
use crate::tools;

/// What the browser tests are run with.
pub struct Browser {
    pub chromium: PathBuf,
}

impl Browser {
    /// Finds Node and a Chromium, and installs the tests' own packages.
    pub fn provide(project: &Project) -> Result<Self> {
        let chromium = browser::provide()?;
        provide_packages(project)?;
        Ok(Self { chromium })
    }

    /// A program of `e2e/`, told which browser and which server to use.
    pub fn command(&self, project: &Project, program: impl AsRef<Path>) -> Command {
        let mut command = command(project, program.as_ref());
        command.env("PORCHLIGHT_CHROMIUM", &self.chromium);
        command
    }
}

/// Checks the types of the browser tests and of what they are written against.
pub fn check_types(project: &Project, browser: &Browser) -> Result<()> {
    process::run(browser.command(project, "npm").args(["run", "--silent", "check"]))
}

/// Runs Playwright's tests against the server with its bundle.
pub fn run_playwright(project: &Project, browser: &Browser, full: bool) -> Result<()> {
    let mut command = browser.command(project, playwright(project));
    command.arg("test");
    if full {
        command.env("PORCHLIGHT_FULL", "1");
    }
    process::run(&mut command)
}

/// Runs the tests for the other engines, against the same server.
pub fn run_engines(project: &Project, engines: &Engines, arguments: &[String]) -> Result<()> {
    let mut command = command(project, &playwright(project));
    command
        .args(["test", "--config", "engines.config.ts"])
        .args(arguments)
        .env("PORCHLIGHT_FIREFOX", &engines.firefox)
        .env("PORCHLIGHT_GECKODRIVER", &engines.geckodriver)
        .env("PORCHLIGHT_WEBKIT_DRIVER", &engines.webkit_driver);
    process::run(&mut command)
}

/// Prints figures, and compares the panel with a program in `empty`.
pub fn run_measurements(
    project: &Project,
    browser: &Browser,
    empty: &Path,
    arguments: &[String],
) -> Result<()> {
    let mut command = browser.command(project, playwright(project));
    command.args(["test", "--config", "measurements.config.ts"]).args(arguments);
    process::run(command.env("PORCHLIGHT_EMPTY", empty))
}

/// `cargo xtask screenshots`.
pub fn take_screenshots(project: &Project) -> Result<ExitCode> {
    let browser = Browser::provide(project)?;
    bundle::provide(project)?;
    server::build(project)?;
    say("taking the screenshots");
    process::run(browser.command(project, "npm").args(["run", "screenshots"]))?;
    Ok(ExitCode::SUCCESS)
}

/// A program that is run in `e2e/`, told which server to use.
fn command(project: &Project, program: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir(directory(project)).env("PORCHLIGHT_BIN", project.server());
    command
}

/// Finds Node, and runs `npm ci` unless what is installed is what package-lock.json says.
pub fn provide_packages(project: &Project) -> Result<()> {
    tools::check_node("the browser tests need")?;
    let directory = directory(project);
    let stamp = directory.join("node_modules/.porchlight-installed");
    let mut wanted = Fingerprint::default();
    for file in ["package.json", "package-lock.json"] {
        wanted.path(&directory, file)?;
    }
    let wanted = wanted.finish();
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    say("browser tests: installing their npm packages");
    process::run(
        Command::new("npm")
            .args(["ci", "--no-audit", "--no-fund", "--loglevel", "error"])
            .env("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1")
            .current_dir(&directory),
    )
    .context("the browser tests' packages could not be installed. By hand: npm ci in e2e/")?;
    fs::write(&stamp, wanted).with_context(|| format!("writing {}", stamp.display()))
}

fn playwright(project: &Project) -> PathBuf {
    directory(project).join("node_modules/.bin/playwright")
}

fn directory(project: &Project) -> PathBuf {
    project.root.join("e2e")
}
