//! `cargo xtask soak`: every scenario of `load/` at its full size, one after the other, and the model of `server/tests/model` for a
//! million steps. `cargo xtask test` runs each at its small size.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::thread;

use anyhow::{Context, Result, bail, ensure};
use clap::{Args, builder::PossibleValuesParser};
use serde_json::Value;

use crate::process::{self, Running};
use crate::progress::{Stopwatch, say};
use crate::project::Project;
use crate::server;

/// In the order they are run.
const SCENARIOS: [&str; 10] =
    ["race", "steady", "fan-out", "storm", "churn", "kill", "disk-full", "clock", "lossy", SLOW_READER];
/// It mostly waits for half a minute; the small ones are run beside it.
const SLOW_READER: &str = "slow-reader";

/// No scenario of `load/`: it plays without a server process, and in the tests as often as they are run.
const MODEL: &str = "model";
const MODEL_STEPS: &str = "1_000_000";

#[derive(Args)]
pub struct Options {
    /// Only these, such as `kill storm`
    #[arg(value_parser = PossibleValuesParser::new(SCENARIOS.into_iter().chain([MODEL])))]
    scenarios: Vec<String>,
    /// All of them at the small size, as `cargo xtask test` does
    #[arg(long, conflicts_with_all = ["scenarios", "seed"])]
    short: bool,
    /// What randomness begins with, to have a run again
    #[arg(long, value_name = "NUMBER")]
    seed: Option<u32>,
}

/// The full size, in release mode; all of them, even when one fails.
pub fn run(project: &Project, options: &Options) -> Result<ExitCode> {
    server::build(project)?;
    if options.short {
        run_short(project)?;
        return Ok(ExitCode::SUCCESS);
    }
    process::run(project.cargo().args(["build", "--release", "--package", "load"]))
        .context("the driver could not be built")?;
    let driver = Driver::new(project, "release", "soak")?;
    let is_wanted =
        |name: &&str| options.scenarios.is_empty() || options.scenarios.iter().any(|wanted| wanted == name);
    let mut outcomes = Vec::new();
    if is_wanted(&MODEL) {
        let ended = run_model(project);
        let line =
            ended.as_ref().map_or_else(|error| format!("{error:#}"), |()| format!("{MODEL_STEPS} steps"));
        outcomes.push((MODEL, line, ended.is_ok()));
    }
    for name in SCENARIOS.into_iter().filter(is_wanted) {
        say(&format!("soak: {name}"));
        let mut command = driver.command(name);
        if let Some(seed) = options.seed {
            command.args(["--seed", &seed.to_string()]);
        }
        // Its progress and its own table are shown as they come.
        let ended = process::run(&mut command);
        let report = driver.report(name);
        let line = report.as_ref().map_or_else(|error| format!("{error:#}"), summary);
        outcomes.push((name, line, ended.is_ok()));
    }
    println!();
    let mut is_good = true;
    for (name, line, is_kept) in &outcomes {
        is_good &= is_kept;
        println!("{:<12} {:<7} {line}", name, if *is_kept { "kept" } else { "BROKEN" });
    }
    println!("\nin full: {}", driver.directory.display());
    Ok(if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The model at its full size.
fn run_model(project: &Project) -> Result<()> {
    say(&format!("soak: {MODEL}"));
    let mut cargo = project.cargo();
    cargo.args(["test", "--release", "--package", "server", "--test", "model", "--", "--nocapture"]);
    // One test is as long as it is told, the others are what was found before.
    process::run(cargo.env("PORCHLIGHT_MODEL_STEPS", MODEL_STEPS))
}

/// The small size of each, against the server that is already built.
pub fn run_short(project: &Project) -> Result<()> {
    process::run(project.cargo().args(["build", "--package", "load"]))
        .context("the driver could not be built")?;
    let driver = Driver::new(project, "debug", "load")?;
    let mut slow_reader = driver.start_short(SLOW_READER)?;
    for name in SCENARIOS.into_iter().filter(|name| *name != SLOW_READER) {
        driver.wait_short(name, driver.start_short(name)?)?;
    }
    while slow_reader.ended()?.is_none() {
        thread::sleep(process::POLL_INTERVAL);
    }
    driver.wait_short(SLOW_READER, slow_reader)
}

/// The program, and where it writes.
struct Driver {
    program: PathBuf,
    server: PathBuf,
    directory: PathBuf,
}

impl Driver {
    fn new(project: &Project, profile: &str, directory: &str) -> Result<Self> {
        let directory = project.target.join(directory);
        fs::create_dir_all(&directory).with_context(|| format!("making {}", directory.display()))?;
        let program = project.target.join(profile).join(format!("load{}", std::env::consts::EXE_SUFFIX));
        Ok(Self { program, server: project.server(), directory })
    }

    fn command(&self, name: &str) -> Command {
        // One that a run before this left would be taken for this one's. That there is none is no error.
        let _ = fs::remove_file(self.json(name));
        let mut command = Command::new(&self.program);
        command.arg(name).arg("--json").arg(self.json(name)).arg("--server").arg(&self.server);
        command
    }

    fn json(&self, name: &str) -> PathBuf {
        self.directory.join(format!("{name}.json"))
    }

    fn log(&self, name: &str) -> PathBuf {
        self.directory.join(format!("{name}.log"))
    }

    fn start_short(&self, name: &str) -> Result<Running> {
        let log = self.log(name);
        let output = fs::File::create(&log).with_context(|| format!("making {}", log.display()))?;
        let error_output = output.try_clone().context("duplicating a log")?;
        Running::start(self.command(name).arg("--short").stdout(output).stderr(error_output))
    }

    fn wait_short(&self, name: &str, running: Running) -> Result<()> {
        let stopwatch = Stopwatch::start();
        let status = running.wait()?;
        if !status.success() {
            // All of it: whoever reads this may have nothing but what is on the screen.
            println!("{}", fs::read_to_string(self.log(name)).unwrap_or_default());
            bail!("the scenario {name} ended with {status}");
        }
        let report = self.report(name)?;
        say(&format!("{name}: {} ({:.1} s)", summary(&report), stopwatch.elapsed().as_secs_f64()));
        Ok(())
    }

    fn report(&self, name: &str) -> Result<Value> {
        read_json(&self.json(name))
    }
}

fn read_json(path: &Path) -> Result<Value> {
    let text = fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
    let report: Value =
        serde_json::from_str(&text).with_context(|| format!("{} is not JSON", path.display()))?;
    ensure!(report["promises"].is_array(), "{} has no promises", path.display());
    Ok(report)
}

/// One line: what was broken or skipped, or how much was kept.
fn summary(report: &Value) -> String {
    let promises = report["promises"].as_array().map_or(&[][..], Vec::as_slice);
    let broken: Vec<String> = promises
        .iter()
        .filter(|promise| promise["is_kept"] == false)
        .map(|promise| format!("{}: {}", text(&promise["name"]), text(&promise["seen"])))
        .collect();
    if let Some(reason) = report["skipped"].as_str() {
        format!("!! SKIPPED: {reason}")
    } else if broken.is_empty() {
        format!("{} promises kept, seed {}", promises.len(), report["seed"])
    } else {
        format!("{}, seed {}", broken.join("; "), report["seed"])
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_line_says_what_was_broken_before_all_else_and_never_passes_over_what_was_skipped() {
        let kept = json!({ "name": "messages lost", "seen": "0", "is_kept": true });
        let broken = json!({ "name": "messages lost", "seen": "3", "is_kept": false });
        let line = |promises: Value, skipped: Value| {
            summary(&json!({ "promises": promises, "skipped": skipped, "seed": 7 }))
        };
        assert_eq!(line(json!([kept]), Value::Null), "1 promises kept, seed 7");
        assert_eq!(line(json!([kept, broken]), Value::Null), "messages lost: 3, seed 7");
        assert!(line(json!([]), json!("no tmpfs")).contains("SKIPPED"));
    }
}
