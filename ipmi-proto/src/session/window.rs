//! The sequence window, §13.22 (inbound session sequence numbers): lets every packet in at most once.

/// How far ahead of the highest number a packet of IPMI 2.0 may be.
const AHEAD: u32 = 15;
/// How far behind the highest number a packet of IPMI 2.0 may be.
const BEHIND: u32 = 16;
/// How far from the highest number a packet of IPMI 1.5 may be, either way (§6.12.12).
const EITHER_WAY_V15: u32 = 8;

/// Which sequence numbers were received: the highest one, and a bit for each of those just below it.
///
/// Numbers start at 1; 0 is never valid inside a session. They may wrap around.
#[derive(Debug, Clone)]
pub struct Window {
    highest: u32,
    /// Bit n stands for `highest - n`.
    seen: u32,
    ahead: u32,
    behind: u32,
}

/// A number that may come in, if its packet turns out to be genuine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "nothing is recorded until it is committed"]
pub struct Admission(u32);

/// Why a number may not come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Replay {
    /// The number was received before.
    #[error("the sequence number was received before")]
    Duplicate,
    /// The number is too far behind the highest one received, or 0.
    #[error("the sequence number is too old")]
    TooOld,
    /// The number is too far ahead of the highest one received.
    #[error("the sequence number is too far ahead")]
    TooNew,
}

impl Default for Window {
    /// Before the first packet: nothing below 1 may ever come in.
    fn default() -> Self {
        Self {
            highest: 0,
            seen: u32::MAX,
            ahead: AHEAD,
            behind: BEHIND,
        }
    }
}

impl Window {
    /// The window of an IPMI 1.5 session whose first number is `first`: nothing below it may ever come in.
    #[must_use]
    pub const fn v15(first: u32) -> Self {
        Self {
            highest: first.wrapping_sub(1),
            seen: u32::MAX,
            ahead: EITHER_WAY_V15,
            behind: EITHER_WAY_V15,
        }
    }

    /// Whether a packet with this number may come in. Changes nothing: the packet is not authenticated yet.
    ///
    /// # Errors
    ///
    /// [`Replay`].
    pub const fn check(&self, number: u32) -> Result<Admission, Replay> {
        let ahead = number.wrapping_sub(self.highest);
        let behind = self.highest.wrapping_sub(number);
        if number == 0 {
            Err(Replay::TooOld)
        } else if ahead != 0 && ahead <= self.ahead {
            Ok(Admission(number))
        } else if behind <= self.behind {
            if self.seen >> behind & 1 == 0 {
                Ok(Admission(number))
            } else {
                Err(Replay::Duplicate)
            }
        } else if behind < u32::MAX / 2 {
            Err(Replay::TooOld)
        } else {
            Err(Replay::TooNew)
        }
    }

    /// Records a number whose packet was authenticated.
    pub const fn commit(&mut self, Admission(number): Admission) {
        let ahead = number.wrapping_sub(self.highest);
        if ahead <= self.ahead {
            self.highest = number;
            self.seen = self.seen << ahead | 1;
        } else {
            let behind = self.highest.wrapping_sub(number);
            if behind <= self.behind {
                self.seen |= 1 << behind;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn receive(window: &mut Window, number: u32) -> Result<(), Replay> {
        window
            .check(number)
            .map(|admission| window.commit(admission))
    }

    #[test]
    fn each_number_once() {
        let mut window = Window::default();
        assert_eq!(receive(&mut window, 0), Err(Replay::TooOld));
        for number in [1, 2, 5, 3, 20] {
            assert_eq!(receive(&mut window, number), Ok(()), "{number}");
            assert_eq!(
                receive(&mut window, number),
                Err(Replay::Duplicate),
                "{number}"
            );
        }
        assert_eq!(receive(&mut window, 4), Ok(()), "16 behind");
        assert_eq!(receive(&mut window, 3), Err(Replay::TooOld), "17 behind");
        assert_eq!(receive(&mut window, 36), Err(Replay::TooNew), "16 ahead");
        assert_eq!(receive(&mut window, 35), Ok(()), "15 ahead");
    }

    #[test]
    fn a_session_cannot_start_far_ahead_nor_behind() {
        let window = Window::default();
        assert_eq!(window.check(16), Err(Replay::TooNew));
        assert_eq!(window.check(u32::MAX), Err(Replay::Duplicate));
        assert_eq!(window.check(u32::MAX - 17), Err(Replay::TooOld));
    }

    #[test]
    fn sessions_of_1_5_have_a_narrower_window_that_begins_anywhere() {
        let mut window = Window::v15(100);
        assert_eq!(receive(&mut window, 99), Err(Replay::Duplicate));
        assert_eq!(receive(&mut window, 90), Err(Replay::TooOld));
        assert_eq!(receive(&mut window, 108), Err(Replay::TooNew));
        for number in [107, 100, 115, 108] {
            assert_eq!(receive(&mut window, number), Ok(()), "{number}");
        }
        assert_eq!(receive(&mut window, 106), Err(Replay::TooOld));
        assert_eq!(receive(&mut window, 124), Err(Replay::TooNew));
        let mut window = Window::v15(1);
        assert_eq!(receive(&mut window, 1), Ok(()));
    }

    #[test]
    fn numbers_wrap_around() {
        let mut window = Window {
            highest: u32::MAX - 1,
            seen: 1,
            ..Window::default()
        };
        for number in [u32::MAX, 2, 1] {
            assert_eq!(receive(&mut window, number), Ok(()), "{number:X}");
            assert_eq!(
                receive(&mut window, number),
                Err(Replay::Duplicate),
                "{number:X}"
            );
        }
    }

    #[test]
    fn a_packet_that_was_not_genuine_does_not_use_up_its_number() {
        let mut window = Window::default();
        let _forged = window.check(1);
        assert_eq!(receive(&mut window, 1), Ok(()));
    }
}
