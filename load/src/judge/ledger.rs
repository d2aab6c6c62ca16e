//! What visitors wrote, and what they were told about it.

use shared::{ClientId, ConversationId, Seq};
use std::{
    collections::{HashMap, hash_map},
    sync::{Mutex, MutexGuard, PoisonError},
};

/// What a visitor was told: it is stored, there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Told {
    pub conversation: ConversationId,
    pub seq: Seq,
}

#[derive(Clone, Debug)]
pub struct Entry {
    /// The visitor's number.
    pub writer: usize,
    /// 1, 2, 3 for each writer, in the order they wrote.
    pub number: u64,
    pub content: String,
    pub told: Option<Told>,
}

#[derive(Debug, Default)]
pub struct Ledger {
    written: Mutex<HashMap<ClientId, Entry>>,
    /// Told one thing first and another later.
    contradictions: Mutex<Vec<(ClientId, Told, Told)>>,
}

impl Ledger {
    pub fn wrote(&self, client_id: ClientId, writer: usize, number: u64, content: String) {
        locked(&self.written).insert(client_id, Entry { writer, number, content, told: None });
    }

    /// The server said that it has this message. Answers whether that is news.
    pub fn acknowledged(&self, client_id: ClientId, told: Told) -> bool {
        let mut written = locked(&self.written);
        // A message of somebody else's, in a scenario that shares a conversation.
        let Some(entry) = written.get_mut(&client_id) else { return false };
        match entry.told {
            Some(first) if first != told => {
                locked(&self.contradictions).push((client_id, first, told));
                false
            }
            Some(_) => false,
            None => {
                entry.told = Some(told);
                true
            }
        }
    }

    pub fn entry(&self, client_id: ClientId) -> Option<Entry> {
        locked(&self.written).get(&client_id).cloned()
    }

    pub fn entries(&self) -> hash_map::IntoIter<ClientId, Entry> {
        locked(&self.written).clone().into_iter()
    }

    pub fn contradictions(&self) -> Vec<(ClientId, Told, Told)> {
        locked(&self.contradictions).clone()
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
