//! Active sessions and the slots they take.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::net::SocketAddr;

use rand_core::CryptoRng;

use super::handshake::ExpectActivation;
use super::replies::Replies;
use crate::command::app::{ActivateSession, ActivatedSession, UserId};
use crate::crypto::{Handshake, Protection};
use crate::handshake::Username;
use crate::session::Window;
use crate::session::v15::{self, AuthKey};
use crate::session::v20::{self, PayloadType};
use crate::{Privilege, Time, sol};

/// How many sessions are active at most: more than any set of clients of one machine needs. An authenticated console
/// alone can take one, and each ends after 60 s without a word.
pub(super) const MAX_SESSIONS: usize = 32;

/// An authenticated session. Its keys are cleared when it is dropped.
#[derive(Debug)]
pub(super) struct Active {
    /// The id by which the console calls it.
    pub(super) id: u32,
    pub(super) user: UserId,
    pub(super) username: Username,
    /// The level at present.
    pub(super) privilege: Privilege,
    /// The level up to which it may be raised.
    pub(super) limit: Privilege,
    pub(super) link: Link,
    pub(super) window: Window,
    /// The number of the last packet that was sent.
    sent: u32,
    pub(super) replies: Replies,
    /// The serial port, while the payload is active.
    pub(super) sol: Option<Box<sol::Port>>,
}

/// What makes the packets of a session.
#[derive(Debug)]
#[allow(clippy::large_enum_variant, reason = "sessions are boxed")]
pub(super) enum Link {
    V20 {
        /// The id by which the BMC calls the console.
        console_id: u32,
        protection: Protection,
    },
    V15 {
        key: AuthKey,
        /// Whether every packet is authenticated.
        every: bool,
        /// What it was activated with, in case that comes again.
        activation: ActivateSession,
        /// The answer to that.
        activated: ActivatedSession,
    },
}

/// An active session with what the table of sessions keeps beside it.
#[derive(Debug)]
pub(super) struct Slot {
    pub(super) session: Box<Active>,
    /// Where its last packet came from.
    pub(super) peer: SocketAddr,
    /// When its last packet came.
    pub(super) heard: Time,
}

impl Active {
    /// A session starts at USER level at most (§22.18).
    pub(super) fn new(
        handshake: &Handshake,
        user: UserId,
        limit: Privilege,
        protection: Protection,
    ) -> Self {
        Self {
            id: handshake.bmc_id,
            user,
            username: handshake.username,
            privilege: limit.min(Privilege::User),
            limit,
            link: Link::V20 {
                console_id: handshake.console_id,
                protection,
            },
            window: Window::default(),
            sent: 0,
            replies: Replies::default(),
            sol: None,
        }
    }

    /// A session of IPMI 1.5.
    pub(super) fn v15(
        expect: ExpectActivation,
        every: bool,
        activation: ActivateSession,
        activated: ActivatedSession,
    ) -> Self {
        Self {
            id: activated.id,
            user: expect.user,
            username: expect.username,
            privilege: activated.limit.min(Privilege::User),
            limit: activated.limit,
            link: Link::V15 {
                key: expect.key,
                every,
                activation,
                activated,
            },
            window: Window::v15(activated.inbound_sequence),
            // The answer to Activate Session has the number that the console asked for.
            sent: activation.outbound_sequence,
            replies: Replies::default(),
            sol: None,
        }
    }

    /// Appends a packet of this session to `out`. `write` appends its payload.
    pub(super) fn seal(
        &mut self,
        payload_type: PayloadType,
        rng: &mut impl CryptoRng,
        out: &mut Vec<u8>,
        write: impl FnOnce(&mut Vec<u8>),
    ) {
        // 0 is never valid inside a session.
        self.sent = self.sent.wrapping_add(1).max(1);
        match &self.link {
            Link::V20 {
                console_id,
                protection,
            } => v20::encode(
                payload_type,
                *console_id,
                self.sent,
                protection,
                rng,
                out,
                write,
            ),
            Link::V15 { key, every, .. } => {
                v15::encode(every.then_some(key), self.id, self.sent, out, write);
            }
        }
    }
}

/// The active sessions. A session keeps its slot, whose number plus one is its handle, until it ends.
#[derive(Debug, Default)]
pub(super) struct Sessions {
    slots: Vec<Option<Slot>>,
}

impl Sessions {
    /// Takes a session in; false when all slots are taken.
    pub(super) fn insert(&mut self, now: Time, peer: SocketAddr, session: Active) -> bool {
        let slot = Slot {
            session: Box::new(session),
            peer,
            heard: now,
        };
        if let Some(free) = self.slots.iter_mut().find(|slot| slot.is_none()) {
            *free = Some(slot);
        } else if self.slots.len() < MAX_SESSIONS {
            self.slots.push(Some(slot));
        } else {
            return false;
        }
        true
    }

    /// Whether another session can be taken in.
    pub(super) fn has_room(&self) -> bool {
        self.len() < MAX_SESSIONS
    }

    pub(super) fn get_mut(&mut self, id: u32) -> Option<&mut Slot> {
        self.slots
            .iter_mut()
            .flatten()
            .find(|slot| slot.session.id == id)
    }

    pub(super) fn contains(&self, id: u32) -> bool {
        self.slots
            .iter()
            .flatten()
            .any(|slot| slot.session.id == id)
    }

    /// How many are active.
    pub(super) fn len(&self) -> usize {
        self.slots.iter().flatten().count()
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Slot> {
        self.slots.iter_mut().flatten()
    }

    /// The sessions with their handles.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u8, &Slot)> {
        (1..)
            .zip(&self.slots)
            .filter_map(|(handle, slot)| Some((handle, slot.as_ref()?)))
    }

    /// Ends a session, and with it its keys. True if it was there.
    pub(super) fn remove(&mut self, id: u32) -> bool {
        let before = self.len();
        self.retain(|slot| slot.session.id != id);
        self.len() < before
    }

    /// Ends all sessions but those that `keep` names.
    pub(super) fn retain(&mut self, mut keep: impl FnMut(&Slot) -> bool) {
        for slot in &mut self.slots {
            if slot.as_ref().is_some_and(|slot| !keep(slot)) {
                *slot = None;
            }
        }
        if self.len() == 0 {
            // An idle BMC costs nothing.
            self.slots = Vec::new();
        }
    }
}
