//! The store in one SQLite file.
//!
//! All changes go through one [`writer`]; reads have a small pool of read-only connections, which in WAL mode never wait
//! for it. What a command does to the tables stands in the file of its noun.

mod attachments;
mod change_log;
mod conversations;
mod customers;
mod deliveries;
mod directory;
mod error;
mod messages;
mod rows;
mod sessions;
mod writer;

use self::writer::Writer;
use crate::{
    domain::{Error, Result, Rev},
    store::{ChangeSink, Store},
};
use async_trait::async_trait;
use shared::CompanyId;
use sqlx::{
    ConnectOptions, Row, SqlitePool,
    migrate::Migrator,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use std::{
    fs::{File, TryLockError},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

static MIGRATIONS: Migrator = sqlx::migrate!("./migrations");

/// The first SQLite that does not corrupt a WAL when it is reset while another connection reads.
const OLDEST_SOUND_SQLITE: (u32, u32, u32) = (3, 51, 3);

/// Readers at once. They answer in microseconds; more would only wait for the same cores.
const N_READERS: u32 = 4;

pub struct SqliteStore {
    readers: SqlitePool,
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
    Migration(#[source] sqlx::migrate::MigrateError),
    #[error("the database can't be opened: {0}")]
    Database(#[from] sqlx::Error),
}

impl SqliteStore {
    /// Opens `DIRECTORY/porchlight.db`, making and migrating what is missing. Every change is told to `sink`.
    pub async fn open(directory: &Path, sink: Arc<dyn ChangeSink>) -> Result<Self, OpenError> {
        let directory_lock = lock_directory(directory)?;
        let options = SqliteConnectOptions::new()
            .filename(directory.join("porchlight.db"))
            .create_if_missing(true)
            .foreign_keys(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(Duration::from_secs(5))
            .pragma("cache_size", "-16000")
            .pragma("temp_store", "memory")
            // What is erased is overwritten, not only forgotten.
            .pragma("secure_delete", "on")
            .disable_statement_logging();

        let mut connection = options.connect().await?;
        let version: String =
            sqlx::query_scalar("SELECT sqlite_version()").fetch_one(&mut connection).await?;
        if !is_sound(&version) {
            return Err(OpenError::UnsoundSqlite(version));
        }
        MIGRATIONS.run(&mut connection).await.map_err(OpenError::Migration)?;
        let epoch: i64 = sqlx::query_scalar("SELECT epoch FROM meta").fetch_one(&mut connection).await?;

        let readers = SqlitePoolOptions::new()
            .max_connections(N_READERS)
            .test_before_acquire(false)
            .connect_with(options.read_only(true).create_if_missing(false).pragma("cache_size", "-4000"))
            .await?;
        Ok(Self {
            readers,
            writer: Writer::start(connection, sink),
            epoch: u32::try_from(epoch).map_err(|error| sqlx::Error::Decode(error.into()))?,
            _directory_lock: directory_lock,
        })
    }
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
        sqlx::query("SELECT 1").execute(&self.readers).await?;
        if self.writer.is_running() { Ok(()) } else { Err(Error::Unavailable("the writer has stopped")) }
    }

    async fn close(&self) {
        // The writer last: the connection that closes last folds the write-ahead log away.
        self.readers.close().await;
        self.writer.stop().await;
    }
}

/// The newest rev of a company.
async fn head_rev(connection: &mut sqlx::SqliteConnection, company: CompanyId) -> Result<Rev> {
    let row = sqlx::query("SELECT coalesce(max(rev), 0) FROM change WHERE company_id = $1")
        .bind(company.0)
        .fetch_one(connection)
        .await?;
    Ok(row.try_get(0)?)
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
