//! Who decides whether promises were kept. What visitors wrote and were told stands in the [`ledger`], what each stream said in its
//! [`hearing`], what the server stored in the [`database`]; here the three are held against each other.

pub mod database;
pub mod hearing;
pub mod ledger;

use crate::report::Report;
use database::{Database, Row};
use hearing::Hearing;
use ledger::{Ledger, Told};
use shared::{ClientId, ConversationId};
use std::collections::HashMap;

/// Broken promises are counted, and so many of them shown.
const N_EXAMPLES: usize = 3;

/// Something that must not be, as often as it is.
#[derive(Debug, Default)]
struct Offences {
    n: usize,
    examples: Vec<String>,
}

impl Offences {
    fn note(&mut self, what: impl FnOnce() -> String) {
        self.n += 1;
        if self.examples.len() < N_EXAMPLES {
            self.examples.push(what());
        }
    }
}

/// What was read back over HTTP before the server was stopped: the messages of some conversations, each as id and text.
pub type ReadBack = HashMap<ConversationId, Vec<(uuid::Uuid, String)>>;

/// Everything there is to judge by.
pub struct Evidence<'e> {
    pub ledger: &'e Ledger,
    pub hearings: &'e [Hearing],
    pub database: &'e Database,
    pub read_back: &'e ReadBack,
}

impl Evidence<'_> {
    pub fn judge(&self, report: &mut Report) {
        let by_client_id = self.rows_by_client_id(report);
        self.judge_acknowledged(report, &by_client_id);
        self.judge_order(report);
        self.judge_numbers(report);
        self.judge_read_back(report);
        self.judge_hearings(report);
    }

    /// The row of each message that a visitor sent; on the way, that each is there once and was really sent.
    fn rows_by_client_id<'r>(&'r self, report: &mut Report) -> HashMap<ClientId, &'r Row> {
        let (mut doubled, mut invented) = (Offences::default(), Offences::default());
        let mut by_client_id = HashMap::new();
        for row in self.database.conversations.values().flat_map(|conversation| &conversation.rows) {
            let Some(client_id) = row.client_id else { continue };
            if by_client_id.insert(client_id, row).is_some() {
                doubled.note(|| format!("client id {client_id} again at seq {}", row.seq));
            }
            match self.ledger.entry(client_id) {
                Some(entry) if entry.content == row.content => {}
                Some(_) => invented.note(|| format!("client id {client_id} with another text")),
                None => invented.note(|| format!("client id {client_id}, which nobody made")),
            }
        }
        report.none_of("messages stored twice", doubled.n, &doubled.examples);
        report.none_of("messages stored that nobody sent", invented.n, &invented.examples);
        by_client_id
    }

    fn judge_acknowledged(&self, report: &mut Report, stored: &HashMap<ClientId, &Row>) {
        let (mut lost, mut told_otherwise) = (Offences::default(), Offences::default());
        let mut n_acknowledged = 0;
        for (client_id, entry) in self.ledger.entries() {
            let Some(Told { conversation, seq }) = entry.told else { continue };
            n_acknowledged += 1;
            match stored.get(&client_id) {
                None => lost.note(|| format!("client id {client_id}, acknowledged as seq {seq}")),
                Some(row) if (row.conversation, row.seq) != (conversation, seq) => {
                    told_otherwise
                        .note(|| format!("client id {client_id}: told seq {seq}, stored as {}", row.seq));
                }
                Some(_) => {}
            }
        }
        for (client_id, first, then) in self.ledger.contradictions() {
            told_otherwise
                .note(|| format!("client id {client_id}: told seq {}, then {}", first.seq, then.seq));
        }
        report.none_of("acknowledged messages lost", lost.n, &lost.examples);
        report.none_of(
            "messages acknowledged under another number",
            told_otherwise.n,
            &told_otherwise.examples,
        );
        report.count("messages acknowledged", n_acknowledged);
        report.count("messages stored", self.database.n_messages());
    }

    /// What one visitor wrote stands in the order it was written.
    fn judge_order(&self, report: &mut Report) {
        let mut offences = Offences::default();
        for (id, conversation) in &self.database.conversations {
            let mut newest: HashMap<usize, u64> = HashMap::new();
            for row in &conversation.rows {
                let Some(entry) = row.client_id.and_then(|client_id| self.ledger.entry(client_id)) else {
                    continue;
                };
                let before = newest.insert(entry.writer, entry.number);
                if before.is_some_and(|before| before > entry.number) {
                    offences.note(|| format!("conversation {id}, seq {}", row.seq));
                }
            }
        }
        report.none_of(
            "messages stored out of the order they were written in",
            offences.n,
            &offences.examples,
        );
    }

    fn judge_numbers(&self, report: &mut Report) {
        let mut holes = Offences::default();
        for (id, conversation) in &self.database.conversations {
            let is_whole = conversation.rows.iter().zip(1..).all(|(row, seq)| row.seq == seq)
                && conversation.rows.last().map_or(0, |row| row.seq) == conversation.last_seq;
            if !is_whole {
                holes.note(|| format!("conversation {id} has {} rows", conversation.rows.len()));
            }
        }
        report.none_of("conversations whose seq has holes", holes.n, &holes.examples);
        let mut holes = Offences::default();
        for company in &self.database.companies {
            if company.n_changes != company.head_rev || (company.n_changes > 0 && company.first_rev != 1) {
                holes.note(|| format!("{} changes up to rev {}", company.n_changes, company.head_rev));
            }
        }
        report.none_of("companies whose rev has holes", holes.n, &holes.examples);
        let problems = &self.database.problems;
        report.none_of("complaints of SQLite's integrity_check", problems.len(), problems);
    }

    fn judge_read_back(&self, report: &mut Report) {
        let mut offences = Offences::default();
        for (id, read) in self.read_back {
            let stored =
                self.database.conversations.get(id).map_or(&[][..], |conversation| &conversation.rows);
            let is_same = read.len() == stored.len()
                && read
                    .iter()
                    .zip(stored)
                    .all(|((id, content), row)| *id == row.id && *content == row.content);
            if !is_same {
                offences.note(|| format!("conversation {id}: {} read, {} stored", read.len(), stored.len()));
            }
        }
        report.none_of("conversations that the API tells otherwise", offences.n, &offences.examples);
        report.count("conversations read back over HTTP", self.read_back.len());
    }

    fn judge_hearings(&self, report: &mut Report) {
        if self.hearings.is_empty() {
            return;
        }
        let mut missed = Offences::default();
        let mut heard_otherwise = Offences::default();
        let mut n_heard = 0;
        for (number, hearing) in self.hearings.iter().enumerate() {
            n_heard += hearing.heard.len();
            let Some(id) = hearing.conversation else { continue };
            let Some(conversation) = self.database.conversations.get(&id) else {
                heard_otherwise
                    .note(|| format!("stream {number} heard of conversation {id}, which is not stored"));
                continue;
            };
            if hearing.last_seq != conversation.last_seq {
                missed.note(|| {
                    format!(
                        "stream {number} heard up to seq {} of {}",
                        hearing.last_seq, conversation.last_seq
                    )
                });
            }
            let is_same = |(seq, message): &(i64, uuid::Uuid)| {
                let row = usize::try_from(seq - 1).ok().and_then(|index| conversation.rows.get(index));
                row.is_some_and(|row| row.id == *message)
            };
            if !hearing.heard.iter().all(is_same) {
                heard_otherwise
                    .note(|| format!("stream {number} heard messages that are not what is stored"));
            }
        }
        let sum = |count: fn(&Hearing) -> usize| self.hearings.iter().map(count).sum();
        report.none_of("streams that had not heard everything at the end", missed.n, &missed.examples);
        report.none_of("gaps in what streams said", sum(|hearing| hearing.n_gaps), &[]);
        report.none_of("messages that a stream said twice", sum(|hearing| hearing.n_doubled), &[]);
        report.none_of("events out of the order of their positions", sum(|hearing| hearing.n_backwards), &[]);
        report.none_of("events that could not be read", sum(|hearing| hearing.n_unreadable), &[]);
        report.none_of("streams begun anew instead of resumed", sum(|hearing| hearing.n_restarted), &[]);
        report.none_of(
            "streams that said something not stored",
            heard_otherwise.n,
            &heard_otherwise.examples,
        );
        report.count("streams", self.hearings.len());
        report.count("messages heard on streams", n_heard);
    }
}

#[cfg(test)]
mod tests;
