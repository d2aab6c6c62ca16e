//! How the business's messages reach outside apps: every message on a channel that is not a widget has a delivery job, and
//! this is who does them.
//!
//! In mock mode the apps are played, as [`Mock`] says. Otherwise there is no connector, and the jobs fail with a reason, so
//! that nothing waits for ever. The open jobs in the store are the truth; what the hub tells only says where to look.

mod mock;

pub use mock::{Behaviour, BehaviourChange, Mock};

use crate::{
    app::App,
    domain::{ChangeKind, Error, Job, Progress, ReceiptState, Result, Side},
    live::Signal,
};
use shared::{Ack, CompanyId, ConversationId};
use std::{collections::HashMap, time::Duration};
use tokio::{
    sync::{
        broadcast::{Receiver, error::RecvError},
        watch,
    },
    task::{Id, JoinHandle, JoinSet},
    time::{interval, sleep},
};
use tracing::warn;

const NO_CONNECTOR: &str = "there is no connector for this channel";

/// How often the open jobs are looked through for one that nobody told of.
const LOOK_AGAIN: Duration = Duration::from_secs(30);
/// How long a conversation waits after its jobs could not be carried on.
const TRY_AGAIN: Duration = Duration::from_secs(1);
/// Jobs read at once.
const PAGE: u32 = 100;

/// Does the open jobs, and those to come, until the server drains. Whoever waits for what is answered knows that it has
/// ended.
pub fn start(app: App) -> JoinHandle<()> {
    // Before the open jobs are read, so that none falls between.
    let feed = app.live.subscribe_to_all();
    tokio::spawn(run(app, feed))
}

async fn run(app: App, mut feed: Receiver<Signal>) {
    let mut draining = app.live.draining();
    let mut look_again = interval(LOOK_AGAIN);
    let mut lanes = Lanes { app, open: HashMap::new(), tasks: JoinSet::new() };
    loop {
        tokio::select! {
            () = drained(&mut draining) => break,
            // The first time at once: what an earlier run left open.
            _ = look_again.tick() => lanes.look_at_all().await,
            Some(ended) = lanes.tasks.join_next_with_id() => {
                lanes.end(ended.map_or_else(|failure| failure.id(), |(id, ())| id));
            }
            signal = feed.recv() => match signal {
                Ok(Signal::Change(live)) => {
                    if let ChangeKind::Message(message) = &live.change.kind
                        && live.change.is_new
                        && message.sender.kind.side() == Side::Agent
                        && message.ack < Ack::Sent
                    {
                        lanes.look_at(live.change.company, message.conversation);
                    }
                }
                Ok(_) => {}
                Err(RecvError::Lagged(_)) => lanes.look_at_all().await,
                Err(RecvError::Closed) => break,
            },
        }
    }
    lanes.tasks.shutdown().await;
}

async fn drained(draining: &mut watch::Receiver<bool>) {
    drop(draining.wait_for(|is_draining| *is_draining).await);
}

/// A lane for each conversation that has open jobs: its messages go out one after the other, those of others meanwhile.
struct Lanes {
    app: App,
    open: HashMap<ConversationId, Lane>,
    tasks: JoinSet<()>,
}

struct Lane {
    company: CompanyId,
    task: Id,
    /// Whether there may be jobs that its task has not seen.
    has_more: bool,
}

impl Lanes {
    fn look_at(&mut self, company: CompanyId, conversation: ConversationId) {
        match self.open.get_mut(&conversation) {
            Some(lane) => lane.has_more = true,
            None => self.add(company, conversation),
        }
    }

    fn add(&mut self, company: CompanyId, conversation: ConversationId) {
        let task = self.tasks.spawn(deliver_all(self.app.clone(), company, conversation)).id();
        self.open.insert(conversation, Lane { company, task, has_more: false });
    }

    fn end(&mut self, task: Id) {
        let Some(conversation) = self.open.iter().find(|(_, lane)| lane.task == task).map(|(id, _)| *id)
        else {
            return;
        };
        if let Some(lane) = self.open.remove(&conversation)
            && lane.has_more
        {
            self.add(lane.company, conversation);
        }
    }

    async fn look_at_all(&mut self) {
        let mut after = 0;
        loop {
            let jobs = match self.app.store.open_jobs(after, PAGE).await {
                Ok(jobs) => jobs,
                Err(failure) => {
                    warn!(error = %failure, "the open delivery jobs could not be read; they are looked for again");
                    return;
                }
            };
            let Some(last) = jobs.last() else { return };
            after = last.num;
            for job in jobs {
                self.look_at(job.company, job.conversation);
            }
        }
    }
}

/// Does a conversation's open jobs, in the order of its messages, until there are none.
async fn deliver_all(app: App, company: CompanyId, conversation: ConversationId) {
    loop {
        match try_deliver_all(&app, company, conversation).await {
            Ok(()) => return,
            Err(failure) => {
                warn!(error = %failure, "a delivery could not be carried on; it is tried again");
                sleep(TRY_AGAIN).await;
            }
        }
    }
}

async fn try_deliver_all(app: &App, company: CompanyId, conversation: ConversationId) -> Result<()> {
    loop {
        let jobs = app.store.open_jobs_of(company, conversation, PAGE).await?;
        if jobs.is_empty() {
            return Ok(());
        }
        for job in &jobs {
            match deliver(app, job).await {
                // Its customer was erased meanwhile, and it with them.
                Ok(()) | Err(Error::NotFound) => {}
                Err(failure) => return Err(failure),
            }
        }
    }
}

/// Does one job. When this returns it is finished.
async fn deliver(app: &App, job: &Job) -> Result<()> {
    let advance = async |progress| app.store.advance_job(job.num, progress, app.clock.now()).await;
    if !app.settings.is_mock {
        advance(Progress::Failed(NO_CONNECTOR.to_owned())).await?;
        return Ok(());
    }
    advance(Progress::Ack(Ack::Delivering)).await?;
    sleep(app.mock.behaviour(job.company, job.channel).delay).await;
    app.mock.released(job.company, job.channel).await;
    if let Some(reason) = app.mock.take_failure(job.company, job.channel) {
        advance(Progress::Failed(reason)).await?;
        return Ok(());
    }
    advance(Progress::Ack(Ack::Sent)).await?;
    advance(Progress::Ack(Ack::Delivered)).await?;
    if app.mock.behaviour(job.company, job.channel).reads {
        let (by, state) = (Side::Customer, ReceiptState::Read);
        app.conversations.mark(job.company, job.conversation, by, state, job.seq).await?;
    }
    Ok(())
}
