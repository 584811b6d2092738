//! The serial ports of the sessions.
//!
//! Who may activate the payload, and on how many sessions at once, is the driver's decision: it answers Activate Payload.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::net::SocketAddr;

use rand_core::CryptoRng;

use super::{DropReason, Endpoint, Event};
use crate::Time;
use crate::bmc::session::{Active, Link};
use crate::crypto::{Confidentiality, Integrity};
use crate::session::v20::PayloadType;
use crate::sol::{Config, Packet, Port, Role};

/// Why a session's serial port is deactivated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deactivation {
    /// Its own console asked for it, and has its answer.
    Asked,
    /// Anything else: another console takes over, or the BMC ends it. The console is told.
    Taken,
}

/// How the payloads of a session are protected: by its cipher suite, all alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PayloadProtection {
    /// They are encrypted.
    pub encrypted: bool,
    /// They are signed.
    pub authenticated: bool,
}

impl Endpoint {
    /// How the payloads of a session are protected; none where it has ended, or is one of IPMI 1.5, which has no payloads.
    #[must_use]
    pub fn payload_protection(&self, session: u32) -> Option<PayloadProtection> {
        let mut sessions = self.sessions.iter();
        let (_, slot) = sessions.find(|(_, slot)| slot.session.id == session)?;
        match &slot.session.link {
            Link::V20 { protection, .. } => Some(PayloadProtection {
                encrypted: protection.confidentiality.algorithm() != Confidentiality::None,
                authenticated: protection.integrity.algorithm() != Integrity::None,
            }),
            Link::V15 { .. } => None,
        }
    }

    /// Gives a session a serial port; one that it had is forgotten. False when the session has ended, or is one of
    /// IPMI 1.5, which has no payloads.
    ///
    /// Call it before the answer to Activate Payload is sent: the console may speak as soon as it has that.
    pub fn activate_sol(&mut self, session: u32, config: Config) -> bool {
        match self.sessions.get_mut(session) {
            Some(slot) if matches!(slot.session.link, Link::V20 { .. }) => {
                slot.session.sol = Some(Box::new(Port::new(Role::Bmc, config)));
                true
            }
            _ => false,
        }
    }

    /// Takes a session's serial port away. False when it had none. Call [`poll_sol`](Self::poll_sol) after it.
    pub fn deactivate_sol(&mut self, session: u32, reason: Deactivation) -> bool {
        let Some(slot) = self.sessions.get_mut(session) else {
            return false;
        };
        let active = slot
            .session
            .sol
            .as_ref()
            .is_some_and(|port| !port.is_deactivated());
        match (reason, &mut slot.session.sol) {
            (Deactivation::Taken, Some(port)) => port.deactivate(),
            (_, port) => *port = None,
        }
        active
    }

    /// A session's serial port, if the payload is active. After a change, call [`poll_sol`](Self::poll_sol).
    pub fn sol_mut(&mut self, session: u32) -> Option<&mut Port> {
        let port = self.sessions.get_mut(session)?.session.sol.as_deref_mut();
        port.filter(|port| !port.is_deactivated())
    }

    /// The sessions on which the payload is active. One that is closed or expires is not among them any more.
    pub fn sol_sessions(&self) -> impl Iterator<Item = u32> {
        self.sessions
            .iter()
            .filter(|(_, slot)| {
                let port = slot.session.sol.as_ref();
                port.is_some_and(|port| !port.is_deactivated())
            })
            .map(|(_, slot)| slot.session.id)
    }

    /// The next packet of a serial port, and where to send it. `out` is cleared and then holds the datagram.
    ///
    /// Call it until it answers none: after [`handle`](Self::handle) and
    /// [`handle_timeout`](Self::handle_timeout), and after every change to a port.
    pub fn poll_sol(
        &mut self,
        now: Time,
        rng: &mut impl CryptoRng,
        out: &mut Vec<u8>,
    ) -> Option<SocketAddr> {
        out.clear();
        let peer = self.sessions.iter_mut().find_map(|slot| {
            let mut port = slot.session.sol.take()?;
            let mut send = None;
            if let Some(packet) = port.poll_transmit(now) {
                slot.session
                    .seal(PayloadType::SOL, rng, out, |out| packet.encode(out));
                send = Some(slot.peer);
            }
            slot.session.sol = Some(port).filter(|port| !port.is_closed());
            send
        })?;
        self.traffic.sent();
        Some(peer)
    }

    /// When a port wants [`poll_sol`](Self::poll_sol) to be called.
    pub(super) fn sol_timeout(&self) -> Option<Time> {
        self.sessions
            .iter()
            .filter_map(|(_, slot)| slot.session.sol.as_ref()?.poll_timeout())
            .min()
    }
}

impl Active {
    /// Takes a SOL payload in. Without a port nothing is there to speak to.
    pub(super) fn sol(&mut self, now: Time, payload: &[u8]) -> Result<Event, DropReason> {
        let port = self.sol.as_mut().ok_or(DropReason::PayloadType)?;
        port.handle(now, &Packet::decode(payload, Role::Console)?);
        Ok(Event::Sol { session: self.id })
    }
}
