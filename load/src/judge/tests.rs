//! A judge who finds nothing is believed only if he finds what is there.

use super::{
    Evidence, ReadBack,
    database::{Company, Conversation, Database, Row},
    hearing::Hearing,
    ledger::{Ledger, Told},
};
use crate::report::{Report, Size};
use shared::{ClientId, ConversationId, Seq};
use uuid::Uuid;

const CONVERSATION: ConversationId = ConversationId(Uuid::from_u128(1));

fn client_id(seq: Seq) -> ClientId {
    ClientId(Uuid::from_u128(1000 + u128::from(seq.unsigned_abs())))
}

fn message_id(seq: Seq) -> Uuid {
    Uuid::from_u128(2000 + u128::from(seq.unsigned_abs()))
}

/// Three messages, written, acknowledged, stored, heard and read back as they should be.
struct Case {
    ledger: Ledger,
    hearing: Hearing,
    database: Database,
    read_back: ReadBack,
}

impl Case {
    fn sound() -> Self {
        let ledger = Ledger::default();
        let mut conversation = Conversation { last_seq: 3, rows: Vec::new() };
        for seq in 1..=3 {
            let content = format!("message {seq}");
            ledger.wrote(client_id(seq), 0, seq.unsigned_abs(), content.clone());
            ledger.acknowledged(client_id(seq), Told { conversation: CONVERSATION, seq });
            conversation.rows.push(Row {
                id: message_id(seq),
                conversation: CONVERSATION,
                seq,
                client_id: Some(client_id(seq)),
                content,
            });
        }
        let read = conversation.rows.iter().map(|row| (row.id, row.content.clone())).collect();
        let hearing = Hearing {
            conversation: Some(CONVERSATION),
            heard: (1..=3).map(|seq| (seq, message_id(seq))).collect(),
            last_seq: 3,
            ..Hearing::default()
        };
        let database = Database {
            conversations: [(CONVERSATION, conversation)].into(),
            companies: vec![Company { n_changes: 4, first_rev: 1, head_rev: 4 }],
            problems: Vec::new(),
        };
        Self { ledger, hearing, database, read_back: [(CONVERSATION, read)].into() }
    }

    fn rows(&mut self) -> &mut Vec<Row> {
        &mut self.database.conversations.get_mut(&CONVERSATION).unwrap().rows
    }

    /// The names of the promises that the judge finds broken.
    fn broken(&self) -> Vec<String> {
        let mut report = Report::new("test", Size::Short, 0);
        let hearings = [self.hearing.clone()];
        let Self { ledger, database, read_back, .. } = self;
        Evidence { ledger, hearings: &hearings, database, read_back }.judge(&mut report);
        assert!(!report.promises.is_empty());
        let broken = report.promises.into_iter().filter(|promise| !promise.is_kept);
        broken.map(|promise| promise.name).collect()
    }
}

fn broken_by(change: impl FnOnce(&mut Case)) -> Vec<String> {
    let mut case = Case::sound();
    change(&mut case);
    case.broken()
}

#[tokio::test]
async fn what_is_as_it_should_be_is_not_complained_about() {
    assert_eq!(Case::sound().broken(), [] as [&str; 0]);
}

#[tokio::test]
async fn an_acknowledged_message_that_is_not_stored_is_found() {
    let broken = broken_by(|case| {
        let content = "acknowledged".to_owned();
        case.ledger.wrote(client_id(4), 0, 4, content);
        case.ledger.acknowledged(client_id(4), Told { conversation: CONVERSATION, seq: 4 });
    });
    assert_eq!(broken, ["acknowledged messages lost"]);
}

#[tokio::test]
async fn a_message_that_was_not_acknowledged_may_be_missing() {
    assert_eq!(broken_by(|case| case.ledger.wrote(client_id(4), 0, 4, "on its way".into())), [] as [&str; 0]);
}

#[tokio::test]
async fn a_message_stored_twice_is_found() {
    let broken = broken_by(|case| {
        let again = Row { seq: 4, id: message_id(4), ..case.rows()[2].clone() };
        case.rows().push(again);
        case.database.conversations.get_mut(&CONVERSATION).unwrap().last_seq = 4;
    });
    assert!(broken.contains(&"messages stored twice".to_owned()), "{broken:?}");
}

#[tokio::test]
async fn another_number_than_the_one_that_was_told_is_found() {
    let broken = broken_by(|case| {
        case.ledger.acknowledged(client_id(2), Told { conversation: CONVERSATION, seq: 9 });
    });
    assert_eq!(broken, ["messages acknowledged under another number"]);
}

#[tokio::test]
async fn a_text_that_nobody_wrote_is_found() {
    let broken = broken_by(|case| case.rows()[1].content = "something else".into());
    assert_eq!(broken, ["messages stored that nobody sent", "conversations that the API tells otherwise"]);
}

#[tokio::test]
async fn messages_in_another_order_than_they_were_written_are_found() {
    let broken = broken_by(|case| {
        let ledger = Ledger::default();
        for (seq, number) in [(1, 1), (2, 3), (3, 2)] {
            ledger.wrote(client_id(seq), 0, number, format!("message {seq}"));
        }
        case.ledger = ledger;
    });
    assert_eq!(broken, ["messages stored out of the order they were written in"]);
}

#[tokio::test]
async fn holes_are_found_in_conversations_and_in_the_change_log() {
    let broken = broken_by(|case| {
        case.rows()[2].seq = 4;
        case.database.companies[0].head_rev = 5;
    });
    for name in ["conversations whose seq has holes", "companies whose rev has holes"] {
        assert!(broken.contains(&name.to_owned()), "{broken:?}");
    }
}

#[tokio::test]
async fn a_stream_that_missed_something_or_heard_something_else_is_found() {
    assert_eq!(
        broken_by(|case| case.hearing.last_seq = 2),
        ["streams that had not heard everything at the end"]
    );
    assert_eq!(broken_by(|case| case.hearing.n_gaps = 1), ["gaps in what streams said"]);
    assert_eq!(
        broken_by(|case| case.hearing.heard[1].1 = message_id(9)),
        ["streams that said something not stored"]
    );
}

#[tokio::test]
async fn what_sqlite_itself_complains_about_is_found() {
    let broken = broken_by(|case| case.database.problems.push("row 7 missing from index".into()));
    assert_eq!(broken, ["complaints of SQLite's integrity_check"]);
}
