//! What the model remembers of the visitor's own acts, to hold against what became of them.

use shared::ClientId;
use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
};

/// What the visitor writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Text {
    Plain,
    /// The server refuses it.
    Unacceptable,
    /// Something between here and the server breaks over it, each time.
    Cursed,
}

#[derive(Clone, Debug)]
pub struct Written {
    pub text: Text,
    /// In which tab.
    pub tab: usize,
    /// Only that tab knew of it, for the browser's storage took nothing.
    pub is_in_memory_only: bool,
    pub is_deleted: bool,
    /// With its tab, before it was sent.
    pub is_lost: bool,
}

#[derive(Default)]
pub struct Notes {
    pub written: RefCell<BTreeMap<ClientId, Written>>,
    /// A panel has been told, by answer or stream, that the server has these.
    pub acknowledged: RefCell<BTreeSet<ClientId>>,
}

impl Notes {
    pub fn wrote(&self, client_id: ClientId, written: Written) {
        self.written.borrow_mut().insert(client_id, written);
    }

    pub fn acknowledge(&self, client_id: ClientId) {
        self.acknowledged.borrow_mut().insert(client_id);
    }

    pub fn deleted(&self, client_id: ClientId) {
        if let Some(written) = self.written.borrow_mut().get_mut(&client_id) {
            written.is_deleted = true;
        }
    }

    pub fn tab_gone(&self, tab: usize) {
        let mut written = self.written.borrow_mut();
        for written in written.values_mut().filter(|written| written.tab == tab) {
            written.is_lost |= written.is_in_memory_only;
        }
    }

    pub fn is_cursed(&self, client_id: ClientId) -> bool {
        self.written.borrow().get(&client_id).is_some_and(|written| written.text == Text::Cursed)
    }
}
