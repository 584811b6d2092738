//! Keys as they are pressed: not echoed, and without waiting for Enter.

use std::io;
use std::sync::{Mutex, PoisonError};

use rustix::termios::{
    LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr,
};

/// How the terminal was; kept here, so that it can be put back from wherever the process ends.
static BEFORE: Mutex<Option<Termios>> = Mutex::new(None);

/// A key that means something to us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Key {
    Character(char),
    Enter,
    Escape,
    Up,
    Down,
    PageUp,
    PageDown,
    Home,
    End,
    /// Ctrl-C, which is no signal while keys are read.
    Interrupt,
}

/// Reads keys as long as it lives.
#[derive(Debug)]
pub(crate) struct Keyboard(());

impl Keyboard {
    /// None where stdin is no terminal, or somebody reads keys already.
    pub(crate) fn open() -> Option<Self> {
        let mut before = BEFORE.lock().unwrap_or_else(PoisonError::into_inner);
        if before.is_some() {
            return None;
        }
        let mut modes = tcgetattr(io::stdin()).ok()?;
        let old = modes.clone();
        // Output stays as it is: lines end with a mere newline wherever they come from.
        modes.local_modes -= LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG;
        // A read ends after a tenth of a second.
        modes.special_codes[SpecialCodeIndex::VMIN] = 0;
        modes.special_codes[SpecialCodeIndex::VTIME] = 1;
        tcsetattr(io::stdin(), OptionalActions::Drain, &modes).ok()?;
        *before = Some(old);
        Some(Self(()))
    }

    /// Waits for a key, but no longer than a tenth of a second; an error when the terminal is gone.
    pub(crate) fn next(&self) -> io::Result<Option<Key>> {
        // One read holds all of a key's bytes, and as a rule nothing else.
        let mut bytes = [0; 16];
        let length = rustix::io::read(io::stdin(), &mut bytes)?;
        Ok(key(bytes.get(..length).unwrap_or_default()))
    }
}

impl Drop for Keyboard {
    fn drop(&mut self) {
        restore();
    }
}

/// Makes the terminal's keyboard what it was.
pub(crate) fn restore() {
    let before = BEFORE.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let Some(before) = before {
        // Nobody can be told if this fails.
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &before);
    }
}

fn key(bytes: &[u8]) -> Option<Key> {
    Some(match bytes {
        [] => return None,
        [0x03 | 0x1c, ..] => Key::Interrupt,
        [b'\r' | b'\n', ..] => Key::Enter,
        b"\x1b" => Key::Escape,
        b"\x1b[A" | b"\x1bOA" => Key::Up,
        b"\x1b[B" | b"\x1bOB" => Key::Down,
        b"\x1b[5~" => Key::PageUp,
        b"\x1b[6~" => Key::PageDown,
        b"\x1b[H" | b"\x1bOH" | b"\x1b[1~" => Key::Home,
        b"\x1b[F" | b"\x1bOF" | b"\x1b[4~" => Key::End,
        [byte, ..] if (b' '..=b'~').contains(byte) => Key::Character(char::from(*byte)),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_told_apart() {
        for (bytes, expected) in [
            (&b""[..], None),
            (b"q", Some(Key::Character('q'))),
            (b"qq", Some(Key::Character('q'))),
            (b"\x03", Some(Key::Interrupt)),
            (b"\x1b", Some(Key::Escape)),
            (b"\x1b[A", Some(Key::Up)),
            (b"\x1b[1;5A", None),
            (b"\xff", None),
            (b"\r", Some(Key::Enter)),
        ] {
            assert_eq!(key(bytes), expected, "{bytes:?}");
        }
    }
}
