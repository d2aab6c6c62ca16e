//! Who is typing, on either side. Nothing here is ever stored.

use shared::limits::{TYPING_EVERY_MS, TYPING_EXPIRES_MS};

/// When the visitor's own typing was last told to the server.
#[derive(Clone, Copy, Debug, Default)]
pub struct OwnTyping {
    told_at_ms: Option<f64>,
}

impl OwnTyping {
    /// Whether a key pressed now is worth a request.
    pub fn key_pressed(&mut self, now_ms: f64) -> bool {
        let is_due =
            self.told_at_ms.is_none_or(|told_at_ms| now_ms - told_at_ms >= f64::from(TYPING_EVERY_MS));
        if is_due {
            self.told_at_ms = Some(now_ms);
        }
        is_due
    }

    /// A message was sent, which ends the typing: the next key is news again.
    pub fn sent(&mut self) {
        self.told_at_ms = None;
    }
}

/// What the other side is doing.
#[derive(Clone, Debug, Default)]
pub struct OtherTyping {
    expires_at_ms: f64,
    name: Option<String>,
}

impl OtherTyping {
    pub fn started(&mut self, name: Option<String>, now_ms: f64) {
        self.expires_at_ms = now_ms + f64::from(TYPING_EXPIRES_MS);
        self.name = name;
    }

    pub fn stopped(&mut self) {
        self.expires_at_ms = 0.0;
    }

    /// The name of whoever types now, if somebody does; the inner `None` is somebody without a name.
    pub fn who(&self, now_ms: f64) -> Option<Option<&str>> {
        (now_ms < self.expires_at_ms).then_some(self.name.as_deref())
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;

    #[test]
    fn own_typing_is_told_at_most_every_three_seconds() {
        let mut own = OwnTyping::default();
        let told: Vec<bool> = [0.0, 1_000.0, 2_999.0, 3_000.0, 3_001.0]
            .into_iter()
            .map(|now_ms| own.key_pressed(now_ms))
            .collect();
        assert_eq!(told, [true, false, false, true, false]);
        own.sent();
        assert!(own.key_pressed(3_002.0));
    }

    #[test]
    fn the_other_sides_typing_ends_by_itself_after_five_seconds() {
        let mut other = OtherTyping::default();
        assert_eq!(other.who(0.0), None);
        other.started(Some("Robin".into()), 1_000.0);
        assert_eq!(other.who(5_999.0), Some(Some("Robin")));
        assert_eq!(other.who(6_000.0), None);
        other.started(None, 6_000.0);
        assert_eq!(other.who(6_001.0), Some(None));
        other.stopped();
        assert_eq!(other.who(6_002.0), None);
    }
}
