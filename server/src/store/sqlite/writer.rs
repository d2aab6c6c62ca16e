//! The one writer: whatever is waiting goes into one transaction, is committed once, and then answered.
//!
//! A commit costs a flush of the disk, however much is in it. So while one is under way commands pile up, and the next
//! takes them all: the more there is to do, the less each costs.

use super::{session_cache::SessionCache, sql::Sql};
use crate::{
    domain::{Change, Error, Result},
    store::ChangeSink,
};
use rusqlite::Connection;
use std::{
    collections::VecDeque,
    io,
    sync::{
        Arc, Mutex,
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread::{self, JoinHandle},
};
use tokio::sync::{mpsc, oneshot};
use tracing::error;

/// Commands that may wait. One more is refused: the client comes back.
const QUEUE_CAPACITY: usize = 1024;
/// Commands in one transaction, so that the first of them doesn't wait for ever.
const BATCH_MAX: usize = 256;

const NOT_WRITTEN: Error = Error::Unavailable("what was asked could not be written");

/// Something to do in a transaction.
pub(super) trait Command: Send + 'static {
    type Output: Send + 'static;

    /// Does it, or refuses. What it wrote before refusing is undone.
    fn apply(self, tx: &mut Tx<'_>) -> Result<Self::Output>;

    /// Whether it may refuse when it has written something. To be able to undo that costs a tenth of a small command.
    fn may_refuse_late(&self) -> bool {
        true
    }
}

/// The transaction as a command sees it.
pub(super) struct Tx<'a> {
    pub connection: &'a Connection,
    /// The entries this command has put into the change log, to be told to listeners after the commit.
    pub changes: Vec<Change>,
    /// Whether this command has changed a visitor's session.
    pub has_changed_sessions: bool,
}

pub(super) struct Writer {
    /// Taken away when the writer stops.
    queue: Mutex<Option<SyncSender<Box<dyn Job>>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
    answers: tokio::sync::Mutex<Option<tokio::task::JoinHandle<()>>>,
}

impl Writer {
    pub fn start(
        connection: Connection,
        sink: Arc<dyn ChangeSink>,
        sessions: Arc<SessionCache>,
    ) -> io::Result<Self> {
        let (sender, receiver) = sync_channel(QUEUE_CAPACITY);
        let (written, to_answer) = mpsc::unbounded_channel();
        let thread = thread::Builder::new()
            .name("writer".into())
            .spawn(move || run(connection, &receiver, &sessions, &written))?;
        let answers = tokio::spawn(answer(to_answer, sink));
        Ok(Self {
            queue: Mutex::new(Some(sender)),
            thread: Mutex::new(Some(thread)),
            answers: tokio::sync::Mutex::new(Some(answers)),
        })
    }

    fn queue(&self) -> Option<SyncSender<Box<dyn Job>>> {
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
        drop(queue);
        answered.await.map_err(|_| Error::Unavailable("the writer has stopped"))?
    }

    pub fn is_running(&self) -> bool {
        self.thread
            .lock()
            .expect("no panic while it is held")
            .as_ref()
            .is_some_and(|thread| !thread.is_finished())
    }

    /// Takes nothing more, does what was taken, and closes the database.
    pub async fn stop(&self) {
        drop(self.queue.lock().expect("no panic while it is held").take());
        let thread = self.thread.lock().expect("no panic while it is held").take();
        let Some(thread) = thread else { return };
        if let Ok(Err(_)) | Err(_) = tokio::task::spawn_blocking(|| thread.join()).await {
            error!("the writer ended abnormally");
        }
        if let Some(answers) = self.answers.lock().await.take()
            && let Err(failure) = answers.await
        {
            error!(error = %failure, "not everything that was written was answered");
        }
    }
}

/// A command with the place where its answer goes, whatever its type.
trait Job: Send {
    fn run(self: Box<Self>, tx: &mut Tx<'_>) -> Box<dyn Outcome>;
    fn may_refuse_late(&self) -> bool;
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

impl<C: Command> Job for Envelope<C> {
    fn run(self: Box<Self>, tx: &mut Tx<'_>) -> Box<dyn Outcome> {
        Box::new(Applied { result: self.command.apply(tx), answer: self.answer })
    }

    fn may_refuse_late(&self) -> bool {
        self.command.may_refuse_late()
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

fn run(
    connection: Connection,
    queue: &Receiver<Box<dyn Job>>,
    sessions: &SessionCache,
    written: &mpsc::UnboundedSender<Batch>,
) {
    let mut waiting = VecDeque::new();
    loop {
        if waiting.is_empty() {
            match queue.recv() {
                Ok(job) => waiting.push_back(job),
                Err(_) => break,
            }
        }
        waiting.extend(queue.try_iter().take(BATCH_MAX - waiting.len()));
        let batch = write_batch(&connection, &mut waiting);
        if batch.has_changed_sessions {
            sessions.forget();
        }
        // It is received as long as the runtime lives.
        drop(written.send(batch));
    }
    if let Err(failure) = close(connection) {
        error!(error = %failure, "the database was not closed cleanly; it recovers at the next start");
    }
}

/// Tells listeners of what was written, and whoever asked. A task does so and not the writer's thread: to wake a task from
/// outside the runtime costs a call of the system, and there may be hundreds to wake.
async fn answer(mut written: mpsc::UnboundedReceiver<Batch>, sink: Arc<dyn ChangeSink>) {
    while let Some(batch) = written.recv().await {
        if !batch.changes.is_empty() {
            sink.publish(batch.changes);
        }
        for outcome in batch.outcomes {
            outcome.answer(batch.is_committed);
        }
    }
}

#[derive(Default)]
struct Batch {
    outcomes: Vec<Box<dyn Outcome>>,
    /// What to tell listeners; empty unless committed.
    changes: Vec<Change>,
    has_changed_sessions: bool,
    is_committed: bool,
}

/// Runs jobs from the front of `waiting` in one transaction. When the database fails in the middle, the jobs that were not
/// begun stay in `waiting`.
fn write_batch(connection: &Connection, waiting: &mut VecDeque<Box<dyn Job>>) -> Batch {
    let mut batch = Batch { outcomes: Vec::with_capacity(waiting.len()), ..Batch::default() };
    if !execute(connection, "BEGIN IMMEDIATE") {
        waiting.drain(..).for_each(Job::decline);
        return batch;
    }
    let mut is_sound = true;
    while is_sound && let Some(job) = waiting.pop_front() {
        // So that a refusal undoes this one and no other.
        let savepoint = job.may_refuse_late().then(|| execute(connection, "SAVEPOINT command"));
        if savepoint == Some(false) {
            job.decline();
            is_sound = false;
            break;
        }
        let n_changes = connection.total_changes();
        let mut tx = Tx { connection, changes: Vec::new(), has_changed_sessions: false };
        let outcome = job.run(&mut tx);
        let changes = tx.changes;
        batch.has_changed_sessions |= tx.has_changed_sessions;
        is_sound = match (outcome.status(), savepoint.is_some()) {
            (Status::Done, has_savepoint) => {
                batch.changes.extend(changes);
                !has_savepoint || execute(connection, "RELEASE command")
            }
            (Status::Refused, true) => {
                execute(connection, "ROLLBACK TO command") && execute(connection, "RELEASE command")
            }
            // One that said it wouldn't, and did, takes the others with it: better than half of it.
            (Status::Refused, false) => connection.total_changes() == n_changes,
            (Status::Broken, _) => false,
        };
        batch.outcomes.push(outcome);
    }
    batch.is_committed = is_sound && execute(connection, "COMMIT");
    if !batch.is_committed {
        batch.changes.clear();
        // SQLite may have rolled back by itself; then this fails, and says nothing new.
        drop(connection.run("ROLLBACK", []));
    }
    batch
}

fn execute(connection: &Connection, sql: &'static str) -> bool {
    match connection.run(sql, []) {
        Ok(_) => true,
        Err(failure) => {
            error!(error = %failure, sql, "a transaction could not be carried on");
            false
        }
    }
}

fn close(connection: Connection) -> rusqlite::Result<()> {
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    connection.close().map_err(|(_, failure)| failure)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        future::poll_fn,
        pin::pin,
        sync::mpsc::{Receiver, Sender, channel},
        task::Poll,
    };

    struct Deaf;

    impl ChangeSink for Deaf {
        fn publish(&self, _changes: Vec<Change>) {}
    }

    /// Says that it has begun, and ends when it is told to.
    struct Wait(oneshot::Sender<()>, Receiver<()>);

    impl Command for Wait {
        type Output = ();

        fn apply(self, _tx: &mut Tx<'_>) -> Result<()> {
            self.0.send(()).map_err(|()| Error::internal("nobody waits for this"))?;
            self.1.recv().map_err(Error::internal)
        }
    }

    struct Insert(u32);

    impl Command for Insert {
        type Output = usize;

        fn apply(self, tx: &mut Tx<'_>) -> Result<usize> {
            Ok(tx.connection.run("INSERT INTO number VALUES (?1)", [self.0])?)
        }
    }

    /// Refuses when it has written something, and has said that it wouldn't.
    struct RefuseLate;

    impl Command for RefuseLate {
        type Output = ();

        fn may_refuse_late(&self) -> bool {
            false
        }

        fn apply(self, tx: &mut Tx<'_>) -> Result<()> {
            Insert(1).apply(tx)?;
            Err(Error::NotFound)
        }
    }

    struct Count;

    impl Command for Count {
        type Output = u32;

        fn apply(self, tx: &mut Tx<'_>) -> Result<u32> {
            Ok(tx.connection.query_row("SELECT count(*) FROM number", [], |row| row.get(0))?)
        }
    }

    fn writer() -> Writer {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch("CREATE TABLE number (n INTEGER PRIMARY KEY)").unwrap();
        Writer::start(connection, Arc::new(Deaf), Arc::default()).unwrap()
    }

    /// Holds the writer up, from now until something is sent.
    async fn hold_up(writer: &Arc<Writer>) -> (tokio::task::JoinHandle<Result<()>>, Sender<()>) {
        let (begun, has_begun) = oneshot::channel();
        let (go_on, gone_on) = channel();
        let holding = tokio::spawn({
            let writer = Arc::clone(writer);
            async move { writer.execute(Wait(begun, gone_on)).await }
        });
        has_begun.await.unwrap();
        (holding, go_on)
    }

    #[tokio::test]
    async fn a_full_queue_refuses_at_once_and_what_it_took_is_done() {
        let writer = Arc::new(writer());
        let (holding, go_on) = hold_up(&writer).await;
        let n_taken = u32::try_from(QUEUE_CAPACITY).unwrap();
        let mut taken = pin!(futures_util::future::join_all((0..n_taken).map(|n| writer.execute(Insert(n)))));
        assert!(poll_fn(|context| Poll::Ready(taken.as_mut().poll(context))).await.is_pending());
        let refused = writer.execute(Insert(n_taken)).await;
        assert!(matches!(refused, Err(Error::Unavailable(_))));
        go_on.send(()).unwrap();
        holding.await.unwrap().unwrap();
        assert!(taken.await.into_iter().all(|done| done.is_ok_and(|n_rows| n_rows == 1)));
        assert_eq!(writer.execute(Count).await.unwrap(), n_taken);
    }

    #[tokio::test]
    async fn a_command_that_refuses_later_than_it_said_leaves_nothing_half_done() {
        let writer = Arc::new(writer());
        let (holding, go_on) = hold_up(&writer).await;
        let together = futures_util::future::join3(
            writer.execute(Insert(7)),
            writer.execute(RefuseLate),
            writer.execute(Insert(8)),
        );
        let mut together = pin!(together);
        assert!(poll_fn(|context| Poll::Ready(together.as_mut().poll(context))).await.is_pending());
        go_on.send(()).unwrap();
        holding.await.unwrap().unwrap();
        let (before, refused, after) = together.await;
        assert!(matches!(before, Err(Error::Unavailable(_))), "it is to be sent again");
        assert!(matches!(refused, Err(Error::NotFound)));
        assert_eq!(after.unwrap(), 1);
        assert_eq!(writer.execute(Count).await.unwrap(), 1);
    }

    #[tokio::test]
    async fn a_writer_that_stops_does_what_it_took_and_takes_no_more() {
        let writer = Arc::new(writer());
        let (holding, go_on) = hold_up(&writer).await;
        let mut taken = pin!(writer.execute(Insert(1)));
        assert!(poll_fn(|context| Poll::Ready(taken.as_mut().poll(context))).await.is_pending());
        let stopping = tokio::spawn({
            let writer = Arc::clone(&writer);
            async move { writer.stop().await }
        });
        while writer.queue().is_some() {
            tokio::task::yield_now().await;
        }
        assert!(matches!(writer.execute(Insert(2)).await, Err(Error::Unavailable(_))));
        go_on.send(()).unwrap();
        holding.await.unwrap().unwrap();
        assert!(matches!(taken.await, Ok(1)));
        stopping.await.unwrap();
        assert!(!writer.is_running());
    }
}
