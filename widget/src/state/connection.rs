//! When the live stream is opened again. It decides; `stream` does.

use crate::state::backoff::{asked_ms, delay_ms};
use shared::limits::{HEARTBEAT_SECONDS, SILENCE_SECONDS};

/// A stream that lived so long proves that the server is well; the next wait starts from the shortest again.
const STEADY_MS: f64 = 10_000.0;
/// A request that has not been answered for so long when the visitor comes back is not worth waiting for.
const SLOW_MS: f64 = 10_000.0;
/// After so long without the stream the visitor is told. Shorter breaks would only flicker.
pub const GRACE_MS: f64 = 3_000.0;
/// After so much silence the stream is taken for dead.
pub const SILENCE_MS: f64 = SILENCE_SECONDS as f64 * 1000.0;
/// How often to look. Timers stand still while a machine sleeps, and the clock does not: so soon after it wakes it is known
/// how long nothing was heard.
pub const TICK_MS: f64 = 5_000.0;
/// A live stream says something at least every `HEARTBEAT_SECONDS`; later than this it is at least suspicious.
const LATE_MS: f64 = (HEARTBEAT_SECONDS as f64 + 5.0) * 1000.0;

#[derive(Clone, Copy, Debug, Default)]
enum Phase {
    /// Nobody wants a stream yet.
    #[default]
    Off,
    Connecting {
        since_ms: f64,
    },
    Live {
        since_ms: f64,
        heard_at_ms: f64,
    },
    /// Between two tries.
    Waiting {
        until_ms: f64,
        /// The server named the time; nothing that happens here shortens it.
        is_servers_wish: bool,
    },
    /// Another tab's stream is this one's, too.
    Resting,
}

/// The state of the live stream.
#[derive(Clone, Debug, Default)]
pub struct Connection {
    phase: Phase,
    n_failures: u32,
    down_since_ms: Option<f64>,
    /// What the server asked for when it said goodbye.
    asked_wait_ms: Option<f64>,
}

impl Connection {
    pub fn is_off(&self) -> bool {
        matches!(self.phase, Phase::Off)
    }

    pub fn is_live(&self) -> bool {
        matches!(self.phase, Phase::Live { .. })
    }

    pub fn is_resting(&self) -> bool {
        matches!(self.phase, Phase::Resting)
    }

    /// A request was made.
    pub fn connecting(&mut self, now_ms: f64) {
        self.phase = Phase::Connecting { since_ms: now_ms };
        self.asked_wait_ms = None;
        self.down_since_ms.get_or_insert(now_ms);
    }

    /// The server answered, or bytes came.
    pub fn heard(&mut self, now_ms: f64) {
        let since_ms = if let Phase::Live { since_ms, .. } = self.phase { since_ms } else { now_ms };
        self.phase = Phase::Live { since_ms, heard_at_ms: now_ms };
        self.down_since_ms = None;
    }

    /// The server is about to close the stream and names a moment to come back.
    pub fn said_goodbye(&mut self, wait_ms: f64) {
        self.asked_wait_ms = Some(wait_ms);
    }

    /// The stream ended, or could not be opened. Answers how long to wait before the next try.
    pub fn closed(&mut self, now_ms: f64, retry_after_ms: Option<f64>, random: f64) -> f64 {
        if matches!(self.phase, Phase::Live { since_ms, .. } if now_ms - since_ms >= STEADY_MS) {
            self.n_failures = 0;
        }
        self.down_since_ms.get_or_insert(now_ms);
        let asked_wait_ms = self.asked_wait_ms.take().or(retry_after_ms).map(asked_ms);
        let wait_ms = asked_wait_ms.unwrap_or_else(|| {
            let wait_ms = delay_ms(self.n_failures, random);
            self.n_failures = self.n_failures.saturating_add(1);
            wait_ms
        });
        self.phase = Phase::Waiting { until_ms: now_ms + wait_ms, is_servers_wish: asked_wait_ms.is_some() };
        wait_ms
    }

    /// Another tab's stream is enough for this one, and is live, or not.
    pub fn rests(&mut self, is_live: bool, now_ms: f64) {
        self.phase = Phase::Resting;
        if is_live {
            self.down_since_ms = None;
        } else {
            self.down_since_ms.get_or_insert(now_ms);
        }
    }

    /// The page is put aside, with whatever it had open. It goes on when it is shown again.
    pub fn put_aside(&mut self, now_ms: f64) {
        if !self.is_off() {
            self.phase = Phase::Waiting { until_ms: now_ms, is_servers_wish: false };
        }
    }

    /// The session is gone: there is nothing to connect with.
    pub fn turned_off(&mut self) {
        *self = Self::default();
    }

    /// The network came back, the page was shown or restored. Whether to connect anew right now.
    pub fn is_worth_renewing(&self, now_ms: f64) -> bool {
        match self.phase {
            Phase::Off | Phase::Resting => false,
            Phase::Connecting { since_ms } => now_ms - since_ms > SLOW_MS,
            Phase::Live { heard_at_ms, .. } => now_ms - heard_at_ms > LATE_MS,
            Phase::Waiting { until_ms, is_servers_wish } => !is_servers_wish || now_ms >= until_ms,
        }
    }

    /// Whether so much time has passed without anything that whatever was to come will not come any more.
    pub fn is_stuck(&self, now_ms: f64) -> bool {
        let since_ms = match self.phase {
            Phase::Off | Phase::Resting => return false,
            Phase::Connecting { since_ms } => since_ms,
            Phase::Live { heard_at_ms, .. } => heard_at_ms,
            Phase::Waiting { until_ms, .. } => until_ms,
        };
        now_ms - since_ms > SILENCE_MS
    }

    /// Whether the visitor should know that nothing comes in.
    pub fn is_in_trouble(&self, now_ms: f64) -> bool {
        !self.is_off() && self.down_since_ms.is_some_and(|since_ms| now_ms - since_ms >= GRACE_MS)
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;

    fn live(now_ms: f64) -> Connection {
        let mut connection = Connection::default();
        connection.connecting(now_ms);
        connection.heard(now_ms);
        connection
    }

    #[test]
    fn failures_wait_longer_and_longer_until_a_stream_was_steady() {
        let mut connection = Connection::default();
        let mut waits = Vec::new();
        for _ in 0..3 {
            connection.connecting(0.0);
            waits.push(connection.closed(0.0, None, 1.0));
        }
        connection.connecting(0.0);
        connection.heard(0.0);
        waits.push(connection.closed(9_999.0, None, 1.0));
        connection.connecting(10_000.0);
        connection.heard(10_000.0);
        waits.push(connection.closed(20_000.0, None, 1.0));
        assert_eq!(waits, [500.0, 1_000.0, 2_000.0, 4_000.0, 500.0]);
    }

    #[test]
    fn the_servers_wish_comes_before_our_own_reckoning() {
        let mut connection = live(0.0);
        connection.said_goodbye(7_000.0);
        let mut waits = vec![connection.closed(1.0, None, 1.0)];
        for asked_wait_ms in [Some(1_500.0), None] {
            connection.connecting(2.0);
            waits.push(connection.closed(3.0, asked_wait_ms, 1.0));
        }
        assert_eq!(waits, [7_000.0, 1_500.0, 500.0]);
    }

    #[test]
    fn coming_back_does_not_shorten_the_servers_wish() {
        let mut connection = live(0.0);
        connection.closed(0.0, Some(9_000.0), 1.0);
        assert!(!connection.is_worth_renewing(8_999.0));
        assert!(connection.is_worth_renewing(9_000.0));
    }

    #[test]
    fn what_should_have_come_a_minute_ago_will_not_come() {
        assert!(!Connection::default().is_stuck(1e9));
        let mut connection = Connection::default();
        for (n, step) in [Connection::connecting, Connection::heard, Connection::put_aside].iter().enumerate()
        {
            let since_ms = 100_000.0 * f64::from(u32::try_from(n).unwrap());
            step(&mut connection, since_ms);
            assert!(!connection.is_stuck(since_ms + 60_000.0), "{n}");
            assert!(connection.is_stuck(since_ms + 60_001.0), "{n}");
        }
        let wait_ms = connection.closed(0.0, Some(5_000.0), 1.0);
        assert!(!connection.is_stuck(wait_ms + 60_000.0));
        assert!(connection.is_stuck(wait_ms + 60_001.0));
        connection.rests(true, 0.0);
        assert!(!connection.is_stuck(1e9), "that is the other tab's business");
    }

    #[test]
    fn a_page_that_was_put_aside_goes_on_at_once_unless_nobody_wanted_a_stream() {
        let mut connection = live(0.0);
        connection.put_aside(1_000.0);
        assert!(connection.is_worth_renewing(1_000.0));
        let mut connection = Connection::default();
        connection.put_aside(1_000.0);
        assert!(connection.is_off());
    }

    #[test]
    fn who_lives_on_anothers_stream_is_in_trouble_when_that_one_is() {
        let mut connection = live(0.0);
        connection.rests(true, 1_000.0);
        assert!(connection.is_resting() && !connection.is_worth_renewing(1e9));
        assert!(!connection.is_in_trouble(60_000.0));
        connection.rests(false, 60_000.0);
        connection.rests(false, 62_000.0);
        assert!(!connection.is_in_trouble(62_999.0));
        assert!(connection.is_in_trouble(63_000.0));
        connection.rests(true, 64_000.0);
        assert!(!connection.is_in_trouble(70_000.0));
    }

    #[test]
    fn coming_back_renews_what_waits_or_is_suspiciously_silent_and_nothing_else() {
        assert!(!Connection::default().is_worth_renewing(1e9));
        let mut connection = live(0.0);
        assert!(!connection.is_worth_renewing(30_000.0));
        assert!(connection.is_worth_renewing(30_001.0));
        connection.closed(31_000.0, None, 1.0);
        assert!(connection.is_worth_renewing(31_000.0));
        connection.connecting(32_000.0);
        assert!(!connection.is_worth_renewing(42_000.0));
        assert!(connection.is_worth_renewing(42_001.0));
    }

    #[test]
    fn a_short_break_is_not_worth_a_notice() {
        let mut connection = live(0.0);
        connection.closed(1_000.0, None, 1.0);
        assert!(!connection.is_in_trouble(3_999.0));
        connection.connecting(2_000.0);
        assert!(connection.is_in_trouble(4_000.0));
        connection.heard(4_001.0);
        assert!(!connection.is_in_trouble(60_000.0));
    }
}
