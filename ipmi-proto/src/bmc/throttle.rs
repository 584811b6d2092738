//! A budget per source for datagrams that prove nothing and are answered with more than they hold: presence pings and
//! RAKP 1.
//!
//! It bounds what a forged source address can be made to receive, how many hashes for offline guessing a source gets
//! (CVE-2013-4786), and how fast passwords can be tried. A source that completes a handshake gets its budget back, so
//! no client that knows a password ever notices. Messages whose answers are no longer than themselves cost nothing:
//! otherwise a flood of them would shut out whoever shares the flooder's address.

use alloc::vec::Vec;
use core::net::IpAddr;
use core::time::Duration;

use crate::Time;

/// How many datagrams a source may send at once: more handshakes than any pool of clients has under way.
const BURST: u32 = 256;
/// After how long one of them is given back: 64 datagrams a second, of less than 100 bytes each.
const REFILL: Duration = Duration::from_micros(15_625);
/// How many sources are remembered. Each takes about 40 bytes.
const MAX_SOURCES: usize = 64;

/// The budgets. A source is an IPv4 address or an IPv6 /64.
#[derive(Debug, Default)]
pub(super) struct Throttle {
    sources: Vec<Source>,
}

#[derive(Debug)]
struct Source {
    prefix: u64,
    left: u32,
    /// When `left` was last brought up to date.
    at: Time,
}

impl Throttle {
    /// Takes one datagram from the source's budget; false when there is none left.
    pub(super) fn admit(&mut self, now: Time, source: IpAddr) -> bool {
        let prefix = prefix(source);
        let source = match self.sources.iter().position(|known| known.prefix == prefix) {
            Some(index) => self.sources.get_mut(index),
            None => {
                self.make_room(now);
                self.sources.push(Source {
                    prefix,
                    left: BURST,
                    at: now,
                });
                self.sources.last_mut()
            }
        };
        let Some(source) = source else { return false };
        source.refill(now);
        match source.left.checked_sub(1) {
            Some(left) => source.left = left,
            None => return false,
        }
        true
    }

    /// Gives the source its whole budget back.
    pub(super) fn forgive(&mut self, source: IpAddr) {
        let prefix = prefix(source);
        self.sources.retain(|known| known.prefix != prefix);
    }

    /// Forgets those whose budget is full again, and where nobody's is, the one that has most left: it is the least
    /// of a nuisance.
    fn make_room(&mut self, now: Time) {
        if self.sources.len() < MAX_SOURCES {
            return;
        }
        self.sources
            .iter_mut()
            .for_each(|source| source.refill(now));
        self.sources.retain(|source| source.left < BURST);
        if self.sources.len() >= MAX_SOURCES {
            let most = (0..)
                .zip(&self.sources)
                .max_by_key(|(_, source)| source.left)
                .map(|(index, _)| index);
            if let Some(index) = most {
                self.sources.swap_remove(index);
            }
        }
    }
}

impl Source {
    fn refill(&mut self, now: Time) {
        let periods = now.since(self.at).as_micros() / REFILL.as_micros();
        let periods = u32::try_from(periods).unwrap_or(u32::MAX);
        self.left = self.left.saturating_add(periods).min(BURST);
        self.at = if self.left == BURST {
            now
        } else {
            self.at + REFILL.saturating_mul(periods)
        };
    }
}

/// Whoever has one IPv6 address has the rest of its /64 too.
pub(super) fn prefix(source: IpAddr) -> u64 {
    match source.to_canonical() {
        IpAddr::V4(address) => u64::from(address.to_bits()),
        IpAddr::V6(address) => (address.to_bits() >> 64) as u64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: IpAddr = IpAddr::V4(core::net::Ipv4Addr::LOCALHOST);

    fn at(millis: u64) -> Time {
        Time::from_origin(Duration::from_millis(millis))
    }

    #[test]
    fn a_source_gets_its_burst_and_then_its_rate() {
        let mut throttle = Throttle::default();
        let admitted = (0..1000).filter(|_| throttle.admit(at(0), SOURCE)).count();
        assert_eq!(admitted, 256);
        let admitted = (0..1000)
            .filter(|_| throttle.admit(at(1000), SOURCE))
            .count();
        assert_eq!(admitted, 64);
        throttle.forgive(SOURCE);
        assert!(throttle.admit(at(1000), SOURCE));
    }

    #[test]
    fn many_sources_take_bounded_memory_and_do_not_free_a_nuisance() {
        let mut throttle = Throttle::default();
        while throttle.admit(at(0), SOURCE) {}
        for address in 0..10_000u128 {
            assert!(throttle.admit(at(0), IpAddr::V6((address << 64 | 1 << 125).into())));
            assert!(throttle.sources.len() <= MAX_SOURCES);
        }
        assert!(!throttle.admit(at(0), SOURCE));
    }
}
