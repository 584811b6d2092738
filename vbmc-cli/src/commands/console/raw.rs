//! The terminal: keys as they are pressed, for the machine to interpret, and the terminal as it was afterwards.

use std::io;
use std::panic;
use std::sync::{Mutex, Once, PoisonError};

use rustix::termios::{OptionalActions, Termios, isatty, tcgetattr, tcsetattr};

/// How the terminal was; here, so that it can be put back from wherever the process ends.
static BEFORE: Mutex<Option<Termios>> = Mutex::new(None);

/// A terminal that interprets nothing, as long as this lives.
#[derive(Debug)]
pub(super) struct Raw(());

impl Raw {
    /// None where stdin is no terminal.
    pub(super) fn begin() -> io::Result<Option<Self>> {
        if !isatty(io::stdin()) {
            return Ok(None);
        }
        let before = tcgetattr(io::stdin())?;
        let mut modes = before.clone();
        modes.make_raw();
        restore_on_panic();
        *BEFORE.lock().unwrap_or_else(PoisonError::into_inner) = Some(before);
        let raw = Self(());
        tcsetattr(io::stdin(), OptionalActions::Drain, &modes)?;
        Ok(Some(raw))
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        restore();
    }
}

fn restore() {
    let before = BEFORE.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let Some(before) = before {
        // Nobody can be told if this fails.
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &before);
    }
}

/// The message of a panic is to be read, too.
fn restore_on_panic() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let usual = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            restore();
            usual(info);
        }));
    });
}
