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

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::io::Read as _;
    use std::process::Command;

    use nix::pty::openpty;

    use super::*;

    const NAME: &str = "commands::console::raw::tests::a_panic_gives_the_terminal_back";
    /// Set where the test is to panic: in a process with a terminal of its own.
    const PANICS: &str = "VBMC_TEST_PANICS";

    #[test]
    fn a_panic_gives_the_terminal_back() {
        if std::env::var_os(PANICS).is_some() {
            let _raw = Raw::begin().unwrap().expect("a terminal");
            panic!("on purpose");
        }
        let pty = openpty(None, None).unwrap();
        let before = tcgetattr(&pty.slave).unwrap();
        let end = || pty.slave.try_clone().unwrap();
        let mut panics = Command::new(std::env::current_exe().unwrap());
        panics
            .args(["--exact", "--nocapture", NAME])
            .env(PANICS, "yes")
            .env("RUST_BACKTRACE", "0")
            .stdin(end())
            .stdout(end())
            .stderr(end());
        assert_eq!(panics.status().unwrap().code(), Some(101));
        let after = tcgetattr(&pty.slave).unwrap();
        assert_eq!(format!("{after:?}"), format!("{before:?}"));
        // What it said waits in the terminal, which had its own modes again by then.
        let mut said = vec![0; 64 * 1024];
        let count = File::from(pty.master).read(&mut said).unwrap();
        let said = String::from_utf8_lossy(&said[..count]);
        assert!(said.contains("on purpose\r\n"), "{said:?}");
    }
}
