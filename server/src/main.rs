//! `porchlight`: the command line.

use clap::Parser;
use server::{
    admin,
    config::{Administration, BackupArgs, CheckArgs, Cli, Command, Config, LogFormat},
    store::sqlite::{
        backup::back_up,
        check::{Finding, check},
    },
};
use std::{
    io::{IsTerminal, Write},
    process::ExitCode,
    time::Duration,
};
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::oneshot,
};
use tracing_subscriber::EnvFilter;

fn main() -> ExitCode {
    match run(Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("porchlight: {failure:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli) -> anyhow::Result<()> {
    match cli.command {
        Command::Serve(args) => serve(args.resolve()?),
        Command::Company(args) => administer(args.resolve()?),
        Command::Agent(args) => administer(args.resolve()?),
        Command::Token(args) => administer(args.resolve()?),
        Command::Widget(args) => administer(args.resolve()?),
        Command::Channel(args) => administer(args.resolve()?),
        Command::Backup(args) => backup(args),
        Command::Check(args) => check_database(args),
    }
}

fn administer(command: Administration) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let response = runtime.block_on(admin::client::execute(&command.data, command.request))?;
    let text = if command.is_json { format!("{}\n", response.to_json()) } else { response.to_string() };
    print(&text)
}

fn backup(args: BackupArgs) -> anyhow::Result<()> {
    let n_bytes = back_up(&args.data.resolve()?, &args.file)?;
    print(&format!("{}: {n_bytes} bytes\n", args.file.display()))
}

fn check_database(args: CheckArgs) -> anyhow::Result<()> {
    let path = match args.file {
        Some(file) => file,
        None => args.data.resolve()?,
    };
    let findings = check(&path)?;
    let text = if args.json {
        format!("{}\n", serde_json::to_string(&findings)?)
    } else {
        findings.iter().map(describe).collect()
    };
    print(&text)?;
    let is_sound = findings.iter().all(|finding| finding.problems.is_empty());
    anyhow::ensure!(is_sound, "{} does not hold what it should", path.display());
    Ok(())
}

fn describe(finding: &Finding) -> String {
    let verdict = if finding.problems.is_empty() { "ok   " } else { "WRONG" };
    let lines = std::iter::once(format!("{verdict}  {}\n", finding.rule));
    lines.chain(finding.problems.iter().map(|problem| format!("         {problem}\n"))).collect()
}

fn print(text: &str) -> anyhow::Result<()> {
    // A reader that has had enough, such as `head`, is no failure of ours.
    match std::io::stdout().write_all(text.as_bytes()) {
        Err(failure) if failure.kind() != std::io::ErrorKind::BrokenPipe => Err(failure.into()),
        _ => Ok(()),
    }
}

fn serve(config: Config) -> anyhow::Result<()> {
    start_logging(&config)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let served = runtime.block_on(async {
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let (stop, stopped) = oneshot::channel::<()>();
        let asked_twice = async move {
            let mut asked = async || {
                tokio::select! {
                    _ = terminate.recv() => {}
                    _ = interrupt.recv() => {}
                }
            };
            asked().await;
            drop(stop);
            asked().await;
        };
        tokio::select! {
            served = server::serve::run(config, async { drop(stopped.await) }) => served,
            () = asked_twice => {
                Err(anyhow::anyhow!("asked to stop twice, so at once; the database recovers at the next start"))
            }
        }
    });
    // Whatever is still being done is done to a database that survives being cut off.
    runtime.shutdown_timeout(Duration::from_secs(1));
    served
}

fn start_logging(config: &Config) -> anyhow::Result<()> {
    let logs = tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::try_new(&config.log)?)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    match config.log_format {
        LogFormat::Text => logs.init(),
        LogFormat::Json => logs.json().init(),
    }
    Ok(())
}
