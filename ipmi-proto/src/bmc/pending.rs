//! The pool of half-open sessions: bounded, short-lived, and apart from the active ones.

use alloc::vec::Vec;
use core::net::{IpAddr, SocketAddr};
use core::time::Duration;

use super::handshake::{ExpectActivation, ExpectRakp1, ExpectRakp3};
use crate::Time;
use crate::handshake::Username;

/// How many there are at most. A flood pushes out the oldest ones; a handshake that takes a few milliseconds gets
/// through all the same.
const MAX: usize = 64;
/// How many a source has at most, so that it pushes out its own ones first.
const MAX_PER_SOURCE: usize = 32;
/// How long a handshake may take. A console that lost a message starts again from Open Session.
pub(super) const LIFETIME: Duration = Duration::from_secs(10);

/// A half-open session.
#[derive(Debug)]
pub(super) struct Pending {
    peer: SocketAddr,
    opened: Time,
    /// Whether its end is nothing to tell of.
    excused: bool,
    pub(super) stage: Stage,
}

/// How far a handshake has come.
#[derive(Debug)]
#[allow(clippy::large_enum_variant, reason = "at most 64 of them, for 10 s")]
pub(super) enum Stage {
    Rakp1(ExpectRakp1),
    Rakp3(ExpectRakp3),
    /// Of IPMI 1.5.
    Activation(ExpectActivation),
}

/// The pool, by the session ids that this BMC gave out; the oldest one first.
#[derive(Debug, Default)]
pub(super) struct Pool {
    entries: Vec<(u32, Pending)>,
}

impl Pool {
    /// Takes a half-open session in, and lets another of its source, or of all, go for it where necessary.
    pub(super) fn insert(&mut self, now: Time, peer: SocketAddr, id: u32, stage: Stage) {
        let source = peer.ip();
        let of_source = self
            .entries
            .iter()
            .filter(|(_, pending)| pending.peer.ip() == source)
            .count();
        if of_source >= MAX_PER_SOURCE {
            self.evict(|pending| pending.peer.ip() == source);
        } else if self.entries.len() >= MAX {
            self.evict(|_| true);
        }
        self.entries.push((
            id,
            Pending {
                peer,
                opened: now,
                excused: false,
                stage,
            },
        ));
    }

    /// Lets the oldest one go; preferably one whose console never answered, since its address may be forged.
    fn evict(&mut self, among: impl Fn(&Pending) -> bool) {
        let oldest = |silent_only: bool| {
            self.entries.iter().position(|(_, pending)| {
                among(pending) && !(silent_only && matches!(pending.stage, Stage::Rakp3(_)))
            })
        };
        if let Some(index) = oldest(true).or_else(|| oldest(false)) {
            self.entries.remove(index);
        }
    }

    /// Takes the half-open session with this id out.
    pub(super) fn take(&mut self, id: u32) -> Option<Pending> {
        let index = self.entries.iter().position(|(known, _)| *known == id)?;
        let (_, pending) = self.entries.remove(index);
        Some(pending)
    }

    /// How far the half-open session with this id has come.
    pub(super) fn stage(&self, id: u32) -> Option<&Stage> {
        self.entries
            .iter()
            .find(|(known, _)| *known == id)
            .map(|(_, pending)| &pending.stage)
    }

    /// Puts a half-open session that was taken out back at a new stage. Its time goes on running.
    pub(super) fn put_back(&mut self, id: u32, pending: Pending) {
        let place = self
            .entries
            .partition_point(|(_, other)| other.opened <= pending.opened);
        self.entries.insert(place, (id, pending));
    }

    /// Whether an id is in use.
    pub(super) fn contains(&self, id: u32) -> bool {
        self.entries.iter().any(|(known, _)| *known == id)
    }

    /// When the next one expires.
    pub(super) fn next_expiry(&self) -> Option<Time> {
        self.entries
            .first()
            .map(|(_, pending)| pending.opened + LIFETIME)
    }

    /// Lets those go whose time is up. `given_up` hears of the logins among them whose console was sent RAKP 2, and fell
    /// silent.
    pub(super) fn expire(&mut self, now: Time, mut given_up: impl FnMut(SocketAddr, Username)) {
        let expired = |pending: &Pending| now.since(pending.opened) >= LIFETIME;
        for (_, pending) in self.entries.extract_if(.., |(_, pending)| expired(pending)) {
            if let Stage::Rakp3(expect) = pending.stage
                && !pending.excused
            {
                given_up(pending.peer, expect.username());
            }
        }
        if self.entries.is_empty() {
            // An idle BMC costs nothing.
            self.entries = Vec::new();
        }
    }

    /// A console of this source has got in as this user. Other handshakes of theirs go on, since logins may run side by
    /// side; but one that ends in silence may as well be the same login, begun anew for a lost datagram.
    pub(super) fn excuse(&mut self, source: IpAddr, username: &Username) {
        for (_, pending) in &mut self.entries {
            if let Stage::Rakp3(expect) = &pending.stage
                && pending.peer.ip() == source
                && expect.username() == *username
            {
                pending.excused = true;
            }
        }
    }

    /// Lets all go.
    pub(super) fn clear(&mut self) {
        self.entries = Vec::new();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::CipherSuite;

    fn stage(bmc_id: u32) -> Stage {
        Stage::Rakp1(ExpectRakp1 {
            console_id: 1,
            bmc_id,
            suite: CipherSuite::SUITE_17,
        })
    }

    #[test]
    fn a_source_pushes_out_its_own_and_a_flood_the_oldest() {
        let mut pool = Pool::default();
        let victim = SocketAddr::from(([127, 0, 0, 1], 1));
        let flooder = SocketAddr::from(([127, 0, 0, 2], 2));
        pool.insert(Time::ORIGIN, victim, 1, stage(1));
        for id in 2..1000 {
            pool.insert(Time::ORIGIN, flooder, id, stage(id));
        }
        assert!(pool.contains(1) && pool.contains(999));
        assert_eq!(pool.entries.len(), 1 + MAX_PER_SOURCE);
        for id in 1000..2000u32 {
            let peer = SocketAddr::from((id.to_be_bytes(), 3));
            pool.insert(Time::ORIGIN, peer, id, stage(id));
        }
        assert_eq!(pool.entries.len(), MAX);
        assert!(!pool.contains(1) && pool.contains(1999));
        pool.expire(Time::ORIGIN + LIFETIME, |_, _| panic!("no RAKP 2 was sent"));
        assert_eq!(pool.entries.capacity(), 0);
    }
}
