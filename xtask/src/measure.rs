//! `cargo xtask measure`: what a browser shows of the panel's speed, on a machine that does nothing else.

use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Args;

use crate::bundle;
use crate::e2e::{self, Browser};
use crate::progress::say;
use crate::project::Project;
use crate::server;

#[derive(Args)]
pub struct Options {
    /// What Playwright is told, such as `--grep composer`
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

pub fn run(project: &Project, options: &Options) -> Result<ExitCode> {
    let browser = Browser::provide(project)?;
    bundle::provide(project)?;
    let empty = bundle::build_empty(project).context("the program to compare with could not be built")?;
    server::build(project)?;
    say("measuring");
    e2e::run_measurements(project, &browser, &empty, &options.arguments)?;
    Ok(ExitCode::SUCCESS)
}
