//! What the tabs of one browser share: its storage, its locks, the channel between them, and whether there is a network.

use crate::{machine::Machine, network::Network, notes::Notes, tab::Tab};
use shared::{Timestamp, WidgetId};
use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, VecDeque},
    rc::Rc,
};

/// What a browser has and lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind {
    /// Storage is denied: each tab has its memory and nothing else.
    pub is_forgetful: bool,
    pub has_locks: bool,
    pub has_channels: bool,
    /// How far its clock is off.
    pub skew_ms: i64,
}

pub struct Browser {
    pub kind: Kind,
    pub machine: Rc<Machine>,
    pub network: Rc<Network>,
    pub widget: WidgetId,
    pub notes: Notes,
    pub locks: Locks,
    pub is_online: Cell<bool>,
    /// The storage takes nothing that is longer than what it replaces.
    pub is_full: Cell<bool>,
    /// It was full at some time, or a page stood still with a lock in its hands.
    pub has_failed: Cell<bool>,
    items: RefCell<BTreeMap<String, String>>,
    tabs: RefCell<Vec<Rc<Tab>>>,
    n_tabs: Cell<usize>,
    start: Timestamp,
}

impl Browser {
    pub fn new(
        kind: Kind,
        machine: Rc<Machine>,
        network: Rc<Network>,
        widget: WidgetId,
        start: Timestamp,
    ) -> Rc<Self> {
        Rc::new(Self {
            kind,
            locks: Locks { machine: Rc::clone(&machine), requests: RefCell::default() },
            machine,
            network,
            widget,
            notes: Notes::default(),
            is_online: Cell::new(true),
            is_full: Cell::default(),
            has_failed: Cell::default(),
            items: RefCell::default(),
            tabs: RefCell::default(),
            n_tabs: Cell::default(),
            start,
        })
    }

    /// What a page's clock says.
    #[expect(clippy::cast_precision_loss, reason = "exact until the year 2255")]
    pub fn now_ms(&self) -> f64 {
        let since_start = i64::try_from(self.machine.now_ms()).unwrap_or(i64::MAX);
        (self.start.unix_ms() + since_start + self.kind.skew_ms) as f64
    }

    pub fn tabs(&self) -> Vec<Rc<Tab>> {
        self.tabs.borrow().clone()
    }

    pub fn open_tab(self: &Rc<Self>) -> Rc<Tab> {
        self.n_tabs.set(self.n_tabs.get() + 1);
        let tab = Tab::new(self.n_tabs.get(), Rc::clone(self));
        self.tabs.borrow_mut().push(Rc::clone(&tab));
        tab.open();
        tab
    }

    /// The page is gone, with everything it had in memory.
    pub fn close_tab(&self, tab: &Rc<Tab>) {
        tab.end();
        self.locks.forget(tab.number);
        self.tabs.borrow_mut().retain(|known| known.number != tab.number);
        self.notes.tab_gone(tab.number);
    }

    /// Runs what can be run, until nothing can.
    pub fn run(&self) {
        while self.machine.take_stirred() {
            for tab in self.tabs() {
                tab.run();
            }
        }
    }

    // The storage.

    pub fn item(&self, key: &str) -> Option<String> {
        self.items.borrow().get(key).cloned()
    }

    pub fn items_under(&self, prefix: &str) -> Vec<String> {
        let items = self.items.borrow();
        items.iter().filter(|(key, _)| key.starts_with(prefix)).map(|(_, value)| value.clone()).collect()
    }

    /// Answers whether it was taken.
    pub fn set_item(&self, by: usize, key: &str, value: &str) -> bool {
        let known = self.item(key);
        let is_longer = known.as_ref().is_none_or(|known| known.len() < value.len());
        if self.kind.is_forgetful || (self.is_full.get() && is_longer) {
            return false;
        }
        if known.as_deref() != Some(value) {
            self.items.borrow_mut().insert(key.to_owned(), value.to_owned());
            self.tell_others(by, key, false);
        }
        true
    }

    pub fn remove_item(&self, by: usize, key: &str) {
        if self.items.borrow_mut().remove(key).is_some() {
            self.tell_others(by, key, true);
        }
    }

    fn tell_others(&self, by: usize, key: &str, is_removed: bool) {
        for tab in self.tabs.borrow().iter().filter(|tab| tab.number != by) {
            tab.storage_events.borrow_mut().push_back((key.to_owned(), is_removed));
        }
    }

    /// Says something to all who listen to this channel, but not to whom it comes from.
    pub fn broadcast(&self, by: usize, channel: &str, said: &str) {
        for tab in self.tabs.borrow().iter().filter(|tab| tab.number != by && tab.listens_to(channel)) {
            tab.channel_events.borrow_mut().push_back((channel.to_owned(), said.to_owned()));
        }
    }
}

// Web Locks.

pub struct Locks {
    machine: Rc<Machine>,
    requests: RefCell<BTreeMap<String, VecDeque<Rc<LockRequest>>>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LockState {
    Waiting,
    Held,
    /// Given back, given up or taken away.
    Over,
}

pub struct LockRequest {
    tab: usize,
    pub state: Cell<LockState>,
}

impl Locks {
    /// Gets in line, or takes it from whoever has it.
    pub fn request(&self, tab: usize, name: &str, steals: bool) -> Rc<LockRequest> {
        let request = Rc::new(LockRequest { tab, state: Cell::new(LockState::Waiting) });
        {
            let mut requests = self.requests.borrow_mut();
            let line = requests.entry(name.to_owned()).or_default();
            if steals {
                if let Some(holder) = line.front().filter(|first| first.state.get() == LockState::Held) {
                    holder.state.set(LockState::Over);
                    line.pop_front();
                }
                line.push_front(Rc::clone(&request));
            } else {
                line.push_back(Rc::clone(&request));
            }
        }
        self.grant();
        request
    }

    /// Gives it back, or gives up waiting.
    pub fn end(&self, request: &LockRequest) {
        request.state.set(LockState::Over);
        self.grant();
    }

    fn forget(&self, tab: usize) {
        for line in self.requests.borrow().values() {
            for request in line.iter().filter(|request| request.tab == tab) {
                request.state.set(LockState::Over);
            }
        }
        self.grant();
    }

    fn grant(&self) {
        for line in self.requests.borrow_mut().values_mut() {
            line.retain(|request| request.state.get() != LockState::Over);
            if let Some(first) = line.front() {
                first.state.set(LockState::Held);
            }
        }
        self.machine.stir();
    }
}
