//! Session sequence numbers of the packets that the console sends.

use super::Config;

/// A BMC takes numbers up to this far ahead of the highest one that it has seen.
const AHEAD: u32 = Config::MAX_WINDOW as u32;

/// Gives out numbers from 1 that come into the BMC's window again, whatever was lost.
///
/// Every packet takes the next number, a repeated request too. But when 15 packets on end are lost, all that follow are
/// too far ahead of what the BMC has seen, and the session would be dead. So after 15 numbers without an answer, the
/// same ones are used over again, and then others ahead of them: those were lost get in, and if it was the answers
/// that were lost, those ahead do. Each lap goes 15 further than the one before.
#[derive(Debug)]
pub(super) struct Outbound {
    /// The BMC has seen this number, or a higher one.
    seen: u32,
    /// How far ahead of it the last one given out is.
    ahead: u32,
    /// How far ahead the present lap goes.
    lap: u32,
}

impl Outbound {
    pub(super) const fn new() -> Self {
        Self {
            seen: 0,
            ahead: 0,
            lap: AHEAD,
        }
    }

    pub(super) const fn next(&mut self) -> u32 {
        if self.ahead < self.lap {
            self.ahead += 1;
        } else {
            self.ahead = 1;
            self.lap = self.lap.saturating_add(AHEAD);
        }
        // Numbers wrap around past 0, which is never valid inside a session.
        if self.seen.wrapping_add(self.ahead) == 0 {
            self.ahead += 1;
        }
        self.seen.wrapping_add(self.ahead)
    }

    /// The BMC has answered a request, and `number` was the lowest one that the request was sent with.
    pub(super) const fn acknowledge(&mut self, number: u32) {
        let further = number.wrapping_sub(self.seen);
        if further <= self.lap {
            self.seen = number;
            self.ahead = self.ahead.saturating_sub(further);
            self.lap = AHEAD;
        }
    }
}

/// The one of two numbers given out close to each other that came first.
pub(super) const fn lower(a: u32, b: u32) -> u32 {
    if a.wrapping_sub(b) < u32::MAX / 2 {
        b
    } else {
        a
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::Window;

    fn gets_in(window: &mut Window, number: u32) -> bool {
        window
            .check(number)
            .map(|admission| window.commit(admission))
            .is_ok()
    }

    #[test]
    fn answered_packets_count_up() {
        let mut outbound = Outbound::new();
        for expected in 1..100 {
            let number = outbound.next();
            assert_eq!(number, expected);
            outbound.acknowledge(number);
        }
    }

    #[test]
    fn numbers_go_on_counting_while_a_full_window_is_in_flight() {
        let mut outbound = Outbound::new();
        let sent: std::vec::Vec<u32> = (0..15).map(|_| outbound.next()).collect();
        for number in [sent[4], sent[0], sent[2]] {
            outbound.acknowledge(number);
        }
        assert_eq!(outbound.next(), 16);
    }

    #[test]
    fn a_session_survives_lost_packets_and_lost_answers() {
        for lost in 0..60 {
            for arrived in [false, true] {
                let (mut outbound, mut window) = (Outbound::new(), Window::default());
                for _ in 0..lost {
                    let number = outbound.next();
                    if arrived {
                        gets_in(&mut window, number);
                    }
                }
                let through = (0..100).any(|_| gets_in(&mut window, outbound.next()));
                assert!(through, "{lost} lost, arrived: {arrived}");
            }
        }
    }

    #[test]
    fn numbers_wrap_around_past_zero() {
        let mut outbound = Outbound::new();
        outbound.seen = u32::MAX - 1;
        assert_eq!([outbound.next(), outbound.next()], [u32::MAX, 1]);
        outbound.acknowledge(1);
        assert_eq!(outbound.next(), 2);
        assert_eq!(lower(u32::MAX, 1), u32::MAX);
        assert_eq!(lower(1, u32::MAX), u32::MAX);
        assert_eq!(lower(3, 2), 2);
    }
}
