//! The server under test: a real process on a directory of its own, started, stopped, killed and started again.

use crate::http::{Ask, Client, Way};
use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;
use shared::WidgetId;
use std::{
    ffi::OsString,
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
    time::Duration,
};
use tokio::{
    process::{Child, Command},
    time::{Instant, sleep, timeout},
};

const START_PATIENCE: Duration = Duration::from_secs(30);
/// Longer than the server's own time to drain.
const STOP_PATIENCE: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(5);

/// How it is started.
#[derive(Clone, Debug)]
pub struct Setup {
    pub program: PathBuf,
    /// Where its log, its script and, unless said otherwise, its data are.
    pub directory: PathBuf,
    pub data: PathBuf,
    /// What stands before the program on the command line, such as a shell that sets something and then becomes it.
    pub wrapper: Vec<OsString>,
    pub environment: Vec<(String, String)>,
}

impl Setup {
    pub fn new(program: &Path, directory: &Path) -> Self {
        Self {
            program: program.to_owned(),
            directory: directory.to_owned(),
            data: directory.join("data"),
            wrapper: Vec::new(),
            environment: Vec::new(),
        }
    }

    /// Every argument of the server's stands here.
    fn command(&self, listen: SocketAddr) -> Result<Command> {
        let script = self.directory.join("silent.toml");
        // Nobody answers: what is stored is what visitors sent.
        fs::write(&script, "rule = []\n").context("writing the mock agent's script")?;
        let log = fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.log())
            .context("opening the server's log")?;
        let mut words = self.wrapper.iter().cloned().chain([self.program.clone().into_os_string()]);
        let mut command = Command::new(words.next().context("a command has a program")?);
        command.args(words);
        command.args(["serve", "--mock", "--listen"]).arg(listen.to_string());
        command.arg("--data").arg(&self.data).arg("--mock-script").arg(script);
        command.env("PORCHLIGHT_LOG", "warn").envs(self.environment.iter().cloned());
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).kill_on_drop(true);
        Ok(command)
    }

    pub fn log(&self) -> PathBuf {
        self.directory.join("server.log")
    }

    pub fn database(&self) -> PathBuf {
        self.data.join("porchlight.db")
    }
}

/// What the server says of its demo company.
#[derive(Clone, Debug, Deserialize)]
pub struct Demo {
    base_url: String,
    pub widget_id: WidgetId,
    pub api_token: String,
}

pub struct Server {
    pub setup: Setup,
    pub address: SocketAddr,
    pub demo: Demo,
    child: Option<Child>,
}

impl Server {
    /// Starts one on a free port, and waits until it is ready.
    pub async fn start(setup: Setup) -> Result<Self> {
        fs::create_dir_all(&setup.data).with_context(|| format!("making {}", setup.data.display()))?;
        let any_port = SocketAddr::from(([127, 0, 0, 1], 0));
        let mut child = spawn(&setup, any_port)?;
        let started = Instant::now();
        let demo = loop {
            // It is renamed into place, so it is there whole or not at all.
            if let Ok(json) = fs::read(setup.data.join("demo.json")) {
                break serde_json::from_slice::<Demo>(&json).context("reading demo.json")?;
            }
            check_running(&mut child, &setup, started)?;
            sleep(POLL).await;
        };
        let address =
            demo.base_url.trim_start_matches("http://").parse().context("demo.json names no address")?;
        let mut server = Self { setup, address, demo, child: Some(child) };
        server.wait_until_ready(started).await?;
        Ok(server)
    }

    /// Starts it again where it was. Answers how long it took until it was ready.
    pub async fn restart(&mut self) -> Result<Duration> {
        ensure!(self.child.is_none(), "the server is running");
        let started = Instant::now();
        self.child = Some(spawn(&self.setup, self.address)?);
        self.wait_until_ready(started).await?;
        Ok(started.elapsed())
    }

    pub fn pid(&self) -> Result<u32> {
        self.child.as_ref().and_then(Child::id).context("the server is not running")
    }

    /// `kill -9`.
    pub async fn kill(&mut self) -> Result<()> {
        let mut child = self.child.take().context("the server is not running")?;
        child.kill().await.context("killing the server")
    }

    /// SIGTERM, and waits until it has ended in order.
    pub async fn stop(&mut self) -> Result<()> {
        let pid = self.pid()?;
        // The shell's `kill`: the standard library has none, and a slim system no other.
        let told =
            Command::new("sh").args(["-c", r#"kill -TERM "$1""#, "sh", &pid.to_string()]).status().await;
        ensure!(told.context("running sh")?.success(), "the server could not be told to stop");
        let mut child = self.child.take().context("the server is not running")?;
        let status: ExitStatus = timeout(STOP_PATIENCE, child.wait())
            .await
            .context("the server did not stop")?
            .context("waiting for it")?;
        ensure!(status.success(), "the server ended with {status}; see {}", self.setup.log().display());
        Ok(())
    }

    async fn wait_until_ready(&mut self, started: Instant) -> Result<()> {
        let mut client = Client::new(Way::of_visitor(0, self.address));
        loop {
            if client.call(Ask::get("/readyz"), START_PATIENCE).await.status == 200 {
                return Ok(());
            }
            if let Some(child) = &mut self.child {
                check_running(child, &self.setup, started)?;
            }
            sleep(POLL).await;
        }
    }
}

fn spawn(setup: &Setup, listen: SocketAddr) -> Result<Child> {
    let mut command = setup.command(listen)?;
    command.spawn().with_context(|| {
        format!(
            "{} can't be started; build it with `cargo build`, or name it with --server",
            setup.program.display()
        )
    })
}

fn check_running(child: &mut Child, setup: &Setup, started: Instant) -> Result<()> {
    let log = setup.log();
    if let Some(status) = child.try_wait().context("looking whether the server runs")? {
        let said = fs::read_to_string(&log).unwrap_or_default();
        bail!("the server ended with {status} before it was ready:\n{}", said.trim_end());
    }
    if started.elapsed() > START_PATIENCE {
        bail!("the server was not ready after {START_PATIENCE:?}; see {}", log.display());
    }
    Ok(())
}
