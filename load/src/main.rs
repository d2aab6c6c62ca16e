//! Load and faults: plays visitors against a real server process, breaks things on the way, and judges what was promised.
//!
//! `cargo run -p load -- SCENARIO [--short]`. It ends with 1 when a promise was broken. docs/reliability.md says what each
//! scenario promises.

mod clock;
mod http;
mod judge;
mod machine;
mod proxy;
mod random;
mod report;
mod scenario;
mod server;
mod stage;
mod visitor;
mod world;

use anyhow::{Context, Result, ensure};
use clap::Parser;
use report::Size;
use scenario::Scenario;
use stage::Run;
use std::{fs, path::PathBuf, process::ExitCode};

/// Plays visitors against a server of its own, breaks things, and judges what was promised.
#[derive(Parser)]
#[command(name = "load")]
struct Arguments {
    #[command(subcommand)]
    scenario: Scenario,
    /// Take some seconds only, as in every run of the tests
    #[arg(long, global = true)]
    short: bool,
    /// What randomness begins with, to have a run again. [default: any]
    #[arg(long, global = true, value_name = "NUMBER")]
    seed: Option<u64>,
    /// Write what came of it to this file too
    #[arg(long, global = true, value_name = "FILE")]
    json: Option<PathBuf>,
    /// The server's program. [default: `porchlight`, built beside this one]
    #[arg(long, global = true, value_name = "FILE")]
    server: Option<PathBuf>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let outcome =
        runtime.context("starting the runtime").and_then(|runtime| runtime.block_on(run(arguments)));
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(failure) => {
            eprintln!("load: {failure:#}");
            ExitCode::FAILURE
        }
    }
}

/// Answers whether every promise was kept.
async fn run(arguments: Arguments) -> Result<bool> {
    let program = match arguments.server {
        Some(program) => program,
        None => {
            std::env::current_exe()?.with_file_name(format!("porchlight{}", std::env::consts::EXE_SUFFIX))
        }
    };
    ensure!(
        program.is_file(),
        "there is no server at {}; build it, or name it with --server",
        program.display()
    );
    let seed = match arguments.seed {
        Some(seed) => seed,
        // Short enough to be typed again.
        None => u64::from(getrandom::u32()?),
    };
    let size = if arguments.short { Size::Short } else { Size::Long };
    let name = arguments.scenario.name();
    println!(
        "{name}: seed {seed}, server {}, at most {} open files",
        program.display(),
        machine::max_open_files()?
    );
    let mut run = Run::new(&program, size, seed, name)?;
    tokio::select! {
        outcome = arguments.scenario.play(&mut run) => outcome?,
        // The server is ended with the run.
        _ = tokio::signal::ctrl_c() => anyhow::bail!("interrupted"),
    }
    let report = run.finish();
    report.print();
    if let Some(file) = arguments.json {
        fs::write(&file, serde_json::to_vec_pretty(&report)?)
            .with_context(|| format!("writing {}", file.display()))?;
    }
    if !report.is_kept() {
        println!(
            "\nA promise was broken. Again: load {name} --seed {seed}{}",
            if arguments.short { " --short" } else { "" }
        );
    }
    Ok(report.is_kept())
}
