//! Taking turns: tests that need the whole machine run one at a time, whatever runs them (threads of one process, or a
//! process each).

use std::fs::File;

use nix::fcntl::{Flock, FlockArg};

use crate::build::target_dir;

/// The turn of a heavy test; ends when dropped.
#[derive(Debug)]
#[must_use = "the turn ends when this is dropped"]
pub struct Turn {
    _lock: Flock<File>,
}

/// Waits until no other heavy test runs.
///
/// # Panics
///
/// When the lock file cannot be made.
pub fn heavy() -> Turn {
    locked("heavy-tests")
}

/// Waits until nobody else holds the turn called `name`.
///
/// # Panics
///
/// When the lock file cannot be made.
pub(crate) fn locked(name: &str) -> Turn {
    let path = target_dir().join(format!("{name}.lock"));
    let file = File::create(&path).expect("a lock file in target/");
    let lock = Flock::lock(file, FlockArg::LockExclusive)
        .map_err(|(_, error)| error)
        .expect("the lock");
    Turn { _lock: lock }
}
