//! What tabs promise each other, tried.

use super::*;
use crate::state::connection::Connection;
use proptest::prelude::*;
use std::collections::VecDeque;

fn told<'a>(before: &'a str, at: &'a str) -> Told<'a> {
    Told { is_live: true, is_seen: true, before, at, name: "message", data: "{}" }
}

/// A tab that follows and has seen everything up to a place.
fn follower(seen: &str) -> Tabs {
    let mut tabs = Tabs::default();
    tabs.heard_from_server(seen, true);
    tabs.follow(0.0);
    tabs
}

#[test]
fn what_a_tab_says_is_what_the_others_read() {
    let event = Told { data: "{\"content\": \"a\\nb\"}", ..told("1.9", "1.10") };
    let words = [
        Word::Ask { is_back: false },
        Word::Ask { is_back: true },
        Word::LogOut,
        Word::Renewed { spent: "k6LjBN3H", session: "{\"access_token\":\"0YJ5\"}" },
        Word::Told(event),
        Word::Told(Told { is_live: false, ..event }),
        Word::Told(Told { is_seen: false, at: "", ..event }),
        Word::Told(Told { is_live: true, ..Told::default() }),
        Word::Told(Told::default()),
    ];
    for word in words {
        assert_eq!(Word::read(&word.spell()), word);
    }
}

#[test]
fn what_no_tab_of_this_version_says_does_no_harm() {
    for said in ["", "x", "live\nseen", "\n\n\n\n\n\n\n", "?\n?"] {
        if let Word::Told(told) = Word::read(said) {
            let mut tabs = follower("1.5");
            tabs.heard_from_leader(&told, 0.0);
            assert_eq!((tabs.seen(), tabs.can_rest()), ("1.5", false), "{said:?}");
        }
    }
}

#[test]
fn an_event_is_taken_once_and_only_if_nothing_before_it_is_missing() {
    let mut tabs = follower("1.9");
    assert_eq!(tabs.heard_from_leader(&told("1.9", "1.10"), 0.0), Verdict::Take);
    assert_eq!(tabs.heard_from_leader(&told("1.9", "1.10"), 0.0), Verdict::Skip);
    assert_eq!(tabs.heard_from_leader(&told("1.2", "1.9"), 0.0), Verdict::Skip);
    assert_eq!(tabs.heard_from_leader(&told("1.11", "1.12"), 0.0), Verdict::Gap);
    assert_eq!(tabs.seen(), "1.10", "what is missing is still to come");
    // The leader resumed further back and has told less than this tab knows.
    assert_eq!(tabs.heard_from_leader(&told("1.8", "1.100"), 0.0), Verdict::Take);
    assert_eq!(tabs.heard_from_server("1.100", false), Verdict::Skip);
    assert_eq!(tabs.heard_from_server("1.101", false), Verdict::Take);
    assert_eq!(tabs.seen(), "1.101");
}

#[test]
fn what_has_no_place_is_taken_and_moves_nothing() {
    let mut tabs = follower("1.9");
    assert_eq!(tabs.heard_from_leader(&told("1.9", "1.9"), 0.0), Verdict::Skip);
    assert_eq!(tabs.heard_from_leader(&told("1.9", ""), 0.0), Verdict::Take);
    assert_eq!(tabs.heard_from_server("", false), Verdict::Take);
    assert_eq!(tabs.seen(), "1.9");
    assert!(tabs.can_rest());
}

#[test]
fn places_of_another_life_of_the_database_compare_with_none_of_this_one() {
    let mut tabs = follower("1.9");
    for (before, at) in [("2.3", "2.4"), ("1.9", "2.4"), ("2.3", "1.10"), ("", "1.10")] {
        assert_eq!(tabs.heard_from_leader(&told(before, at), 0.0), Verdict::Gap, "{before} {at}");
        assert!(!tabs.can_rest());
    }
    assert_eq!(tabs.heard_from_server("2.4", true), Verdict::Take);
    assert_eq!(tabs.seen(), "2.4");
}

#[test]
fn a_snapshot_counts_even_when_it_is_older_for_the_stream_goes_on_from_there() {
    let mut tabs = follower("1.9");
    assert_eq!(tabs.heard_from_server("1.7", true), Verdict::Take);
    assert_eq!(tabs.heard_from_server("1.8", false), Verdict::Take);
}

#[test]
fn a_tab_does_without_its_stream_only_for_a_leader_that_is_live_and_not_ahead_of_it() {
    let mut tabs = follower("1.9");
    assert!(!tabs.can_rest(), "nobody has said anything");
    tabs.heard_from_leader(&Told { is_live: false, ..told("1.9", "1.9") }, 0.0);
    assert!(!tabs.can_rest());
    tabs.heard_from_leader(&told("1.10", "1.10"), 0.0);
    assert!(!tabs.can_rest());
    tabs.heard_from_server("1.10", false);
    assert!(tabs.can_rest());
    tabs.heard_from_leader(&Told { is_live: false, ..told("1.10", "1.10") }, 0.0);
    assert!(!tabs.can_rest());
    tabs.heard_from_leader(&told("1.10", ""), 0.0);
    assert!(tabs.can_rest());
    tabs.lead();
    assert!(!tabs.can_rest());
    tabs.follow(0.0);
    assert!(!tabs.can_rest(), "another leader is to be heard first");
    tabs.heard_from_leader(&told("1.10", "1.10"), 0.0);
    tabs.part();
    assert!(!tabs.can_rest());
}

#[test]
fn a_quiet_leader_is_asked_and_one_that_does_not_answer_is_no_leader_any_more() {
    let mut tabs = follower("1.9");
    assert_eq!(tabs.duty(10_000.0, true), Duty::Nothing);
    assert_eq!(tabs.duty(10_001.0, true), Duty::Ask);
    tabs.asked(10_001.0);
    assert_eq!(tabs.duty(12_000.0, true), Duty::Nothing);
    assert_eq!(tabs.duty(12_001.0, true), Duty::TakeOver);
    tabs.heard_from_leader(&told("1.9", "1.9"), 12_002.0);
    assert_eq!(tabs.duty(22_002.0, true), Duty::Nothing);
    assert_eq!(tabs.duty(22_003.0, true), Duty::Ask);
}

#[test]
fn a_tab_that_slept_itself_asks_once_more() {
    let mut tabs = follower("1.9");
    tabs.asked(0.0);
    assert_eq!(tabs.duty(3_600_000.0, true), Duty::Ask);
    tabs.asked(3_600_000.0);
    assert_eq!(tabs.duty(3_605_000.0, true), Duty::TakeOver);
    // The timers of a page that nobody sees come once a minute.
    assert_eq!(tabs.duty(3_660_000.0, false), Duty::TakeOver);
    assert_eq!(tabs.duty(3_700_000.0, false), Duty::Ask);
}

#[test]
fn a_tab_that_is_seen_takes_over_from_one_that_is_hidden_and_has_long_had_no_stream() {
    let down = Told { is_live: false, is_seen: false, ..told("1.9", "1.9") };
    let mut tabs = follower("1.9");
    for now_ms in [0.0, 9_000.0] {
        tabs.heard_from_leader(&down, now_ms);
    }
    assert_eq!(tabs.duty(12_000.0, true), Duty::Nothing);
    assert_eq!(tabs.duty(12_001.0, true), Duty::TakeOver);
    assert_eq!(tabs.duty(12_001.0, false), Duty::Nothing);
    tabs.heard_from_leader(&Told { is_seen: true, ..down }, 12_001.0);
    assert_eq!(tabs.duty(12_002.0, true), Duty::Nothing);
    tabs.heard_from_leader(&Told { is_live: true, ..down }, 12_002.0);
    tabs.heard_from_leader(&down, 12_003.0);
    assert_eq!(tabs.duty(20_000.0, true), Duty::Nothing);
}

#[test]
fn who_leads_or_is_alone_has_no_duties() {
    let mut tabs = follower("1.9");
    tabs.asked(0.0);
    tabs.lead();
    assert_eq!(tabs.duty(5_000.0, true), Duty::Nothing);
    tabs.follow(5_000.0);
    assert_eq!(tabs.duty(6_000.0, true), Duty::Nothing, "what was asked before is forgotten");
    tabs.part();
    assert_eq!(tabs.duty(1e9, true), Duty::Nothing);
}

/// What can happen. Numbers choose the tab it happens to.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// Something of this visitor's is stored.
    Event,
    /// Something of somebody else's is.
    Other,
    /// A stream says what it has to say next.
    Stream(usize),
    /// A tab takes the next thing that another said.
    Hear(usize),
    /// A tab never gets the next thing that another said.
    Miss(usize),
    Open,
    Close(usize),
    Freeze(usize),
    /// With the warning that most browsers give, so that it lets everything go before.
    PutAside(usize),
    Thaw(usize),
    /// The visitor comes back to a tab.
    Wake(usize),
    /// A stream breaks off.
    Break(usize),
    /// All of them do.
    Restart,
    /// The database is put back to what it was three changes before.
    Restore,
    /// Time passes, and the timers of all tabs are due.
    Tick,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let tab = 0..8_usize;
    let step = prop_oneof![
        12 => Just(Step::Event),
        4 => Just(Step::Other),
        20 => tab.clone().prop_map(Step::Stream),
        20 => tab.clone().prop_map(Step::Hear),
        2 => tab.clone().prop_map(Step::Miss),
        6 => Just(Step::Open),
        2 => tab.clone().prop_map(Step::Close),
        2 => tab.clone().prop_map(Step::Freeze),
        2 => tab.clone().prop_map(Step::PutAside),
        4 => tab.clone().prop_map(Step::Thaw),
        2 => tab.clone().prop_map(Step::Wake),
        2 => tab.prop_map(Step::Break),
        1 => Just(Step::Restart),
        1 => Just(Step::Restore),
        8 => Just(Step::Tick),
    ];
    proptest::collection::vec(step, 0..100)
}

/// A tab, with the plumbing that the panel has around what decides.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own; any of them goes with any other"
)]
#[derive(Default)]
struct Tab {
    tabs: Tabs,
    connection: Connection,
    /// The events on screen.
    shown: Vec<i64>,
    /// What others said that it has not heard yet.
    inbox: VecDeque<String>,
    stream: Option<Stream>,
    is_joined: bool,
    is_frozen: bool,
    is_closed: bool,
    /// The lock was taken from it, and it has not noticed yet.
    is_robbed: bool,
}

impl Tab {
    fn is_awake(&self) -> bool {
        !self.is_closed && !self.is_frozen
    }
}

#[derive(Clone, Copy)]
struct Stream {
    /// Everything after this is still to be said; nothing: a snapshot comes first.
    after: Option<i64>,
}

#[derive(Default)]
struct World {
    tabs: Vec<Tab>,
    epoch: u32,
    head: i64,
    /// This visitor's events.
    events: Vec<i64>,
    holder: Option<usize>,
    waiting: VecDeque<usize>,
    now_ms: f64,
}

impl World {
    fn place(&self, rev: i64) -> String {
        format!("{}.{rev}", self.epoch)
    }

    /// The tab that a step is about.
    fn pick(&self, n: usize) -> Option<usize> {
        let living: Vec<usize> = (0..self.tabs.len()).filter(|&i| !self.tabs[i].is_closed).collect();
        living.get(n).copied()
    }

    fn awake(&self, n: usize) -> Option<usize> {
        self.pick(n).filter(|&i| !self.tabs[i].is_frozen)
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Event => {
                self.head += 1;
                self.events.push(self.head);
            }
            Step::Other => self.head += 1,
            Step::Stream(n) => self.awake(n).into_iter().for_each(|i| self.stream_says(i)),
            Step::Hear(n) => self.awake(n).into_iter().for_each(|i| self.hear(i)),
            Step::Miss(n) => self.pick(n).into_iter().for_each(|i| drop(self.tabs[i].inbox.pop_front())),
            Step::Open if self.tabs.len() < 12 => {
                self.tabs.push(Tab::default());
                self.connect(self.tabs.len() - 1);
            }
            Step::Open => {}
            Step::Close(n) => {
                if let Some(i) = self.pick(n) {
                    self.tabs[i].is_closed = true;
                    self.tabs[i].stream = None;
                    self.release(i);
                }
            }
            Step::Freeze(n) => self.pick(n).into_iter().for_each(|i| self.tabs[i].is_frozen = true),
            Step::PutAside(n) => {
                if let Some(i) = self.awake(n) {
                    self.leave(i);
                    let tab = &mut self.tabs[i];
                    tab.stream = None;
                    tab.connection.put_aside(self.now_ms);
                    tab.is_frozen = true;
                }
            }
            Step::Thaw(n) => {
                if let Some(i) = self.pick(n) {
                    self.tabs[i].is_frozen = false;
                    self.notice_robbery(i);
                }
            }
            Step::Wake(n) => self.awake(n).into_iter().for_each(|i| self.wake(i)),
            Step::Break(n) => self.pick(n).into_iter().for_each(|i| self.break_off(i)),
            Step::Restart => (0..self.tabs.len()).for_each(|i| self.break_off(i)),
            Step::Restore => {
                self.epoch += 1;
                self.head = (self.head - 3).max(0);
                self.events.retain(|&rev| rev <= self.head);
                (0..self.tabs.len()).for_each(|i| self.break_off(i));
            }
            Step::Tick => self.tick(),
        }
        self.grant();
    }

    fn tick(&mut self) {
        self.now_ms += TICK_MS;
        for i in 0..self.tabs.len() {
            if !self.tabs[i].is_awake() {
                continue;
            }
            match self.tabs[i].tabs.duty(self.now_ms, true) {
                Duty::Nothing => {}
                Duty::Ask => self.ask(i, false),
                Duty::TakeOver => self.steal(i),
            }
            let connection = &self.tabs[i].connection;
            if connection.is_stuck(self.now_ms) || connection.is_worth_renewing(self.now_ms) {
                self.connect(i);
            }
        }
    }

    // The locks, as a browser has them.

    fn grant(&mut self) {
        while self.holder.is_none()
            && let Some(i) = self.waiting.pop_front()
        {
            self.holder = Some(i);
            // Who is frozen has the lock and does not know it.
            if !self.tabs[i].is_frozen {
                self.lead(i);
            }
        }
    }

    fn release(&mut self, i: usize) {
        self.waiting.retain(|&waiting| waiting != i);
        if self.holder == Some(i) {
            self.holder = None;
        }
    }

    fn steal(&mut self, i: usize) {
        self.waiting.retain(|&waiting| waiting != i);
        if let Some(robbed) = self.holder.replace(i).filter(|&robbed| robbed != i) {
            self.tabs[robbed].is_robbed = true;
            if !self.tabs[robbed].is_frozen {
                self.notice_robbery(robbed);
            }
        }
        self.lead(i);
    }

    /// What happened to its lock while it was frozen, a tab learns when it thaws.
    fn notice_robbery(&mut self, i: usize) {
        if self.holder == Some(i) && !self.tabs[i].tabs.is_leading() {
            self.lead(i);
        }
        if std::mem::take(&mut self.tabs[i].is_robbed) && self.tabs[i].is_joined {
            self.follow(i);
        }
    }

    // The plumbing.

    fn connect(&mut self, i: usize) {
        if !std::mem::replace(&mut self.tabs[i].is_joined, true) {
            self.follow(i);
        }
        let tab = &mut self.tabs[i];
        tab.connection.connecting(self.now_ms);
        let after = tab.tabs.seen().split_once('.').filter(|(epoch, _)| *epoch == self.epoch.to_string());
        let after = after.map(|(_, rev)| rev.parse().unwrap()).filter(|rev| *rev <= self.head);
        tab.stream = Some(Stream { after });
    }

    fn follow(&mut self, i: usize) {
        self.tabs[i].tabs.follow(self.now_ms);
        if !self.waiting.contains(&i) && self.holder != Some(i) {
            self.waiting.push_back(i);
        }
        self.ask(i, false);
    }

    fn lead(&mut self, i: usize) {
        self.tabs[i].tabs.lead();
        self.stand_up(i);
        self.tell(i);
    }

    fn leave(&mut self, i: usize) {
        self.tabs[i].tabs.part();
        self.tabs[i].is_joined = false;
        self.tabs[i].is_robbed = false;
        self.tabs[i].inbox.clear();
        self.release(i);
    }

    fn wake(&mut self, i: usize) {
        if self.tabs[i].connection.is_worth_renewing(self.now_ms) {
            self.connect(i);
        }
        self.ask(i, true);
    }

    fn ask(&mut self, i: usize, is_back: bool) {
        if self.tabs[i].tabs.is_following() {
            self.tabs[i].tabs.asked(self.now_ms);
            self.say(i, Word::Ask { is_back });
        }
    }

    fn tell(&mut self, i: usize) {
        let at = self.tabs[i].tabs.seen().to_owned();
        self.hand_on(i, Told { at: &at, ..Told::default() });
    }

    fn hand_on(&mut self, i: usize, told: Told) {
        if self.tabs[i].tabs.is_leading() {
            let is_live = self.tabs[i].connection.is_live();
            self.say(i, Word::Told(Told { is_live, is_seen: true, ..told }));
        }
    }

    fn say(&mut self, from: usize, word: Word) {
        for (i, tab) in self.tabs.iter_mut().enumerate() {
            if i != from && tab.is_joined && !tab.is_closed {
                tab.inbox.push_back(word.spell());
            }
        }
    }

    fn hear(&mut self, i: usize) {
        let Some(said) = self.tabs[i].inbox.pop_front() else {
            return;
        };
        let is_leading = self.tabs[i].tabs.is_leading();
        match Word::read(&said) {
            Word::Ask { is_back } if is_leading => {
                if is_back && self.tabs[i].connection.is_worth_renewing(self.now_ms) {
                    self.connect(i);
                }
                self.tell(i);
            }
            Word::Told(told) if !is_leading => self.take(i, &told, false),
            _ => {}
        }
    }

    /// The next thing that the server says on a tab's stream: what happened, or else that nothing did.
    fn stream_says(&mut self, i: usize) {
        let Some(stream) = self.tabs[i].stream else {
            return;
        };
        let was_live = self.tabs[i].connection.is_live();
        self.tabs[i].connection.heard(self.now_ms);
        if !was_live {
            self.tell(i);
        }
        let before = self.tabs[i].tabs.seen().to_owned();
        let (rev, name) = match stream.after {
            None => (self.head, "snapshot"),
            Some(after) => match self.events.iter().find(|&&rev| rev > after) {
                Some(&rev) => (rev, "event"),
                None => (self.head, "heartbeat"),
            },
        };
        self.tabs[i].stream = Some(Stream { after: Some(rev) });
        let (at, data) = (self.place(rev), rev.to_string());
        self.take(i, &Told { before: &before, at: &at, name, data: &data, ..Told::default() }, true);
    }

    fn take(&mut self, i: usize, told: &Told, is_own: bool) {
        let is_snapshot = told.name == "snapshot";
        let verdict = if is_own {
            self.tabs[i].tabs.heard_from_server(told.at, is_snapshot)
        } else {
            self.tabs[i].tabs.heard_from_leader(told, self.now_ms)
        };
        if verdict == Verdict::Take {
            if is_snapshot {
                self.tabs[i].shown = self.events.clone();
                self.tell(i);
            } else if is_own {
                self.hand_on(i, *told);
            }
            if told.name == "event" {
                self.tabs[i].shown.push(told.data.parse().unwrap());
            }
        }
        self.rest(i, is_own || told.is_live, verdict == Verdict::Gap);
    }

    fn rest(&mut self, i: usize, is_live: bool, is_missing_something: bool) {
        if is_missing_something {
            return self.stand_up(i);
        }
        let tab = &mut self.tabs[i];
        if tab.tabs.can_rest() || tab.connection.is_resting() {
            tab.stream = None;
            tab.connection.rests(is_live, self.now_ms);
        }
    }

    fn stand_up(&mut self, i: usize) {
        if self.tabs[i].connection.is_resting() {
            self.connect(i);
        }
    }

    fn break_off(&mut self, i: usize) {
        if self.tabs[i].stream.take().is_some() {
            self.tabs[i].connection.closed(self.now_ms, None, 0.5);
            if !self.tabs[i].is_frozen {
                self.tell(i);
            }
        }
    }

    /// Lets a minute pass in which everything that is on its way arrives. Whoever is awake has everything then, and one of
    /// them holds the stream.
    fn settle(&mut self) -> Result<(), TestCaseError> {
        for _ in 0..12 {
            self.step(Step::Tick);
            while self.is_busy() {
                for n in 0..self.tabs.len() {
                    self.step(Step::Stream(n));
                    self.step(Step::Hear(n));
                }
            }
        }
        self.check()?;
        let place = self.place(self.head);
        let (mut n_streams, mut n_leaders, mut n_expected) = (0, 0, 0);
        for tab in self.tabs.iter().filter(|tab| tab.is_awake()) {
            prop_assert_eq!(tab.tabs.seen(), &place);
            n_streams += usize::from(tab.stream.is_some());
            n_leaders += usize::from(tab.tabs.is_leading());
            n_expected = 1;
        }
        prop_assert_eq!((n_streams, n_leaders), (n_expected, n_expected));
        Ok(())
    }

    /// Somebody has something to say or to hear.
    fn is_busy(&self) -> bool {
        let mut awake = self.tabs.iter().filter(|tab| tab.is_awake());
        awake.any(|tab| {
            !tab.inbox.is_empty() || tab.stream.is_some_and(|stream| stream.after != Some(self.head))
        })
    }

    /// What a tab shows is all there is up to where it says that it is; of a database that is no more it may show anything.
    fn check(&self) -> Result<(), TestCaseError> {
        for (i, tab) in self.tabs.iter().enumerate() {
            if let Some((epoch, rev)) = tab.tabs.seen().split_once('.')
                && epoch == self.epoch.to_string()
            {
                let rev: i64 = rev.parse().unwrap();
                let is_before = |event: &&i64| **event <= rev;
                prop_assert!(
                    tab.shown.iter().eq(self.events.iter().take_while(is_before)),
                    "tab {i} at {rev}"
                );
            }
        }
        Ok(())
    }
}

/// Plays the steps, and what follows when nothing more goes wrong: first while what is frozen stays so, then without.
fn play(steps: Vec<Step>) -> Result<(), TestCaseError> {
    let mut world = World::default();
    for step in steps {
        world.step(step);
        world.check()?;
    }
    world.settle()?;
    for n in 0..world.tabs.len() {
        world.step(Step::Thaw(n));
        world.step(Step::Wake(n));
    }
    world.settle()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn whatever_happens_each_tab_shows_everything_once_and_in_the_end_one_holds_the_stream(steps in steps()) {
        play(steps)?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    #[test]
    #[ignore = "the same, a million steps long"]
    fn whatever_happens_in_a_million_steps_it_is_so(steps in steps()) {
        play(steps)?;
    }
}
