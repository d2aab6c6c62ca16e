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
    /// Not in use right now.
    idle: Mutex<Vec<Connection>>,
    open: Box<Open>,
}

impl Readers {
    /// All are opened at once: later there may be no descriptor left for one.
    pub fn open(
        open: impl Fn() -> rusqlite::Result<Connection> + Send + Sync + 'static,
    ) -> rusqlite::Result<Self> {
        let idle = (0..N_READERS).map(|_| open()).collect::<rusqlite::Result<_>>()?;
        Ok(Self(Arc::new(Inner {
            turns: Semaphore::new(N_READERS),
            idle: Mutex::new(idle),
            open: Box::new(open),
        })))
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
                // A panic took it along.
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

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::future::try_join_all;
    use std::sync::{
        Barrier,
        atomic::{AtomicUsize, Ordering},
    };

    #[tokio::test]
    async fn a_connection_is_opened_later_only_in_place_of_one_that_a_panic_took() {
        let n_opened = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&n_opened);
        let readers = Readers::open(move || {
            count.fetch_add(1, Ordering::Relaxed);
            Connection::open_in_memory()
        })
        .unwrap();
        assert_eq!(n_opened.load(Ordering::Relaxed), N_READERS);

        let broken = readers.read(|_| -> Result<()> { panic!("as a read might") }).await;
        assert!(matches!(broken, Err(Error::Internal(_))), "{broken:?}");
        for _ in 0..2 * N_READERS {
            readers.read(|_| Ok(())).await.unwrap();
        }
        // One after the other they are as many as are needed.
        assert_eq!(n_opened.load(Ordering::Relaxed), N_READERS);
        let all = Arc::new(Barrier::new(N_READERS));
        let at_once = (0..N_READERS).map(|_| {
            let all = Arc::clone(&all);
            readers.read(move |_| Ok(all.wait().is_leader()))
        });
        let leaders = try_join_all(at_once).await.unwrap();
        assert_eq!(leaders.iter().filter(|is_leader| **is_leader).count(), 1);
        assert_eq!(n_opened.load(Ordering::Relaxed), N_READERS + 1);
    }
}
