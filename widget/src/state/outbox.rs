//! What the visitor has written and the server has not confirmed yet.
//!
//! The outbox decides what to do next and is told how it went; it sends nothing itself. Its promises, whatever the
//! network does: no message is lost, none is stored twice, and they arrive in the order they were written.

use crate::state::backoff::{asked_ms, delay_ms};
use serde::{Deserialize, Serialize};
use shared::{Attachment, ClientId, ConversationId, ErrorCode, Timestamp};

/// A message that the server breaks over so often, which takes about a minute, is likely to be why. It waits for the visitor
/// then, and no longer holds up the next.
const BREAKS_MAX: u32 = 10;

/// One message, as it is kept in the browser's storage under its own key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    pub client_id: ClientId,
    /// Empty only beside attachments.
    pub content: String,
    /// What has been uploaded for it, whole, so that it can be shown before the message comes back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<Attachment>,
    pub created_at: Timestamp,
    /// Where it goes; absent while that is open. A client id means nothing outside its conversation, so once a message
    /// has been sent somewhere it is never sent elsewhere, unless the server has said that it was not taken there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conversation_id: Option<ConversationId>,
    /// It was sent as the first message of a new conversation, whose id we have not been told.
    #[serde(default)]
    pub starts: bool,
}

/// What became of one try.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Outcome {
    /// The server has it.
    Accepted,
    /// The conversation was closed meanwhile; it has not been stored.
    ConversationClosed,
    /// It was not sent after all: another tab has begun a conversation, or has sent it.
    NotSent,
    /// Nobody knows, or not now: the same again later.
    Retry { after_ms: Option<f64> },
    /// The server broke over it: the same again later, but not for ever.
    Broken { after_ms: Option<f64> },
    /// It will never be accepted as it is.
    Refused(ErrorCode),
    /// The visitor's session has ended. What is unsent goes to the next one.
    SessionOver,
}

impl Outcome {
    /// What an answer of the server means. Status 0 stands for no answer at all.
    pub fn of(status: u16, code: ErrorCode, retry_after_ms: Option<f64>) -> Self {
        match (status, code) {
            (200..=299, _) => Self::Accepted,
            (409, ErrorCode::ConversationClosed) => Self::ConversationClosed,
            (400..=499, _) if !matches!(status, 401 | 408 | 425 | 429) => Self::Refused(code),
            (500, _) => Self::Broken { after_ms: retry_after_ms },
            _ => Self::Retry { after_ms: retry_after_ms },
        }
    }
}

/// What to do now.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Nothing, until something changes.
    Rest,
    /// Ask again at this time.
    WaitUntil(f64),
    /// Find out which conversation the visitor is in, and call [`Outbox::set_current`] or [`Outbox::look_failed`].
    Look,
    /// `PUT /conversations/{id}/messages/{client_id}`, or `POST /conversations` if it has no conversation. `is_first_start`: it starts
    /// one and has been sent nowhere yet. Should there be a conversation after all, [`Outcome::NotSent`] decides anew where it goes.
    Send { entry: Entry, is_first_start: bool },
}

/// The conversation that new messages go to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Current {
    /// There is a session, and nobody has asked the server yet.
    Unknown,
    /// None, or one that is closed: the next message starts one.
    #[default]
    Nothing,
    Open(ConversationId),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flight {
    Look,
    Message(ClientId),
}

#[derive(Clone, Copy, Debug)]
struct Wait {
    until_ms: f64,
    /// The server named the time; coming back online does not shorten it.
    is_servers_wish: bool,
}

/// One unsent message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    pub entry: Entry,
    /// Why it was refused, if it was. It waits for the visitor then.
    pub refused: Option<ErrorCode>,
    /// How often the server broke over it, since the visitor last wanted it sent.
    n_breaks: u32,
}

#[derive(Clone, Debug, Default)]
pub struct Outbox {
    /// In the order they were written.
    items: Vec<Item>,
    current: Current,
    in_flight: Option<Flight>,
    n_failures: u32,
    wait: Option<Wait>,
}

impl Outbox {
    /// Takes up what an earlier page left in the storage.
    pub fn restore(mut entries: Vec<Entry>) -> Self {
        let mut items: Vec<Item> = Vec::new();
        // A handful at most: put each in its place, rather than have everybody download a sorting algorithm.
        while let Some(entry) = entries.pop() {
            let place =
                items.iter().position(|item| item.entry.created_at > entry.created_at).unwrap_or(items.len());
            items.insert(place, Item { entry, refused: None, n_breaks: 0 });
        }
        Self { items, ..Self::default() }
    }

    /// Takes a new message and answers what is to be stored.
    pub fn push(
        &mut self,
        client_id: ClientId,
        content: String,
        attachments: Vec<Attachment>,
        now_ms: f64,
    ) -> Entry {
        #[expect(clippy::cast_possible_truncation, reason = "milliseconds since 1970 fit for 200,000 years")]
        let now = Timestamp::from_unix_ms(now_ms as i64);
        // The order must survive a reload, and two messages can be written within a clock's tick.
        let created_at = match self.items.last() {
            Some(last) => now.max(Timestamp(last.entry.created_at.0 + 1)),
            None => now,
        };
        let entry =
            Entry { client_id, content, attachments, created_at, conversation_id: None, starts: false };
        self.items.push(Item { entry: entry.clone(), refused: None, n_breaks: 0 });
        entry
    }

    /// In the order they were written.
    pub fn items(&self) -> &[Item] {
        &self.items
    }

    /// The message that is to be sent first.
    pub fn first(&self) -> Option<ClientId> {
        self.items.iter().find(|item| item.refused.is_none()).map(|item| item.entry.client_id)
    }

    pub fn current(&self) -> Current {
        self.current
    }

    pub fn set_current(&mut self, current: Current) {
        self.current = current;
        self.land(Flight::Look);
    }

    /// What to do now. `Look` and `Send` are one thing in flight, which ends with `set_current`, `look_failed`, `finish` or
    /// `confirm`; until then there is nothing to do. Where a message goes is settled by [`Outbox::sent`].
    pub fn next(&mut self, now_ms: f64) -> Action {
        if self.in_flight.is_some() {
            return Action::Rest;
        }
        let Some(item) = self.items.iter().find(|item| item.refused.is_none()) else {
            return Action::Rest;
        };
        if let Some(wait) = self.wait.filter(|wait| now_ms < wait.until_ms) {
            return Action::WaitUntil(wait.until_ms);
        }
        let mut entry = item.entry.clone();
        let mut is_first_start = false;
        if entry.conversation_id.is_none() && !entry.starts {
            match self.current {
                Current::Unknown => {
                    self.in_flight = Some(Flight::Look);
                    return Action::Look;
                }
                Current::Nothing => {
                    is_first_start = true;
                    entry.starts = true;
                }
                Current::Open(conversation_id) => entry.conversation_id = Some(conversation_id),
            }
        }
        self.in_flight = Some(Flight::Message(entry.client_id));
        Action::Send { entry, is_first_start }
    }

    /// Tells that this message is being sent where it says, so that it goes nowhere else. Answers whether it is still to be sent.
    pub fn sent(&mut self, entry: &Entry) -> bool {
        let item = self.item(entry.client_id);
        let is_there = item.is_some();
        if let Some(item) = item {
            item.entry.conversation_id = entry.conversation_id;
            item.entry.starts = entry.starts;
        }
        is_there
    }

    /// Tells how a `Send` went.
    pub fn finish(&mut self, client_id: ClientId, outcome: Outcome, now_ms: f64, random: f64) {
        self.land(Flight::Message(client_id));
        match outcome {
            Outcome::Accepted => self.confirm(client_id),
            Outcome::ConversationClosed | Outcome::NotSent => {
                if let Some(item) = self.item(client_id) {
                    item.entry.starts = false;
                    let closed = item.entry.conversation_id.take();
                    if closed.is_some_and(|id| self.current == Current::Open(id)) {
                        self.current = Current::Nothing;
                    }
                }
            }
            Outcome::Retry { after_ms } => self.back_off(after_ms, now_ms, random),
            Outcome::Broken { after_ms } => {
                if let Some(item) = self.item(client_id) {
                    item.n_breaks += 1;
                    if item.n_breaks == BREAKS_MAX {
                        item.refused = Some(ErrorCode::Internal);
                    }
                }
                self.back_off(after_ms, now_ms, random);
            }
            Outcome::Refused(code) => {
                if let Some(item) = self.item(client_id) {
                    item.refused = Some(code);
                }
            }
            Outcome::SessionOver => {
                self.session_over();
                self.back_off(None, now_ms, random);
            }
        }
    }

    /// Tells that a `Look` brought nothing.
    pub fn look_failed(&mut self, after_ms: Option<f64>, now_ms: f64, random: f64) {
        self.land(Flight::Look);
        self.back_off(after_ms, now_ms, random);
    }

    /// The server has this message: by its answer, or because it came back on the stream.
    pub fn confirm(&mut self, client_id: ClientId) {
        self.land(Flight::Message(client_id));
        let n_items = self.items.len();
        self.items.retain(|item| item.entry.client_id != client_id);
        if self.items.len() < n_items {
            self.n_failures = 0;
            self.wait = None;
        }
    }

    /// The session these were written in has ended. They belong to no conversation any more.
    pub fn session_over(&mut self) {
        self.current = Current::Nothing;
        for item in &mut self.items {
            item.entry.conversation_id = None;
            item.entry.starts = false;
        }
    }

    /// The visitor wants a refused message tried again.
    pub fn try_again(&mut self, client_id: ClientId) {
        if let Some(item) = self.item(client_id) {
            item.refused = None;
            item.n_breaks = 0;
        }
    }

    /// Drops a message: the visitor deleted it, or another tab is done with it. One that is in flight is kept; its
    /// answer decides.
    pub fn discard(&mut self, client_id: ClientId) -> bool {
        let is_free = self.in_flight != Some(Flight::Message(client_id));
        if is_free {
            self.items.retain(|item| item.entry.client_id != client_id);
        }
        is_free
    }

    /// Another tab has sent this message somewhere, so it goes nowhere else. That holds also when this tab has sent it somewhere
    /// before: the other would not have if it had not heard that it was not taken there. Of one that is in flight the answer
    /// decides.
    fn adopt(&mut self, stored: &Entry) {
        let is_sent = stored.starts || stored.conversation_id.is_some();
        if is_sent && self.in_flight != Some(Flight::Message(stored.client_id)) {
            self.sent(stored);
        }
    }

    /// Follows what other tabs have done with the message that is to be sent first: `stored` is what is kept of it now. One that
    /// another tab has sent somewhere goes nowhere else. One that is kept no longer another tab is done with, and this one was not
    /// told, as a page that stood still is not; but only if the storage is well, for one that was cleared says nothing of a
    /// message. Answers whether another message is the first now.
    pub fn follow(&mut self, client_id: ClientId, stored: Option<&Entry>, is_storage_well: bool) -> bool {
        if let Some(stored) = stored {
            self.adopt(stored);
        }
        stored.is_none() && is_storage_well && self.discard(client_id)
    }

    /// Where messages go has changed since `before`: answers those that are to be stored again. What another tab has stored
    /// since, or removed, stays so: it has done more than this one knows of.
    pub fn moved(&self, before: &[Item], stored: impl Fn(ClientId) -> Option<Entry>) -> Vec<Entry> {
        let pairs = before.iter().zip(&self.items);
        let moved = pairs.filter(|(old, new)| {
            old.entry != new.entry && stored(old.entry.client_id).as_ref() == Some(&old.entry)
        });
        moved.map(|(_, new)| new.entry.clone()).collect()
    }

    /// The network is back: no reason to wait any longer, unless the server asked for it.
    pub fn network_is_back(&mut self) {
        if self.wait.is_some_and(|wait| !wait.is_servers_wish) {
            self.wait = None;
        }
    }

    fn item(&mut self, client_id: ClientId) -> Option<&mut Item> {
        self.items.iter_mut().find(|item| item.entry.client_id == client_id)
    }

    fn land(&mut self, flight: Flight) {
        if self.in_flight == Some(flight) {
            self.in_flight = None;
        }
    }

    fn back_off(&mut self, after_ms: Option<f64>, now_ms: f64, random: f64) {
        let wait_ms = after_ms.map_or_else(|| delay_ms(self.n_failures, random), asked_ms);
        self.n_failures = self.n_failures.saturating_add(1);
        self.wait = Some(Wait { until_ms: now_ms + wait_ms, is_servers_wish: after_ms.is_some() });
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests;
