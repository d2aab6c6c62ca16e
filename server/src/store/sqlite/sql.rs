//! The three ways in which statements are run here: for one row, for all of them, for what they do.
//!
//! Each statement is prepared once for a connection and kept. Parameters are numbered, `?1`, `?2`.

use crate::domain::Result;
use rusqlite::{Connection, Params, Row};

pub(super) trait Sql {
    /// The first row, if there is one.
    fn find<T>(
        &self,
        sql: &str,
        params: impl Params,
        read: impl FnOnce(&Row<'_>) -> Result<T>,
    ) -> Result<Option<T>>;

    /// Every row.
    fn list<T>(
        &self,
        sql: &str,
        params: impl Params,
        read: impl FnMut(&Row<'_>) -> Result<T>,
    ) -> Result<Vec<T>>;

    /// How many rows it changed.
    fn run(&self, sql: &str, params: impl Params) -> rusqlite::Result<usize>;
}

impl Sql for Connection {
    fn find<T>(
        &self,
        sql: &str,
        params: impl Params,
        read: impl FnOnce(&Row<'_>) -> Result<T>,
    ) -> Result<Option<T>> {
        let mut statement = self.prepare_cached(sql)?;
        let mut rows = statement.query(params)?;
        rows.next()?.map(read).transpose()
    }

    fn list<T>(
        &self,
        sql: &str,
        params: impl Params,
        mut read: impl FnMut(&Row<'_>) -> Result<T>,
    ) -> Result<Vec<T>> {
        let mut statement = self.prepare_cached(sql)?;
        let mut rows = statement.query(params)?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            found.push(read(row)?);
        }
        Ok(found)
    }

    fn run(&self, sql: &str, params: impl Params) -> rusqlite::Result<usize> {
        self.prepare_cached(sql)?.execute(params)
    }
}

/// The first column of a row.
pub(super) fn first<T: rusqlite::types::FromSql>(row: &Row<'_>) -> Result<T> {
    Ok(row.get(0)?)
}
