//! The connections that read. In WAL mode they never wait for the writer.

use crate::domain::{Error, Result};
use rusqlite::Connection;
use std::sync::{Arc, Mutex};
use tokio::sync::Semaphore;

/// Readers at once. They answer in microseconds; more would only wait for the same cores.
const N_READERS: usize = 4;

type Open = dyn Fn() -> rusqlite::Result<Connection> + Send + Sync;

#[derive(Clone)]
pub(super) struct Readers(Arc<Inner>);

struct Inner {
    /// Closed when nobody may read any more.
    turns: Semaphore,
    /// Opened, and not in use right now.
    idle: Mutex<Vec<Connection>>,
    open: Box<Open>,
}

impl Readers {
    pub fn new(open: impl Fn() -> rusqlite::Result<Connection> + Send + Sync + 'static) -> Self {
        Self(Arc::new(Inner {
            turns: Semaphore::new(N_READERS),
            idle: Mutex::new(Vec::new()),
            open: Box::new(open),
        }))
    }

    /// Reads on a thread where waiting for the disk holds up nobody else.
    pub async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let closed = |_| Error::Unavailable("the database is not open");
        let _turn = self.0.turns.acquire().await.map_err(closed)?;
        let inner = Arc::clone(&self.0);
        tokio::task::spawn_blocking(move || {
            let connection = match inner.idle().pop() {
                Some(connection) => connection,
                None => (inner.open)()?,
            };
            let result = read(&connection);
            inner.idle().push(connection);
            result
        })
        .await
        .map_err(Error::internal)?
    }

    /// Lets who reads finish, and nobody begin.
    pub async fn close(&self) {
        if let Ok(turns) = self.0.turns.acquire_many(u32::try_from(N_READERS).unwrap_or(u32::MAX)).await {
            self.0.turns.close();
            drop(turns);
        }
        self.0.idle().clear();
    }
}

impl Inner {
    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().expect("no panic while it is held")
    }
}
