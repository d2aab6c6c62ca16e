//! A clock that is wrong: the server's time of day a day ahead, a day back, and jumping while it runs.

use crate::{
    clock::now_ms,
    http::{Ask, Client, Way},
    stage::{Run, Stage},
    world::get,
};
use anyhow::{Context, Result, ensure};
use clap::Args;
use http::Method;
use shared::{CreateSession, Session};
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

#[derive(Args)]
pub struct Options {
    /// Visitors. [default: 64, short 12]
    #[arg(long)]
    visitors: Option<usize>,
    /// Messages that each writes after each jump. [default: 50, short 5]
    #[arg(long)]
    messages: Option<usize>,
}

const DAY_SECONDS: i64 = 24 * 60 * 60;
/// How long an access token is good for is an hour; with a clock that is a day off it is taken for anything from expired to good
/// for two days, and never for longer.
const ACCESS_SECONDS: i64 = 60 * 60;
const ARRIVAL_MAX: Duration = Duration::from_secs(30);

pub async fn play(options: &Options, run: &mut Run) -> Result<()> {
    let n_visitors = options.visitors.unwrap_or(run.size.pick(12, 64));
    let n_messages = options.messages.unwrap_or(run.size.pick(5, 50));
    let Some(library) = libfaketime() else {
        run.report.skip("libfaketime is not installed (Debian: `apt install faketime`)");
        return Ok(());
    };
    let mut setup = run.setup();
    let offset = setup.directory.join("offset");
    write_offset(&offset, 0)?;
    for (name, value) in [
        ("LD_PRELOAD", library.to_string_lossy().into_owned()),
        ("FAKETIME_TIMESTAMP_FILE", offset.to_string_lossy().into_owned()),
        // Looks into the file each time.
        ("FAKETIME_NO_CACHE", "1".into()),
        // Only the time of day is wrong: how long things take is told by another clock.
        ("FAKETIME_DONT_FAKE_MONOTONIC", "1".into()),
        ("DONT_FAKE_MONOTONIC", "1".into()),
        ("FAKETIME_DISABLE_SHM", "1".into()),
    ] {
        setup.environment.push((name.into(), value));
    }

    let mut stage = Stage::open(run, setup).await?;
    stage.gather(n_visitors, 1).await?;
    let mut n_stuck = 0;
    let mut off = BTreeSet::new();
    let mut conversations = Vec::new();
    // Days from the right time, and whether the server is started anew there.
    for (step, (days, is_restarted)) in
        [(1, false), (-1, false), (0, false), (-1, true), (1, true), (-1, true), (0, true)]
            .into_iter()
            .enumerate()
    {
        if is_restarted {
            stage.server.kill().await?;
        }
        write_offset(&offset, days * DAY_SECONDS)?;
        if is_restarted {
            stage.server.restart().await?;
        }
        off.insert(days_off(&stage).await?);
        // New visitors come at each time, and one conversation ends: its visitor's next message starts another.
        stage.gather(2, 1).await?;
        close_conversation_of(&stage, step).await?;
        conversations.push(stage.visitors[step].number);
        for _ in 0..n_messages {
            stage.visitors.iter().for_each(|visitor| visitor.write());
            stage.visitors.iter().for_each(|visitor| visitor.wake());
            n_stuck += usize::from(
                !stage
                    .wait_until(ARRIVAL_MAX, |stage| stage.visitors.iter().all(|visitor| visitor.is_idle()))
                    .await,
            );
        }
    }

    let report = &mut run.report;
    ensure!(
        off == BTreeSet::from([-1, 0, 1]),
        "the server's clock was not off by a day and back, but by {off:?} days"
    );
    report.promise(
        "the server's clock was a day ahead, and a day back",
        true,
        "while it ran, and from a start on",
    );
    report.none_of("times that messages did not arrive within 30 s", n_stuck, &[]);
    let n_conversations: Vec<usize> =
        conversations.iter().map(|visitor| n_conversations_of(&stage, *visitor)).collect();
    let n_wrong = n_conversations.iter().filter(|n| **n != 2).count();
    let seen = format!("{n_conversations:?} conversations of those whose first was closed");
    report.promise(
        "a closed conversation is followed by one, not by one for each message",
        n_wrong == 0,
        seen,
    );
    report.count("renewals of sessions", get(&stage.world.counters.n_renewals));
    stage.settle(report, Duration::from_mins(1)).await;
    stage.close(report).await
}

/// Where Debian and others put it; the one for programs with threads.
fn libfaketime() -> Option<PathBuf> {
    let architecture = std::env::consts::ARCH;
    [
        format!("/usr/lib/{architecture}-linux-gnu/faketime/libfaketimeMT.so.1"),
        "/usr/lib64/faketime/libfaketimeMT.so.1".to_owned(),
        "/usr/lib/faketime/libfaketimeMT.so.1".to_owned(),
    ]
    .into_iter()
    .map(PathBuf::from)
    .find(|path| path.is_file())
}

fn write_offset(file: &Path, seconds: i64) -> Result<()> {
    // Renamed into place, so that it is never read half.
    let unfinished = file.with_extension("new");
    fs::write(&unfinished, format!("{seconds:+}\n"))?;
    fs::rename(&unfinished, file).context("setting the server's clock")
}

/// How many days the server's clock is off, by the end of a session that it has just given out.
async fn days_off(stage: &Stage) -> Result<i64> {
    let mut client = Client::new(Way::of_visitor(0, stage.world.to));
    let ask = Ask::new(Method::POST, "/widget/v1/sessions");
    let reply =
        client.call(ask.with_json(&CreateSession { widget_id: stage.world.widget }), ARRIVAL_MAX).await;
    let session: Session = reply.read().context("a session is given out at any time")?;
    #[expect(clippy::cast_possible_truncation, reason = "milliseconds since 1970")]
    let now_seconds = now_ms() as i64 / 1000;
    let off_seconds = session.access_expires_at.unix_ms() / 1000 - ACCESS_SECONDS - now_seconds;
    Ok((off_seconds + DAY_SECONDS / 2).div_euclid(DAY_SECONDS))
}

async fn close_conversation_of(stage: &Stage, number: usize) -> Result<()> {
    let id = stage.visitors[number].conversation().context("the visitor has a conversation")?;
    let path = format!("/api/v1/conversations/{id}/close");
    let ask = Ask::new(Method::PUT, &path).with_token(&stage.server.demo.api_token);
    let reply = Client::new(Way::of_visitor(0, stage.server.address)).call(ask, ARRIVAL_MAX).await;
    ensure!(reply.is_ok(), "closing a conversation was answered {}", reply.status);
    Ok(())
}

/// In how many conversations what a visitor wrote was stored.
fn n_conversations_of(stage: &Stage, number: usize) -> usize {
    let told = stage.world.ledger.entries().filter(|(_, entry)| entry.writer == number);
    told.filter_map(|(_, entry)| Some(entry.told?.conversation)).collect::<BTreeSet<_>>().len()
}
