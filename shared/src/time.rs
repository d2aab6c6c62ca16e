//! Points in time.

use serde::{Deserialize, Serialize};

/// Microseconds since 1970-01-01T00:00:00Z, as an integer, on the wire and in the database.
///
/// Until the year 2255 such a number is exact in JavaScript too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// From whole milliseconds since 1970, as browsers count them.
    pub const fn from_unix_ms(unix_ms: i64) -> Self {
        Self(unix_ms.saturating_mul(1000))
    }

    /// Whole milliseconds since 1970, rounded down.
    pub const fn unix_ms(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// This time and `seconds` more.
    #[must_use]
    pub const fn plus_seconds(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds.saturating_mul(1_000_000)))
    }
}
