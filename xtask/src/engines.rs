//! `cargo xtask engines`: the core of the browser tests in Firefox and WebKit, which are driven through WebDriver.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Args;

use crate::bundle;
use crate::debian;
use crate::e2e;
use crate::progress::say;
use crate::project::Project;
use crate::server;
use crate::tools::{self, on_path};

#[derive(Args)]
pub struct Options {
    /// What Playwright is told, such as `--project webkit` or `--grep keyboard`
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

/// The browsers, and what drives them. WebKit's driver knows where its browser lies.
pub struct Engines {
    pub firefox: PathBuf,
    pub geckodriver: PathBuf,
    pub webkit_driver: PathBuf,
}

impl Engines {
    /// Finds them, or installs them.
    pub fn provide() -> Result<Self> {
        let firefox = || found("firefox-esr").or_else(|_| found("firefox"));
        // Debian's browser for WebKit has no headless mode.
        let webkit = || found("WebKitWebDriver").and_then(|driver| found("Xvfb").map(|_| driver));
        debian::provide("Firefox", &["firefox-esr"], || firefox().map(drop))?;
        debian::provide("WebKit", &["webkit2gtk-driver", "xvfb"], || webkit().map(drop))?;
        Ok(Self { firefox: firefox()?, geckodriver: tools::provide_geckodriver()?, webkit_driver: webkit()? })
    }
}

fn found(program: &str) -> Result<PathBuf> {
    on_path(program).with_context(|| format!("`{program}` is not on PATH"))
}

pub fn run(project: &Project, options: &Options) -> Result<ExitCode> {
    // First, so that a missing browser is known at once and not after all else.
    let engines = Engines::provide()?;
    e2e::provide_packages(project)?;
    bundle::provide(project)?;
    server::build(project)?;
    say("the core of the browser tests in Firefox and WebKit");
    e2e::run_engines(project, &engines, &options.arguments)?;
    Ok(ExitCode::SUCCESS)
}
