//! What came of a scenario: promises kept or broken, and figures. As a table for people, as JSON for programs.

use serde::Serialize;
use std::time::Duration;
use tokio::time::Instant;

#[derive(Debug, Serialize)]
pub struct Report {
    pub scenario: &'static str,
    pub size: Size,
    pub seed: u64,
    /// Why it was not run here, if it wasn't.
    pub skipped: Option<String>,
    pub promises: Vec<Promise>,
    pub figures: Vec<Figure>,
    pub seconds: f64,
    /// The machine's load average when it began: above 0.5, something else was running.
    pub load_average_before: f64,
    #[serde(skip)]
    started: Instant,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Size {
    /// Some seconds, for every run of the tests.
    Short,
    /// As much as it takes to believe it.
    Long,
}

impl Size {
    pub fn pick<T>(self, short: T, long: T) -> T {
        match self {
            Self::Short => short,
            Self::Long => long,
        }
    }
}

#[derive(Debug, Serialize)]
pub struct Promise {
    pub name: String,
    pub is_kept: bool,
    pub seen: String,
}

#[derive(Debug, Serialize)]
pub struct Figure {
    pub name: String,
    pub value: f64,
    pub unit: &'static str,
}

impl Report {
    pub fn new(scenario: &'static str, size: Size, seed: u64) -> Self {
        Self {
            scenario,
            size,
            seed,
            skipped: None,
            promises: Vec::new(),
            figures: Vec::new(),
            seconds: 0.0,
            load_average_before: crate::machine::load_average(),
            started: Instant::now(),
        }
    }

    /// Says loudly that it can't be run here.
    pub fn skip(&mut self, reason: impl Into<String>) {
        self.skipped = Some(reason.into());
    }

    pub fn promise(&mut self, name: impl Into<String>, is_kept: bool, seen: impl Into<String>) {
        self.promises.push(Promise { name: name.into(), is_kept, seen: seen.into() });
    }

    /// A promise that something never happens.
    pub fn none_of(&mut self, name: impl Into<String>, n_seen: usize, examples: &[String]) {
        let examples = if examples.is_empty() { String::new() } else { format!(": {}", examples.join("; ")) };
        self.promise(name, n_seen == 0, format!("{n_seen}{examples}"));
    }

    pub fn figure(&mut self, name: impl Into<String>, value: f64, unit: &'static str) {
        self.figures.push(Figure { name: name.into(), value, unit });
    }

    pub fn count(&mut self, name: impl Into<String>, n: usize) {
        self.figure(name, as_f64(n), "");
    }

    /// The middle and the slow end of what was measured.
    pub fn latencies(&mut self, name: &str, mut taken: Vec<Duration>) {
        if taken.is_empty() {
            return;
        }
        taken.sort_unstable();
        for percent in [50, 99] {
            self.figure(format!("{name}, p{percent}"), ms(percentile(&taken, percent)), "ms");
        }
    }

    pub fn finish(&mut self) {
        self.seconds = self.started.elapsed().as_secs_f64();
    }

    pub fn is_kept(&self) -> bool {
        self.skipped.is_some()
            || (!self.promises.is_empty() && self.promises.iter().all(|promise| promise.is_kept))
    }

    pub fn print(&self) {
        println!("\n{} (seed {}, {:.1} s)", self.scenario, self.seed, self.seconds);
        if let Some(reason) = &self.skipped {
            println!("  !! SKIPPED: {reason}");
        }
        for promise in &self.promises {
            let mark = if promise.is_kept { "kept  " } else { "BROKEN" };
            println!("  {mark}  {:<58} {}", promise.name, promise.seen);
        }
        for figure in &self.figures {
            println!("          {:<58} {}", figure.name, shown(figure.value, figure.unit));
        }
    }
}

pub fn shown(value: f64, unit: &str) -> String {
    let number = if value.fract().abs() < f64::EPSILON || value >= 1000.0 {
        format!("{value:.0}")
    } else if value >= 10.0 {
        format!("{value:.1}")
    } else {
        format!("{value:.2}")
    };
    if unit.is_empty() { number } else { format!("{number} {unit}") }
}

pub fn percentile(sorted: &[Duration], percent: usize) -> Duration {
    sorted.get(sorted.len().saturating_sub(1) * percent / 100).copied().unwrap_or_default()
}

pub fn ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

#[expect(clippy::cast_precision_loss, reason = "what is counted here is far below 2^52")]
pub fn as_f64(n: usize) -> f64 {
    n as f64
}
