//! The panel's one piece of shared state, and everything that can happen to it: a key, an answer, an event of the stream,
//! a command of the host page. Each ends in [`changed`], which draws the list and the rest, or in [`draw`], which draws the rest.

use crate::{
    api::{self, LOCK_PATIENCE_MS},
    bridge::{self, Told},
    browser::{
        Timer, after, before_paint, call, document, element, get, is_online, is_visible, lazy, now_ms,
        number, object, random, random_bytes, set, spawn, text, window,
    },
    facts::{self, Facts},
    format, locks, session,
    state::{
        connection::{Connection, GRACE_MS},
        outbox::{Action, Current, Entry, Item, Outbox, Outcome},
        rows::rows,
        tabs::Tabs,
        timeline::Timeline,
        tray::Tray,
        typing::{OtherTyping, OwnTyping},
        unread::Unread,
        window::Window,
    },
    storage::Store,
    stream,
    tabs::Ties,
    ui::{
        composer, draw,
        messages::{self, anchor, draw_rows},
        tray,
    },
    uploads, wire,
};
use js_sys::Array;
use shared::{
    Attachment, ClientId, ConversationId, ConversationStatus, CustomerId, Event, MessageText, Reader,
    SenderType, Seq, Session, TextProblem, WidgetSettings, id::uuid_v7, limits::TYPING_EXPIRES_MS,
};
use std::cell::{Cell, RefCell, RefMut};
use wasm_bindgen::JsValue;
use web_sys::{AbortController, Element, MessagePort};

/// Nearer to the end than this is at the end: a line's height of slack, for zoomed pages with broken pixels.
const AT_END_PX: f64 = 32.0;
/// Nearer to an edge than this, what is beyond it is shown, or fetched.
const NEAR_EDGE_PX: f64 = 400.0;
/// So long a message may be read in another tab before it is heard. One sound is enough for several that come together.
const SOUND_AFTER_MS: f64 = 400.0;
/// How long after history was put in place screen readers are told of additions again.
const SETTLE_MS: f64 = 600.0;
/// The room left above the "New messages" line.
const LINE_MARGIN_PX: f64 = 12.0;

/// Ids of elements in the document.
pub const LIST: &str = "list";
pub const NEW_LINE: &str = "new";
pub const FIELD: &str = "field";

/// What the visitor should know about the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    NoNetwork,
    Reconnecting,
}

/// Everything there is to know.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own; any of them goes with any other"
)]
pub struct Chat {
    pub settings: WidgetSettings,
    pub store: Store,
    pub session: Option<Session>,
    /// What the page has signed to say who the visitor is, when it did, and whether the server has agreed.
    pub identity: Option<String>,
    pub named_at_ms: f64,
    pub is_identified: bool,
    /// What it says of them besides.
    pub facts: Facts,
    pub timeline: Timeline,
    /// Which of its messages are in the document.
    window: Window,
    pub outbox: Outbox,
    pub unread: Unread,
    own_typing: OwnTyping,
    other_typing: OtherTyping,

    /// The files in the composer, and the browser's own of them by their numbers.
    pub tray: Tray,
    pub files: Vec<(u32, JsValue)>,
    /// The `XMLHttpRequest` that uploads one of them, and when it is given up.
    pub upload: JsValue,
    pub upload_timer: Timer,
    /// What screen readers are told of the uploads.
    pub said: String,
    /// Files are held over the panel.
    pub is_dragging: bool,

    pub connection: Connection,
    /// Ends the stream that is open.
    pub stream_abort: Option<AbortController>,
    /// Numbers the streams, so that one that was given up does not speak any more.
    pub stream_number: u32,
    pub stream_timer: Timer,
    pub tick_timer: Timer,
    /// This tab among the others of this browser, and what ties it to them.
    pub tabs: Tabs,
    pub ties: Ties,
    typing_timer: Timer,
    sound_timer: Timer,
    pump_timer: Timer,
    announce_timer: Timer,
    /// Tokens are being renewed in this tab, in a browser without locks.
    pub is_renewing: bool,

    /// The way to the loader, once hands have been shaken.
    pub port: Option<MessagePort>,
    pub told: Told,
    /// There is a host page that would close the panel.
    pub can_close: bool,
    pub is_open: bool,
    /// The frame has yet to be given the focus, for the composer.
    pub awaits_focus: bool,

    pub trouble: Option<Trouble>,
    /// The name of whoever is typing; an empty one for somebody without.
    pub typing: Option<String>,
    /// The newest messages are still to come.
    pub is_loading: bool,
    pub is_loading_older: bool,
    /// Screen readers are to be told what is added.
    pub announces: bool,
    /// The list is at its end and stays there.
    pub is_at_end: bool,
    /// Where the list was when it was last moved.
    pub top: f64,
    /// How high it was when it was last resized.
    pub room: f64,
    /// Messages that came while it was not.
    pub n_below: u32,
    /// How long the text in the composer is, and why it can't be sent.
    pub n_draft_bytes: usize,
    pub problem: Option<TextProblem>,
}

thread_local! {
    static CHAT: Cell<Option<&'static RefCell<Chat>>> = const { Cell::new(None) };
}

/// The state. Let go of it before calling anything that takes it, too.
pub fn chat() -> RefMut<'static, Chat> {
    CHAT.get().expect("the panel was started").borrow_mut()
}

/// Where the list goes when its content has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scroll {
    /// To the end, if it was there.
    Follow,
    /// To the end.
    End,
    /// Nowhere: what changes is further up, or down, in what is long since said.
    Stay,
    /// To the "New messages" line, if there is one; else to the end.
    Line,
}

/// Puts the state in place. It lives as long as the page.
pub fn begin(settings: WidgetSettings, store: Store) {
    let chat = Chat {
        settings,
        store,
        session: None,
        identity: None,
        named_at_ms: 0.0,
        is_identified: false,
        facts: Facts::default(),
        timeline: Timeline::default(),
        window: Window::default(),
        outbox: Outbox::default(),
        unread: Unread::default(),
        own_typing: OwnTyping::default(),
        other_typing: OtherTyping::default(),
        tray: Tray::default(),
        files: Vec::new(),
        upload: JsValue::UNDEFINED,
        upload_timer: Timer::default(),
        said: String::new(),
        is_dragging: false,
        connection: Connection::default(),
        stream_abort: None,
        stream_number: 0,
        stream_timer: Timer::default(),
        tick_timer: Timer::default(),
        tabs: Tabs::default(),
        ties: Ties::default(),
        typing_timer: Timer::default(),
        sound_timer: Timer::default(),
        pump_timer: Timer::default(),
        announce_timer: Timer::default(),
        is_renewing: false,
        port: None,
        told: Told::default(),
        can_close: false,
        is_open: false,
        awaits_focus: true,
        trouble: None,
        typing: None,
        is_loading: false,
        is_loading_older: false,
        announces: false,
        is_at_end: true,
        top: 0.0,
        room: 0.0,
        n_below: 0,
        n_draft_bytes: 0,
        problem: None,
    };
    CHAT.set(Some(Box::leak(Box::new(RefCell::new(chat)))));
}

/// Takes up what an earlier page left: unsent messages, and the session, which alone is a reason to connect.
pub fn resume() {
    {
        let mut chat = chat();
        chat.outbox = Outbox::restore(chat.kept());
    }
    if session::adopt() {
        chat().is_loading = true;
        stream::connect();
    } else {
        session::forget_destinations();
        settled();
    }
    changed(Scroll::End);
    pump();
}

impl Chat {
    /// A storage key of this widget.
    pub fn key(&self, name: &str) -> String {
        ["porchlight:", &wire::id_text(self.settings.id.0), ":", name].concat()
    }

    fn outbox_key(&self, client_id: ClientId) -> String {
        self.key(&["outbox:", &wire::id_text(client_id.0)].concat())
    }

    /// Whose session it is.
    pub fn visitor(&self) -> Option<CustomerId> {
        self.session.as_ref().map(|session| session.customer_id)
    }

    pub fn access_token(&self) -> Option<String> {
        self.session.as_ref().map(|session| session.access_token.clone())
    }

    /// Whether the page has named somebody who is still to be let in.
    pub fn awaits_identity(&self) -> bool {
        self.identity.is_some() && !self.is_identified
    }

    /// Whether there is no session, nor one that waits for its visitor to be let in.
    fn is_without_session(&self) -> bool {
        self.session.is_none() && !self.awaits_identity()
    }

    /// The unsent messages in the storage.
    pub fn kept(&self) -> Vec<Entry> {
        let kept = self.store.values_under(&self.key("outbox:"));
        kept.iter().filter_map(|json| wire::entry(&wire::parse(json)?)).collect()
    }

    pub fn keep(&mut self, entry: &Entry) {
        let key = self.outbox_key(entry.client_id);
        self.store.set(&key, &wire::entry_json(entry));
    }

    fn unkeep(&mut self, client_id: ClientId) {
        let key = self.outbox_key(client_id);
        self.store.remove(&key);
    }

    fn stored_entry(&self, client_id: ClientId) -> Option<Entry> {
        wire::entry(&wire::parse(&self.store.get(&self.outbox_key(client_id))?)?)
    }

    /// Whether what is not in the storage was removed by a tab. The session is what it has for certain, if it has anything.
    fn is_storage_well(&self) -> bool {
        session::stored(self).is_some()
    }

    /// Stores again where messages go, as far as that has changed.
    pub fn keep_moved(&mut self, before: &[Item]) {
        for entry in self.outbox.moved(before, |client_id| self.stored_entry(client_id)) {
            self.keep(&entry);
        }
    }

    /// New messages go to the conversation on screen, unless there is none or it is closed.
    fn follow_timeline(&mut self) {
        let current = match self.timeline.conversation() {
            Some(conversation) if conversation.status != ConversationStatus::Closed => {
                Current::Open(conversation.id)
            }
            _ => Current::Nothing,
        };
        self.outbox.set_current(current);
    }

    /// Nothing stands above what is shown.
    pub fn is_at_beginning(&self) -> bool {
        !self.timeline.has_more() && self.window.range(&self.timeline).start == 0
    }

    /// Whether the visitor can see what comes.
    fn look(&mut self) {
        let is_looking = self.is_open && is_visible();
        self.unread.look(is_looking, &self.timeline);
    }
}

// What the visitor does.

/// Sends what is in the composer, unless it can't be sent, or not yet.
pub fn submit() {
    let Some(field) = element(FIELD) else {
        return;
    };
    let text = match MessageText::try_from(text(&field, "value").unwrap_or_default()) {
        Ok(text) => Some(text),
        Err(TextProblem::Blank) if !chat().tray.is_empty() => None,
        // What is wrong with another text was said while it was typed.
        Err(_) => return,
    };
    let may_send = chat().tray.may_send();
    if !may_send {
        draw();
        return;
    }
    let attachments = uploads::take();
    set(&field, "value", &"".into());
    typed();
    send(text, attachments);
}

/// The page suggests a text. What the visitor has typed stays; an earlier suggestion does not.
pub fn prefill(suggestion: &str) {
    if let Some(field) = element(FIELD) {
        let value = get(&field, "value");
        if value == "" || value == get(&field, "defaultValue") {
            set(&field, "defaultValue", &suggestion.into());
            set(&field, "value", &suggestion.into());
            drafted(false);
        }
    }
}

/// The visitor has changed the text in the composer.
pub fn typed() {
    drafted(true);
}

/// The text in the composer has changed.
fn drafted(is_typed: bool) {
    let Some(field) = element(FIELD) else {
        return;
    };
    let text = text(&field, "value").unwrap_or_default();
    // The copy behind the field makes it as high as its lines; the mark after it keeps the last empty one.
    if let Some(copy) = field.parent_element() {
        // It fails for no valid name of an attribute.
        let _ = copy.set_attribute("data-copy", &[&text, "\u{200b}"].concat());
    }
    let mut now_typing = None;
    let looks_different = {
        let mut chat = chat();
        let before = composer::look(&chat);
        chat.n_draft_bytes = text.len();
        chat.tray.release();
        if let (Current::Open(id), true) = (chat.outbox.current(), is_typed && !text.is_empty())
            && chat.own_typing.key_pressed(now_ms())
        {
            now_typing = Some(id);
        }
        chat.problem = MessageText::try_from(text).err().filter(|problem| *problem != TextProblem::Blank);
        before != composer::look(&chat)
    };
    // With most keys nothing else changes, and a letter is to be seen at once.
    if looks_different {
        draw();
    }
    if let Some(id) = now_typing {
        after(0.0, move || {
            let body = wire::json(&[("typing", true.into())]);
            // Lost is lost: the next key tells it again.
            api::call_then("POST", path(id, "/typing"), body.into(), |_| ());
        });
    }
}

/// Puts a message into the outbox and gets it on its way. It has a text, or attachments, or both.
pub fn send(text: Option<MessageText>, attachments: Vec<Attachment>) {
    let now_ms = now_ms();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "milliseconds since 1970")]
    let client_id = ClientId(uuid_v7(now_ms as u64, &random_bytes()));
    {
        let mut chat = chat();
        chat.own_typing.sent();
        let content = text.map(MessageText::into_string).unwrap_or_default();
        let entry = chat.outbox.push(client_id, content, attachments, now_ms);
        chat.keep(&entry);
    }
    changed(Scroll::End);
    pump();
}

/// Tries a refused message again.
pub fn try_again(client_id: ClientId) {
    chat().outbox.try_again(client_id);
    changed(Scroll::Follow);
    pump();
}

/// Throws a refused message away.
pub fn delete(client_id: ClientId) {
    let is_gone = chat().outbox.discard(client_id);
    if is_gone {
        chat().unkeep(client_id);
    }
    changed(Scroll::Follow);
    focus();
}

/// Somebody else is at this device: nothing that was written or chosen until then stays.
pub fn start_anew(until_ms: f64) {
    {
        let mut chat = chat();
        let mut kept = chat.kept();
        kept.retain(|entry| {
            #[expect(clippy::cast_precision_loss, reason = "exact until the year 2255")]
            let is_later = entry.created_at.unix_ms() as f64 > until_ms;
            if !is_later {
                chat.unkeep(entry.client_id);
            }
            is_later
        });
        chat.outbox = Outbox::restore(kept);
        chat.unread = Unread::default();
        chat.look();
    }
    uploads::clear();
    if let Some(field) = element(FIELD) {
        set(&field, "value", &"".into());
        drafted(false);
    }
}

/// Another tab removed a message from the storage: it was sent, or deleted.
pub fn discarded_elsewhere(client_id: ClientId) {
    chat().outbox.discard(client_id);
    changed(Scroll::Follow);
}

/// The host page shows the panel, or there is none.
pub fn opened(with_focus: bool) {
    chat().is_open = true;
    session::settle();
    chat().awaits_focus = with_focus;
    chat().look();
    changed(Scroll::Line);
    // A frame that has not been given the focus yet waits for it: in Firefox the two would get in each other's way.
    if with_focus && call(&document(), "hasFocus", &Array::new()).is_truthy() {
        focus();
    }
}

/// The host page hides the panel.
pub fn closed() {
    chat().is_open = false;
    chat().awaits_focus = true;
    chat().look();
}

/// The panel's page came to the front, went behind, or was thawed.
pub fn visibility_changed() {
    chat().look();
    changed(Scroll::Follow);
}

/// What was written in one language is written again in another, and not read out for it.
pub fn language_changed() {
    chat().announces = false;
    tray::forget();
    messages::redraw();
    changed(Scroll::Follow);
    settled();
    bridge::tell_texts();
}

/// Puts the cursor where the visitor writes.
pub fn focus() {
    if let Some(field) = element(FIELD) {
        // It fails for nothing that is in the document.
        let _ = field.focus();
    }
}

// The outbox.

/// Does what the outbox wants done, until there is nothing to do but wait.
pub fn pump() {
    spawn(async { while step().await {} });
}

/// One thing for the outbox; answers whether to ask it again.
async fn step() -> bool {
    follow_other_tabs();
    let action = chat().outbox.next(now_ms());
    let (entry, is_first_start) = match action {
        Action::Rest => return false,
        Action::WaitUntil(until_ms) => {
            chat().pump_timer.set((until_ms - now_ms()).max(0.0), pump);
            return false;
        }
        Action::Look => {
            look_for_conversation().await;
            return true;
        }
        Action::Send { entry, is_first_start } => (entry, is_first_start),
    };
    let name = chat().key("start");
    let turn = if is_first_start { locks::take(&name, LOCK_PATIENCE_MS).await } else { JsValue::UNDEFINED };
    let outcome = put(&entry, is_first_start).await;
    locks::give_back(&turn);
    finish(entry.client_id, outcome);
    true
}

/// Whether another tab has sent a message that this one has not, or is done with it.
fn is_elsewhere(entry: &Entry) -> bool {
    let chat = chat();
    match chat.stored_entry(entry.client_id) {
        Some(stored) => stored.starts || stored.conversation_id.is_some(),
        None => chat.is_storage_well(),
    }
}

/// Another tab may have begun, or have done something with the same message.
fn follow_other_tabs() {
    if chat().session.is_none() {
        session::adopt();
    }
    let mut is_done_elsewhere = false;
    {
        let mut chat = chat();
        while let Some(client_id) = chat.outbox.first() {
            let stored = chat.stored_entry(client_id);
            let is_storage_well = chat.is_storage_well();
            if !chat.outbox.follow(client_id, stored.as_ref(), is_storage_well) {
                break;
            }
            is_done_elsewhere = true;
        }
    }
    if is_done_elsewhere {
        changed(Scroll::Follow);
    }
}

/// Sends a message, the first of a conversation or another one.
async fn put(entry: &Entry, is_first_start: bool) -> Outcome {
    let had_session = is_first_start && session::adopt();
    if let Err(outcome) = api::ensure_session().await {
        return outcome;
    }
    if is_first_start {
        // Of several tabs that want to start a conversation one does, and the others find that it has.
        if had_session || chat().outbox.current() == Current::Unknown {
            look_for_conversation().await;
        }
        if chat().outbox.current() != Current::Nothing || is_elsewhere(entry) {
            return Outcome::NotSent;
        }
    }
    {
        // Not before it is certain that it is sent: another tab does with it what is said there.
        let mut chat = chat();
        if !chat.outbox.sent(entry) {
            return Outcome::NotSent;
        }
        chat.keep(entry);
    }
    let (method, path) = match entry.conversation_id {
        Some(id) => ("PUT", path(id, &["/messages/", &wire::id_text(entry.client_id.0)].concat())),
        None => ("POST", "/conversations".to_owned()),
    };
    let Some(reply) = api::call(method, &path, &wire::body_json(entry).into()).await else {
        // Somebody else's session, or the next of the same visitor's, is no end of what is on its way.
        let is_over = chat().is_without_session();
        return if is_over { Outcome::SessionOver } else { Outcome::Retry { after_ms: None } };
    };
    let mut sent = reply.read(wire::message);
    if let Some(thread) = reply.read(wire::thread) {
        let id = wire::id_text(thread.conversation.id.0);
        bridge::tell_of("conversation:started", &object(&[("id", id.into())]));
        let first = thread.messages.iter().find(|message| message.client_id == Some(entry.client_id));
        sent = first.cloned();
        let mut chat = chat();
        chat.timeline.thread(thread);
        chat.follow_timeline();
    } else if sent.is_none() && reply.is_ok() {
        return Outcome::Retry { after_ms: None };
    }
    if let Some(message) = sent {
        bridge::tell_of_message("message:sent", &message);
        chat().timeline.sent(message);
    }
    let outcome = reply.outcome();
    if let Outcome::Refused(_) = outcome {
        bridge::tell_of_refusal(&reply);
    }
    outcome
}

/// Asks which conversation is the newest; the stream would say so too, but it may be what does not get through.
async fn look_for_conversation() {
    // Without one there is no answer, which is told below.
    let _ = api::ensure_session().await;
    let reply = api::call("GET", "/conversations", &JsValue::UNDEFINED).await;
    let list = reply.as_ref().and_then(|reply| reply.read(wire::conversations));
    let mut chat = chat();
    if let Some(list) = list {
        for conversation in list {
            chat.timeline.answered(conversation);
        }
        chat.follow_timeline();
    } else {
        chat.outbox.look_failed(reply.and_then(|reply| reply.retry_after_ms), now_ms(), random());
    }
}

fn finish(client_id: ClientId, outcome: Outcome) {
    {
        let mut chat = chat();
        let unsent = chat.outbox.items().to_vec();
        chat.outbox.finish(client_id, outcome, now_ms(), random());
        match outcome {
            Outcome::Accepted => chat.unkeep(client_id),
            Outcome::ConversationClosed => chat.keep_moved(&unsent),
            // There was none to send it in.
            _ if chat.is_without_session() => {
                chat.outbox.session_over();
                chat.keep_moved(&unsent);
            }
            _ => {}
        }
    }
    let is_unconnected = {
        let chat = chat();
        chat.session.is_some() && chat.connection.is_off()
    };
    if is_unconnected {
        stream::connect();
    }
    changed(Scroll::Follow);
    facts::tell();
}

/// The network is back, or the server or the page is: no reason to wait.
pub fn network_is_back() {
    session::settle();
    chat().outbox.network_is_back();
    pump();
    facts::tell();
    uploads::network_is_back();
}

// What the server says.

/// Takes an event of the stream.
pub fn event(event: Event) {
    match event {
        Event::Snapshot(snapshot) => {
            let is_first = hush();
            chat().timeline.snapshot(snapshot.thread);
            chat().follow_timeline();
            changed(if is_first { Scroll::Line } else { Scroll::Follow });
            settled();
            pump();
            facts::tell();
        }
        Event::Conversation(conversation) => {
            chat().timeline.update(conversation);
            chat().follow_timeline();
            changed(Scroll::Follow);
            pump();
            // It may have come from another device, with all that is in it.
            let is_bare = chat().timeline.messages().is_empty();
            if is_bare {
                show_older();
            }
        }
        Event::Message(message) => {
            if message.sender.kind != SenderType::Customer {
                let mut chat = chat();
                chat.other_typing.stopped();
                chat.sound_timer.set(SOUND_AFTER_MS, sound);
                if !chat.is_at_end {
                    chat.n_below += 1;
                }
            }
            let is_news = message.sender.kind != SenderType::Customer && !chat().timeline.knows(&message);
            if is_news {
                bridge::tell_of_message("message:received", &message);
            }
            chat().timeline.message(message);
            show_typing();
            changed(Scroll::Follow);
        }
        Event::Receipt(receipt) => {
            chat().timeline.receipt(&receipt);
            if receipt.by == Reader::Customer {
                let mut chat = chat();
                if chat.timeline.conversation_id() == Some(receipt.conversation_id) {
                    chat.unread.read_elsewhere(receipt.up_to_seq);
                }
            }
            changed(Scroll::Follow);
        }
        Event::Typing(typing) => {
            {
                let mut chat = chat();
                if !typing.typing {
                    chat.other_typing.stopped();
                } else if chat.timeline.conversation_id() == Some(typing.conversation_id) {
                    chat.other_typing.started(typing.name, now_ms());
                }
            }
            show_typing();
        }
        Event::Goodbye(goodbye) => chat().connection.said_goodbye(f64::from(goodbye.reconnect_after_ms)),
        Event::Heartbeat(_) => {}
    }
}

/// A sound for a message that nobody has seen, from one tab, once the visitor has done something in it, unless the business or
/// the page wants none.
fn sound() {
    let has_acted = get(&get(&window().navigator(), "userActivation"), "hasBeenActive").is_truthy();
    let chat = chat();
    let is_wanted = chat.settings.options.sound.0 && has_acted && chat.tabs.is_leading();
    if is_wanted && chat.unread.count(&chat.timeline) > 0 {
        lazy("sound", &[]);
    }
}

fn show_typing() {
    {
        let mut chat = chat();
        let who = chat.other_typing.who(now_ms()).map(|name| name.unwrap_or_default().to_owned());
        if who.is_some() {
            chat.typing_timer.set(f64::from(TYPING_EXPIRES_MS) + 50.0, show_typing);
        }
        chat.typing = who;
    }
    scroll(Scroll::Follow);
    draw();
}

/// Tells what is wrong with the connection, or that nothing is.
pub fn show_trouble() {
    let trouble = if !is_online() {
        Some(Trouble::NoNetwork)
    } else if chat().connection.is_in_trouble(now_ms()) {
        Some(Trouble::Reconnecting)
    } else {
        None
    };
    let before = std::mem::replace(&mut chat().trouble, trouble);
    if before != trouble {
        draw();
        if trouble.is_none() {
            network_is_back();
        }
    }
}

/// Tells it now, and again after the grace, when what is wrong is worth telling.
pub fn show_trouble_later() {
    show_trouble();
    // Each break has a timer of its own: one that the next try replaced would never be due.
    after(GRACE_MS + 50.0, show_trouble);
}

/// Shows older messages, if there are any: those that have been here before, or else fetches some, unless that is under way.
fn show_older() {
    let is_shown = {
        let mut chat = chat();
        let chat = &mut *chat;
        chat.window.older(&chat.timeline)
    };
    if is_shown {
        show_history();
        return;
    }
    let (id, first_seq) = {
        let mut chat = chat();
        let (Some(id), Some(first_seq)) = (chat.timeline.conversation_id(), chat.timeline.older_than())
        else {
            return;
        };
        if chat.is_loading_older {
            return;
        }
        chat.is_loading_older = true;
        (id, first_seq)
    };
    draw();
    let path = path(id, &["/messages?before=", &first_seq.to_string()].concat());
    api::call_then("GET", path, JsValue::UNDEFINED, move |reply| {
        chat().is_loading_older = false;
        // What failed is fetched again at the next scroll.
        if let Some(page) = reply.and_then(|reply| reply.read(wire::page)) {
            chat().timeline.page(id, page);
            show_history();
        } else {
            draw();
        }
    });
}

/// Shows the messages on the way back to the newest, if there are any.
fn show_newer() {
    let is_shown = {
        let mut chat = chat();
        let chat = &mut *chat;
        chat.window.newer(&chat.timeline)
    };
    if is_shown {
        show_history();
    }
}

/// Other messages than before are shown.
fn show_history() {
    hush();
    changed(Scroll::Stay);
    settled();
}

/// The address of something in a conversation.
pub fn path(id: ConversationId, rest: &str) -> String {
    ["/conversations/", &wire::id_text(id.0), rest].concat()
}

// What is shown.

/// Something in the state is different: shows it, and does what follows from it.
pub fn changed(scroll_to: Scroll) {
    // The list's place is taken before its content changes.
    scroll(scroll_to);
    let (news, read, rows) = {
        let mut chat = chat();
        let chat = &mut *chat;
        let arrived = |chat: &Chat| {
            let mut unsent = chat.outbox.items().iter().map(|item| item.entry.client_id);
            unsent.find(|client_id| chat.timeline.contains(*client_id))
        };
        while let Some(client_id) = arrived(chat) {
            chat.outbox.confirm(client_id);
            chat.unkeep(client_id);
        }
        match scroll_to {
            Scroll::End | Scroll::Line => chat.window.end(&chat.timeline),
            Scroll::Follow => chat.window.limit(&chat.timeline, chat.is_at_end),
            Scroll::Stay => chat.window.limit(&chat.timeline, false),
        }
        chat.unread.follow(&chat.timeline);
        let read = chat.unread.read(&chat.timeline);
        let line_after = chat.unread.line_after();
        let rows =
            rows(&chat.timeline, &chat.window, &chat.outbox, line_after, now_ms(), &format::day_number);
        let is_known = if chat.is_loading { None } else { Some(chat.timeline.conversation_id().is_some()) };
        let n_unread = chat.unread.count(&chat.timeline);
        let news = Told { n_unread, is_known, visitor: chat.visitor() };
        (news, read.zip(chat.timeline.conversation_id()), rows)
    };
    draw_rows(rows);
    draw();
    bridge::tell(news);
    if let Some((seq, id)) = read {
        tell_read(id, seq);
    }
}

fn tell_read(id: ConversationId, seq: Seq) {
    #[expect(clippy::cast_precision_loss, reason = "a conversation has fewer messages than that")]
    let body = wire::json(&[("seq", (seq as f64).into())]);
    api::call_then("PUT", path(id, "/read"), body.into(), move |reply| {
        if !reply.is_some_and(|reply| reply.is_ok()) {
            chat().unread.was_not_told(seq);
        }
    });
}

/// History is about to be put in place, which is not for screen readers to read out. Answers whether it is the first.
fn hush() -> bool {
    chat().announces = false;
    std::mem::replace(&mut chat().is_loading, false)
}

/// It is in place.
fn settled() {
    chat().announce_timer.set(SETTLE_MS, || {
        chat().announces = true;
        draw();
    });
}

// Where the list is.

/// Notes where the list is and, when what changes now is drawn, moves it to where it should be.
fn scroll(scroll: Scroll) {
    let Some(list) = element(LIST) else {
        return;
    };
    if scroll == Scroll::End {
        chat().is_at_end = true;
    }
    // The look alone has the browser settle where the list is: without it the first page of a long conversation opens in its middle.
    let top_before = number(&list, "scrollTop");
    let anchor = if scroll == Scroll::Stay { anchor(top_before) } else { None };
    let follows = chat().is_at_end;
    before_paint(move || {
        let top = match (scroll, element(NEW_LINE)) {
            (Scroll::Stay, _) => match &anchor {
                Some((row, below)) => number(row, "offsetTop") - below,
                None => return,
            },
            (Scroll::Follow, _) if !follows => return,
            (Scroll::Line, Some(line)) => {
                let top = number(&line, "offsetTop") - LINE_MARGIN_PX;
                set(&list, "scrollTop", &top.into());
                // At once, and as a move upwards: a list that changes its size before the event comes would go on to its end.
                chat().top = f64::INFINITY;
                return scrolled();
            }
            _ => return go_to_end(&list),
        };
        set(&list, "scrollTop", &top.into());
    });
}

/// Moves the list to its end. That it is there is noted at once: a scroll event that was on its way tells of a list that
/// was shorter.
fn go_to_end(list: &Element) {
    set(list, "scrollTop", &get(list, "scrollHeight"));
    let was_at_end = {
        let mut chat = chat();
        chat.top = number(list, "scrollTop");
        std::mem::replace(&mut chat.is_at_end, true)
    };
    if !was_at_end {
        chat().n_below = 0;
        draw();
    }
}

/// The list was moved, by the visitor or by us.
pub fn scrolled() {
    let Some(list) = element(LIST) else {
        return;
    };
    let (top, room) = (number(&list, "scrollTop"), number(&list, "clientHeight"));
    let below = number(&list, "scrollHeight") - top - room;
    let (was_at_end, is_at_end) = {
        let mut chat = chat();
        // Only a move upwards leaves the end. This may be heard late, when the list has grown again below, or has less room: a
        // keyboard that comes in steps moves the list, too, and `resized` is on its way.
        let top_before = std::mem::replace(&mut chat.top, top);
        #[expect(clippy::float_cmp, reason = "a room is of whole pixels")]
        let is_up = top < top_before && (room == chat.room || top_before.is_infinite());
        let is_at_end = (below <= AT_END_PX && chat.window.reaches_end()) || (chat.is_at_end && !is_up);
        (std::mem::replace(&mut chat.is_at_end, is_at_end), is_at_end)
    };
    if was_at_end != is_at_end {
        chat().n_below = 0;
        draw();
    }
    // A list without any room is one that nobody sees.
    if room > 0.0 {
        if top < NEAR_EDGE_PX {
            show_older();
        } else if below < NEAR_EDGE_PX {
            show_newer();
        }
    }
}

/// The list's room changed: the keyboard came, the composer grew, the panel was shown.
pub fn resized() {
    if let Some(list) = element(LIST) {
        chat().room = number(&list, "clientHeight");
        if chat().is_at_end {
            go_to_end(&list);
        }
    }
}

/// The visitor wants to see the newest messages.
pub fn jump_to_newest() {
    chat().n_below = 0;
    changed(Scroll::End);
    focus();
}
