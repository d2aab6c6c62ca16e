//! What needs neither a browser nor the bundle: formatting, clippy, cargo-deny, native tests. `cargo xtask check` runs the
//! quick ones.

use std::process::ExitCode;

use anyhow::{Context, Result};

use crate::process;
use crate::progress::say;
use crate::project::Project;
use crate::tools;

/// `cargo xtask check`.
pub fn run(project: &Project) -> Result<ExitCode> {
    say("formatting");
    formatting(project)?;
    say("clippy");
    native_clippy(project)?;
    say("native tests");
    native_tests(project, false)?;
    say("all is well");
    Ok(ExitCode::SUCCESS)
}

pub fn formatting(project: &Project) -> Result<()> {
    tools::provide_component(project, "rustfmt", "fmt")?;
    process::run(project.cargo().args(["fmt", "--all", "--check"]))
        .context("put it right with `cargo fmt --all`")
}

pub fn native_clippy(project: &Project) -> Result<()> {
    tools::provide_component(project, "clippy", "clippy")?;
    let mut cargo = project.cargo();
    process::run(cargo.args(["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]))
}

/// The panel and its tests, and with them the shared crate, as a browser gets them.
pub fn wasm_clippy(project: &Project) -> Result<()> {
    tools::provide_component(project, "clippy", "clippy")?;
    tools::provide_wasm_test_runner(project)?;
    let mut cargo = project.cargo();
    cargo.args(["clippy", "--package", "widget", "--all-targets", "--target", "wasm32-unknown-unknown"]);
    process::run(cargo.args(["--", "-D", "warnings"]))
}

pub fn native_tests(project: &Project, full: bool) -> Result<()> {
    let mut cargo = project.cargo();
    cargo.args(["test", "--workspace"]);
    if full {
        cargo.args(["--", "--include-ignored"]);
    }
    process::run(&mut cargo)
}

/// Checks dependencies with cargo-deny. Known vulnerabilities are in a database that has to be fetched; returns what could
/// not be checked where it can't be.
pub fn dependencies(project: &Project) -> Result<Option<String>> {
    let cargo_deny = tools::provide_cargo_deny()?;
    let deny = || {
        let mut command = std::process::Command::new(&cargo_deny);
        command.current_dir(&project.root);
        command
    };
    let fetched = process::output(deny().args(["fetch", "db"]));
    let mut check = deny();
    check.arg("check");
    if fetched.is_ok() {
        check.arg("advisories");
    }
    process::run(check.args(["bans", "licenses", "sources"]))?;
    Ok(fetched.err().map(|error| {
        let error = error.to_string();
        let reason = error.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or_default();
        format!(
            "Known vulnerabilities (cargo-deny's advisories) were NOT checked, since their database could not be fetched: \
             {reason}. Run `cargo xtask test` where GitHub can be reached to check them."
        )
    }))
}
