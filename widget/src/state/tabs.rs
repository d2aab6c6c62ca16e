//! Which tab of a browser holds the live stream, and how much the others believe of what it hands on. It decides; `tabs`
//! does.
//!
//! A tab gives up its own stream only for a leader that it hears, whose stream is live, and that knows of nothing this tab
//! has not seen. So whatever goes wrong between tabs ends in a stream too many for a while, never in a message too few.
//!
//! A place in the change log is a text here, as the server spells it (`shared::Position`), and empty where there is none:
//! all that is ever asked of two of them is which comes first, and a parser for that would be downloaded by everybody.

use crate::state::connection::{SILENCE_MS, TICK_MS};
use shared::limits::RECONNECT_SPREAD_MS;

/// A leader that has said nothing for so long is asked whether it is there.
const QUIET_MS: f64 = 10_000.0;
/// A leader answers within this, unless its page is frozen: being told something wakes a page that is merely hidden.
const ANSWER_MS: f64 = 2_000.0;
/// An answer that is looked for so late says nothing: this page was not running either.
const LATE_MS: f64 = ANSWER_MS + 2.0 * TICK_MS;
/// A hidden leader without a stream has so long before a tab that is seen does it better: the timers of a hidden page are
/// slow. It is longer than what a server that stops may ask for.
const DOWN_MS: f64 = RECONNECT_SPREAD_MS as f64 + 2_000.0;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Role {
    /// There are no others, as far as this tab can know.
    #[default]
    Alone,
    Following,
    Leading,
}

/// What tabs say to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word<'a> {
    /// A tab that follows asks whether the leader is there; `is_back` if the visitor came back to it.
    Ask { is_back: bool },
    /// The visitor has left; what is theirs goes from every tab.
    LogOut,
    /// A tab has renewed the session. Where each tab has a storage of its own, one that the browser has copied holds the same
    /// refresh token, which is now `spent`; `session` is the server's answer.
    Renewed { spent: &'a str, session: &'a str },
    /// The leader hands on an event, or says nothing but how it is.
    Told(Told<'a>),
}

/// What a leader says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Told<'a> {
    /// Its stream is live.
    pub is_live: bool,
    /// Its page can be seen.
    pub is_seen: bool,
    /// Where it had come to before this event. Nothing else happened between the two.
    pub before: &'a str,
    /// Where it is now. What is never stored has no place.
    pub at: &'a str,
    /// The event, as the server said it. Without a name it is none.
    pub name: &'a str,
    pub data: &'a str,
}

impl<'a> Word<'a> {
    /// As it is said.
    pub fn spell(self) -> String {
        match self {
            Self::Ask { is_back } => if is_back { "!" } else { "?" }.to_owned(),
            Self::LogOut => "#".to_owned(),
            Self::Renewed { spent, session } => ["$\n", spent, "\n", session].concat(),
            Self::Told(told) => {
                let is_live = if told.is_live { "live\n" } else { "\n" };
                let is_seen = if told.is_seen { "seen\n" } else { "\n" };
                [is_live, is_seen, told.before, "\n", told.at, "\n", told.name, "\n", told.data].concat()
            }
        }
    }

    /// Reads what another tab said.
    pub fn read(said: &'a str) -> Self {
        let mut rest = said;
        let mut line = || {
            let (line, after) = rest.split_once('\n').unwrap_or((rest, ""));
            rest = after;
            line
        };
        match line() {
            "?" => Self::Ask { is_back: false },
            "!" => Self::Ask { is_back: true },
            "#" => Self::LogOut,
            "$" => Self::Renewed { spent: line(), session: rest },
            is_live => {
                let is_live = !is_live.is_empty();
                let is_seen = !line().is_empty();
                let (before, at, name) = (line(), line(), line());
                Self::Told(Told { is_live, is_seen, before, at, name, data: rest })
            }
        }
    }
}

/// What to make of an event that a leader hands on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is news.
    Take,
    /// It was seen before.
    Skip,
    /// Something before it was missed: it has to be fetched.
    Gap,
}

/// What there is to do about the leader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Duty {
    Nothing,
    /// Ask whether it is there.
    Ask,
    /// Become the leader, whoever is it now.
    TakeOver,
}

/// This tab among the others.
#[derive(Clone, Debug, Default)]
pub struct Tabs {
    role: Role,
    /// Everything up to here has been seen, by whichever way; a stream is resumed after it.
    seen: String,
    /// What the leader said last of itself, once it has said anything.
    leader: Option<Leader>,
    /// When it said that, or else when this tab began to follow.
    heard_at_ms: f64,
    /// When it was asked something that it has not answered, and how often in a row.
    asked_at_ms: f64,
    n_unanswered: u32,
}

#[derive(Clone, Debug, Default)]
struct Leader {
    at: String,
    is_seen: bool,
    /// Since when it has had no stream.
    down_since_ms: Option<f64>,
}

impl Tabs {
    pub fn seen(&self) -> &str {
        &self.seen
    }

    pub fn is_leading(&self) -> bool {
        self.role == Role::Leading
    }

    pub fn is_following(&self) -> bool {
        self.role == Role::Following
    }

    /// There may be another tab that leads.
    pub fn follow(&mut self, now_ms: f64) {
        self.role = Role::Following;
        self.leader = None;
        self.heard_at_ms = now_ms;
        self.n_unanswered = 0;
    }

    /// This tab leads.
    pub fn lead(&mut self) {
        self.role = Role::Leading;
    }

    /// This tab is on its own.
    pub fn part(&mut self) {
        self.role = Role::Alone;
    }

    /// The server said something on this tab's own stream, which begins after what had been seen and leaves nothing out.
    /// It may have come from the leader meanwhile; but a snapshot is always news, even an older one, for the stream goes on
    /// from there.
    pub fn heard_from_server(&mut self, at: &str, is_snapshot: bool) -> Verdict {
        if !is_snapshot && is_within(at, &self.seen) {
            return Verdict::Skip;
        }
        if !at.is_empty() {
            at.clone_into(&mut self.seen);
        }
        Verdict::Take
    }

    /// The leader said something.
    pub fn heard_from_leader(&mut self, told: &Told, now_ms: f64) -> Verdict {
        self.heard_at_ms = now_ms;
        self.n_unanswered = 0;
        let leader = self.leader.get_or_insert_default();
        leader.is_seen = told.is_seen;
        leader.down_since_ms = if told.is_live { None } else { leader.down_since_ms.or(Some(now_ms)) };
        if told.at.is_empty() {
            return Verdict::Take;
        }
        told.at.clone_into(&mut leader.at);
        if is_within(told.at, &self.seen) {
            Verdict::Skip
        } else if is_within(told.before, &self.seen) && is_within(told.before, told.at) {
            told.at.clone_into(&mut self.seen);
            Verdict::Take
        } else {
            Verdict::Gap
        }
    }

    /// Whether the leader's stream is enough for this tab.
    pub fn can_rest(&self) -> bool {
        self.is_following()
            && self
                .leader
                .as_ref()
                .is_some_and(|leader| leader.down_since_ms.is_none() && is_within(&leader.at, &self.seen))
    }

    /// The leader was asked whether it is there.
    pub fn asked(&mut self, now_ms: f64) {
        self.asked_at_ms = now_ms;
        self.n_unanswered += 1;
    }

    /// What to do about the leader, asked every [`TICK_MS`] or so. `is_seen` is whether this tab's page can be seen.
    pub fn duty(&self, now_ms: f64, is_seen: bool) -> Duty {
        if !self.is_following() {
            return Duty::Nothing;
        }
        if self.n_unanswered > 0 {
            let waited_ms = now_ms - self.asked_at_ms;
            return if waited_ms < ANSWER_MS {
                Duty::Nothing
            } else if waited_ms < LATE_MS || (self.n_unanswered > 1 && waited_ms < SILENCE_MS + LATE_MS) {
                // The timers of a page that has been hidden for long come once a minute. That is late, but not twice.
                Duty::TakeOver
            } else {
                Duty::Ask
            };
        }
        let hidden = self.leader.as_ref().filter(|leader| is_seen && !leader.is_seen);
        let down_since_ms = hidden.and_then(|leader| leader.down_since_ms);
        if down_since_ms.is_some_and(|since_ms| now_ms - since_ms > DOWN_MS) {
            Duty::TakeOver
        } else if now_ms - self.heard_at_ms > QUIET_MS {
            Duty::Ask
        } else {
            Duty::Nothing
        }
    }
}

/// Whether whoever has seen everything up to `seen` has come to `place`, too. In another life of the database there is no
/// telling.
fn is_within(place: &str, seen: &str) -> bool {
    let (Some((epoch, rev)), Some((seen_epoch, seen_rev))) = (place.split_once('.'), seen.split_once('.'))
    else {
        return false;
    };
    // Numbers without leading zeros: the longer one is the greater one.
    epoch == seen_epoch && (rev.len(), rev) <= (seen_rev.len(), seen_rev)
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests;
