//! Points in time as the four APIs write them, all in UTC.

use jiff::{Timestamp as Time, fmt::temporal::DateTimePrinter, tz::Offset};
use shared::Timestamp;

const AS_NEEDED: DateTimePrinter = DateTimePrinter::new();
const MILLISECONDS: DateTimePrinter = DateTimePrinter::new().precision(Some(3));
const SEVEN_DIGITS: DateTimePrinter = DateTimePrinter::new().precision(Some(7));

fn time(at: Timestamp) -> Time {
    // A time that can't be written is one that no clock of ours has told.
    Time::from_microsecond(at.0).unwrap_or(Time::UNIX_EPOCH)
}

/// `2024-03-01T09:00:00Z`, with as many digits of the second's fraction as there are.
pub fn iso(at: Timestamp) -> String {
    AS_NEEDED.timestamp_to_string(&time(at))
}

/// `2017-11-11T10:17:10.655Z`
pub fn iso_milliseconds(at: Timestamp) -> String {
    MILLISECONDS.timestamp_to_string(&time(at))
}

/// `2025-01-18T07:52:37.0923950+00:00`
pub fn iso_seven_digits(at: Timestamp) -> String {
    SEVEN_DIGITS.timestamp_with_offset_to_string(&time(at), Offset::UTC)
}

/// `2017-11-11 12:45:53 UTC`
pub fn spaced(at: Timestamp) -> String {
    time(at).strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// Whole seconds since 1970.
pub const fn unix_seconds(at: Timestamp) -> i64 {
    at.0.div_euclid(1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_api_gets_its_own_spelling() {
        let at = Timestamp(1_510_395_430_655_000);
        assert_eq!(iso(at), "2017-11-11T10:17:10.655Z");
        assert_eq!(iso(Timestamp(1_709_283_600_000_000)), "2024-03-01T09:00:00Z");
        assert_eq!(iso_milliseconds(at), "2017-11-11T10:17:10.655Z");
        assert_eq!(iso_seven_digits(at), "2017-11-11T10:17:10.6550000+00:00");
        assert_eq!(spaced(at), "2017-11-11 10:17:10 UTC");
        assert_eq!(unix_seconds(at), 1_510_395_430);
    }
}
