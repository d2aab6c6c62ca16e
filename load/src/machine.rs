//! What the machine says of itself and of a process: limits, memory, descriptors, threads. It is read from `/proc`.

use anyhow::{Context, Result};
use std::{
    fs::{self, DirEntry},
    io,
};

/// How many files this process may hold open. The server it starts inherits the number.
pub fn max_open_files() -> Result<usize> {
    let limits = fs::read_to_string("/proc/self/limits").context("this driver needs Linux's /proc")?;
    let line =
        limits.lines().find(|line| line.starts_with("Max open files")).context("no limit of open files")?;
    let n_files = line.split_whitespace().nth(3).context("no limit of open files")?;
    Ok(n_files.parse().unwrap_or(usize::MAX))
}

/// As many streams as were wanted, or as this process and the server have descriptors for.
pub fn most_streams(n_wanted: usize) -> Result<usize> {
    // For requests beside the streams, the database, the log.
    const RESERVED: usize = 600;
    let n_most = max_open_files()?.saturating_sub(RESERVED);
    if n_most < n_wanted {
        println!("`ulimit -n` has room for {n_most} streams instead of {n_wanted}");
    }
    Ok(n_wanted.min(n_most))
}

/// Whether something else keeps the machine busy: figures of such a run are not worth much.
pub fn load_average() -> f64 {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split_whitespace().next().and_then(|number| number.parse().ok()).unwrap_or(0.0)
}

/// What a process holds.
#[derive(Clone, Copy, Debug)]
pub struct Footprint {
    pub rss_bytes: u64,
    pub n_descriptors: u64,
    /// Those of them that are connections, and what they are taken from.
    pub n_sockets: u64,
    pub n_threads: u64,
}

impl Footprint {
    /// Whether it is no more than this, in what is counted.
    pub const fn is_within(self, other: Self) -> bool {
        self.n_descriptors <= other.n_descriptors && self.n_threads <= other.n_threads
    }

    pub fn of(pid: u32) -> Result<Self> {
        let status =
            fs::read_to_string(format!("/proc/{pid}/status")).context("the server is not running")?;
        let field = |name: &str| -> Option<u64> {
            status.lines().find_map(|line| line.strip_prefix(name)?.split_whitespace().next()?.parse().ok())
        };
        let descriptors: Vec<_> =
            fs::read_dir(format!("/proc/{pid}/fd")).context("the server is not running")?.collect();
        // One that is closed meanwhile leads nowhere.
        let is_socket = |descriptor: &io::Result<DirEntry>| {
            let leads_to = descriptor.as_ref().ok().and_then(|entry| fs::read_link(entry.path()).ok());
            leads_to.is_some_and(|path| path.to_string_lossy().starts_with("socket:"))
        };
        Ok(Self {
            rss_bytes: field("VmRSS:").context("no VmRSS")? * 1024,
            n_descriptors: descriptors.len() as u64,
            n_sockets: descriptors.iter().filter(|descriptor| is_socket(descriptor)).count() as u64,
            n_threads: field("Threads:").context("no number of threads")?,
        })
    }
}
