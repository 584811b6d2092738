//! IPMI 1.5 sessions: Get Session Challenge, Activate Session (§22.16, §22.17), and the packets that follow.

use alloc::vec::Vec;
use core::net::SocketAddr;

use rand_core::CryptoRng;
use subtle::ConstantTimeEq as _;

use super::{DropReason, Endpoint, Event, decode, encode_sessionless};
use crate::bmc::answer::Format;
use crate::bmc::handshake::ExpectActivation;
use crate::bmc::pending::Stage;
use crate::bmc::session::{Active, Link};
use crate::bmc::{Answer, Refusal};
use crate::command::app::{
    ActivateSession, ActivatedSession, AuthType, GetSessionChallenge, SessionChallenge,
};
use crate::command::{self, Request, V15Step};
use crate::crypto::BadMac;
use crate::handshake::RequestedPrivilege;
use crate::message::{self, RequestMessage};
use crate::session::v15::{self, AuthKey, Received};
use crate::session::v20::Rejected;
use crate::wire::Decode as _;
use crate::{CompletionCode, Time};

impl Endpoint {
    /// Answers Get Session Challenge; none for any other message.
    pub(super) fn challenge(
        &mut self,
        now: Time,
        peer: SocketAddr,
        payload: &[u8],
        rng: &mut impl CryptoRng,
        out: &mut Vec<u8>,
    ) -> Option<Result<Event, DropReason>> {
        let message = RequestMessage::decode(payload).ok()?;
        let row = command::lookup(message.header.netfn, message.header.command)
            .filter(|row| row.v15_step == Some(V15Step::Challenge))?;
        if !self.handshakes.admit(now, peer.ip()) {
            return Some(Err(DropReason::Throttled));
        }
        let result = decode(&message, row).and_then(|request| match request {
            Request::GetSessionChallenge(request) => self.challenged(now, peer, &request, rng),
            _ => Err(CompletionCode::InvalidCommand),
        });
        encode_sessionless(Format::V15, &message.header, &Answer::of(result), out);
        Some(Ok(Event::Reply))
    }

    fn challenged(
        &mut self,
        now: Time,
        peer: SocketAddr,
        request: &GetSessionChallenge,
        rng: &mut impl CryptoRng,
    ) -> Result<SessionChallenge, CompletionCode> {
        let GetSessionChallenge { auth_type, name } = request;
        if !self.config.v15.spoken().contains(*auth_type) {
            return Err(CompletionCode::InvalidDataField);
        }
        if self.guesses.must_wait(now, peer.ip(), name) {
            self.refused.push(peer, *name, Refusal::MustWait);
            return Err(CompletionCode::NodeBusy);
        }
        // There is no privilege level to find one of several users of the same name by.
        let found = self
            .config
            .users
            .find(name, RequestedPrivilege::Highest, true);
        // The answer for a user whose password is too long for IPMI 1.5 is the same as for one that does not exist.
        let reason = match found {
            Some(_) => Refusal::LongPassword,
            None => Refusal::Credentials,
        };
        let user = found.and_then(|found| {
            let key = AuthKey::new(*auth_type, found.password)?;
            Some((found.id, found.privilege?, key))
        });
        let Some((user, limit, key)) = user else {
            self.refused.push(peer, *name, reason);
            let code = if name.is_null() {
                GetSessionChallenge::NULL_NAME_NOT_ENABLED
            } else {
                GetSessionChallenge::INVALID_NAME
            };
            return Err(CompletionCode::CommandSpecific(code));
        };
        let temporary_id = self.free_id(rng).ok_or(CompletionCode::NodeBusy)?;
        let mut challenge = [0; 16];
        rng.fill_bytes(&mut challenge);
        let expect = ExpectActivation {
            user,
            username: *name,
            limit,
            key,
            challenge,
        };
        let stage = Stage::Activation(expect);
        self.pending.insert(now, peer, temporary_id, stage);
        Ok(SessionChallenge {
            temporary_id,
            challenge,
        })
    }

    /// A packet of a session of IPMI 1.5: check window, verify code, commit window, dispatch.
    pub(super) fn in_v15_session(
        &mut self,
        now: Time,
        peer: SocketAddr,
        received: &Received<'_>,
        rng: &mut impl CryptoRng,
        out: &mut Vec<u8>,
    ) -> Result<Event, DropReason> {
        let id = received.session_id();
        let Some(slot) = self.sessions.get_mut(id) else {
            return self.activate(now, peer, received, rng, out);
        };
        let session = &mut *slot.session;
        let Link::V15 {
            key,
            every,
            activation,
            activated,
        } = &session.link
        else {
            return Err(DropReason::UnknownSession);
        };
        if received.sequence() == 0
            && let Ok(payload) = received.verify(key)
            && let Ok(message) = RequestMessage::decode(payload)
            && is_activation(&message)
        {
            // Once more: its answer was lost. FreeIPMI gives it another rqSeq then, so that the store of replies would not
            // know it.
            if ActivateSession::decode(message.data)? != *activation {
                return Err(DropReason::NeedsSession);
            }
            let first = activation.outbound_sequence;
            let answer = Answer::of(Ok::<_, CompletionCode>(*activated));
            encode_answer(key, id, first, &message, &answer, out);
            return Ok(Event::Reply);
        }
        let payload = received.authenticate(key, *every, &mut session.window)?;
        slot.peer = peer;
        slot.heard = now;
        self.request(now, id, payload, rng, out)
    }

    /// The packet that activates a session.
    fn activate(
        &mut self,
        now: Time,
        peer: SocketAddr,
        received: &Received<'_>,
        rng: &mut impl CryptoRng,
        out: &mut Vec<u8>,
    ) -> Result<Event, DropReason> {
        let (id, source) = (received.session_id(), peer.ip());
        let Some(Stage::Activation(expect)) = self.pending.stage(id) else {
            return Err(DropReason::UnknownSession);
        };
        let username = expect.username;
        if self.guesses.must_wait(now, source, &username) {
            self.refused.push(peer, username, Refusal::MustWait);
            return Err(DropReason::Throttled);
        }
        let verified = received.verify(&expect.key);
        if let Ok(payload) = verified {
            let message = RequestMessage::decode(payload)?;
            match read(&message, expect)? {
                Ok(request) => {
                    // Without authentication, nothing was proven.
                    if request.auth_type != AuthType::None {
                        self.guesses.forgive(source, &username);
                    }
                    let result = admit(&request, expect, self.sessions.has_room());
                    let Err((completion, reason)) = result else {
                        return self.open_v15(now, peer, id, &message, &request, rng, out);
                    };
                    self.refused.push(peer, username, reason);
                    refuse(&expect.key, id, &message, completion, out);
                    return Ok(Event::Reply);
                }
                Err(Unread::Refused(completion)) => {
                    refuse(&expect.key, id, &message, completion, out);
                    return Ok(Event::Reply);
                }
                Err(Unread::OtherChallenge) => {}
            }
        }
        // One try for each challenge.
        self.pending.take(id);
        self.guesses.failed(now, source, username);
        self.refused.push(peer, username, Refusal::Credentials);
        Err(verified.err().unwrap_or(Rejected::BadMac(BadMac)).into())
    }

    #[allow(
        clippy::too_many_arguments,
        reason = "what one datagram brings, and where its answer goes"
    )]
    fn open_v15(
        &mut self,
        now: Time,
        peer: SocketAddr,
        id: u32,
        message: &RequestMessage<'_>,
        request: &ActivateSession,
        rng: &mut impl CryptoRng,
        out: &mut Vec<u8>,
    ) -> Result<Event, DropReason> {
        let taken = self.pending.take(id).map(|pending| pending.stage);
        let Some(Stage::Activation(expect)) = taken else {
            return Err(DropReason::UnknownSession);
        };
        let every = self.config.v15.per_message_auth;
        let activated = ActivatedSession {
            auth_type: if every {
                request.auth_type
            } else {
                AuthType::None
            },
            id,
            inbound_sequence: rng.next_u32().max(1),
            limit: request.privilege,
        };
        let answer = Answer::of(Ok::<_, CompletionCode>(activated));
        let first = request.outbound_sequence;
        encode_answer(&expect.key, id, first, message, &answer, out);
        let session = Active::v15(expect, every, *request, activated);
        self.sessions.insert(now, peer, session);
        self.handshakes.forgive(peer.ip());
        Ok(Event::Reply)
    }
}

/// Why an authenticated message does not activate the session.
enum Unread {
    /// It has another challenge than the one given: it is of another login.
    OtherChallenge,
    /// It is answered with this code.
    Refused(CompletionCode),
}

fn is_activation(message: &RequestMessage<'_>) -> bool {
    command::lookup(message.header.netfn, message.header.command)
        .is_some_and(|row| row.v15_step == Some(V15Step::Activation))
}

/// Reads Activate Session, if it is that.
fn read(
    message: &RequestMessage<'_>,
    expect: &ExpectActivation,
) -> Result<Result<ActivateSession, Unread>, DropReason> {
    let row = command::lookup(message.header.netfn, message.header.command)
        .filter(|_| is_activation(message))
        .ok_or(DropReason::NeedsSession)?;
    Ok(match decode(message, row) {
        Ok(Request::ActivateSession(request)) if request.auth_type != expect.key.auth_type() => {
            Err(Unread::Refused(CompletionCode::InvalidDataField))
        }
        Ok(Request::ActivateSession(request)) if request.outbound_sequence == 0 => {
            let code = ActivateSession::SEQUENCE_OUT_OF_RANGE;
            Err(Unread::Refused(CompletionCode::CommandSpecific(code)))
        }
        Ok(Request::ActivateSession(request)) => {
            let same = request.challenge.ct_eq(&expect.challenge);
            if same.into() {
                Ok(request)
            } else {
                Err(Unread::OtherChallenge)
            }
        }
        Ok(_) => Err(Unread::Refused(CompletionCode::InvalidCommand)),
        Err(completion) => Err(Unread::Refused(completion)),
    })
}

/// Whether somebody who has proven the password may have the session.
fn admit(
    request: &ActivateSession,
    expect: &ExpectActivation,
    has_room: bool,
) -> Result<(), (CompletionCode, Refusal)> {
    let (code, reason) = if request.privilege > expect.limit {
        (ActivateSession::PRIVILEGE_EXCEEDED, Refusal::Privilege)
    } else if !has_room {
        (ActivateSession::NO_SLOT, Refusal::NoSlot)
    } else {
        return Ok(());
    };
    Err((CompletionCode::CommandSpecific(code), reason))
}

/// The answer to Activate Session, authenticated also where the packets that follow are not.
fn encode_answer(
    key: &AuthKey,
    id: u32,
    sequence: u32,
    message: &RequestMessage<'_>,
    answer: &Answer,
    out: &mut Vec<u8>,
) {
    v15::encode(Some(key), id, sequence, out, |out| {
        message::encode_response(&message.header, answer.completion, &answer.data, out);
    });
}

fn refuse(
    key: &AuthKey,
    id: u32,
    message: &RequestMessage<'_>,
    completion: CompletionCode,
    out: &mut Vec<u8>,
) {
    let answer = Answer::of(Err::<(), _>(completion));
    encode_answer(key, id, 0, message, &answer, out);
}
