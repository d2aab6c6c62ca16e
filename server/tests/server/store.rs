//! The store on its own: the conformance suite, and what opening a directory refuses.

use crate::support::PATIENCE;
use rusqlite::Connection;
use server::{
    domain::{Alteration, ConversationRef, Scope},
    live::Live,
    store::{
        Alter, ConversationStore, DirectoryStore, LogStore, conformance,
        sqlite::{OpenError, SqliteStore},
    },
};
use shared::{CompanyId, ConversationId, Timestamp};
use std::sync::Arc;
use uuid::Uuid;

#[tokio::test]
async fn sqlite_conforms() {
    let directory = tempfile::tempdir().unwrap();
    let sink = Arc::new(conformance::Recorder::default());
    let store = SqliteStore::open(directory.path(), Arc::clone(&sink) as _).unwrap();
    conformance::run(&store, &sink).await;
}

#[tokio::test]
async fn a_directory_that_another_store_has_open_is_refused_in_a_sentence() {
    let directory = tempfile::tempdir().unwrap();
    let open = || SqliteStore::open(directory.path(), Arc::new(Live::default()));
    let first = open().unwrap();
    let second = open().err().unwrap();
    assert!(matches!(second, OpenError::InUse(_)));
    assert!(second.to_string().contains("open in another porchlight process"), "{second}");
    drop(first);
    // A process that another test is starting right now may hold a copy of the lock until it runs its own program.
    let reopened = async {
        while open().is_err() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, reopened).await.expect("what was closed can be opened");
}

#[tokio::test]
async fn a_directory_that_can_not_be_made_is_refused_in_a_sentence() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let refused = SqliteStore::open(&file.path().join("data"), Arc::new(Live::default())).err().unwrap();
    assert!(refused.to_string().contains("can't be used"), "{refused}");
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(
        directory.path().join("porchlight.db"),
        "not a database, but long enough to be one".repeat(50),
    )
    .unwrap();
    let refused = SqliteStore::open(directory.path(), Arc::new(Live::default())).err().unwrap();
    assert!(refused.to_string().contains("database"), "{refused}");
}

/// What the first version of the database held.
const FIRST_VERSION: &str = "
    INSERT INTO company (id, name, property_code, plan, created_at) VALUES (x'00000000000000000000000000000001', 'Lamps', 'LAMPS', 'test', 1);
    INSERT INTO agent (id, company_id, name, status, created_at)
        VALUES (x'00000000000000000000000000000002', x'00000000000000000000000000000001', 'Robin', 'live', 1);
    INSERT INTO channel (id, company_id, kind, is_default, created_at)
        VALUES (x'00000000000000000000000000000003', x'00000000000000000000000000000001', 'widget', 1, 1);
    INSERT INTO api_token (id, company_id, name, secret_hash, created_at)
        VALUES (x'00000000000000000000000000000004', x'00000000000000000000000000000001', 'old', zeroblob(32), 1);
    INSERT INTO customer (id, company_id, created_at)
        VALUES (x'00000000000000000000000000000005', x'00000000000000000000000000000001', 1);
    INSERT INTO conversation (id, company_id, channel_id, customer_id, status, last_seq, created_at, updated_at)
        VALUES (x'00000000000000000000000000000006', x'00000000000000000000000000000001',
                x'00000000000000000000000000000003', x'00000000000000000000000000000005', 'open', 1, 1, 1);
    INSERT INTO message (id, company_id, conversation_id, seq, sender_type, sender_id, content, ack, created_at)
        VALUES (x'00000000000000000000000000000007', x'00000000000000000000000000000001',
                x'00000000000000000000000000000006', 1, 'customer', x'00000000000000000000000000000005', 'Hello', 1, 1);
    INSERT INTO change (company_id, rev, conversation_id, customer_id, kind, at)
        VALUES (x'00000000000000000000000000000001', 1, x'00000000000000000000000000000006',
                x'00000000000000000000000000000005', 'conversation', 1);
    INSERT INTO change (company_id, rev, conversation_id, customer_id, kind, seq, at)
        VALUES (x'00000000000000000000000000000001', 2, x'00000000000000000000000000000006',
                x'00000000000000000000000000000005', 'message', 1, 1);
";

#[tokio::test]
async fn what_an_older_version_wrote_is_read_and_written_on() {
    let directory = tempfile::tempdir().unwrap();
    let database = Connection::open(directory.path().join("porchlight.db")).unwrap();
    database.execute_batch(include_str!("../../migrations/0001_foundation.sql")).unwrap();
    database.execute_batch(FIRST_VERSION).unwrap();
    // That version counted its migrations in a table of its own.
    database
        .execute_batch(
            "CREATE TABLE _sqlx_migrations (version INTEGER); INSERT INTO _sqlx_migrations VALUES (1)",
        )
        .unwrap();
    drop(database);

    let store = SqliteStore::open(directory.path(), Arc::new(Live::default())).unwrap();
    let company = CompanyId(Uuid::from_u128(1));
    let id = ConversationRef::Id(ConversationId(Uuid::from_u128(6)));
    let details = store.conversation_details(company, id).await.unwrap().unwrap();
    assert_eq!((details.conversation.num, details.conversation.last_seq), (1, 1));
    let log = store.changes(company, None, 0, 10).await.unwrap();
    assert_eq!(
        log.changes.iter().map(|change| (change.rev, change.is_new)).collect::<Vec<_>>(),
        [(1, false), (2, true)]
    );
    let token = store.api_token(Uuid::from_u128(4)).await.unwrap().unwrap();
    assert_eq!((token.agent_name.as_str(), token.scope), ("Robin", Scope::Admin));
    assert_eq!(store.outlet(company, None).await.unwrap().unwrap().code, "MAIN");
    let closed = store
        .alter_conversation(Alter {
            company,
            conversation: id,
            alteration: Alteration::Close,
            channel_id: Uuid::from_u128(9),
            at: Timestamp(2),
        })
        .await
        .unwrap();
    assert!(closed.is_changed);
}
