//! Passwords typed on the terminal, unseen.

use std::fs::File;
use std::io::{self, BufReader, Read, Write};

use anyhow::{Context as _, anyhow, bail};
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use vbmc_core::Secret;
use zeroize::Zeroizing;

use super::MAX_LEN;
use crate::lab::interrupt::Interrupted;

/// Asks for a password that is set already. The terminal is the process's own, wherever stdin and stdout go.
pub(crate) fn ask(question: &str) -> anyhow::Result<Secret> {
    let terminal = terminal().context(
        "cannot ask for a password without a terminal: put it into a file and name that with --password-file",
    )?;
    let unseen = Unseen::begin(terminal)?;
    (&unseen.terminal).write_all(format!("{question}: ").as_bytes())?;
    let typed = line(BufReader::new(&unseen.terminal).bytes());
    (&unseen.terminal).write_all(b"\n")?;
    typed
}

/// Asks for a password that is to be set: twice, since nobody sees what is typed.
pub(crate) fn ask_new(what: &str) -> anyhow::Result<Secret> {
    let first = ask(what)?;
    if ask(&format!("{what}, once more"))? != first {
        bail!("these are two passwords: nothing was changed");
    }
    Ok(first)
}

fn terminal() -> io::Result<File> {
    File::options().read(true).write(true).open("/dev/tty")
}

/// A terminal that shows nothing of what is typed, as long as this lives.
struct Unseen {
    terminal: File,
    before: Termios,
}

impl Unseen {
    fn begin(terminal: File) -> io::Result<Self> {
        let before = tcgetattr(&terminal)?;
        let mut modes = before.clone();
        // Ctrl-C comes as a key: a signal would leave the terminal as it is now.
        modes.local_modes -= LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG;
        tcsetattr(&terminal, OptionalActions::Flush, &modes)?;
        Ok(Self { terminal, before })
    }
}

impl Drop for Unseen {
    fn drop(&mut self) {
        // Nobody can be told if this fails.
        let _ = tcsetattr(&self.terminal, OptionalActions::Now, &self.before);
    }
}

/// One line of keys, with those that correct it.
fn line(keys: impl Iterator<Item = io::Result<u8>>) -> anyhow::Result<Secret> {
    let mut typed = Zeroizing::new(Vec::with_capacity(MAX_LEN));
    for key in keys {
        match key? {
            b'\r' | b'\n' => {
                let text = str::from_utf8(&typed).map_err(|_| anyhow!("that isn't UTF-8 text"))?;
                return Ok(Secret::new(text));
            }
            // Ctrl-C and Ctrl-\.
            0x03 | 0x1C => return Err(Interrupted.into()),
            // Ctrl-D.
            0x04 if typed.is_empty() => break,
            // Ctrl-U.
            0x15 => typed.clear(),
            // Backspace takes a whole character.
            0x08 | 0x7F => while typed.pop().is_some_and(|byte| byte & 0xC0 == 0x80) {},
            byte if typed.len() < MAX_LEN => typed.push(byte),
            _ => bail!("that is longer than {MAX_LEN} bytes"),
        }
    }
    bail!("no password was typed")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(keys: &[u8]) -> anyhow::Result<Secret> {
        line(keys.iter().map(|key| Ok(*key)))
    }

    #[test]
    fn keys_that_correct_do() {
        for (keys, meant) in [
            (&b"s3cret\r"[..], "s3cret"),
            (b"\n", ""),
            (b"s3cx\x7fret\n", "s3cret"),
            ("a\u{e9}\u{7f}b\n".as_bytes(), "ab"),
            (b"\x7f\x08a\n", "a"),
            (b"wrong\x15right\n", "right"),
        ] {
            assert_eq!(typed(keys).unwrap().reveal(), meant);
        }
    }

    #[test]
    fn what_is_no_password_is_none() {
        assert!(typed(b"s3c\x03").unwrap_err().is::<Interrupted>());
        assert!(typed(b"\x04").is_err());
        assert!(typed(b"s3c").is_err());
        assert!(typed(b"\xff\n").is_err());
        assert!(typed(&[b'a'; MAX_LEN + 1]).is_err());
    }
}
