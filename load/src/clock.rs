//! The one place of this program that reads the time of day. Time that passes is measured with tokio's `Instant`.

use std::time::{SystemTime, UNIX_EPOCH};

/// Milliseconds since 1970, as the panel's state counts them.
#[expect(clippy::disallowed_methods, reason = "visitors live in real time")]
pub fn now_ms() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64() * 1000.0
}
