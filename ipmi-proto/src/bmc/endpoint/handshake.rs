//! Open Session, RAKP 1 and RAKP 3: how a session of IPMI 2.0 begins.

use alloc::vec::Vec;
use core::net::SocketAddr;

use rand_core::CryptoRng;

use super::{DropReason, Endpoint, Event};
use crate::bmc::Refusal;
use crate::bmc::handshake::{ExpectRakp1, ExpectRakp3};
use crate::bmc::pending::Stage;
use crate::handshake::{
    OpenSessionRequest, OpenSessionResponse, Opened, Rakp1, Rakp2, Rakp3, Rakp4, RakpStatus,
    RequestedPrivilege,
};
use crate::session::v20::{self, PayloadType};
use crate::wire::{Decode, DecodeError, Encode, Reader};
use crate::{Privilege, Time};

impl Endpoint {
    pub(super) fn open_session(
        &mut self,
        now: Time,
        peer: SocketAddr,
        payload: &[u8],
        rng: &mut impl CryptoRng,
        out: &mut Vec<u8>,
    ) -> Result<Event, DropReason> {
        let request = OpenSessionRequest::decode(payload)?;
        let result = self.open(now, peer, &request, rng);
        let response = OpenSessionResponse {
            tag: request.tag,
            console_id: request.console_id,
            result,
        };
        reply(PayloadType::OPEN_SESSION_RESPONSE, &response, out)
    }

    fn open(
        &mut self,
        now: Time,
        peer: SocketAddr,
        request: &OpenSessionRequest,
        rng: &mut impl CryptoRng,
    ) -> Result<Opened, RakpStatus> {
        let requested = request.requested().ok_or(RakpStatus::InvalidRole)?;
        let limits = &self.config.suite_limits;
        let usable = self.config.suites;
        let suite = request
            .proposal
            .choose(usable.filter(|suite| limits.of(suite).is_some()))
            .ok_or(RakpStatus::NoMatchingCipherSuite)?;
        if !self.sessions.has_room() {
            return Err(RakpStatus::InsufficientResources);
        }
        let privilege = match requested {
            RequestedPrivilege::Highest => Privilege::Administrator,
            RequestedPrivilege::UpTo(level) => level,
        };
        let bmc_id = self.free_id(rng).ok_or(RakpStatus::InsufficientResources)?;
        self.pending.insert(
            now,
            peer,
            bmc_id,
            Stage::Rakp1(ExpectRakp1 {
                console_id: request.console_id,
                bmc_id,
                suite,
            }),
        );
        Ok(Opened {
            privilege: privilege.bits(),
            bmc_id,
            suite,
        })
    }

    /// A session id that nobody can guess, and that is not in use. 0 means "outside a session".
    pub(super) fn free_id(&self, rng: &mut impl CryptoRng) -> Option<u32> {
        // At most 96 of 2^32 ids are taken: a second try is rare, and a third means a broken random source.
        (0..3)
            .map(|_| rng.next_u32())
            .find(|id| *id != 0 && !self.sessions.contains(*id) && !self.pending.contains(*id))
    }

    pub(super) fn rakp1(
        &mut self,
        now: Time,
        peer: SocketAddr,
        payload: &[u8],
        rng: &mut impl CryptoRng,
        out: &mut Vec<u8>,
    ) -> Result<Event, DropReason> {
        let id = HandshakeIds::decode(payload)?;
        let Some(mut pending) = self.pending.take(id.bmc_id) else {
            return Err(DropReason::UnknownSession);
        };
        if !self.handshakes.admit(now, peer.ip()) {
            self.pending.put_back(id.bmc_id, pending);
            return Err(DropReason::Throttled);
        }
        let console_id = match &pending.stage {
            Stage::Rakp1(expect) => expect.console_id,
            Stage::Rakp3(expect) => expect.console_id(),
            Stage::Activation(_) => {
                self.pending.put_back(id.bmc_id, pending);
                return Err(DropReason::UnknownSession);
            }
        };
        let result = match (Rakp1::decode(payload), pending.stage) {
            (Err(error), _) => Err(Rakp1::status_of(error)),
            (Ok(rakp1), _) if self.guesses.must_wait(now, peer.ip(), &rakp1.username) => {
                self.refused.push(peer, rakp1.username, Refusal::MustWait);
                Err(RakpStatus::InsufficientResources)
            }
            (Ok(rakp1), Stage::Rakp1(expect)) => {
                expect.rakp1(rakp1, &self.config, &self.decoy, rng)
            }
            (Ok(rakp1), Stage::Rakp3(expect)) if expect.repeats(&rakp1) => Ok(expect),
            // Another RAKP 1 for the same session: somebody interferes, or the console is confused. Start again.
            (Ok(_), _) => Err(RakpStatus::InvalidSessionId),
        };
        let rakp2 = match result {
            Ok(expect) => {
                let rakp2 = expect.rakp2(id.tag);
                pending.stage = Stage::Rakp3(expect);
                self.pending.put_back(id.bmc_id, pending);
                rakp2
            }
            Err(status) => Rakp2 {
                tag: id.tag,
                console_id,
                result: Err(status),
            },
        };
        reply(PayloadType::RAKP_2, &rakp2, out)
    }

    pub(super) fn rakp3(
        &mut self,
        now: Time,
        peer: SocketAddr,
        payload: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<Event, DropReason> {
        let rakp3 = Rakp3::decode(payload)?;
        let Some(pending) = self.pending.take(rakp3.bmc_id) else {
            return Err(DropReason::UnknownSession);
        };
        let Stage::Rakp3(expect) = pending.stage else {
            return Err(DropReason::PayloadType);
        };
        let username = expect.username();
        if rakp3.result.is_err() {
            // The console gives up; §13.23 wants no answer.
            self.refused.push(peer, username, Refusal::ByConsole);
            return Err(DropReason::UnknownSession);
        }
        let console_id = expect.console_id();
        let result = self.log_in(now, peer, expect, &rakp3);
        if let Err((_, reason)) = result {
            self.refused.push(peer, username, reason);
        }
        let result = result.map_err(|(status, _)| status);
        reply(
            PayloadType::RAKP_4,
            &Rakp4 {
                tag: rakp3.tag,
                console_id,
                result,
            },
            out,
        )
    }
}

impl Endpoint {
    /// Opens the session, if the console knows the password. Gives the check value for RAKP 4.
    fn log_in(
        &mut self,
        now: Time,
        peer: SocketAddr,
        expect: ExpectRakp3,
        rakp3: &Rakp3,
    ) -> Result<Vec<u8>, (RakpStatus, Refusal)> {
        let (source, username) = (peer.ip(), expect.username());
        // Also here: many handshakes may have come to this point at once.
        if self.guesses.must_wait(now, source, &username) {
            return Err((RakpStatus::InsufficientResources, Refusal::MustWait));
        }
        match expect.rakp3(rakp3, &self.config) {
            Ok((active, check)) => {
                self.guesses.forgive(source, &username);
                if !self.sessions.insert(now, peer, active) {
                    return Err((RakpStatus::InsufficientResources, Refusal::NoSlot));
                }
                self.handshakes.forgive(source);
                self.pending.excuse(source, &username);
                Ok(check)
            }
            Err(status @ RakpStatus::UnauthorizedRole) => Err((status, Refusal::Privilege)),
            Err(status) => {
                self.guesses.failed(now, source, username);
                Err((status, Refusal::Credentials))
            }
        }
    }
}

/// The fields that RAKP 1 starts with, readable also where the rest is not.
struct HandshakeIds {
    tag: u8,
    bmc_id: u32,
}

impl HandshakeIds {
    fn decode(payload: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(payload);
        let [tag, _, _, _] = r.array()?;
        Ok(Self {
            tag,
            bmc_id: r.u32()?,
        })
    }
}

fn reply(
    payload_type: PayloadType,
    message: &impl Encode,
    out: &mut Vec<u8>,
) -> Result<Event, DropReason> {
    v20::encode_sessionless(payload_type, out, |out| message.encode(out));
    Ok(Event::Reply)
}
