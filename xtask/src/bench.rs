//! `cargo xtask bench`: the server's benches.

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;

use crate::process;
use crate::progress::say;
use crate::project::Project;

#[derive(Args)]
pub struct Options {
    /// What `cargo bench` is told, such as `--bench sends`
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

pub fn run(project: &Project, options: &Options) -> Result<ExitCode> {
    say("benches of the server");
    process::run(project.cargo().args(["bench", "--package", "server"]).args(&options.arguments))?;
    Ok(ExitCode::SUCCESS)
}
