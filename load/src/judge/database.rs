//! What the server stored, read from its database file when it has stopped.

use anyhow::{Context, Result};
use rusqlite::{Connection, OpenFlags};
use shared::{ClientId, ConversationId, Seq};
use std::{collections::HashMap, path::Path};
use uuid::Uuid;

/// One stored message.
#[derive(Clone, Debug)]
pub struct Row {
    pub id: Uuid,
    pub conversation: ConversationId,
    pub seq: Seq,
    pub client_id: Option<ClientId>,
    pub content: String,
}

#[derive(Debug, Default)]
pub struct Conversation {
    /// What the conversation itself says.
    pub last_seq: Seq,
    /// Ascending by `seq`.
    pub rows: Vec<Row>,
}

/// The change log of one company.
#[derive(Debug)]
pub struct Company {
    pub n_changes: i64,
    pub first_rev: i64,
    pub head_rev: i64,
}

#[derive(Debug, Default)]
pub struct Database {
    pub conversations: HashMap<ConversationId, Conversation>,
    pub companies: Vec<Company>,
    /// What SQLite itself finds wrong.
    pub problems: Vec<String>,
}

impl Database {
    /// Reads everything that is judged. It changes nothing.
    pub fn read(file: &Path) -> Result<Self> {
        let connection = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY)
            .with_context(|| format!("opening {}", file.display()))?;
        let mut database = Self { problems: problems(&connection)?, ..Self::default() };
        let mut query = connection.prepare("SELECT id, last_seq FROM conversation")?;
        let mut rows = query.query([])?;
        while let Some(row) = rows.next()? {
            let conversation = Conversation { last_seq: row.get(1)?, rows: Vec::new() };
            database.conversations.insert(ConversationId(row.get(0)?), conversation);
        }
        let mut query = connection.prepare(
            "SELECT id, conversation_id, seq, client_id, content FROM message ORDER BY conversation_id, seq",
        )?;
        let mut rows = query.query([])?;
        while let Some(row) = rows.next()? {
            let conversation = ConversationId(row.get(1)?);
            database.conversations.entry(conversation).or_default().rows.push(Row {
                id: row.get(0)?,
                conversation,
                seq: row.get(2)?,
                client_id: row.get::<_, Option<Uuid>>(3)?.map(ClientId),
                content: row.get(4)?,
            });
        }
        let mut query =
            connection.prepare("SELECT count(*), min(rev), max(rev) FROM change GROUP BY company_id")?;
        let mut rows = query.query([])?;
        while let Some(row) = rows.next()? {
            database.companies.push(Company {
                n_changes: row.get(0)?,
                first_rev: row.get(1)?,
                head_rev: row.get(2)?,
            });
        }
        Ok(database)
    }

    pub fn n_messages(&self) -> usize {
        self.conversations.values().map(|conversation| conversation.rows.len()).sum()
    }
}

/// What the whole file's check and that of its foreign keys complain about.
fn problems(connection: &Connection) -> Result<Vec<String>> {
    let mut problems = Vec::new();
    let mut query = connection.prepare("PRAGMA integrity_check")?;
    let mut rows = query.query([])?;
    while let Some(row) = rows.next()? {
        let said: String = row.get(0)?;
        if said != "ok" {
            problems.push(said);
        }
    }
    let mut query = connection.prepare("PRAGMA foreign_key_check")?;
    let mut rows = query.query([])?;
    while let Some(row) = rows.next()? {
        problems.push(format!("a row of {} points to nothing", row.get::<_, String>(0)?));
    }
    Ok(problems)
}
