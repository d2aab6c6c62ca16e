//! Runs other programs. An error names the command and how it ended; a signal sent to us reaches them; none is left
//! running when we end.

use std::ffi::OsStr;
use std::io::{self, IsTerminal};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, ExitCode, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::progress::Stopwatch;

/// How often we look whether something has come about that can't be waited for.
pub const POLL_INTERVAL: Duration = Duration::from_millis(25);

/// How long a program may take to end after it was asked to. The server finishes what it took in this time.
const GRACE: Duration = Duration::from_secs(15);

/// The programs that run now, for the thread that passes on signals.
static RUNNING: Mutex<Vec<u32>> = Mutex::new(Vec::new());

/// Set once a signal asked us to end; nothing new is started then.
static STOPPING: AtomicBool = AtomicBool::new(false);

/// From now on a signal that asks us to end is passed on to the programs we run; when they have ended, so do we.
pub fn pass_on_signals() -> Result<()> {
    let mut signals = Signals::new([SIGHUP, SIGINT, SIGTERM]).context("listening for signals")?;
    thread::spawn(move || {
        for signal in signals.forever() {
            STOPPING.store(true, Ordering::SeqCst);
            let running = running().clone();
            if running.is_empty() {
                std::process::exit(128 + signal);
            }
            // A terminal sends its Ctrl-C to all programs in the foreground itself.
            if signal != SIGINT || !io::stdin().is_terminal() {
                terminate(&running);
            }
        }
    });
    Ok(())
}

/// Runs a command to its end, its output shown.
pub fn run(command: &mut Command) -> Result<()> {
    let status = Running::start(command)?.wait()?;
    if !status.success() {
        bail!("`{}` ended with {status}", shown(command));
    }
    Ok(())
}

/// What a command prints to its standard output; its other output is dropped unless it fails.
pub fn output(command: &mut Command) -> Result<String> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("`{}` could not be started", shown(command)))?;
    if !output.status.success() {
        let stderr = String::from_utf8_lossy(&output.stderr);
        bail!("`{}` ended with {}:\n{}", shown(command), output.status, stderr.trim_end());
    }
    String::from_utf8(output.stdout).with_context(|| format!("`{}` printed no text", shown(command)))
}

/// The exit code that says how a program ended, as a shell would put it.
pub fn exit_code(status: ExitStatus) -> ExitCode {
    let code = status.code().or_else(|| status.signal().map(|signal| 128 + signal));
    ExitCode::from(code.and_then(|code| u8::try_from(code).ok()).unwrap_or(1))
}

/// A command as one would type it.
pub fn shown(command: &Command) -> String {
    let words = [command.get_program()].into_iter().chain(command.get_args());
    words.map(OsStr::to_string_lossy).collect::<Vec<_>>().join(" ")
}

/// A program that runs. When this is dropped it is asked to end, and ended if it doesn't.
pub struct Running {
    pub child: Child,
}

impl Running {
    pub fn start(command: &mut Command) -> Result<Self> {
        if STOPPING.load(Ordering::SeqCst) {
            bail!("stopped");
        }
        let child = command.spawn().with_context(|| format!("`{}` could not be started", shown(command)))?;
        running().push(child.id());
        Ok(Self { child })
    }

    /// Waits until it has ended.
    pub fn wait(mut self) -> Result<ExitStatus> {
        let status = self.child.wait().context("waiting for a program to end")?;
        self.forget();
        Ok(status)
    }

    /// How it ended, if it has.
    pub fn ended(&mut self) -> Result<Option<ExitStatus>> {
        let status = self.child.try_wait().context("looking whether a program has ended")?;
        if status.is_some() {
            self.forget();
        }
        Ok(status)
    }

    fn forget(&self) {
        running().retain(|id| *id != self.child.id());
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if !running().contains(&self.child.id()) {
            return;
        }
        terminate(&[self.child.id()]);
        let stopwatch = Stopwatch::start();
        while matches!(self.child.try_wait(), Ok(None)) {
            if stopwatch.elapsed() > GRACE {
                // Nothing can be done about an error here: either it has ended by now or it can't be ended.
                let _ = self.child.kill();
                let _ = self.child.wait();
                break;
            }
            thread::sleep(POLL_INTERVAL);
        }
        self.forget();
    }
}

fn running() -> MutexGuard<'static, Vec<u32>> {
    RUNNING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Asks programs to end. The shell's `kill`, since the standard library has none and a slim system no other.
fn terminate(ids: &[u32]) {
    let ids = ids.iter().map(u32::to_string);
    // An error means that they have ended meanwhile.
    let _ = Command::new("sh").args(["-c", r#"kill -TERM "$@" 2>/dev/null"#, "sh"]).args(ids).status();
}
