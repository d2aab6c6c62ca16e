//! What is played. Each scenario has a file of its own; its numbers have defaults in two sizes.

mod churn;
mod clock;
mod disk_full;
mod fan_out;
mod kill;
mod lossy;
mod race;
mod slow_reader;
mod steady;
mod storm;

use crate::stage::Run;
use anyhow::Result;
use clap::Subcommand;

#[derive(Subcommand)]
pub enum Scenario {
    /// Visitors send and listen for a while
    Steady(steady::Options),
    /// One message is said on thousands of streams
    FanOut(fan_out::Options),
    /// Everybody reconnects at once, after the server was killed and started again
    Storm(storm::Options),
    /// Some open a stream and don't read it
    SlowReader(slow_reader::Options),
    /// Connections come and go
    Churn(churn::Options),
    /// The server is killed and started again, over and over, while visitors send
    Kill(kill::Options),
    /// Many clients send the same message at the same moment
    Race(race::Options),
    /// The disk runs full, and has room again
    DiskFull(disk_full::Options),
    /// The server's clock is a day ahead, a day back, and jumps
    Clock(clock::Options),
    /// The network is slow, stalls, and cuts connections at any byte
    Lossy(lossy::Options),
}

impl Scenario {
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Steady(_) => "steady",
            Self::FanOut(_) => "fan-out",
            Self::Storm(_) => "storm",
            Self::SlowReader(_) => "slow-reader",
            Self::Churn(_) => "churn",
            Self::Kill(_) => "kill",
            Self::Race(_) => "race",
            Self::DiskFull(_) => "disk-full",
            Self::Clock(_) => "clock",
            Self::Lossy(_) => "lossy",
        }
    }

    pub async fn play(&self, run: &mut Run) -> Result<()> {
        match self {
            Self::Steady(options) => steady::play(options, run).await,
            Self::FanOut(options) => fan_out::play(options, run).await,
            Self::Storm(options) => storm::play(options, run).await,
            Self::SlowReader(options) => slow_reader::play(options, run).await,
            Self::Churn(options) => churn::play(options, run).await,
            Self::Kill(options) => kill::play(options, run).await,
            Self::Race(options) => race::play(options, run).await,
            Self::DiskFull(options) => disk_full::play(options, run).await,
            Self::Clock(options) => clock::play(options, run).await,
            Self::Lossy(options) => lossy::play(options, run).await,
        }
    }
}
