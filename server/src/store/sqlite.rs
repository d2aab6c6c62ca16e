//! The store in one SQLite file.
//!
//! All changes go through one [`writer`]; reads have a small pool of read-only connections, which in WAL mode never wait
//! for it. What a command does to the tables stands in the file of its noun.

mod attachments;
pub mod backup;
mod change_log;
pub mod check;
mod conversations;
mod customers;
mod deliveries;
mod directory;
mod error;
mod identity;
mod messages;
mod readers;
mod rows;
mod session_cache;
mod sessions;
mod sql;
mod writer;

use self::{
    readers::Readers,
    session_cache::SessionCache,
    sql::{Sql, first},
    writer::Writer,
};
use crate::{
    domain::{Error, Result, Rev},
    store::{ChangeSink, Store},
};
use async_trait::async_trait;
use rusqlite::{Connection, OpenFlags, config::DbConfig, params};
use rusqlite_migration::{M, Migrations};
use shared::CompanyId;
use std::{
    fs::{File, TryLockError},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

const MIGRATIONS: &[M<'_>] = &[
    M::up(include_str!("../../migrations/0001_foundation.sql")),
    M::up(include_str!("../../migrations/0002_apis.sql")),
    M::up(include_str!("../../migrations/0003_widget_settings.sql")),
    M::up(include_str!("../../migrations/0004_agent_avatars.sql")),
    M::up(include_str!("../../migrations/0005_messages_by_client_id.sql")),
];

/// The database's name in its directory.
pub const DATABASE: &str = "porchlight.db";

/// The first SQLite that does not corrupt a WAL when it is reset while another connection reads.
const OLDEST_SOUND_SQLITE: (u32, u32, u32) = (3, 51, 3);

/// Statements that a connection keeps prepared: all there are.
const N_STATEMENTS: usize = 256;

pub struct SqliteStore {
    readers: Readers,
    sessions: Arc<SessionCache>,
    writer: Writer,
    epoch: u32,
    /// Held as long as the store lives: one process for one data directory.
    _directory_lock: File,
}

/// Why a data directory can't be opened. Each is a sentence for the operator.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("the data directory {0} can't be used: {1}")]
    Directory(PathBuf, #[source] std::io::Error),
    #[error("the data directory {0} is open in another porchlight process; one process at a time may use it")]
    InUse(PathBuf),
    #[error(
        "this program was built with SQLite {0}, which can corrupt a database in WAL mode; 3.51.3 or newer is needed"
    )]
    UnsoundSqlite(String),
    #[error("the database was written by a newer porchlight, or is damaged: {0}")]
    Migration(#[source] rusqlite_migration::Error),
    #[error("the database can't be opened: {0}")]
    Database(#[from] rusqlite::Error),
    #[error("the database's writer can't be started: {0}")]
    Writer(#[source] std::io::Error),
}

impl SqliteStore {
    /// Opens `DIRECTORY/porchlight.db`, making and migrating what is missing. Every change is told to `sink`.
    ///
    /// It waits for the disk, as a start does.
    pub fn open(directory: &Path, sink: Arc<dyn ChangeSink>) -> Result<Self, OpenError> {
        let directory_lock = lock_directory(directory)?;
        if !is_sound(rusqlite::version()) {
            return Err(OpenError::UnsoundSqlite(rusqlite::version().to_owned()));
        }
        let file = directory.join(DATABASE);
        let mut connection = Connection::open(&file)?;
        configure(&connection, 16_000)?;
        connection.pragma_update(None, "journal_mode", "wal")?;
        connection.pragma_update(None, "synchronous", "full")?;
        // What is erased is overwritten, not only forgotten.
        connection.pragma_update(None, "secure_delete", "on")?;
        adopt(&connection)?;
        Migrations::from_slice(MIGRATIONS).to_latest(&mut connection).map_err(OpenError::Migration)?;
        let epoch = connection.query_row("SELECT epoch FROM meta", [], |row| row.get(0))?;
        let sessions = Arc::new(SessionCache::default());
        Ok(Self {
            readers: Readers::open(move || open_reader(&file))?,
            writer: Writer::start(connection, sink, Arc::clone(&sessions)).map_err(OpenError::Writer)?,
            sessions,
            epoch,
            _directory_lock: directory_lock,
        })
    }

    async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.readers.read(read).await
    }
}

fn open_reader(file: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(file, flags)?;
    configure(&connection, 4000)?;
    Ok(connection)
}

fn configure(connection: &Connection, cache_kib: i32) -> rusqlite::Result<()> {
    connection.busy_timeout(Duration::from_secs(5))?;
    // Plans are made without a look at the values, or a list is planned anew for each page of it.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.set_prepared_statement_cache_capacity(N_STATEMENTS);
    connection.pragma_update(None, "foreign_keys", "on")?;
    connection.pragma_update(None, "cache_size", -cache_kib)?;
    connection.pragma_update(None, "temp_store", "memory")
}

/// Before the first release another library kept count of the migrations, in a table of its own.
fn adopt(connection: &Connection) -> rusqlite::Result<()> {
    if !connection.table_exists(None, "_sqlx_migrations")? {
        return Ok(());
    }
    let n_done: i64 = connection.query_row("SELECT count(*) FROM _sqlx_migrations", [], |row| row.get(0))?;
    connection.pragma_update(None, "user_version", n_done)?;
    connection.execute_batch("DROP TABLE _sqlx_migrations")
}

fn lock_directory(directory: &Path) -> Result<File, OpenError> {
    let unusable = |error| OpenError::Directory(directory.to_owned(), error);
    std::fs::create_dir_all(directory).map_err(unusable)?;
    let lock = File::create(directory.join("porchlight.lock")).map_err(unusable)?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(OpenError::InUse(directory.to_owned())),
        Err(TryLockError::Error(error)) => Err(unusable(error)),
    }
}

fn is_sound(version: &str) -> bool {
    let mut numbers = version.split('.').map(|part| part.parse::<u32>().unwrap_or(0));
    let mut next = || numbers.next().unwrap_or(0);
    (next(), next(), next()) >= OLDEST_SOUND_SQLITE
}

#[async_trait]
impl Store for SqliteStore {
    fn epoch(&self) -> u32 {
        self.epoch
    }

    async fn check_ready(&self) -> Result<()> {
        self.read(|connection| Ok(connection.query_row("SELECT 1", [], |_| Ok(()))?)).await?;
        if self.writer.is_running() { Ok(()) } else { Err(Error::Unavailable("the writer has stopped")) }
    }

    async fn close(&self) {
        // The writer last: the connection that closes last folds the write-ahead log away.
        self.readers.close().await;
        self.writer.stop().await;
    }
}

/// The newest rev of a company.
fn head_rev(connection: &Connection, company: CompanyId) -> Result<Rev> {
    let sql = "SELECT coalesce(max(rev), 0) FROM change WHERE company_id = ?1";
    Ok(connection.find(sql, params![company.0], first)?.unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sqlite_with_the_wal_reset_bug_is_told_from_a_sound_one() {
        for unsound in ["3.46.1", "3.51.2", "3.9.9", "2.99.99", "nonsense"] {
            assert!(!is_sound(unsound), "{unsound}");
        }
        for sound in ["3.51.3", "3.52.0", "4.0.0", "3.51.10"] {
            assert!(is_sound(sound), "{sound}");
        }
    }
}
