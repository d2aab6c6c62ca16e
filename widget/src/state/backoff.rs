//! How long to wait before the next try.

/// The longest wait between two tries.
pub const MAX_MS: f64 = 30_000.0;
const FIRST_MS: f64 = 500.0;
/// The longest that a server is given when it asks for a wait: what a mistaken proxy says must not end a chat.
const ASKED_MAX_MS: f64 = 300_000.0;

/// `random * min(30 s, 0.5 s * 2^n_failures)`, `random` being from 0 to 1: full jitter, so that clients which lost their
/// server at the same moment don't all come back at the same moment.
pub fn delay_ms(n_failures: u32, random: f64) -> f64 {
    random.clamp(0.0, 1.0) * (FIRST_MS * f64::from(1_u32 << n_failures.min(6))).min(MAX_MS)
}

/// The wait that a server asks for, as it is kept.
pub fn asked_ms(wait_ms: f64) -> f64 {
    wait_ms.clamp(0.0, ASKED_MAX_MS)
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;

    #[test]
    fn the_bound_doubles_up_to_half_a_minute() {
        let bounds: Vec<f64> = (0..8).map(|n| delay_ms(n, 1.0)).collect();
        assert_eq!(bounds, [500.0, 1_000.0, 2_000.0, 4_000.0, 8_000.0, 16_000.0, 30_000.0, 30_000.0]);
        assert!((delay_ms(u32::MAX, 1.0) - MAX_MS).abs() < 1.0);
    }

    #[test]
    fn the_wait_is_anything_from_nothing_to_the_bound() {
        assert!(delay_ms(9, 0.0).abs() < f64::EPSILON);
        assert!((delay_ms(1, 0.25) - 250.0).abs() < f64::EPSILON);
    }

    #[test]
    fn a_server_gets_the_wait_it_asks_for_within_reason() {
        let waits: Vec<f64> = [-1.0, 1_500.0, 86_400_000.0].into_iter().map(asked_ms).collect();
        assert_eq!(waits, [0.0, 1_500.0, 300_000.0]);
    }
}
