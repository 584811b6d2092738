//! Who has failed to log in lately: every wrong password makes the next try of that user from that source wait longer.
//!
//! It slows guessing down without a lock that could be turned against the user: whoever logs in from elsewhere never
//! notices. Names that do not exist count as others do, so that nothing can be learnt from it.

use alloc::vec::Vec;
use core::net::IpAddr;
use core::time::Duration;

use super::throttle::prefix;
use crate::Time;
use crate::handshake::Username;

/// How many wrong passwords cost nothing: people mistype, and scripts are set up wrong.
const FREE: u32 = 5;
/// How long the first wait is. Each further wrong password doubles it.
const FIRST_WAIT: Duration = Duration::from_secs(1);
/// How long a wait is at most.
const MAX_WAIT: Duration = Duration::from_secs(60);
/// After how long without another wrong password the earlier ones are forgotten.
const MEMORY: Duration = Duration::from_secs(15 * 60);
/// How many users at sources are remembered. Each takes about 56 bytes.
const MAX: usize = 64;

/// The failures. A source is an IPv4 address or an IPv6 /64.
#[derive(Debug, Default)]
pub(super) struct Guesses {
    entries: Vec<Entry>,
}

#[derive(Debug)]
struct Entry {
    source: u64,
    username: Username,
    failures: u32,
    last: Time,
}

impl Entry {
    fn wait(&self) -> Duration {
        match self.failures.checked_sub(FREE) {
            None => Duration::ZERO,
            Some(doublings) => FIRST_WAIT
                .saturating_mul(1u32.checked_shl(doublings).unwrap_or(u32::MAX))
                .min(MAX_WAIT),
        }
    }

    fn is(&self, source: u64, username: &Username) -> bool {
        self.source == source && self.username == *username
    }
}

impl Guesses {
    /// Whether the user has to wait before the next try from this source.
    pub(super) fn must_wait(&self, now: Time, source: IpAddr, username: &Username) -> bool {
        let source = prefix(source);
        self.entries
            .iter()
            .any(|entry| entry.is(source, username) && now < entry.last + entry.wait())
    }

    /// A password was wrong.
    pub(super) fn failed(&mut self, now: Time, source: IpAddr, username: Username) {
        let source = prefix(source);
        self.entries.retain(|entry| now.since(entry.last) < MEMORY);
        if let Some(entry) = self
            .entries
            .iter_mut()
            .find(|entry| entry.is(source, &username))
        {
            entry.failures = entry.failures.saturating_add(1);
            entry.last = now;
            return;
        }
        if self.entries.len() >= MAX {
            // The one with the fewest failures, and of these the oldest, is the least of a nuisance.
            let least = (0..)
                .zip(&self.entries)
                .min_by_key(|(_, entry)| (entry.failures, entry.last))
                .map(|(index, _)| index);
            if let Some(index) = least {
                self.entries.swap_remove(index);
            }
        }
        self.entries.push(Entry {
            source,
            username,
            failures: 1,
            last: now,
        });
    }

    /// The password was right.
    pub(super) fn forgive(&mut self, source: IpAddr, username: &Username) {
        let source = prefix(source);
        self.entries.retain(|entry| !entry.is(source, username));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: IpAddr = IpAddr::V4(core::net::Ipv4Addr::LOCALHOST);
    const ELSEWHERE: IpAddr = IpAddr::V4(core::net::Ipv4Addr::BROADCAST);

    fn name(number: u32) -> Username {
        Username::new(&number.to_be_bytes()).unwrap()
    }

    #[test]
    fn the_wait_grows_and_ends() {
        let mut guesses = Guesses::default();
        let mut now = Time::ORIGIN;
        let mut waits = Vec::new();
        for _ in 0..14 {
            assert!(!guesses.must_wait(now, SOURCE, &name(1)));
            guesses.failed(now, SOURCE, name(1));
            let start = now;
            while guesses.must_wait(now, SOURCE, &name(1)) {
                assert!(!guesses.must_wait(now, SOURCE, &name(2)), "another user");
                assert!(!guesses.must_wait(now, ELSEWHERE, &name(1)));
                now = now + Duration::from_secs(1);
            }
            waits.push(now.since(start).as_secs());
        }
        assert_eq!(waits, [0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60, 60, 60]);
        guesses.failed(now, SOURCE, name(1));
        assert!(guesses.must_wait(now, SOURCE, &name(1)));
        guesses.forgive(SOURCE, &name(1));
        assert!(!guesses.must_wait(now, SOURCE, &name(1)));
        assert!(guesses.entries.is_empty());
    }

    #[test]
    fn many_names_take_bounded_memory_and_do_not_free_a_nuisance() {
        let mut guesses = Guesses::default();
        let now = Time::ORIGIN;
        for _ in 0..20 {
            guesses.failed(now, SOURCE, name(0));
        }
        for number in 1..10_000 {
            guesses.failed(now, SOURCE, name(number));
            assert!(guesses.entries.len() <= MAX);
        }
        assert!(guesses.must_wait(now, SOURCE, &name(0)));
        guesses.failed(now + MEMORY, SOURCE, name(1));
        assert_eq!(guesses.entries.len(), 1, "the others are forgotten");
    }
}
