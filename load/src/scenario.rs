//! What is played. Each scenario has a file of its own; its numbers have defaults in two sizes.

mod kill;
mod race;
mod steady;

use crate::stage::Run;
use anyhow::Result;
use clap::Subcommand;

#[derive(Subcommand)]
pub enum Scenario {
    /// Visitors send and listen for a while
    Steady(steady::Options),
    /// The server is killed and started again, over and over, while visitors send
    Kill(kill::Options),
    /// Many clients send the same message at the same moment
    Race(race::Options),
}

impl Scenario {
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Steady(_) => "steady",
            Self::Kill(_) => "kill",
            Self::Race(_) => "race",
        }
    }

    pub async fn play(&self, run: &mut Run) -> Result<()> {
        match self {
            Self::Steady(options) => steady::play(options, run).await,
            Self::Kill(options) => kill::play(options, run).await,
            Self::Race(options) => race::play(options, run).await,
        }
    }
}
