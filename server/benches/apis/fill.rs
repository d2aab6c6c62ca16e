//! A database with much in it, made by SQL alone: what is measured after it is reading and adding to it.

use crate::Result;
use rusqlite::{Connection, ToSql};
use server::demo::Demo;
use std::path::Path;

pub const MESSAGES_EACH: u32 = 10;

/// Adds conversations of as many customers, each with some messages and their entries in the change log.
pub fn fill(directory: &Path, demo: &Demo, n_conversations: u32) -> Result<()> {
    let connection = Connection::open(directory.join("porchlight.db"))?;
    connection.pragma_update(None, "synchronous", "off")?;
    connection.pragma_update(None, "cache_size", -400_000)?;
    connection.pragma_update(None, "temp_store", "memory")?;
    connection.pragma_update(None, "foreign_keys", "off")?;
    let values: [&dyn ToSql; 3] = [&demo.business_id.0, &n_conversations, &MESSAGES_EACH];
    // Ids that count up, as UUIDv7 do: 1, 2, 3 for customers and conversations, by tens for messages.
    for statement in [
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?2)
         INSERT INTO customer (id, company_id, name, created_at)
         SELECT unhex(printf('01%030x', i)), ?1, 'Customer ' || i, 1700000000000000 + i FROM n",
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?2)
         INSERT INTO conversation (id, company_id, channel_id, customer_id, status, last_seq, created_at, updated_at,
                                   last_message_at)
         SELECT unhex(printf('01%030x', i)), ?1, (SELECT id FROM channel WHERE company_id = ?1), unhex(printf('01%030x', i)),
                CASE i % 4 WHEN 0 THEN 'open' WHEN 1 THEN 'pending' WHEN 2 THEN 'resolved' ELSE 'closed' END,
                ?3, 1700000000000000 + i, 1700000000000000 + i, 1700000000000000 + i FROM n",
        "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < ?2 * ?3 - 1)
         INSERT INTO message (id, company_id, conversation_id, seq, sender_type, sender_id, content, ack, created_at)
         SELECT unhex(printf('02%030x', i)), ?1, unhex(printf('01%030x', i / ?3 + 1)), i % ?3 + 1, 'customer',
                unhex(printf('01%030x', i / ?3 + 1)), 'A question about the lamp in the window, number ' || i, 1,
                1700000000000000 + i FROM n",
        "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < ?2 * ?3 - 1)
         INSERT INTO change (company_id, rev, conversation_id, customer_id, kind, is_new, seq, at)
         SELECT ?1, i + 1, unhex(printf('01%030x', i / ?3 + 1)), unhex(printf('01%030x', i / ?3 + 1)), 'message', 1,
                i % ?3 + 1, 1700000000000000 + i FROM n",
    ] {
        let mut statement = connection.prepare(statement)?;
        let n_values = statement.parameter_count();
        statement.execute(&values[..n_values])?;
    }
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    Ok(())
}
