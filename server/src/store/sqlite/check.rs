//! Whether a database holds what it should: what SQLite can tell, and what only we know.

use super::{
    DATABASE,
    sql::{Sql, first},
};
use crate::domain;
use rusqlite::{Connection, OpenFlags};
use serde::Serialize;
use std::{
    collections::HashMap,
    fs, io,
    path::{Path, PathBuf},
};

/// Of one kind of problem so many are told; there may be millions.
const TOLD_MAX: usize = 10;

/// What was looked at, and what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What should be, in a sentence.
    pub rule: &'static str,
    /// Where it is not. At most ten are told.
    pub problems: Vec<String>,
}

/// Why nothing could be found out.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    #[error("there is no database at {0}")]
    NoDatabase(PathBuf),
    #[error("{0} can't be read: {1}")]
    Io(PathBuf, #[source] io::Error),
    #[error("the database can't be read: {0}")]
    Database(#[from] domain::Error),
}

impl From<rusqlite::Error> for CheckError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Database(error.into())
    }
}

/// Each rule as it stands in words, with a query for what breaks it: one text a row.
const RULES: [(&str, &str); 7] = [
    ("the file is sound", "SELECT integrity_check FROM pragma_integrity_check WHERE integrity_check <> 'ok'"),
    (
        "whatever a row refers to is there",
        "SELECT format('%s: a row without its %s', \"table\", parent) FROM pragma_foreign_key_check",
    ),
    (
        "messages count 1, 2, 3 in each conversation, up to its last",
        "SELECT format('conversation %d: %d messages up to %d, its last is %d', c.num, count(m.num),
                       coalesce(max(m.seq), 0), c.last_seq)
         FROM conversation c LEFT JOIN message m ON m.conversation_id = c.id WHERE c.erased_at IS NULL
         GROUP BY c.num HAVING count(m.num) <> c.last_seq OR coalesce(max(m.seq), 0) <> c.last_seq",
    ),
    (
        "the change log counts 1, 2, 3 for each company",
        "SELECT format('company %d: %d changes up to %d', y.num, count(*), max(h.rev))
         FROM change h JOIN company y ON y.id = h.company_id GROUP BY y.num HAVING count(*) <> max(h.rev)",
    ),
    (
        "each message is in the change log, as new, once",
        "SELECT format('message %d: %d times', m.num, count(h.rev))
         FROM message m JOIN conversation c ON c.id = m.conversation_id AND c.erased_at IS NULL
         LEFT JOIN change h ON h.company_id = m.company_id AND h.conversation_id = m.conversation_id
             AND h.kind = 'message' AND h.is_new = 1 AND h.seq = m.seq
         GROUP BY m.num HAVING count(h.rev) <> 1",
    ),
    (
        "whatever was sent from outside is stored once",
        "SELECT format('conversation %d: a client id %d times', c.num, count(*))
         FROM message m JOIN conversation c ON c.id = m.conversation_id WHERE m.client_id IS NOT NULL
         GROUP BY m.conversation_id, m.client_id HAVING count(*) > 1",
    ),
    (
        "each attachment that was sent is in its message",
        "SELECT format('attachment %d', a.num) FROM attachment a LEFT JOIN message m ON m.id = a.message_id
         WHERE a.message_id IS NOT NULL AND (m.attachments IS NULL OR instr(m.attachments, a.key) = 0)",
    ),
];

/// Checks the database in a data directory, which a server may be using, with its uploaded files; or a database by itself,
/// such as a backup.
pub fn check(path: &Path) -> Result<Vec<Finding>, CheckError> {
    let is_directory = path.is_dir();
    let file = if is_directory { path.join(DATABASE) } else { path.to_owned() };
    if !file.is_file() {
        return Err(CheckError::NoDatabase(file));
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(file, flags)?;
    // First, so that the attachment of each is known by the time it is asked for.
    let files = if is_directory { Some(Uploads::list(&path.join("files"))?) } else { None };
    // As of one moment, whatever is written meanwhile.
    let tx = connection.unchecked_transaction()?;
    let mut findings = Vec::with_capacity(RULES.len() + 2);
    for (rule, sql) in RULES {
        let problems = tx.list(&format!("{sql} LIMIT {TOLD_MAX}"), [], first)?;
        findings.push(Finding { rule, problems });
    }
    if let Some(files) = files {
        let attachments: Vec<(i64, String)> =
            tx.list("SELECT num, key FROM attachment", [], |row| Ok((row.get("num")?, row.get("key")?)))?;
        findings.extend(files.compare(&attachments));
    }
    Ok(findings)
}

/// The uploaded files, by their keys.
struct Uploads(HashMap<String, PathBuf>);

impl Uploads {
    /// Each is in a directory named like the beginning of its key.
    fn list(directory: &Path) -> Result<Self, CheckError> {
        let list = || -> io::Result<HashMap<String, PathBuf>> {
            let mut files = HashMap::new();
            for part in fs::read_dir(directory)? {
                let part = part?.path();
                if !part.is_dir() {
                    continue;
                }
                for file in fs::read_dir(&part)? {
                    let file = file?;
                    let key = file.file_name().into_string().ok();
                    if let Some(key) = key.filter(|key| is_part_of(&part, key)) {
                        files.insert(key, file.path());
                    }
                }
            }
            Ok(files)
        };
        match list() {
            Ok(files) => Ok(Self(files)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self(HashMap::new())),
            Err(error) => Err(CheckError::Io(directory.to_owned(), error)),
        }
    }

    fn compare(mut self, attachments: &[(i64, String)]) -> [Finding; 2] {
        let mut missing = Vec::new();
        for (num, key) in attachments {
            if self.0.remove(key).is_none() && missing.len() < TOLD_MAX {
                missing.push(format!("attachment {num}"));
            }
        }
        // What was removed meanwhile has lost its attachment just before.
        let left = self.0.into_values().filter(|file| file.exists());
        let left = left.map(|file| format!("{}: left by a crash, may be deleted", file.display()));
        [
            Finding { rule: "each attachment's file is there", problems: missing },
            Finding {
                rule: "each uploaded file belongs to an attachment",
                problems: left.take(TOLD_MAX).collect(),
            },
        ]
    }
}

fn is_part_of(part: &Path, key: &str) -> bool {
    key.get(..2).is_some_and(|beginning| part.ends_with(beginning))
}
