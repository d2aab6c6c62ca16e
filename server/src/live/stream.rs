//! One listener's stream: from the position it names, through the log, into what happens now, with no window between.
//!
//! The order is what makes it whole: first subscribe, then read the log, then follow the hub. Whatever happens while the
//! log is read waits in the subscription, and what was read already is dropped when it comes.

use crate::{
    clock::Clock,
    domain::{Change, Error, Message, Result, Rev, Thread, VisitorSession, administration::Principal},
    live::{Live, LiveChange, Signal, Subscription, Topic, TypingNotice},
    store::Store,
};
use shared::{CompanyId, CustomerId, Position, Timestamp, limits::HEARTBEAT_SECONDS};
use std::{collections::VecDeque, sync::Arc, time::Duration};
use tokio::{
    sync::{broadcast::error::RecvError, watch},
    time::{Instant, MissedTickBehavior, interval_at},
};
use uuid::Uuid;

/// Entries read from the log at once. A listener that missed more gets them stretch by stretch, as it takes them.
const LOG_PAGE: u32 = 100;
/// At first it is so many, and more once it is seen that they are small.
const FIRST_LOG_PAGE: u32 = 16;

/// What a stream holds for a listener that doesn't take it, in bytes, beside one message however large: of the log, and of a
/// conversation's last messages.
const HELD_MAX_BYTES: usize = 32 * 1024;

/// What a stream says next.
#[derive(Debug)]
pub enum StreamItem {
    /// The whole state, as of this rev. A company's is not said: there may be a million conversations in it.
    Snapshot(Option<Box<Thread>>, Rev),
    /// Straight from the hub.
    Live(Arc<LiveChange>),
    /// From the log.
    Logged(Box<Change>),
    Typing(Arc<TypingNotice>),
    /// All is said up to this rev.
    Heartbeat(Rev),
    /// The server stops; come back.
    Goodbye,
}

/// Where a stream begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// With the whole state.
    Snapshot,
    /// After this rev.
    After(Rev),
}

impl Start {
    /// A position of another life of the database, or one ahead of it, can't be resumed from.
    pub fn from_position(position: Option<Position>, epoch: u32) -> Self {
        match position {
            Some(position) if position.epoch == epoch => Self::After(position.rev),
            _ => Self::Snapshot,
        }
    }
}

/// Who listens, and to what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listener {
    company: CompanyId,
    /// The one customer it is about; nobody: everything of the company.
    customer: Option<CustomerId>,
    /// The session or token that must stay good.
    access: Uuid,
}

impl Listener {
    pub const fn visitor(session: &VisitorSession) -> Self {
        Self { company: session.company, customer: Some(session.customer), access: session.id }
    }

    pub const fn program(principal: &Principal) -> Self {
        Self { company: principal.company, customer: None, access: principal.token }
    }

    fn topic(self) -> Topic {
        self.customer.map_or(Topic::Company(self.company), Topic::Customer)
    }

    /// The rev this listener must have seen before `change`, to have missed nothing.
    const fn previous_rev(self, change: &Change) -> Rev {
        match self.customer {
            Some(_) => change.previous_rev,
            None => change.rev - 1,
        }
    }
}

pub struct EventStream {
    store: Arc<dyn Store>,
    listener: Listener,
    subscription: Subscription,
    draining: watch::Receiver<bool>,
    heartbeat: tokio::time::Interval,
    start: Option<Start>,
    /// The listener has seen everything up to here.
    rev: Rev,
    /// Read from the log and not said yet.
    logged: VecDeque<Change>,
    /// There may be entries in the log that the listener has not seen.
    is_behind: bool,
    /// A heartbeat is due once the log has been read to its end.
    owes_heartbeat: bool,
    /// Entries to be read from the log the next time.
    log_page: u32,
    /// When what the listener showed is good no longer, and by which clock.
    good_until: Option<(Timestamp, Arc<dyn Clock>)>,
    has_ended: bool,
}

impl EventStream {
    pub fn open(store: Arc<dyn Store>, live: &Arc<Live>, listener: Listener, start: Start) -> Self {
        let period = Duration::from_secs(HEARTBEAT_SECONDS.into());
        let mut heartbeat = interval_at(Instant::now() + period, period);
        heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self {
            store,
            subscription: live.subscribe(listener.topic()),
            listener,
            draining: live.draining(),
            heartbeat,
            start: Some(start),
            rev: 0,
            logged: VecDeque::new(),
            is_behind: false,
            owes_heartbeat: false,
            log_page: FIRST_LOG_PAGE,
            good_until: None,
            has_ended: false,
        }
    }

    /// Ends when what the listener showed has expired: a token that opens nothing any more keeps nothing open either. It is
    /// noticed with the next thing that happens, a heartbeat at the latest.
    #[must_use]
    pub fn until(self, expires_at: Timestamp, clock: Arc<dyn Clock>) -> Self {
        Self { good_until: Some((expires_at, clock)), ..self }
    }

    fn has_expired(&self) -> bool {
        self.good_until.as_ref().is_some_and(|(expires_at, clock)| clock.now() >= *expires_at)
    }

    /// What to say next; waits until there is something. `None` when the stream is over.
    ///
    /// An error ends it too: the client comes back and goes on where it was.
    pub async fn next(&mut self) -> Option<Result<StreamItem>> {
        if self.has_ended {
            return None;
        }
        let item = self.next_item().await.filter(|_| !self.has_expired());
        self.has_ended = !matches!(
            item,
            Some(Ok(StreamItem::Snapshot(..)
                | StreamItem::Live(_)
                | StreamItem::Logged(_)
                | StreamItem::Typing(_)
                | StreamItem::Heartbeat(_)))
        );
        item
    }

    async fn next_item(&mut self) -> Option<Result<StreamItem>> {
        if let Some(start) = self.start.take()
            && let Some(first) = self.begin(start).await.transpose()
        {
            return Some(first);
        }
        loop {
            // Asked here too, for a listener with much to catch up on gets no further down.
            if self.subscription.has_ended(self.listener.access) {
                return None;
            }
            if let Some(change) = self.logged.pop_front() {
                if self.logged.is_empty() {
                    self.logged = VecDeque::new();
                }
                self.rev = change.rev;
                return Some(Ok(StreamItem::Logged(Box::new(change))));
            }
            if self.is_behind {
                if let Err(error) = self.read_log().await {
                    return Some(Err(error));
                }
                continue;
            }
            if std::mem::take(&mut self.owes_heartbeat) {
                return Some(Ok(StreamItem::Heartbeat(self.rev)));
            }
            tokio::select! {
                biased;
                ended = self.subscription.endings.recv() => match ended {
                    Ok(access) if access != self.listener.access => {}
                    _ => return None,
                },
                _ = self.draining.wait_for(|is_draining| *is_draining) => return Some(Ok(StreamItem::Goodbye)),
                // A wake-up that was lost costs the listener this long, and nothing else.
                _ = self.heartbeat.tick() => {
                    self.is_behind = true;
                    self.owes_heartbeat = true;
                }
                signal = self.subscription.signals.recv() => match signal {
                    Ok(Signal::Change(live)) => {
                        if live.change.rev <= self.rev {
                            // It was in the log already.
                        } else if self.listener.previous_rev(&live.change) <= self.rev {
                            self.rev = live.change.rev;
                            return Some(Ok(StreamItem::Live(live)));
                        } else {
                            self.is_behind = true;
                        }
                    }
                    Ok(Signal::Look) | Err(RecvError::Lagged(_)) => self.is_behind = true,
                    Ok(Signal::Typing(notice)) => return Some(Ok(StreamItem::Typing(notice))),
                    Err(RecvError::Closed) => return None,
                },
            }
        }
    }

    /// Gives the snapshot if there is to be one, or gets ready to resume.
    async fn begin(&mut self, start: Start) -> Result<Option<StreamItem>> {
        let Listener { company, customer, .. } = self.listener;
        if let Start::After(rev) = start {
            let page = self.store.changes(company, customer, rev, self.log_page).await?;
            if page.read_up_to >= rev {
                self.is_behind = page.has_more;
                // What is resumed from is confirmed at once, so that a client sees the stream live.
                self.owes_heartbeat = true;
                self.take_page(page);
                return Ok(None);
            }
        }
        let (mut thread, rev) = match customer {
            Some(customer) => self.store.snapshot(company, customer).await?,
            None => (None, self.store.head_rev(company).await?),
        };
        if let Some(thread) = &mut thread {
            keep_newest(thread);
        }
        self.rev = rev;
        Ok(Some(StreamItem::Snapshot(thread.map(Box::new), rev)))
    }

    async fn read_log(&mut self) -> Result<(), Error> {
        let Listener { company, customer, .. } = self.listener;
        let page = self.store.changes(company, customer, self.rev, self.log_page).await?;
        self.is_behind = page.has_more;
        self.take_page(page);
        Ok(())
    }

    fn take_page(&mut self, page: crate::domain::LogPage) {
        // With entries to say, the rev moves as they are said; the last of them may be behind what was read.
        if page.changes.is_empty() {
            self.rev = page.read_up_to;
        }
        let mut n_bytes = 0;
        for change in page.changes {
            n_bytes += change.weight();
            if n_bytes > HELD_MAX_BYTES && !self.logged.is_empty() {
                // The rest is read again when these are said, and fewer at once.
                self.is_behind = true;
                self.log_page = u32::try_from(self.logged.len()).unwrap_or(LOG_PAGE);
                return;
            }
            self.logged.push_back(change);
        }
        self.log_page = (self.log_page * 2).min(LOG_PAGE);
    }
}

/// Leaves out the oldest messages of a snapshot that would be too large; the listener asks for them when they are looked at.
fn keep_newest(thread: &mut Thread) {
    let mut n_bytes = 0;
    let is_too_much = |message: &Message| {
        n_bytes += size_of::<Message>() + message.weight();
        n_bytes > HELD_MAX_BYTES
    };
    if let Some(oldest_too_much) = thread.messages.iter().rposition(is_too_much) {
        // The newest is said however large it is.
        let n_left_out = (oldest_too_much + 1).min(thread.messages.len() - 1);
        thread.messages.drain(..n_left_out);
        thread.has_more = true;
    }
}
