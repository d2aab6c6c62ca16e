//! The three ways in which statements are run here: for one row, for all of them, for what they do.
//!
//! Each statement is prepared once for a connection and kept. Parameters are numbered, `?1`, `?2`.

use crate::domain::Result;
use rusqlite::{
    Connection, Params, Statement,
    types::{FromSql, ValueRef},
};
use std::cell::Cell;

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
        let columns = Columns::of(&statement);
        let mut rows = statement.query(params)?;
        rows.next()?.map(|row| read(&Row { row, columns: &columns })).transpose()
    }

    fn list<T>(
        &self,
        sql: &str,
        params: impl Params,
        mut read: impl FnMut(&Row<'_>) -> Result<T>,
    ) -> Result<Vec<T>> {
        let mut statement = self.prepare_cached(sql)?;
        let columns = Columns::of(&statement);
        let mut rows = statement.query(params)?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            found.push(read(&Row { row, columns: &columns })?);
        }
        Ok(found)
    }

    fn run(&self, sql: &str, params: impl Params) -> rusqlite::Result<usize> {
        self.prepare_cached(sql)?.execute(params)
    }
}

/// A row, whose values are known by the names of their columns.
pub(super) struct Row<'r> {
    row: &'r rusqlite::Row<'r>,
    columns: &'r Columns,
}

impl Row<'_> {
    pub fn get<T: FromSql>(&self, name: &str) -> rusqlite::Result<T> {
        self.row.get(self.columns.find(name)?)
    }

    pub fn get_ref(&self, name: &str) -> rusqlite::Result<ValueRef<'_>> {
        self.row.get_ref(self.columns.find(name)?)
    }
}

/// The names of a statement's columns. SQLite is asked for them once and not for each value: with forty columns, asking cost
/// more than reading the row.
struct Columns {
    names: Vec<String>,
    /// Where the next one is looked for first. They are read in the order in which they are selected, more or less.
    next: Cell<usize>,
}

impl Columns {
    fn of(statement: &Statement<'_>) -> Self {
        let names = statement.column_names().into_iter().map(ToOwned::to_owned).collect();
        Self { names, next: Cell::new(0) }
    }

    fn find(&self, name: &str) -> rusqlite::Result<usize> {
        let next = self.next.get();
        let found = (next..self.names.len())
            .chain(0..next)
            .find(|&index| self.names[index] == name)
            .ok_or_else(|| rusqlite::Error::InvalidColumnName(name.to_owned()))?;
        self.next.set(found + 1);
        Ok(found)
    }
}

/// The first column of a row.
pub(super) fn first<T: FromSql>(row: &Row<'_>) -> Result<T> {
    Ok(row.row.get(0)?)
}
