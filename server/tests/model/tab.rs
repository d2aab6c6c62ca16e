//! One page with the panel: the widget's own state, and around it what `widget/src/{chat,storage,app}.rs` does with a browser, done
//! with the model's. It follows those files function by function and in their order, so that the two can be read side by
//! side; what only shows is left out.

use crate::{
    browser::Browser,
    machine::{Machine, Slot},
    network::{Reply, StreamEnd},
    notes::{Text, Written},
    requests::LOCK_PATIENCE_MS,
    stream::Ties,
};
use axum::http::Method;
use serde_json::json;
use shared::{
    ClientId, ConversationId, ConversationList, ConversationStatus, CustomerId, Event, Message, MessagePage,
    Reader, Seq, Session, Thread, id::uuid_v7,
};
use std::{
    cell::{Cell, RefCell, RefMut},
    collections::VecDeque,
    mem::take,
    pin::Pin,
    rc::Rc,
    task::{Context, Waker},
};
use uuid::Uuid;
use widget::state::{
    connection::{Connection, GRACE_MS},
    outbox::{Action, Current, Entry, Item, Outbox, Outcome},
    tabs::Tabs,
    timeline::Timeline,
    unread::Unread,
};

type Task = Pin<Box<dyn Future<Output = ()>>>;
type Callback = Box<dyn FnOnce(&Rc<Tab>)>;

/// What the panel knows, as in `chat::Chat`.
#[derive(Default)]
#[expect(clippy::struct_excessive_bools, reason = "as there")]
pub struct Chat {
    pub store: Store,
    pub session: Option<Session>,
    pub timeline: Timeline,
    pub outbox: Outbox,
    pub unread: Unread,
    pub connection: Connection,
    pub tabs: Tabs,
    pub ties: Ties,
    pub stream_end: Option<Rc<StreamEnd>>,
    pub stream_number: u32,
    pub stream_timer: Timer,
    pub tick_timer: Timer,
    pump_timer: Timer,
    pub is_renewing: bool,
    is_open: bool,
    is_loading_older: bool,
    is_loading: bool,
    is_in_trouble: bool,
}

pub struct Tab {
    pub number: usize,
    pub browser: Rc<Browser>,
    pub machine: Rc<Machine>,
    chat: RefCell<Chat>,
    tasks: RefCell<Vec<Task>>,
    /// What happened elsewhere and was not told to this page yet.
    pub storage_events: RefCell<VecDeque<(String, bool)>>,
    pub channel_events: RefCell<VecDeque<(String, String)>>,
    /// Timers that were due while the page stood still.
    late: RefCell<Vec<Callback>>,
    pub is_visible: Cell<bool>,
    /// Nothing runs in it: it was frozen, or is kept for "back".
    is_frozen: Cell<bool>,
    /// It was told so before, and is told when it goes on.
    is_put_aside: Cell<bool>,
    is_gone: Cell<bool>,
}

/// Calls one thing later; a new one takes the place of the last.
#[derive(Clone, Default)]
pub struct Timer(Rc<Cell<u64>>);

impl Timer {
    pub fn set(&self, tab: &Rc<Tab>, wait_ms: f64, callback: impl FnOnce(&Rc<Tab>) + 'static) {
        self.clear();
        let (number, set) = (Rc::clone(&self.0), self.0.get());
        tab.after(wait_ms, move |tab| {
            if number.get() == set {
                callback(tab);
            }
        });
    }

    pub fn clear(&self) {
        self.0.set(self.0.get() + 1);
    }
}

/// As `storage::Store`, over the model's browser.
#[derive(Default)]
pub struct Store {
    memory: Vec<(String, String)>,
}

impl Store {
    fn get(&self, browser: &Browser, key: &str) -> Option<String> {
        let in_memory = self.memory.iter().find(|(known, _)| known == key);
        in_memory.map(|(_, value)| value.clone()).or_else(|| browser.item(key))
    }

    /// Answers whether the browser took it.
    fn set(&mut self, tab: &Tab, key: &str, value: &str) -> bool {
        self.memory.retain(|(known, _)| known != key);
        let is_kept = tab.browser.set_item(tab.number, key, value);
        if !is_kept {
            self.memory.push((key.to_owned(), value.to_owned()));
        }
        is_kept
    }

    fn remove(&mut self, tab: &Tab, key: &str) {
        self.memory.retain(|(known, _)| known != key);
        tab.browser.remove_item(tab.number, key);
    }
}

/// What a page is.
impl Tab {
    pub fn new(number: usize, browser: Rc<Browser>) -> Rc<Self> {
        let machine = Rc::clone(&browser.machine);
        Rc::new(Self {
            number,
            browser,
            machine,
            chat: RefCell::default(),
            tasks: RefCell::default(),
            storage_events: RefCell::default(),
            channel_events: RefCell::default(),
            late: RefCell::default(),
            is_visible: Cell::new(true),
            is_frozen: Cell::default(),
            is_put_aside: Cell::default(),
            is_gone: Cell::default(),
        })
    }

    pub fn chat(&self) -> RefMut<'_, Chat> {
        self.chat.borrow_mut()
    }

    pub fn now_ms(&self) -> f64 {
        self.browser.now_ms()
    }

    pub fn spawn(self: &Rc<Self>, task: impl Future<Output = ()> + 'static) {
        self.tasks.borrow_mut().push(Box::pin(task));
        self.machine.stir();
    }

    pub fn after(self: &Rc<Self>, wait_ms: f64, callback: impl FnOnce(&Rc<Self>) + 'static) {
        let tab = Rc::downgrade(self);
        self.machine.after(wait_ms, move || {
            let Some(tab) = tab.upgrade().filter(|tab| !tab.is_gone.get()) else {
                return;
            };
            if tab.is_frozen.get() {
                tab.late.borrow_mut().push(Box::new(callback));
            } else {
                callback(&tab);
            }
        });
    }

    pub async fn sleep(self: &Rc<Self>, wait_ms: f64) {
        let slept = Slot::new(&self.machine);
        let done = slept.clone();
        self.after(wait_ms, move |_| done.fill(()));
        slept.get().await;
    }

    /// Runs each task as far as it goes.
    pub fn run(&self) {
        if self.is_frozen.get() {
            return;
        }
        let mut tasks = take(&mut *self.tasks.borrow_mut());
        let mut context = Context::from_waker(Waker::noop());
        tasks.retain_mut(|task| !self.is_gone.get() && task.as_mut().poll(&mut context).is_pending());
        // What was begun meanwhile comes after.
        self.tasks.borrow_mut().splice(0..0, tasks);
    }

    pub fn end(&self) {
        self.is_gone.set(true);
        self.tasks.borrow_mut().clear();
        if let Some(end) = &self.chat().stream_end {
            end.is_aborted.set(true);
        }
    }

    pub fn is_frozen(&self) -> bool {
        self.is_frozen.get()
    }

    /// The page stands still. It is told so before, or it is not.
    pub fn freeze(self: &Rc<Self>, is_told: bool) {
        if !self.is_frozen.get() {
            if is_told {
                self.put_aside();
            }
            self.is_put_aside.set(is_told);
            self.is_frozen.set(true);
        }
    }

    pub fn thaw(self: &Rc<Self>) {
        if self.is_frozen.replace(false) {
            for callback in self.late.take() {
                callback(self);
            }
            if self.is_put_aside.get() {
                self.wake(false);
            }
            self.machine.stir();
        }
    }

    pub fn show(self: &Rc<Self>, is_visible: bool) {
        if !self.is_frozen.get() && self.is_visible.replace(is_visible) != is_visible {
            self.visibility_changed();
            if is_visible {
                self.wake(false);
            }
        }
    }

    pub fn listens_to(&self, channel: &str) -> bool {
        self.chat().ties.listens_to(channel)
    }

    /// As in `app::follow_other_tabs`: tells the page of the next thing that another did to the storage.
    pub fn tell_storage_event(self: &Rc<Self>) -> bool {
        if self.is_frozen.get() {
            return false;
        }
        let Some((key, is_removed)) = self.storage_events.borrow_mut().pop_front() else {
            return false;
        };
        if key == SESSION {
            let knows_one = self.chat().session.is_some();
            if self.stored_session().is_some() {
                self.follow_session();
            } else if knows_one {
                self.forget_session();
            }
        } else if is_removed
            && let Some(id) = key.strip_prefix(OUTBOX)
            && let Ok(id) = Uuid::try_parse(id)
        {
            self.discarded_elsewhere(ClientId(id));
        }
        true
    }

    /// The next thing that another tab said.
    pub fn tell_channel_event(self: &Rc<Self>) -> bool {
        if self.is_frozen.get() {
            return false;
        }
        let Some((channel, said)) = self.channel_events.borrow_mut().pop_front() else {
            return false;
        };
        if self.listens_to(&channel) {
            self.hear(&said);
        }
        true
    }
}

const SESSION: &str = "session";
const OUTBOX: &str = "outbox:";

fn outbox_key(client_id: ClientId) -> String {
    format!("{OUTBOX}{client_id}")
}

// As in chat.rs.
impl Tab {
    pub fn open(self: &Rc<Self>) {
        // `values_under` looks into the browser's storage only.
        let entries = self.browser.items_under(OUTBOX);
        let entries = entries.iter().filter_map(|json| serde_json::from_str(json).ok()).collect();
        self.chat().outbox = Outbox::restore(entries);
        if self.adopt_stored_session() {
            self.chat().is_loading = true;
            self.connect();
        } else {
            self.forget_destinations();
        }
        self.changed();
        self.pump();
    }

    pub fn visitor(&self) -> Option<CustomerId> {
        self.chat().session.as_ref().map(|session| session.customer_id)
    }

    pub fn access_token(&self) -> Option<String> {
        self.chat().session.as_ref().map(|session| session.access_token.clone())
    }

    fn stored_session(&self) -> Option<Session> {
        serde_json::from_str(&self.chat.borrow().store.get(&self.browser, SESSION)?).ok()
    }

    fn keep(&self, entry: &Entry) -> bool {
        let json = serde_json::to_string(entry).expect("an entry is writable");
        self.chat().store.set(self, &outbox_key(entry.client_id), &json)
    }

    fn unkeep(&self, client_id: ClientId) {
        self.chat().store.remove(self, &outbox_key(client_id));
    }

    fn stored_entry(&self, client_id: ClientId) -> Option<Entry> {
        serde_json::from_str(&self.chat.borrow().store.get(&self.browser, &outbox_key(client_id))?).ok()
    }

    fn is_storage_well(&self) -> bool {
        self.stored_session().is_some()
    }

    fn keep_moved(&self, before: &[Item]) {
        let moved = self.chat.borrow().outbox.moved(before, |client_id| self.stored_entry(client_id));
        for entry in moved {
            self.keep(&entry);
        }
    }

    fn follow_timeline(&self) {
        let mut chat = self.chat();
        let current = match chat.timeline.conversation() {
            Some(conversation) if conversation.status != ConversationStatus::Closed => {
                Current::Open(conversation.id)
            }
            _ => Current::Nothing,
        };
        chat.outbox.set_current(current);
    }

    fn look(&self) {
        let chat = &mut *self.chat();
        chat.unread.look(chat.is_open && self.is_visible.get(), &chat.timeline);
    }

    pub fn adopt_stored_session(self: &Rc<Self>) -> bool {
        if let Some(stored) = self.stored_session() {
            let known = self.visitor();
            if known.is_some_and(|known| known != stored.customer_id) {
                self.let_session_go();
            }
            let mut chat = self.chat();
            if chat.session.replace(stored).is_none() {
                chat.outbox.set_current(Current::Unknown);
            }
        }
        self.chat().session.is_some()
    }

    pub fn follow_session(self: &Rc<Self>) {
        let has_session = self.adopt_stored_session();
        let is_off = self.chat().connection.is_off();
        if has_session && is_off {
            self.connect();
        }
    }

    pub fn take_session(&self, reply: &Reply) {
        if let Some(session) = reply.read::<Session>() {
            let stored = self.stored_session().filter(|stored| {
                stored.customer_id == session.customer_id
                    && stored.access_expires_at > session.access_expires_at
            });
            if stored.is_none() {
                let json = String::from_utf8_lossy(&reply.body).into_owned();
                self.chat().store.set(self, SESSION, &json);
            }
            self.chat().session = stored.or(Some(session));
        }
    }

    /// `session::renewed`
    pub fn session_renewed(&self, spent: &str, session: &str) {
        let is_ours = self.chat().session.as_ref().is_some_and(|session| session.refresh_token == spent);
        if is_ours {
            self.take_session(&Reply { status: 200, body: session.into(), retry_after_ms: None });
        }
    }

    pub fn forget_session(self: &Rc<Self>) {
        self.chat().store.remove(self, SESSION);
        self.let_session_go();
        self.forget_destinations();
        self.show_trouble();
        self.changed();
        self.pump();
    }

    fn let_session_go(self: &Rc<Self>) {
        let unsent = self.chat().outbox.items().to_vec();
        {
            let mut chat = self.chat();
            chat.session = None;
            chat.timeline.snapshot(None);
            chat.outbox.session_over();
            chat.is_loading = false;
        }
        self.keep_moved(&unsent);
        self.disconnect();
    }

    fn forget_destinations(&self) {
        self.chat().outbox.session_over();
        for json in self.browser.items_under(OUTBOX) {
            if let Ok(entry) = serde_json::from_str::<Entry>(&json) {
                self.keep(&Entry { conversation_id: None, starts: false, ..entry });
            }
        }
    }

    /// What the visitor writes, whatever it is: the composer would not let all of it through.
    pub fn send(self: &Rc<Self>, text: Text, content: String) {
        let now_ms = self.now_ms();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "milliseconds since 1970"
        )]
        let client_id = ClientId(uuid_v7(now_ms as u64, &self.machine.bytes()));
        let entry = self.chat().outbox.push(client_id, content, Vec::new(), now_ms);
        let is_kept = self.keep(&entry);
        self.browser.notes.wrote(
            client_id,
            Written {
                text,
                tab: self.number,
                is_in_memory_only: !is_kept,
                is_deleted: false,
                is_lost: false,
            },
        );
        self.changed();
        self.pump();
    }

    /// The first message that was refused, if the visitor can see one.
    pub fn refused(&self) -> Option<ClientId> {
        let chat = self.chat();
        chat.outbox.items().iter().find(|item| item.refused.is_some()).map(|item| item.entry.client_id)
    }

    pub fn try_again(self: &Rc<Self>, client_id: ClientId) {
        self.chat().outbox.try_again(client_id);
        self.changed();
        self.pump();
    }

    pub fn delete(self: &Rc<Self>, client_id: ClientId) {
        let is_gone = self.chat().outbox.discard(client_id);
        if is_gone {
            self.unkeep(client_id);
            self.browser.notes.deleted(client_id);
        }
        self.changed();
    }

    fn discarded_elsewhere(self: &Rc<Self>, client_id: ClientId) {
        self.chat().outbox.discard(client_id);
        self.changed();
    }

    pub fn open_panel(self: &Rc<Self>, is_open: bool) {
        self.chat().is_open = is_open;
        self.look();
        if is_open {
            self.changed();
        }
    }

    pub fn visibility_changed(self: &Rc<Self>) {
        self.look();
        self.changed();
    }

    pub fn pump(self: &Rc<Self>) {
        let tab = Rc::clone(self);
        self.spawn(async move { while tab.step().await {} });
    }

    async fn step(self: &Rc<Self>) -> bool {
        self.follow_other_tabs();
        let now_ms = self.now_ms();
        let action = self.chat().outbox.next(now_ms);
        let (entry, is_first_start) = match action {
            Action::Rest => return false,
            Action::WaitUntil(until_ms) => {
                let timer = self.chat().pump_timer.clone();
                timer.set(self, (until_ms - now_ms).max(0.0), Self::pump);
                return false;
            }
            Action::Look => {
                self.look_for_conversation().await;
                return true;
            }
            Action::Send { entry, is_first_start } => (entry, is_first_start),
        };
        let turn = if is_first_start { self.take_lock("start", LOCK_PATIENCE_MS).await } else { None };
        let outcome = self.put(&entry, is_first_start).await;
        if let Some(turn) = turn {
            self.browser.locks.end(&turn);
        }
        self.finish(entry.client_id, outcome);
        true
    }

    fn is_elsewhere(&self, entry: &Entry) -> bool {
        match self.stored_entry(entry.client_id) {
            Some(stored) => stored.starts || stored.conversation_id.is_some(),
            None => self.is_storage_well(),
        }
    }

    fn follow_other_tabs(self: &Rc<Self>) {
        if self.chat().session.is_none() {
            self.adopt_stored_session();
        }
        let mut is_done_elsewhere = false;
        loop {
            let Some(client_id) = self.chat().outbox.first() else { break };
            let stored = self.stored_entry(client_id);
            let is_storage_well = self.is_storage_well();
            if !self.chat().outbox.follow(client_id, stored.as_ref(), is_storage_well) {
                break;
            }
            is_done_elsewhere = true;
        }
        if is_done_elsewhere {
            self.changed();
        }
    }

    async fn put(self: &Rc<Self>, entry: &Entry, is_first_start: bool) -> Outcome {
        let had_session = is_first_start && self.adopt_stored_session();
        if let Err(outcome) = self.ensure_session().await {
            return outcome;
        }
        if is_first_start {
            let is_unknown = self.chat().outbox.current() == Current::Unknown;
            if had_session || is_unknown {
                self.look_for_conversation().await;
            }
            if self.chat().outbox.current() != Current::Nothing || self.is_elsewhere(entry) {
                return Outcome::NotSent;
            }
        }
        if !self.chat().outbox.sent(entry) {
            return Outcome::NotSent;
        }
        self.keep(entry);
        let (method, path) = match entry.conversation_id {
            Some(id) => (Method::PUT, format!("/conversations/{id}/messages/{}", entry.client_id)),
            None => (Method::POST, "/conversations".to_owned()),
        };
        // `wire::body_json`
        let body = json!({ "client_id": entry.client_id, "content": entry.content });
        let Some(reply) = self.call(method, &path, Some(body.to_string())).await else {
            let is_over = self.chat().session.is_none();
            return if is_over { Outcome::SessionOver } else { Outcome::Retry { after_ms: None } };
        };
        if let Some(thread) = reply.read::<Thread>() {
            self.chat().timeline.thread(thread);
            self.follow_timeline();
        } else if let Some(message) = reply.read::<Message>() {
            self.chat().timeline.sent(message);
        } else if reply.is_ok() {
            return Outcome::Retry { after_ms: None };
        }
        reply.outcome()
    }

    async fn look_for_conversation(self: &Rc<Self>) {
        let _ = self.ensure_session().await;
        let reply = self.call(Method::GET, "/conversations", None).await;
        let list = reply.as_ref().and_then(Reply::read::<ConversationList>);
        if let Some(list) = list {
            for conversation in list.conversations {
                self.chat().timeline.answered(conversation);
            }
            self.follow_timeline();
        } else {
            let after_ms = reply.and_then(|reply| reply.retry_after_ms);
            self.chat().outbox.look_failed(after_ms, self.now_ms(), self.machine.fraction());
        }
    }

    fn finish(self: &Rc<Self>, client_id: ClientId, outcome: Outcome) {
        let unsent = self.chat().outbox.items().to_vec();
        self.chat().outbox.finish(client_id, outcome, self.now_ms(), self.machine.fraction());
        match outcome {
            Outcome::Accepted => {
                self.browser.notes.acknowledge(client_id);
                self.unkeep(client_id);
            }
            Outcome::ConversationClosed => self.keep_moved(&unsent),
            _ => {
                let has_session = self.chat().session.is_some();
                if !has_session {
                    self.chat().outbox.session_over();
                    self.keep_moved(&unsent);
                }
            }
        }
        let is_unconnected = {
            let chat = self.chat();
            chat.session.is_some() && chat.connection.is_off()
        };
        if is_unconnected {
            self.connect();
        }
        self.changed();
    }

    pub fn network_is_back(self: &Rc<Self>) {
        self.chat().outbox.network_is_back();
        self.pump();
    }

    pub fn event(self: &Rc<Self>, event: Event) {
        match event {
            Event::Snapshot(snapshot) => {
                self.chat().is_loading = false;
                self.chat().timeline.snapshot(snapshot.thread);
                self.follow_timeline();
                self.changed();
                self.pump();
            }
            Event::Conversation(conversation) => {
                self.chat().timeline.update(conversation);
                self.follow_timeline();
                self.changed();
                self.pump();
            }
            Event::Message(message) => {
                self.chat().timeline.message(message);
                self.changed();
            }
            Event::Receipt(receipt) => {
                {
                    let chat = &mut *self.chat();
                    chat.timeline.receipt(&receipt);
                    if receipt.by == Reader::Customer
                        && chat.timeline.conversation_id() == Some(receipt.conversation_id)
                    {
                        chat.unread.read_elsewhere(receipt.up_to_seq);
                    }
                }
                self.changed();
            }
            Event::Goodbye(goodbye) => {
                self.chat().connection.said_goodbye(f64::from(goodbye.reconnect_after_ms));
            }
            Event::Typing(_) | Event::Heartbeat(_) => {}
        }
    }

    pub fn show_trouble(self: &Rc<Self>) {
        let now_ms = self.now_ms();
        let is_in_trouble = !self.browser.is_online.get() || self.chat().connection.is_in_trouble(now_ms);
        let was_in_trouble = std::mem::replace(&mut self.chat().is_in_trouble, is_in_trouble);
        if was_in_trouble && !is_in_trouble {
            self.network_is_back();
        }
    }

    pub fn show_trouble_later(self: &Rc<Self>) {
        self.show_trouble();
        self.after(GRACE_MS + 50.0, Self::show_trouble);
    }

    /// Answers whether there is anything older to wait for.
    pub fn load_older(self: &Rc<Self>) -> bool {
        let (id, first_seq) = {
            let mut chat = self.chat();
            let (Some(id), Some(first_seq)) = (chat.timeline.conversation_id(), chat.timeline.first_seq())
            else {
                return false;
            };
            if !chat.timeline.has_more() || chat.is_loading_older {
                return chat.is_loading_older;
            }
            chat.is_loading_older = true;
            (id, first_seq)
        };
        let tab = Rc::clone(self);
        self.spawn(async move {
            let path = format!("/conversations/{id}/messages?before={first_seq}");
            let reply = tab.call(Method::GET, &path, None).await;
            tab.chat().is_loading_older = false;
            if let Some(page) = reply.and_then(|reply| reply.read::<MessagePage>()) {
                tab.chat().timeline.page(id, page);
                tab.changed();
            }
        });
        true
    }

    pub fn changed(self: &Rc<Self>) {
        loop {
            let arrived = {
                let chat = self.chat();
                let mut unsent = chat.outbox.items().iter().map(|item| item.entry.client_id);
                unsent.find(|client_id| chat.timeline.contains(*client_id))
            };
            let Some(client_id) = arrived else { break };
            self.chat().outbox.confirm(client_id);
            self.browser.notes.acknowledge(client_id);
            self.unkeep(client_id);
        }
        let read = {
            let chat = &mut *self.chat();
            chat.unread.follow(&chat.timeline);
            chat.unread.read(&chat.timeline).zip(chat.timeline.conversation_id())
        };
        if let Some((seq, id)) = read {
            self.tell_read(id, seq);
        }
    }

    fn tell_read(self: &Rc<Self>, id: ConversationId, seq: Seq) {
        let tab = Rc::clone(self);
        self.spawn(async move {
            let path = format!("/conversations/{id}/read");
            let reply = tab.call(Method::PUT, &path, Some(json!({ "seq": seq }).to_string())).await;
            if !reply.is_some_and(|reply| reply.is_ok()) {
                tab.chat().unread.was_not_told(seq);
            }
        });
    }
}
