//! What a SQLite error means to the domain.

use crate::domain::Error;

// Primary result codes of SQLite that say "not now" rather than "never".
const BUSY: i64 = 5;
const LOCKED: i64 = 6;
const READONLY: i64 = 8;
const IOERR: i64 = 10;
const FULL: i64 = 13;
const CANTOPEN: i64 = 14;

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed => {
                Self::Unavailable("the database is not open")
            }
            sqlx::Error::Database(database) => {
                let code = database.code().and_then(|code| code.parse::<i64>().ok()).unwrap_or(0);
                match code & 0xff {
                    FULL => Self::Unavailable("the disk is full"),
                    BUSY | LOCKED => Self::Unavailable("the database is locked"),
                    IOERR | READONLY | CANTOPEN => Self::Unavailable("the disk can't be read or written"),
                    _ => Self::internal(error),
                }
            }
            _ => Self::internal(error),
        }
    }
}
