//! The developer's commands, run as `cargo xtask COMMAND`. Each command has a module of its own; what several of them
//! need stands in the others. Nothing here is part of what is shipped.

mod bench;
mod browser;
mod budget;
mod bundle;
mod check;
mod contract;
mod debian;
mod dev;
mod e2e;
mod engines;
mod fingerprint;
mod http;
mod measure;
mod process;
mod progress;
mod project;
mod serve;
mod server;
mod soak;
mod test;
mod tools;
mod wasm_runner;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::project::Project;

/// The developer's commands. What they need and the machine lacks, they install into a cache of the user's own.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Builds what is needed and serves a demo page with the widget and a mock agent that answers
    Serve(serve::Options),
    /// Serves the panel for working on it: rebuilt and reloaded at each change, its API proxied to a server
    Dev(dev::Options),
    /// Runs every test there is, in a real browser too
    Test(test::Options),
    /// Runs the quick part of `test`: formatting, clippy, native tests
    Check,
    /// Runs the core of the browser tests in Firefox and WebKit, too
    Engines(engines::Options),
    /// Measures what a visitor downloads and compares it with the budgets
    Budget,
    /// Runs the server's benches
    Bench(bench::Options),
    /// Plays visitors against the server at full size, breaks things, and judges what was promised
    Soak(soak::Options),
    /// Measures what a visitor waits for, in Chromium on a slowed machine and network
    Measure(measure::Options),
    /// Takes the screenshots that the documentation shows
    Screenshots,
    /// What `cargo test` calls for each of the panel's test programs
    #[command(hide = true)]
    WasmRunner(wasm_runner::Options),
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    progress::start();
    match run(arguments.command) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("\nerror: {error}");
            for cause in error.chain().skip(1) {
                eprintln!("  because: {cause}");
            }
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> anyhow::Result<ExitCode> {
    process::pass_on_signals()?;
    let project = Project::find()?;
    match command {
        Command::Serve(options) => serve::run(&project, &options),
        Command::Dev(options) => dev::run(&project, &options),
        Command::Test(options) => test::run(project, &options),
        Command::Check => check::run(&project),
        Command::Engines(options) => engines::run(&project, &options),
        Command::Budget => budget::run(&project),
        Command::Bench(options) => bench::run(&project, &options),
        Command::Soak(options) => soak::run(&project, &options),
        Command::Measure(options) => measure::run(&project, &options),
        Command::Screenshots => e2e::take_screenshots(&project),
        Command::WasmRunner(options) => wasm_runner::run(&project, &options),
    }
}
