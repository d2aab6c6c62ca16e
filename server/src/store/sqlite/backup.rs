//! A copy of the database in one file, made while a server uses it.

use super::DATABASE;
use crate::clock::random_bytes;
use rusqlite::{
    Connection, OpenFlags,
    backup::{Backup, StepResult},
};
use std::{
    fs::{self, File, OpenOptions},
    io,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

/// Why there is no copy. Each is a sentence for the operator.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    #[error("there is no database in {0}")]
    NoDatabase(PathBuf),
    #[error("{0} is there already; a backup overwrites nothing")]
    Exists(PathBuf),
    #[error("{0} can't be written: {1}")]
    Io(PathBuf, #[source] io::Error),
    #[error("the database can't be copied: {0}")]
    Database(#[from] rusqlite::Error),
}

/// Copies the database of a data directory into `target`, as it is at one moment; nothing in it is half done. Answers with
/// the copy's size in bytes.
///
/// The copy is another life of the database: it gets an epoch of its own, so that a client of the original, which may have
/// seen more, begins anew when it meets a server that was started on the copy.
pub fn back_up(directory: &Path, target: &Path) -> Result<u64, BackupError> {
    let source = directory.join(DATABASE);
    if !source.is_file() {
        return Err(BackupError::NoDatabase(directory.to_owned()));
    }
    if target.exists() {
        return Err(BackupError::Exists(target.to_owned()));
    }
    let unwritable = |error| BackupError::Io(target.to_owned(), error);
    let unfinished = Unfinished::create(target).map_err(unwritable)?;
    copy(&source, &unfinished.0)?;
    let size = unfinished.place(target).map_err(unwritable)?;
    Ok(size)
}

fn copy(source: &Path, target: &Path) -> rusqlite::Result<()> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let source = Connection::open_with_flags(source, flags)?;
    let mut copy = Connection::open(target)?;
    // All pages in one step: it reads as of one moment and holds up nobody, while one that pauses would have to begin
    // anew with each message that somebody sends meanwhile.
    while Backup::new(&source, &mut copy)?.step(-1)? != StepResult::Done {
        thread::sleep(Duration::from_millis(50));
    }
    // One file, without a log beside it.
    copy.pragma_update(None, "journal_mode", "delete")?;
    let epoch = u32::from_le_bytes(random_bytes()) >> 1 | 1;
    copy.execute("UPDATE meta SET epoch = iif(epoch = ?1, ?1 - 1, ?1)", [epoch])?;
    copy.close().map_err(|(_, failure)| failure)
}

/// The copy while it is made; gone if it is not finished.
struct Unfinished(PathBuf);

impl Unfinished {
    /// Only for its owner to read: it holds what people wrote.
    fn create(target: &Path) -> io::Result<Self> {
        let mut path = target.as_os_str().to_owned();
        path.push(".unfinished");
        let path = PathBuf::from(path);
        OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&path)?;
        Ok(Self(path))
    }

    /// Gives it its name once it is on the disk.
    fn place(self, target: &Path) -> io::Result<u64> {
        let file = File::open(&self.0)?;
        file.sync_all()?;
        fs::rename(&self.0, target)?;
        let directory = target.parent().filter(|parent| !parent.as_os_str().is_empty());
        File::open(directory.unwrap_or(Path::new(".")))?.sync_all()?;
        Ok(file.metadata()?.len())
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        drop(fs::remove_file(&self.0));
    }
}
