//! A database as a whole: copied while it is written to, started from the copy, and looked through for what should not be.

use crate::support::TestServer;
use axum::{
    body::Body,
    http::{Method, Request, StatusCode, header},
};
use rusqlite::Connection;
use serde_json::json;
use server::store::sqlite::{
    DATABASE,
    backup::{BackupError, back_up},
    check::{CheckError, Finding, check},
};
use shared::{Attachment, Event, Thread};
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

fn problems(findings: Vec<Finding>) -> Vec<String> {
    findings.into_iter().flat_map(|finding| finding.problems).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_made_while_visitors_write_is_whole_and_goes_on_as_another_life() {
    let server = TestServer::start().await;
    let visitor = server.visitor().await;
    let conversation = visitor.start("1").await.conversation.id;
    let mut stream = visitor.listen(None).await;
    let Event::Snapshot(_) = stream.event().await else { panic!("a snapshot comes first") };
    visitor.say(conversation, "2").await;
    let (_, position) = stream.next().await.unwrap();

    let copies = tempfile::tempdir().unwrap();
    let target = copies.path().join(DATABASE);
    let directory = server.directory.path().to_owned();
    let copying = tokio::task::spawn_blocking({
        let target = target.clone();
        move || back_up(&directory, &target)
    });
    let mut n_sent = 2;
    while !copying.is_finished() {
        n_sent += 1;
        visitor.say(conversation, &n_sent.to_string()).await;
    }
    let size = copying.await.unwrap().unwrap();
    assert_eq!(size, fs::metadata(&target).unwrap().len());
    assert_eq!(fs::read_dir(copies.path()).unwrap().count(), 1, "one file, and nothing unfinished beside it");
    assert_eq!(problems(check(&target).unwrap()), [""; 0]);
    assert_eq!(problems(check(server.directory.path()).unwrap()), [""; 0], "a running server is checked too");

    let session = visitor.session.clone();
    let restored = TestServer::start_in(copies, Arc::clone(&server.clock)).await;
    assert_ne!(restored.app.store.epoch(), server.app.store.epoch());
    let visitor = restored.visitor_with(session);
    let mut stream = visitor.listen(position.as_deref()).await;
    let Event::Snapshot(snapshot) = stream.event().await else {
        panic!("a position of the original says nothing to the copy")
    };
    let thread: Thread = snapshot.thread.unwrap();
    let seqs = thread.messages.iter().map(|message| message.seq);
    assert!(thread.messages.len() >= 2 && seqs.eq(1..=thread.conversation.last_seq));
    assert_eq!(visitor.say(conversation, "and on").await.seq, thread.conversation.last_seq + 1);
}

#[tokio::test]
async fn a_copy_overwrites_nothing_and_needs_something_to_copy() {
    let server = TestServer::start().await;
    let copies = tempfile::tempdir().unwrap();
    let target = copies.path().join("copy.db");
    fs::write(&target, "precious").unwrap();
    assert!(matches!(back_up(server.directory.path(), &target), Err(BackupError::Exists(_))));
    assert_eq!(fs::read(&target).unwrap(), b"precious");
    let nowhere = back_up(copies.path(), &copies.path().join("other.db"));
    assert!(matches!(nowhere, Err(BackupError::NoDatabase(_))));
    let unwritable = back_up(server.directory.path(), &copies.path().join("missing/copy.db"));
    assert!(matches!(unwritable, Err(BackupError::Io(..))));
    assert!(matches!(check(&copies.path().join("missing.db")), Err(CheckError::NoDatabase(_))));
    assert_eq!(fs::read_dir(copies.path()).unwrap().count(), 1, "what failed leaves nothing behind");
}

/// What breaks each rule, and the first word of what is said of it.
const HARM: [(&str, &str); 7] = [
    ("UPDATE message SET seq = 5 WHERE seq = 2", "conversation"),
    ("UPDATE conversation SET last_seq = 3", "conversation"),
    ("DELETE FROM change WHERE rev = 2", "company"),
    (
        "UPDATE change SET is_new = 0 WHERE kind = 'message' AND rev = (SELECT max(rev) FROM change)",
        "message",
    ),
    ("DELETE FROM channel", "conversation:"),
    (
        "DROP INDEX message_client_id; UPDATE message SET client_id = (SELECT client_id FROM message WHERE seq = 1)",
        "conversation",
    ),
    ("UPDATE message SET attachments = NULL", "attachment"),
];

#[tokio::test]
async fn each_kind_of_harm_is_found() {
    let server = TestServer::start().await;
    let visitor = server.visitor().await;
    let conversation = visitor.start("1").await.conversation.id;
    let upload = Request::post("/widget/v1/attachments?name=a.txt")
        .header(header::AUTHORIZATION, format!("Bearer {}", visitor.session.access_token))
        .body(Body::from("text"))
        .unwrap();
    let attachment: Attachment = server.call(upload).await.json();
    let path = format!("/conversations/{conversation}/messages/{}", server.client_id());
    let body = json!({ "content": "2", "attachments": [attachment.id] });
    let sent = visitor.call(Method::PUT, &path, Some(body)).await;
    assert_eq!(sent.status, StatusCode::CREATED);
    assert_eq!(problems(check(server.directory.path()).unwrap()), [""; 0]);

    let copies = tempfile::tempdir().unwrap();
    for (number, (sql, what)) in HARM.into_iter().enumerate() {
        let copy = copies.path().join(format!("{number}.db"));
        back_up(server.directory.path(), &copy).unwrap();
        let database = Connection::open(&copy).unwrap();
        database.execute_batch(&format!("PRAGMA foreign_keys = off; {sql}")).unwrap();
        drop(database);
        let found = problems(check(&copy).unwrap());
        assert!(found.iter().any(|problem| problem.starts_with(what)), "{sql}: {found:?}");
    }

    let files = server.directory.path().join("files");
    let file = only_file(&files);
    let stray = file.with_file_name(format!("{}x", file.file_name().unwrap().to_str().unwrap()));
    fs::rename(&file, &stray).unwrap();
    let found: BTreeSet<_> = problems(check(server.directory.path()).unwrap()).into_iter().collect();
    assert_eq!(found.len(), 2, "the one is missing, the other is nobody's: {found:?}");
}

/// The one file in a tree of directories.
fn only_file(directory: &Path) -> PathBuf {
    files_in(directory).pop().unwrap()
}

fn files_in(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|entry| if entry.is_dir() { files_in(&entry) } else { vec![entry] }).collect()
}
