//! A page's live stream and its place among the other tabs: what `widget/src/{stream,tabs}.rs` does with a browser, done with the model's.

use crate::{
    browser::{LockRequest, LockState},
    machine::{Slot, wait_for},
    network::{Asker, Call, Reply, StreamEnd},
    tab::Tab,
};
use axum::http::Method;
use shared::{Event, sse::Parser};
use std::{
    cell::{Cell, RefCell},
    mem::take,
    rc::Rc,
};
use widget::state::{
    connection::TICK_MS,
    tabs::{Duty, Tabs, Told, Verdict, Word},
};

const MAX_FRAME_BYTES: usize = 16 * 1024 * 1024;

// As in stream.rs.
impl Tab {
    pub fn wake(self: &Rc<Self>, is_network_new: bool) {
        self.follow_session();
        let is_live = self.chat().connection.is_live();
        if is_network_new && is_live {
            self.connect();
        }
        self.renew();
        self.ask(true);
        self.show_trouble_later();
        self.network_is_back();
    }

    fn renew(self: &Rc<Self>) {
        let is_worth_renewing = self.chat().connection.is_worth_renewing(self.now_ms());
        if is_worth_renewing {
            self.connect();
        }
    }

    pub fn put_aside(self: &Rc<Self>) {
        self.leave();
        self.begin(None);
        let now_ms = self.now_ms();
        self.chat().connection.put_aside(now_ms);
    }

    pub fn connect(self: &Rc<Self>) {
        self.join();
        let end = Rc::new(StreamEnd::default());
        let number = self.begin(Some(Rc::clone(&end)));
        let now_ms = self.now_ms();
        self.chat().connection.connecting(now_ms);
        self.tick();
        let tab = Rc::clone(self);
        self.spawn(async move {
            let retry_after_ms = tab.run_stream(number, &end).await;
            let is_current = tab.chat().stream_number == number;
            if is_current {
                let (now_ms, random) = (tab.now_ms(), tab.machine.fraction());
                let wait_ms = tab.chat().connection.closed(now_ms, retry_after_ms, random);
                let timer = tab.chat().stream_timer.clone();
                timer.set(&tab, wait_ms, Self::connect);
                tab.tell();
                tab.show_trouble_later();
            }
        });
    }

    pub fn disconnect(self: &Rc<Self>) {
        self.leave();
        self.begin(None);
        let mut chat = self.chat();
        chat.tick_timer.clear();
        chat.connection.turned_off();
        chat.tabs = Tabs::default();
    }

    fn rest(self: &Rc<Self>, is_live: bool, is_missing_something: bool) {
        if is_missing_something {
            return self.stand_up();
        }
        let (can_rest, is_resting) = {
            let chat = self.chat();
            (chat.tabs.can_rest(), chat.connection.is_resting())
        };
        if can_rest || is_resting {
            if !is_resting {
                self.begin(None);
            }
            let now_ms = self.now_ms();
            self.chat().connection.rests(is_live, now_ms);
            if is_live {
                self.show_trouble();
            } else {
                self.show_trouble_later();
            }
        }
    }

    fn stand_up(self: &Rc<Self>) {
        let is_resting = self.chat().connection.is_resting();
        if is_resting {
            self.connect();
        }
    }

    fn begin(&self, end: Option<Rc<StreamEnd>>) -> u32 {
        let mut chat = self.chat();
        if let Some(previous) = std::mem::replace(&mut chat.stream_end, end) {
            previous.is_aborted.set(true);
            self.machine.stir();
        }
        chat.stream_timer.clear();
        chat.stream_number += 1;
        chat.stream_number
    }

    fn tick(self: &Rc<Self>) {
        let timer = self.chat().tick_timer.clone();
        timer.set(self, TICK_MS, |tab| {
            tab.tick();
            tab.check();
            let is_stuck = tab.chat().connection.is_stuck(tab.now_ms());
            if is_stuck {
                tab.connect();
            }
        });
    }

    async fn run_stream(self: &Rc<Self>, number: u32, end: &Rc<StreamEnd>) -> Option<f64> {
        let token = self.access_token()?;
        let seen = self.chat().tabs.seen().to_owned();
        let answer = self.fetch_stream(&token, Some(seen).filter(|seen| !seen.is_empty()), end);
        let is_aborted = || end.is_aborted.get().then_some(None);
        let reply = wait_for(|| is_aborted().or_else(|| answer.take().map(Some))).await?;
        match reply.status {
            200 => self.read_stream(number, end).await,
            401 => {
                self.renew_session(&token).await;
                self.access_token().filter(|renewed| *renewed != token).map(|_| 0.0)
            }
            _ => reply.retry_after_ms,
        }
    }

    async fn read_stream(self: &Rc<Self>, number: u32, end: &StreamEnd) -> Option<f64> {
        let mut parser = Parser::new(MAX_FRAME_BYTES);
        let mut frames = Vec::new();
        let now_ms = self.now_ms();
        self.chat().connection.heard(now_ms);
        self.tell();
        while self.chat().stream_number == number {
            let now_ms = self.now_ms();
            self.chat().connection.heard(now_ms);
            self.show_trouble();
            let chunk = wait_for(|| {
                if end.is_aborted.get() {
                    return Some(None);
                }
                let chunk = end.chunks.borrow_mut().pop_front();
                chunk.map(Some).or_else(|| end.is_over.get().then_some(None))
            })
            .await?;
            parser.push(&chunk, |frame| frames.push(frame)).ok()?;
            for frame in frames.drain(..) {
                if self.chat().stream_number != number {
                    return None;
                }
                let before = self.chat().tabs.seen().to_owned();
                let at = frame.id.as_deref().unwrap_or_default();
                let told =
                    Told { before: &before, at, name: &frame.event, data: &frame.data, ..Told::default() };
                self.take(&told, true);
            }
        }
        None
    }

    fn take(self: &Rc<Self>, told: &Told, is_own: bool) {
        let event = Event::read(told.name, told.data).ok().flatten();
        let is_snapshot = matches!(event, Some(Event::Snapshot(_)));
        let now_ms = self.now_ms();
        let verdict = if is_own {
            self.chat().tabs.heard_from_server(told.at, is_snapshot)
        } else {
            self.chat().tabs.heard_from_leader(told, now_ms)
        };
        if verdict == Verdict::Take {
            if is_snapshot {
                self.tell();
            } else if is_own {
                self.hand_on(told);
            }
            if let Some(event) = event {
                self.event(event);
            }
        }
        self.rest(is_own || told.is_live, verdict == Verdict::Gap);
    }

    fn fetch_stream(&self, token: &str, last_event_id: Option<String>, end: &Rc<StreamEnd>) -> Slot<Reply> {
        let answer = Slot::new(&self.machine);
        if self.browser.is_online.get() {
            self.browser.network.calls.borrow_mut().push(Call {
                method: Method::GET,
                path: "/stream".into(),
                token: Some(token.to_owned()),
                body: None,
                last_event_id,
                asker: Asker::Stream(answer.clone(), Rc::clone(end)),
            });
        } else {
            answer.fill(Reply::NONE);
        }
        answer
    }
}

/// As in `tabs::Ties`.
#[derive(Default)]
pub struct Ties {
    name: String,
    has_channel: bool,
    request: Option<Rc<Given>>,
}

/// A request for the lead, and whether it was given up.
#[derive(Default)]
struct Given {
    is_up: Cell<bool>,
    lock: RefCell<Option<Rc<LockRequest>>>,
}

impl Ties {
    pub fn listens_to(&self, channel: &str) -> bool {
        self.has_channel && self.name == channel
    }
}

// As in tabs.rs.
impl Tab {
    fn join(self: &Rc<Self>) {
        let customer = self.chat().session.as_ref().map(|session| session.customer_id.to_string());
        let name = format!("stream:{}", customer.unwrap_or_default());
        if self.chat().ties.name == name {
            return;
        }
        self.leave();
        self.chat().ties.name = name;
        if self.browser.kind.has_channels {
            self.chat().ties.has_channel = true;
            self.follow();
        }
    }

    fn leave(&self) {
        self.chat().tabs.part();
        let ties = take(&mut self.chat().ties);
        self.give_up(ties.request);
    }

    fn ask(&self, is_back: bool) {
        let is_following = self.chat().tabs.is_following();
        if is_following {
            let now_ms = self.now_ms();
            self.chat().tabs.asked(now_ms);
            self.say(Word::Ask { is_back });
        }
    }

    fn hand_on(&self, told: &Told) {
        let (is_leading, is_live) = {
            let chat = self.chat();
            (chat.tabs.is_leading(), chat.connection.is_live())
        };
        if is_leading {
            self.say(Word::Told(Told { is_live, is_seen: self.is_visible.get(), ..*told }));
        }
    }

    fn tell(&self) {
        let at = self.chat().tabs.seen().to_owned();
        self.hand_on(&Told { at: &at, ..Told::default() });
    }

    fn check(self: &Rc<Self>) {
        let duty = self.chat().tabs.duty(self.now_ms(), self.is_visible.get());
        match duty {
            Duty::Nothing => {}
            Duty::Ask => self.ask(false),
            Duty::TakeOver => self.request(true),
        }
    }

    pub fn say(&self, word: Word) {
        let channel = {
            let chat = self.chat();
            chat.ties.has_channel.then(|| chat.ties.name.clone())
        };
        if let Some(channel) = channel {
            self.browser.broadcast(self.number, &channel, &word.spell());
        }
    }

    pub fn hear(self: &Rc<Self>, said: &str) {
        let is_leading = self.chat().tabs.is_leading();
        match Word::read(said) {
            Word::Ask { is_back } if is_leading => {
                if is_back {
                    self.renew();
                }
                self.tell();
            }
            Word::Renewed { spent, session } => self.session_renewed(spent, session),
            Word::Told(told) if !is_leading => self.take(&told, false),
            _ => {}
        }
    }

    fn follow(self: &Rc<Self>) {
        let now_ms = self.now_ms();
        self.chat().tabs.follow(now_ms);
        self.request(false);
        self.ask(false);
    }

    fn request(self: &Rc<Self>, by_force: bool) {
        let given = Rc::new(Given::default());
        let earlier = self.chat().ties.request.replace(Rc::clone(&given));
        // Only the wait is given up, as by a signal; the release function of a lock that is held stays with the tab.
        self.give_up(earlier);
        let name = self.chat().ties.name.clone();
        if !self.browser.kind.has_locks {
            let tab = Rc::clone(self);
            self.spawn(async move { tab.request_over(&given) });
            return;
        }
        let lock = self.browser.locks.request(self.number, &name, by_force);
        *given.lock.borrow_mut() = Some(Rc::clone(&lock));
        let tab = Rc::clone(self);
        self.spawn(async move {
            let state =
                wait_for(|| Some(lock.state.get()).filter(|state| *state != LockState::Waiting)).await;
            if state == LockState::Held {
                if given.is_up.get() {
                    tab.browser.locks.end(&lock);
                } else {
                    tab.lead();
                }
                wait_for(|| (lock.state.get() == LockState::Over).then_some(())).await;
            }
            tab.request_over(&given);
        });
    }

    fn request_over(self: &Rc<Self>, given: &Given) {
        if !given.is_up.get() {
            self.lost();
        }
    }

    fn give_up(&self, request: Option<Rc<Given>>) {
        if let Some(request) = request {
            request.is_up.set(true);
            if let Some(lock) = &*request.lock.borrow() {
                self.browser.locks.end(lock);
            }
        }
    }

    fn lead(self: &Rc<Self>) {
        self.chat().tabs.lead();
        self.stand_up();
        self.tell();
    }

    fn lost(self: &Rc<Self>) {
        let is_leading = self.chat().tabs.is_leading();
        if is_leading {
            self.follow();
        } else {
            self.chat().tabs.part();
            self.stand_up();
        }
    }
}
