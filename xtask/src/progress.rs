//! Says what is being done: one line for each step, with the time since the command began. The only place in these
//! commands that reads a clock.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

static STARTED: OnceLock<Stopwatch> = OnceLock::new();

/// Time that passes from now on.
#[derive(Clone, Copy)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    #[expect(clippy::disallowed_methods, reason = "a developer's command shows and waits for real time")]
    pub fn start() -> Self {
        Self(Instant::now())
    }

    pub fn elapsed(self) -> Duration {
        self.0.elapsed()
    }
}

/// Remembers when the command began.
pub fn start() {
    STARTED.get_or_init(Stopwatch::start);
}

/// Time since the command began.
pub fn elapsed() -> Duration {
    STARTED.get_or_init(Stopwatch::start).elapsed()
}

/// Prints one step's line, such as `[  12.3 s] panel: unchanged`.
pub fn say(what: &str) {
    eprintln!("[{:>6.1} s] {what}", elapsed().as_secs_f64());
}
