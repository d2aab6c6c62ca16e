//! `cargo xtask test`: every test there is, one named step after the other. The first that fails ends the run.

use std::fs;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use clap::Args;

use crate::budget;
use crate::bundle;
use crate::check;
use crate::contract;
use crate::e2e::{self, Browser};
use crate::engines::Engines;
use crate::process;
use crate::progress::{self, Stopwatch, say};
use crate::project::{Profile, Project};
use crate::server;
use crate::soak;
use crate::tools;
use crate::wasm_runner;

#[derive(Args)]
pub struct Options {
    /// Also runs what is too slow for every change: native tests marked `#[ignore]`, and what Playwright's tests keep for a
    /// run with `PORCHLIGHT_FULL=1`; the server in release mode; and the tests in Firefox and WebKit
    #[arg(long)]
    full: bool,
}

pub fn run(mut project: Project, options: &Options) -> Result<ExitCode> {
    if !options.full {
        // It is there already, for the native tests; in release mode it would be some minutes' more building.
        project.profile = Profile::Dev;
    }
    let project = &project;
    let mut steps = Steps::default();
    // First, so that a missing browser is known at once and not after all else.
    let browser = steps.run("browser", || Browser::provide(project))?;
    let engines = if options.full { Some(steps.run("other engines", Engines::provide)?) } else { None };
    steps.run("formatting", || check::formatting(project))?;
    steps.run("clippy, native", || check::native_clippy(project))?;
    steps.run("clippy, wasm", || check::wasm_clippy(project))?;
    steps.run("types of tests", || e2e::check_types(project, &browser))?;
    let unchecked = steps.run("dependencies", || check::dependencies(project))?;
    if let Some(unchecked) = &unchecked {
        say(unchecked);
    }
    steps.run("panel's bundle", || bundle::provide(project))?;
    steps.run("native tests", || check::native_tests(project, options.full))?;
    steps.run("wasm tests", || wasm_tests(project, &browser))?;
    steps.run("server", || server::build(project))?;
    steps.run("load and faults", || soak::run_short(project))?;
    steps.run("API contract", || contract::run(project, options.full))?;
    steps.run("browser tests", || e2e::run_playwright(project, &browser, options.full))?;
    if let Some(engines) = &engines {
        steps.run("Firefox, WebKit", || e2e::run_engines(project, engines, &[]))?;
    }
    steps.run("budgets", || budget::check(project))?;
    steps.print();
    if let Some(unchecked) = unchecked {
        println!("\nwarning: {unchecked}");
    }
    Ok(ExitCode::SUCCESS)
}

/// The panel's tests that need a browser.
fn wasm_tests(project: &Project, browser: &Browser) -> Result<()> {
    let runner_directory = tools::provide_wasm_test_runner(project)?;
    let xtask = project.xtask.to_str().context("the path of this program is not UTF-8")?;
    // A JSON array of texts is a TOML one too.
    let runner = serde_json::json!([xtask, "wasm-runner"]);
    let ran = project.target.join("wasm-tests-ran");
    if ran.exists() {
        fs::remove_file(&ran).with_context(|| format!("removing {}", ran.display()))?;
    }
    process::run(
        project
            .cargo()
            .args(["test", "--package", "widget", "--target", "wasm32-unknown-unknown", "--config"])
            .arg(format!("target.wasm32-unknown-unknown.runner={runner}"))
            .env("PATH", tools::path_with(&[runner_directory])?)
            .env("PORCHLIGHT_CHROMIUM", &browser.chromium)
            .env(wasm_runner::RAN, &ran),
    )?;
    ensure!(
        ran.exists(),
        "none of the panel's test programs has a test for the browser (`#[wasm_bindgen_test]`)"
    );
    Ok(())
}

/// The steps done so far and the time each took.
#[derive(Default)]
struct Steps(Vec<(&'static str, Duration)>);

impl Steps {
    fn run<T>(&mut self, name: &'static str, step: impl FnOnce() -> Result<T>) -> Result<T> {
        say(&format!("== {name}"));
        let stopwatch = Stopwatch::start();
        let outcome = step().with_context(|| format!("the step \"{name}\" failed"))?;
        self.0.push((name, stopwatch.elapsed()));
        Ok(outcome)
    }

    fn print(&self) {
        println!("\nEvery step passed.");
        for (name, took) in &self.0 {
            println!("  {name:<16}{:>8.1} s", took.as_secs_f64());
        }
        println!("  {:<16}{:>8.1} s", "all", progress::elapsed().as_secs_f64());
    }
}
