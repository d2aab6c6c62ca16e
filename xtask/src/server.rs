//! Builds the server, starts it in mock mode, and learns from its `demo.json` where and what it serves.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::http;
use crate::process::{self, POLL_INTERVAL, Running};
use crate::progress::{Stopwatch, say};
use crate::project::{Profile, Project};

/// It starts in a tenth of a second; this is for a machine that is busy with other things.
const START_TIMEOUT: Duration = Duration::from_mins(1);

/// Builds the server, with the panel's bundle in it.
pub fn build(project: &Project) -> Result<()> {
    let mut cargo = project.cargo();
    cargo.args(["build", "--package", "server", "--bin", "porchlight"]);
    if project.profile == Profile::Release {
        say("server: building it in release mode");
        cargo.arg("--release");
    }
    process::run(&mut cargo).context("the server could not be built")
}

/// A server in mock mode that answers.
pub struct MockServer {
    pub running: Running,
    pub demo: Demo,
}

impl MockServer {
    /// The command that starts a server in mock mode on an address, such as `127.0.0.1:0`.
    pub fn command(program: &Path, listen: &str, data: &Path) -> Command {
        let mut command = Command::new(program);
        command.args(["serve", "--mock", "--listen", listen, "--data"]).arg(data);
        command
    }

    /// Starts it and waits until it is ready.
    pub fn start(command: &mut Command, data: &Path) -> Result<Self> {
        // One that a run before this left would name another address.
        match fs::remove_file(demo_file(data)) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(error).with_context(|| format!("removing the old {}", demo_file(data).display()));
            }
            _ => {}
        }
        let mut running = Running::start(command)?;
        let stopwatch = Stopwatch::start();
        loop {
            if let Some(status) = running.ended()? {
                bail!("the server ended with {status} before it was ready");
            }
            // Until the file is complete it can't be read; that is no error yet.
            if let Ok(demo) = Demo::read(data)
                && http::get(demo.get("base_url")?, "/readyz", "identity")
                    .is_ok_and(|answer| answer.status == 200)
            {
                return Ok(Self { running, demo });
            }
            if stopwatch.elapsed() > START_TIMEOUT {
                bail!("the server was not ready after {} s", START_TIMEOUT.as_secs());
            }
            thread::sleep(POLL_INTERVAL);
        }
    }
}

/// What a server in mock mode says about its demo company.
pub struct Demo(Value);

impl Demo {
    pub fn read(data: &Path) -> Result<Self> {
        let path = demo_file(data);
        let text = fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
        Ok(Self(serde_json::from_str(&text).with_context(|| format!("{} is not JSON", path.display()))?))
    }

    /// A field, such as `widget_id` or `iris/property_code`.
    pub fn get(&self, field: &str) -> Result<&str> {
        self.0
            .pointer(&format!("/{field}"))
            .and_then(Value::as_str)
            .with_context(|| format!("demo.json has no text {field}"))
    }

    /// The same, of a field that may be a number.
    pub fn show(&self, field: &str) -> Result<String> {
        match self.0.pointer(&format!("/{field}")) {
            Some(Value::String(text)) => Ok(text.clone()),
            Some(value) => Ok(value.to_string()),
            None => bail!("demo.json has no {field}"),
        }
    }
}

fn demo_file(data: &Path) -> PathBuf {
    data.join("demo.json")
}
