//! Waiting for a condition: the only place in the tests that sleeps.

use std::thread;
use std::time::{Duration, Instant};

const POLL: Duration = Duration::from_millis(20);

/// Asks `condition` until it answers `Some`, and returns that. `what` completes "waited for ...".
///
/// # Panics
///
/// When it hasn't within `bound`.
#[track_caller]
pub fn wait_for<T>(what: &str, bound: Duration, mut condition: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + bound;
    loop {
        if let Some(value) = condition() {
            return value;
        }
        assert!(
            Instant::now() < deadline,
            "waited for {what}, in vain for {} s",
            bound.as_secs_f32()
        );
        thread::sleep(POLL);
    }
}
