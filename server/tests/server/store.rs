//! The store on its own: the conformance suite, and what opening a directory refuses.

use server::{
    live::Live,
    store::{
        conformance,
        sqlite::{OpenError, SqliteStore},
    },
};
use std::sync::Arc;

#[tokio::test]
async fn sqlite_conforms() {
    let directory = tempfile::tempdir().unwrap();
    let sink = Arc::new(conformance::Recorder::default());
    let store = SqliteStore::open(directory.path(), Arc::clone(&sink) as _).await.unwrap();
    conformance::run(&store, &sink).await;
}

#[tokio::test]
async fn a_directory_that_another_store_has_open_is_refused_in_a_sentence() {
    let directory = tempfile::tempdir().unwrap();
    let open = || SqliteStore::open(directory.path(), Arc::new(Live::default()));
    let first = open().await.unwrap();
    let second = open().await.err().unwrap();
    assert!(matches!(second, OpenError::InUse(_)));
    assert!(second.to_string().contains("open in another porchlight process"), "{second}");
    drop(first);
    open().await.unwrap();
}

#[tokio::test]
async fn a_directory_that_can_not_be_made_is_refused_in_a_sentence() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let refused =
        SqliteStore::open(&file.path().join("data"), Arc::new(Live::default())).await.err().unwrap();
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
    let refused = SqliteStore::open(directory.path(), Arc::new(Live::default())).await.err().unwrap();
    assert!(refused.to_string().contains("database"), "{refused}");
}
