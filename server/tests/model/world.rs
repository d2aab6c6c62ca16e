//! One case: a visitor's browser, the network, the server, and the steps that happen to them.

use crate::{
    browser::{Browser, Kind},
    judge::Judge,
    machine::Machine,
    network::{Answer, Asker, Call, Network, Reply, Wire},
    notes::Text,
    site::{AgentAct, Company, Site, id_in},
    step::{Step, Which},
    tab::Tab,
};
use axum::http::Method;
use futures_util::StreamExt;
use shared::{ClientId, ConversationId, Position, Thread};
use std::{
    collections::{BTreeSet, VecDeque},
    future::poll_fn,
    rc::Rc,
    task::Poll,
};
use tokio::task::spawn_blocking;

/// What is wrong, if something is.
pub type Verdict = Result<(), String>;

/// How long everything may take to come right when nothing goes wrong any more. A message that something breaks over is tried for
/// minutes before it is given up, and there may be a few.
const PATIENCE_MS: u64 = 3_600_000;
/// Requests that nobody waits for and that may still arrive.
const STRAYS_MAX: usize = 40;
const TABS_MAX: usize = 4;

/// Something broken on purpose, to see that the model notices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sabotage {
    Nothing,
    /// A message that is sent again gets a new name.
    RenamesRepeats,
    /// A stream is resumed one place too late.
    SkipsOneRev,
    /// A message is acknowledged and thrown away.
    ForgetsAcknowledged,
}

pub struct World<'s> {
    site: &'s mut Site,
    company: Company,
    machine: Rc<Machine>,
    network: Rc<Network>,
    browser: Rc<Browser>,
    judge: Judge,
    sabotage: Sabotage,
    /// Client ids that have been on their way before.
    sent: BTreeSet<ClientId>,
    n_texts: u32,
    /// What happens is written down, too.
    is_told: bool,
    /// Counts whatever may make the server say something.
    n_news: u64,
}

impl<'s> World<'s> {
    pub async fn new(site: &'s mut Site, kind: Kind, seed: u64, sabotage: Sabotage, is_told: bool) -> Self {
        let company = site.new_company().await;
        let machine = Machine::new(seed);
        let network = Rc::new(Network::default());
        let browser =
            Browser::new(kind, Rc::clone(&machine), Rc::clone(&network), company.widget, site.now());
        let judge = Judge::default();
        browser.open_tab();
        Self {
            site,
            company,
            machine,
            network,
            browser,
            judge,
            sabotage,
            sent: BTreeSet::new(),
            n_texts: 0,
            is_told,
            n_news: 0,
        }
    }

    /// Runs a whole case: the steps, and then whatever is needed for everything to come right.
    pub async fn run(mut self, steps: &[Step]) -> Verdict {
        self.browser.run();
        for (n, step) in steps.iter().enumerate() {
            self.tell(|| format!("-- {n} {step:?}"));
            self.apply(step).await.map_err(|wrong| format!("step {n}, {step:?}: {wrong}"))?;
            self.judge.look(&self.browser).map_err(|wrong| format!("after step {n}, {step:?}: {wrong}"))?;
        }
        self.tell(|| "-- the end".into());
        self.settle().await.map_err(|wrong| format!("at the end: {wrong}"))
    }

    fn tell(&self, what: impl FnOnce() -> String) {
        if self.is_told {
            println!("{:>9} {}", self.machine.now_ms(), what());
        }
    }

    fn tab(&self, which: Which) -> Option<Rc<Tab>> {
        let tabs = self.browser.tabs();
        pick(tabs.len(), which).map(|index| Rc::clone(&tabs[index]))
    }

    /// A tab in which something can be done.
    fn awake_tab(&self, which: Which) -> Option<Rc<Tab>> {
        self.tab(which).filter(|tab| !tab.is_frozen())
    }

    async fn apply(&mut self, step: &Step) -> Verdict {
        match *step {
            Step::Offline => {
                self.browser.is_online.set(false);
                self.network.go_offline();
                for tab in self.browser.tabs().iter().filter(|tab| !tab.is_frozen()) {
                    tab.show_trouble_later();
                }
            }
            Step::Online => self.go_online(),
            Step::Agent(act) => self.act(act).await?,
            Step::Restart(is_polite) => self.restart(is_polite).await,
            Step::Sleep(seconds) => self.sleep(u64::from(seconds) * 1000).await,
            Step::Wait(ms) => self.wait(u64::from(ms)).await,
            Step::Flow => self.flow().await?,
            _ if self.apply_to_browser(step) => {}
            _ => self.apply_to_network(step).await?,
        }
        self.browser.run();
        Ok(())
    }

    /// What the visitor does, and what their browser does to its pages. Answers whether this is such a step.
    fn apply_to_browser(&mut self, step: &Step) -> bool {
        match *step {
            Step::Write(which, text) => {
                if let Some(tab) = self.awake_tab(which) {
                    self.n_texts += 1;
                    let content = match text {
                        Text::Plain | Text::Cursed => format!("text {}", self.n_texts),
                        Text::Unacceptable => " ".repeat(self.n_texts as usize),
                    };
                    tab.send(text, content);
                }
            }
            Step::TryAgain(which) => {
                if let Some(tab) = self.awake_tab(which)
                    && let Some(client_id) = tab.refused()
                {
                    tab.try_again(client_id);
                }
            }
            Step::Delete(which) => {
                if let Some(tab) = self.awake_tab(which)
                    && let Some(client_id) = tab.refused()
                {
                    tab.delete(client_id);
                }
            }
            Step::LoadOlder(which) => {
                if let Some(tab) = self.awake_tab(which) {
                    tab.load_older();
                }
            }
            Step::OpenPanel(which, is_open) => {
                if let Some(tab) = self.awake_tab(which) {
                    tab.open_panel(is_open);
                }
            }
            Step::Show(which, is_visible) => {
                if let Some(tab) = self.tab(which) {
                    tab.show(is_visible);
                }
            }
            Step::OpenTab => {
                if self.browser.tabs().len() < TABS_MAX {
                    self.browser.open_tab();
                }
            }
            Step::CloseTab(which) => {
                if let Some(tab) = self.tab(which) {
                    self.browser.close_tab(&tab);
                }
            }
            Step::Reload(which) => {
                if let Some(tab) = self.tab(which) {
                    self.browser.close_tab(&tab);
                    self.browser.open_tab();
                }
            }
            Step::Freeze(which, is_told) => {
                if let Some(tab) = self.tab(which) {
                    tab.freeze(is_told);
                    self.browser.has_failed.set(true);
                }
            }
            Step::Thaw(which) => {
                if let Some(tab) = self.tab(which) {
                    tab.thaw();
                }
            }
            Step::TellStorage(which) => {
                if let Some(tab) = self.tab(which) {
                    tab.tell_storage_event();
                }
            }
            Step::TellChannel(which) => {
                if let Some(tab) = self.tab(which) {
                    tab.tell_channel_event();
                }
            }
            Step::FillStorage(is_full) => {
                self.browser.is_full.set(is_full);
                self.browser.has_failed.set(self.browser.has_failed.get() || is_full);
                self.judge.is_lenient |= is_full;
            }
            _ => return false,
        }
        true
    }

    async fn apply_to_network(&mut self, step: &Step) -> Verdict {
        match *step {
            Step::Deliver(which) | Step::DeliverAndRepeat(which) => {
                let Some(call) = self.take_call(which) else { return Ok(()) };
                if matches!(step, Step::DeliverAndRepeat(_)) {
                    self.network.calls.borrow_mut().push(call.clone());
                }
                self.deliver(call).await?;
            }
            Step::LoseRequest(which) => {
                if let Some(call) = self.take_call(which) {
                    call.asker.slot().fill(Reply::NONE);
                }
            }
            Step::Decline(which, status, wait) => {
                if let Some(call) = self.take_call(which) {
                    call.asker.slot().fill(Reply::of_proxy(status, wait));
                }
            }
            Step::Answer(which) => {
                if let Some(answer) = self.take_answer(which) {
                    self.hand_over(answer);
                }
            }
            Step::LoseAnswer(which) => {
                if let Some(answer) = self.take_answer(which) {
                    answer.asker.slot().fill(Reply::NONE);
                }
            }
            Step::SpoilAnswer(which, status) => {
                if let Some(answer) = self.take_answer(which) {
                    answer.asker.slot().fill(Reply::of_proxy(status, None));
                }
            }
            Step::Stream(which, n_bytes) => self.stream(which, usize::from(n_bytes), false).await,
            Step::Cut(which, n_bytes) => self.stream(which, usize::from(n_bytes), true).await,
            _ => unreachable!("every other step has been applied"),
        }
        Ok(())
    }

    // The network.

    fn take_call(&self, which: Which) -> Option<Call> {
        let mut calls = self.network.calls.borrow_mut();
        if calls.len() > STRAYS_MAX {
            let stray = calls.iter().position(|call| call.asker.is_gone());
            stray.map(|index| calls.remove(index));
        }
        pick(calls.len(), which).map(|index| calls.remove(index))
    }

    fn take_answer(&self, which: Which) -> Option<Answer> {
        let mut answers = self.network.answers.borrow_mut();
        pick(answers.len(), which).map(|index| answers.remove(index))
    }

    /// The request reaches the server, and its answer is on its way.
    async fn deliver(&mut self, mut call: Call) -> Verdict {
        // Nothing takes no time: ids are made of milliseconds.
        self.machine.sleep(1);
        self.site.advance(1).await;
        let is_message = call.method == Method::PUT && call.path.contains("/messages/");
        let is_start = call.method == Method::POST && call.path == "/conversations";
        let client_id = if is_message || is_start { client_id_of(&call) } else { None };
        let asker = call.asker.clone();
        let reply = if let Some(client_id) = client_id.filter(|id| self.browser.notes.is_cursed(*id)) {
            self.sent.insert(client_id);
            Reply::of_proxy(500, None)
        } else {
            self.spoil(&mut call, client_id);
            let forgotten = self.forget(&call, client_id);
            let (reply, body) = match forgotten {
                Some(reply) => (reply, None),
                None => self.site.answer(&call).await,
            };
            self.n_news += 1;
            self.tell(|| format!("{} {} {} {:?}", reply.status, call.method, call.path, call.body));
            self.judge.answered(&call, &reply)?;
            if (is_message || is_start) && (200..300).contains(&reply.status) {
                let in_answer =
                    serde_json::from_slice::<Thread>(&reply.body).map(|thread| thread.conversation.id);
                let in_path = id_in(&call.path, 2).map(ConversationId);
                if let Some(id) = in_answer.ok().or(in_path) {
                    self.judge.read_on(self.site, &self.company, id).await?;
                }
            }
            if let (Some(body), Asker::Stream(slot, end)) = (body, &asker) {
                if !asker.is_gone() && self.browser.is_online.get() {
                    let answer = Answer {
                        asker: Asker::Stream(slot.clone(), Rc::clone(end)),
                        reply,
                        stream: Some(body),
                    };
                    self.network.answers.borrow_mut().push(answer);
                }
                return Ok(());
            }
            reply
        };
        // What comes for a browser without a network is lost.
        if !asker.is_gone() && self.browser.is_online.get() {
            self.network.answers.borrow_mut().push(Answer { asker, reply, stream: None });
        }
        Ok(())
    }

    fn hand_over(&self, answer: Answer) {
        let Answer { asker, reply, stream } = answer;
        if asker.is_gone() {
            return;
        }
        if let (Some(body), Asker::Stream(_, end)) = (stream, &asker) {
            let wire = Wire { body: Some(body), pipe: VecDeque::new(), end: Rc::clone(end), n_news: None };
            self.network.wires.borrow_mut().push(wire);
        }
        asker.slot().fill(reply);
    }

    /// Bytes of a stream arrive, and perhaps it breaks off after them.
    async fn stream(&mut self, which: Which, n_bytes: usize, is_cut: bool) {
        // Those that the panel has given up are closed.
        self.network.wires.borrow_mut().retain(|wire| !wire.end.is_aborted.get());
        let n_wires = self.network.wires.borrow().len();
        let Some(index) = pick(n_wires, which) else { return };
        let mut wire = self.network.wires.borrow_mut().remove(index);
        if wire.pipe.len() < n_bytes {
            self.fill(&mut wire).await;
        }
        let n_bytes = n_bytes.min(wire.pipe.len());
        if n_bytes > 0 {
            wire.end.chunks.borrow_mut().push_back(wire.pipe.drain(..n_bytes).collect());
        }
        if is_cut || (wire.body.is_none() && wire.pipe.is_empty()) {
            wire.end.is_over.set(true);
        } else {
            self.network.wires.borrow_mut().insert(index, wire);
        }
        self.machine.stir();
    }

    /// Takes what the server has to say, until it has no more.
    async fn fill(&self, wire: &mut Wire) {
        if wire.n_news == Some(self.n_news) {
            return;
        }
        wire.n_news = Some(self.n_news);
        // Twice nothing, each time after the store has had its turn: whatever it read has been said.
        let mut n_silent = 0;
        while n_silent < 2 {
            let Some(body) = &mut wire.body else { return };
            let next = poll_fn(|context| {
                Poll::Ready(match body.poll_next_unpin(context) {
                    Poll::Ready(next) => Some(next),
                    Poll::Pending => None,
                })
            });
            match next.await {
                Some(Some(Ok(bytes))) => {
                    wire.pipe.extend(bytes);
                    n_silent = 0;
                }
                Some(Some(Err(_)) | None) => wire.body = None,
                None => {
                    spawn_blocking(|| ()).await.expect("there is nothing to go wrong");
                    n_silent += 1;
                }
            }
        }
    }

    fn go_online(&self) {
        if !self.browser.is_online.replace(true) {
            for tab in self.browser.tabs().iter().filter(|tab| !tab.is_frozen()) {
                tab.wake(true);
            }
        }
    }

    /// Everything that is under way arrives, in order.
    async fn flow(&mut self) -> Verdict {
        let calls = self.network.calls.take();
        for call in calls {
            self.deliver(call).await?;
        }
        let answers = self.network.answers.take();
        for answer in answers {
            self.hand_over(answer);
        }
        let n_wires = self.network.wires.borrow().len();
        for index in (0..n_wires).rev() {
            self.stream(Which::try_from(index).unwrap_or(0), usize::MAX, false).await;
        }
        self.browser.run();
        let tell = |tab: &Rc<Tab>| tab.tell_storage_event() || tab.tell_channel_event();
        // One who is told something says something to others.
        while self.browser.tabs().iter().any(tell) {
            self.browser.run();
        }
        Ok(())
    }

    // The server.

    async fn act(&mut self, act: AgentAct) -> Verdict {
        self.n_news += 1;
        self.n_texts += 1;
        let content = format!("agent {}", self.n_texts);
        let newest = match self.judge.newest() {
            Some(id) => {
                Some(self.site.app().conversations.get(self.company.id, id).await.expect("it is stored"))
            }
            None => None,
        };
        if let Some(id) = self.site.act(&self.company, act, newest.as_ref(), &content).await {
            self.judge.read_on(self.site, &self.company, id).await?;
        }
        Ok(())
    }

    async fn restart(&mut self, is_polite: bool) {
        self.n_news += 1;
        let mut wires = self.network.wires.take();
        if is_polite {
            self.site.app().live.drain();
            for wire in &mut wires {
                self.fill(wire).await;
            }
        }
        for wire in &mut wires {
            wire.body = None;
        }
        // Streams whose beginning was still on its way.
        self.network.answers.borrow_mut().retain_mut(|answer| {
            let is_stream = answer.stream.take().is_some();
            if is_stream {
                answer.asker.slot().fill(Reply::NONE);
            }
            !is_stream
        });
        self.site.restart().await;
        *self.network.wires.borrow_mut() = wires;
    }

    // The time.

    async fn wait(&mut self, ms: u64) {
        let until_ms = self.machine.now_ms() + ms;
        loop {
            let next_ms = self.machine.next_due_ms().map_or(until_ms, |due_ms| due_ms.min(until_ms));
            let passed_ms = next_ms.saturating_sub(self.machine.now_ms());
            if passed_ms > 0 {
                self.n_news += 1;
                self.site.advance(passed_ms).await;
            }
            let is_more = self.machine.go_on(next_ms);
            self.browser.run();
            if !is_more && self.machine.now_ms() >= until_ms {
                return;
            }
        }
    }

    /// The visitor's machine sleeps.
    async fn sleep(&mut self, ms: u64) {
        self.n_news += 1;
        self.machine.sleep(ms);
        self.site.advance(ms).await;
        self.wait(0).await;
    }

    // The end.

    /// Nothing goes wrong any more, and everything comes right.
    async fn settle(&mut self) -> Verdict {
        self.browser.is_full.set(false);
        for tab in self.browser.tabs() {
            tab.thaw();
        }
        self.go_online();
        // What a page that is gone has left in the storage is taken up by the next.
        self.come_to_rest().await?;
        if let Some(tab) = self.browser.tabs().first() {
            self.browser.close_tab(tab);
        }
        self.browser.open_tab();
        self.come_to_rest().await?;
        // Everything is looked at, all of it.
        for tab in self.browser.tabs() {
            tab.show(true);
            tab.open_panel(true);
        }
        self.come_to_rest().await?;
        for tab in self.browser.tabs() {
            // What could not be told when it was read is told at the next occasion.
            tab.visibility_changed();
            while tab.load_older() {
                self.browser.run();
                self.flow().await?;
            }
        }
        self.come_to_rest().await?;
        self.judge.conclude(self.site, &self.company, &self.browser).await
    }

    async fn come_to_rest(&mut self) -> Verdict {
        let until_ms = self.machine.now_ms() + PATIENCE_MS;
        self.browser.run();
        let mut quiet_since_ms = None;
        while self.machine.now_ms() < until_ms {
            self.flow().await?;
            self.judge.look(&self.browser)?;
            let is_quiet = self.network.calls.borrow().is_empty()
                && self.network.answers.borrow().is_empty()
                && self.browser.tabs().iter().all(|tab| Judge::is_at_rest(tab));
            if !is_quiet {
                quiet_since_ms = None;
            }
            // Through a heartbeat, for those who missed something, and an answer among tabs.
            if self.machine.now_ms() - *quiet_since_ms.get_or_insert(self.machine.now_ms()) > 40_000 {
                return Ok(());
            }
            let next_ms = self.machine.next_due_ms().unwrap_or(u64::MAX);
            self.wait(next_ms.saturating_sub(self.machine.now_ms()).clamp(1, 5_000)).await;
        }
        let tabs = self.browser.tabs();
        let busy = tabs.iter().filter(|tab| !Judge::is_at_rest(tab)).map(|tab| {
            let chat = tab.chat();
            format!("{}: {:?} {:?} {:?}", tab.number, chat.connection, chat.tabs, chat.outbox)
        });
        Err(format!(
            "it does not come to rest: {:?}, {} requests, {} answers",
            busy.collect::<Vec<_>>(),
            self.network.calls.borrow().len(),
            self.network.answers.borrow().len()
        ))
    }

    // What is broken on purpose.

    fn spoil(&mut self, call: &mut Call, client_id: Option<ClientId>) {
        let is_repeat = client_id.is_some_and(|id| !self.sent.insert(id));
        if self.sabotage == Sabotage::RenamesRepeats
            && is_repeat
            && let Some(known) = client_id
        {
            let (known, fresh) =
                (known.to_string(), self.site.fresh_client_id(self.machine.bytes()).to_string());
            call.path = call.path.replace(&known, &fresh);
            call.body = call.body.take().map(|body| body.replace(&known, &fresh));
        }
        if self.sabotage == Sabotage::SkipsOneRev
            && let Some(position) = call.last_event_id.as_ref().and_then(|id| id.parse::<Position>().ok())
        {
            call.last_event_id = Some(Position { rev: position.rev + 1, ..position }.to_string());
        }
    }

    fn forget(&self, call: &Call, client_id: Option<ClientId>) -> Option<Reply> {
        let client_id = client_id.filter(|_| self.sabotage == Sabotage::ForgetsAcknowledged)?;
        let conversation = id_in(&call.path, 2).map(ConversationId)?;
        let body = self.judge.made_up(conversation, client_id)?;
        Some(Reply { status: 201, body, retry_after_ms: None })
    }
}

/// Tabs, tasks and browser hold each other, and the network holds streams of the server.
impl Drop for World<'_> {
    fn drop(&mut self) {
        for tab in self.browser.tabs() {
            self.browser.close_tab(&tab);
        }
        self.network.clear();
    }
}

fn pick(len: usize, which: Which) -> Option<usize> {
    (len > 0).then(|| usize::from(which) % len)
}

fn client_id_of(call: &Call) -> Option<ClientId> {
    let body: serde_json::Value = serde_json::from_str(call.body.as_deref()?).ok()?;
    body["client_id"].as_str()?.parse().ok()
}
