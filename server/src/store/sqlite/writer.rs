//! The one writer: whatever is waiting goes into one transaction, is committed once, and then answered.
//!
//! A commit costs a flush of the disk, however much is in it. So while one is under way commands pile up, and the next
//! takes them all: the more there is to do, the less each costs.

use crate::{
    domain::{Change, Error, Result},
    store::ChangeSink,
};
use async_trait::async_trait;
use sqlx::{Connection, SqliteConnection};
use std::{collections::VecDeque, sync::Arc};
use tokio::sync::{Mutex, mpsc, oneshot};
use tracing::error;

/// Commands that may wait. One more is refused: the client comes back.
const QUEUE_CAPACITY: usize = 1024;
/// Commands in one transaction, so that the first of them doesn't wait for ever.
const BATCH_MAX: usize = 256;

const NOT_WRITTEN: Error = Error::Unavailable("what was asked could not be written");

/// Something to do in a transaction.
#[async_trait]
pub(super) trait Command: Send + 'static {
    type Output: Send + 'static;

    /// Does it, or refuses. What it wrote before refusing is undone.
    async fn apply(self, tx: &mut Tx<'_>) -> Result<Self::Output>;
}

/// The transaction as a command sees it.
pub(super) struct Tx<'a> {
    pub connection: &'a mut SqliteConnection,
    /// The entries this command has put into the change log, to be told to listeners after the commit.
    pub changes: Vec<Change>,
}

pub(super) struct Writer {
    /// Taken away when the writer stops.
    queue: std::sync::Mutex<Option<mpsc::Sender<Box<dyn Job>>>>,
    task: Mutex<Option<tokio::task::JoinHandle<()>>>,
}

impl Writer {
    pub fn start(connection: SqliteConnection, sink: Arc<dyn ChangeSink>) -> Self {
        let (sender, receiver) = mpsc::channel(QUEUE_CAPACITY);
        let task = tokio::spawn(run(connection, receiver, sink));
        Self { queue: std::sync::Mutex::new(Some(sender)), task: Mutex::new(Some(task)) }
    }

    fn queue(&self) -> Option<mpsc::Sender<Box<dyn Job>>> {
        self.queue.lock().expect("no panic while it is held").clone()
    }

    /// Has `command` done, and answers when it is on the disk.
    ///
    /// A caller that goes away doesn't undo it: a command that was taken is done.
    pub async fn execute<C: Command>(&self, command: C) -> Result<C::Output> {
        let (answer, answered) = oneshot::channel();
        let queue = self.queue().ok_or(Error::Unavailable("the server is stopping"))?;
        queue
            .try_send(Box::new(Envelope { command, answer }))
            .map_err(|_| Error::Unavailable("too much is waiting to be written"))?;
        answered.await.map_err(|_| Error::Unavailable("the writer has stopped"))?
    }

    pub fn is_running(&self) -> bool {
        self.queue().is_some_and(|queue| !queue.is_closed())
    }

    /// Takes nothing more, does what was taken, and closes the database.
    pub async fn stop(&self) {
        drop(self.queue.lock().expect("no panic while it is held").take());
        if let Some(task) = self.task.lock().await.take()
            && let Err(failure) = task.await
        {
            error!(error = %failure, "the writer ended abnormally");
        }
    }
}

/// A command with the place where its answer goes, whatever its type.
#[async_trait]
trait Job: Send {
    async fn run(self: Box<Self>, tx: &mut Tx<'_>) -> Box<dyn Outcome>;
    /// Answers that it could not even be begun.
    fn decline(self: Box<Self>);
}

/// What came of a command; answered when the fate of its transaction is known.
trait Outcome: Send {
    fn status(&self) -> Status;
    fn answer(self: Box<Self>, is_committed: bool);
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Status {
    Done,
    Refused,
    /// The database itself failed. It may have given up the whole transaction.
    Broken,
}

struct Envelope<C: Command> {
    command: C,
    answer: oneshot::Sender<Result<C::Output>>,
}

struct Applied<T> {
    result: Result<T>,
    answer: oneshot::Sender<Result<T>>,
}

#[async_trait]
impl<C: Command> Job for Envelope<C> {
    async fn run(self: Box<Self>, tx: &mut Tx<'_>) -> Box<dyn Outcome> {
        Box::new(Applied { result: self.command.apply(tx).await, answer: self.answer })
    }

    fn decline(self: Box<Self>) {
        drop(self.answer.send(Err(NOT_WRITTEN)));
    }
}

impl<T: Send> Outcome for Applied<T> {
    fn status(&self) -> Status {
        match &self.result {
            Ok(_) => Status::Done,
            Err(Error::Unavailable(_) | Error::Internal(_)) => Status::Broken,
            Err(_) => Status::Refused,
        }
    }

    fn answer(self: Box<Self>, is_committed: bool) {
        let result = match self.result {
            Ok(_) if !is_committed => Err(NOT_WRITTEN),
            result => result,
        };
        // Whoever asked may have gone; the work is done all the same.
        drop(self.answer.send(result));
    }
}

async fn run(
    mut connection: SqliteConnection,
    mut queue: mpsc::Receiver<Box<dyn Job>>,
    sink: Arc<dyn ChangeSink>,
) {
    let mut waiting = VecDeque::new();
    loop {
        if waiting.is_empty() {
            match queue.recv().await {
                Some(job) => waiting.push_back(job),
                None => break,
            }
        }
        while waiting.len() < BATCH_MAX
            && let Ok(job) = queue.try_recv()
        {
            waiting.push_back(job);
        }
        let batch = write_batch(&mut connection, &mut waiting).await;
        if !batch.changes.is_empty() {
            sink.publish(batch.changes);
        }
        for outcome in batch.outcomes {
            outcome.answer(batch.is_committed);
        }
    }
    if let Err(failure) = close(connection).await {
        error!(error = %failure, "the database was not closed cleanly; it recovers at the next start");
    }
}

struct Batch {
    outcomes: Vec<Box<dyn Outcome>>,
    /// What to tell listeners; empty unless committed.
    changes: Vec<Change>,
    is_committed: bool,
}

/// Runs jobs from the front of `waiting` in one transaction. When the database fails in the middle, the jobs that were not
/// begun stay in `waiting`.
async fn write_batch(connection: &mut SqliteConnection, waiting: &mut VecDeque<Box<dyn Job>>) -> Batch {
    let mut batch =
        Batch { outcomes: Vec::with_capacity(waiting.len()), changes: Vec::new(), is_committed: false };
    // The savepoint stands before each command, so that a refusal undoes this one and no other.
    if !execute(connection, "BEGIN IMMEDIATE; SAVEPOINT command").await {
        waiting.drain(..).for_each(Job::decline);
        return batch;
    }
    let mut is_sound = true;
    while is_sound && let Some(job) = waiting.pop_front() {
        let mut tx = Tx { connection, changes: Vec::new() };
        let outcome = job.run(&mut tx).await;
        let changes = tx.changes;
        is_sound = match outcome.status() {
            Status::Done => {
                batch.changes.extend(changes);
                waiting.is_empty() || execute(connection, "RELEASE command; SAVEPOINT command").await
            }
            Status::Refused => execute(connection, "ROLLBACK TO command").await,
            Status::Broken => false,
        };
        batch.outcomes.push(outcome);
    }
    batch.is_committed = is_sound && execute(connection, "COMMIT").await;
    if !batch.is_committed {
        batch.changes.clear();
        // SQLite may have rolled back by itself; then this fails, and says nothing new.
        drop(sqlx::query("ROLLBACK").execute(connection).await);
    }
    batch
}

async fn execute(connection: &mut SqliteConnection, sql: &'static str) -> bool {
    match sqlx::query(sql).execute(connection).await {
        Ok(_) => true,
        Err(failure) => {
            error!(error = %failure, sql, "a transaction could not be carried on");
            false
        }
    }
}

async fn close(mut connection: SqliteConnection) -> Result<(), sqlx::Error> {
    sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(&mut connection).await?;
    connection.close().await
}
