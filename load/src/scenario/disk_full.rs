//! A full disk: what can't be stored is not acknowledged, what is stored can be read, and when there is room again all goes on.

use crate::{
    http::{Ask, Client, Way, open_stream},
    server::Setup,
    stage::{Run, Stage},
    world::get,
};
use anyhow::{Context, Result, ensure};
use clap::{Args, ValueEnum};
use std::{
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};
use tokio::time::sleep;

#[derive(Args)]
pub struct Options {
    /// Visitors. [default: 32, short 12]
    #[arg(long)]
    visitors: Option<usize>,
    /// How often the disk is filled, and freed again. [default: 10, short 2]
    #[arg(long)]
    rounds: Option<usize>,
    /// How it is done. [default: a small file system if this user may mount one, else a limit]
    #[arg(long, value_enum)]
    by: Option<By>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum By {
    /// A tmpfs, filled with a ballast
    Tmpfs,
    /// The largest file that the server may write (`RLIMIT_FSIZE`)
    Limit,
}

/// Room for the database and its log; the ballast takes the rest.
const TMPFS_SIZE: &str = "size=32m";
/// Less than the write-ahead log grows to.
const LIMIT_BYTES: &str = "--fsize=65536:unlimited";
/// How long the disk stays full, and how long everything may take to arrive when it isn't.
const FULL_FOR: Duration = Duration::from_secs(3);
const RECOVERY_MAX: Duration = Duration::from_secs(30);

pub async fn play(options: &Options, run: &mut Run) -> Result<()> {
    let n_visitors = options.visitors.unwrap_or(run.size.pick(12, 32));
    let n_rounds = options.rounds.unwrap_or(run.size.pick(2, 10));
    let mut setup = run.setup();
    let Some(squeeze) = Squeeze::prepare(options.by, &mut setup)? else {
        run.report.skip("neither a tmpfs can be mounted here nor is there `prlimit`");
        return Ok(());
    };

    let mut stage = Stage::open(run, setup).await?;
    stage.gather(n_visitors, 1).await?;
    let (mut n_unreadable, mut n_rounds_refused) = (0, 0);
    for _ in 0..n_rounds {
        let refused_before = stage.world.counters.errors().get(&503).copied().unwrap_or(0);
        squeeze.fill(stage.server.pid()?)?;
        let full = tokio::time::Instant::now();
        while full.elapsed() < FULL_FOR {
            stage.visitors.iter().for_each(|visitor| visitor.write());
            n_unreadable += n_reads_refused(&stage).await;
            sleep(Duration::from_millis(300)).await;
        }
        let refused = stage.world.counters.errors().get(&503).copied().unwrap_or(0) - refused_before;
        n_rounds_refused += usize::from(refused > 0);
        squeeze.free(stage.server.pid()?)?;
        stage.wait_until(RECOVERY_MAX, Stage::has_settled).await;
    }

    let report = &mut run.report;
    report.count("times the disk was full", n_rounds);
    // The write-ahead log is written from its beginning again when it has been folded in: then there is room in it for a while.
    let seen = format!("writes were refused in {n_rounds_refused} rounds, by {:?}", squeeze.by());
    report.promise("it ran full", n_rounds_refused > 0, seen);
    report.none_of("reads not answered with 200 meanwhile", n_unreadable, &[]);
    let mut errors = stage.world.counters.errors();
    let n_refused = errors.remove(&503).unwrap_or(0);
    let others: Vec<String> = errors.iter().map(|(status, n)| format!("{n} times {status}")).collect();
    report.none_of("kinds of errors other than 503", others.len(), &others);
    report.count("writes refused with 503", n_refused);
    stage.settle(report, RECOVERY_MAX).await;
    report.count("acknowledged before, between and after", get(&stage.world.counters.n_acknowledged));
    stage.close(report).await
}

/// Reads what a visitor reads: conversations, history, a stream. Answers how many are refused.
async fn n_reads_refused(stage: &Stage) -> usize {
    let mut n_refused = 0;
    for visitor in stage.visitors.iter().take(4) {
        let (Some(token), Some(id)) = (visitor.access_token(), visitor.conversation()) else { continue };
        let way = Way::of_visitor(visitor.number, stage.world.to);
        for path in ["/widget/v1/conversations".to_owned(), format!("/widget/v1/conversations/{id}/messages")]
        {
            let reply = Client::new(way).call(Ask::get(&path).with_token(&token), RECOVERY_MAX).await;
            n_refused += usize::from(reply.status != 200);
        }
        let stream = open_stream(way, Ask::get("/widget/v1/stream").with_token(&token)).await;
        n_refused += usize::from(!stream.is_ok_and(|response| response.status() == 200));
    }
    n_refused
}

/// What takes the room away, and gives it back.
enum Squeeze {
    Tmpfs { mounted: Mounted },
    Limit,
}

impl Squeeze {
    fn prepare(by: Option<By>, setup: &mut Setup) -> Result<Option<Self>> {
        if by != Some(By::Limit) {
            let place = setup.directory.join("small");
            fs::create_dir_all(&place)?;
            if let Some(mounted) = Mounted::mount(&place) {
                setup.data = place.join("data");
                return Ok(Some(Self::Tmpfs { mounted }));
            }
            ensure!(by.is_none(), "a tmpfs can't be mounted here; that takes root");
        }
        if !runs("prlimit", &["--version"]) {
            return Ok(None);
        }
        // Without this, a file that may not grow would end the server by a signal.
        setup.wrapper = ["sh", "-c", r#"trap "" XFSZ; exec "$@""#, "sh"].map(Into::into).to_vec();
        Ok(Some(Self::Limit))
    }

    const fn by(&self) -> By {
        match self {
            Self::Tmpfs { .. } => By::Tmpfs,
            Self::Limit => By::Limit,
        }
    }

    fn fill(&self, pid: u32) -> Result<()> {
        match self {
            Self::Tmpfs { mounted } => {
                let mut ballast = File::create(mounted.ballast()).context("making the ballast")?;
                // First in large pieces, then to the last byte.
                for piece in [vec![0; 1 << 20], vec![0; 512]] {
                    while ballast.write_all(&piece).is_ok() {}
                }
                Ok(())
            }
            Self::Limit => limit(pid, LIMIT_BYTES),
        }
    }

    fn free(&self, pid: u32) -> Result<()> {
        match self {
            Self::Tmpfs { mounted } => fs::remove_file(mounted.ballast()).context("removing the ballast"),
            Self::Limit => limit(pid, "--fsize=unlimited:unlimited"),
        }
    }
}

fn limit(pid: u32, limit: &str) -> Result<()> {
    ensure!(runs("prlimit", &["--pid", &pid.to_string(), limit]), "prlimit refused {limit}");
    Ok(())
}

fn runs(program: &str, arguments: &[&str]) -> bool {
    let mut command = Command::new(program);
    command
        .args(arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// A small file system in memory, for as long as this is held.
struct Mounted(PathBuf);

impl Mounted {
    fn mount(place: &Path) -> Option<Self> {
        let place_text = place.to_str()?;
        runs("mount", &["-t", "tmpfs", "-o", TMPFS_SIZE, "tmpfs", place_text]).then(|| Self(place.to_owned()))
    }

    fn ballast(&self) -> PathBuf {
        self.0.join("ballast")
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        // Lazily: a server that is just being killed may have files open there.
        if let Some(place) = self.0.to_str() {
            runs("umount", &["-l", place]);
        }
    }
}
