//! What is typed: keys for the machine, and commands for us behind a `~` at the start of a line, as with ssh.

/// Something that was typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Typed {
    /// These bytes are the machine's.
    Keys(Vec<u8>),
    /// `~.`: leave.
    Leave,
    /// `~B`: a break.
    Break,
    /// `~?`: what can be typed.
    Help,
    /// `~` and Ctrl-Z: back to the shell for a while.
    Suspend,
}

/// Finds commands among keys.
#[derive(Debug)]
pub(super) struct Escapes {
    place: Place,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    LineStart,
    InLine,
    /// Behind a `~` that was at the start of a line, and which the machine does not have yet.
    Tilde,
}

const CTRL_Z: u8 = 0x1A;

impl Escapes {
    pub(super) const fn new() -> Self {
        Self {
            place: Place::LineStart,
        }
    }

    /// Takes what was typed apart.
    pub(super) fn take(&mut self, bytes: &[u8]) -> Vec<Typed> {
        let mut typed = Vec::new();
        let mut keys = Vec::new();
        for &byte in bytes {
            let command = match (self.place, byte) {
                (Place::LineStart, b'~') => {
                    self.place = Place::Tilde;
                    continue;
                }
                (Place::Tilde, b'.') => Some(Typed::Leave),
                (Place::Tilde, b'B') => Some(Typed::Break),
                (Place::Tilde, b'?') => Some(Typed::Help),
                (Place::Tilde, CTRL_Z) => Some(Typed::Suspend),
                // Twice is once for the machine.
                (Place::Tilde, b'~') => None,
                (Place::Tilde, _) => {
                    keys.push(b'~');
                    None
                }
                _ => None,
            };
            match command {
                Some(command) => {
                    self.place = Place::LineStart;
                    flush(&mut keys, &mut typed);
                    typed.push(command);
                }
                None => {
                    keys.push(byte);
                    self.place = match byte {
                        b'\r' | b'\n' => Place::LineStart,
                        _ => Place::InLine,
                    };
                }
            }
        }
        flush(&mut keys, &mut typed);
        typed
    }
}

fn flush(keys: &mut Vec<u8>, typed: &mut Vec<Typed>) {
    if !keys.is_empty() {
        typed.push(Typed::Keys(std::mem::take(keys)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(text: &[u8]) -> Typed {
        Typed::Keys(text.to_vec())
    }

    #[test]
    fn commands_stand_at_the_start_of_a_line() {
        let mut escapes = Escapes::new();
        assert_eq!(escapes.take(b"~?"), [Typed::Help]);
        assert_eq!(escapes.take(b"a~.\r"), [keys(b"a~.\r")]);
        assert_eq!(escapes.take(b"~"), []);
        assert_eq!(escapes.take(b"."), [Typed::Leave]);
        assert_eq!(
            escapes.take(b"ls\r~Bx"),
            [keys(b"ls\r"), Typed::Break, keys(b"x")]
        );
        assert_eq!(escapes.take(b"\n~\x1a"), [keys(b"\n"), Typed::Suspend]);
    }

    #[test]
    fn other_tildes_are_the_machine_s() {
        let mut escapes = Escapes::new();
        assert_eq!(escapes.take(b"~/bin"), [keys(b"~/bin")]);
        assert_eq!(escapes.take(b"\r~~."), [keys(b"\r~.")]);
        assert_eq!(escapes.take(b"\r~\r~."), [keys(b"\r~\r"), Typed::Leave]);
    }
}
