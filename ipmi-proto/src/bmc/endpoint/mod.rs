//! [`Endpoint`]: from a datagram to an event, and from an answer to a datagram.
//!
//! | File | What lives there |
//! |---|---|
//! | `mod` | where a datagram goes; requests and their answers; timeouts |
//! | `event` | what the driver hears of it |
//! | `handshake` | how a session of IPMI 2.0 begins |
//! | `v15_session` | how one of IPMI 1.5 begins, and its packets |
//! | `sol` | the serial ports of the sessions |

mod event;
mod handshake;
mod sol;
mod v15_session;

use alloc::vec::Vec;
use core::fmt;
use core::net::SocketAddr;

use rand_core::CryptoRng;

use super::answer::{Format, Origin};
use super::guesses::Guesses;
use super::handshake::Decoy;
use super::pending::Pool;
use super::refused::{Refusal, RefusedLogin, RefusedLogins};
use super::replies::Lookup;
use super::session::{Link, Sessions};
use super::throttle::Throttle;
use super::traffic::Traffic;
use super::{Answer, Config, Token, local};
use crate::command::app::UserId;
use crate::command::{self, Request, Row};
use crate::message::{self, BMC_ADDRESS, Header, RequestMessage};
use crate::session::rmcp::{Ping, Pong, Rmcp};
use crate::session::v15;
use crate::session::v20::{self, PayloadType, Received};
use crate::wire::Decode as _;
use crate::{CompletionCode, Privilege, Time};

pub use event::{DropReason, Event, Incoming, Requester};
pub use sol::{Deactivation, PayloadProtection};

/// One BMC's end of all its sessions. See the [module](super) for the contract.
pub struct Endpoint {
    config: Config,
    sessions: Sessions,
    pending: Pool,
    pings: Throttle,
    handshakes: Throttle,
    guesses: Guesses,
    refused: RefusedLogins,
    traffic: Traffic,
    decoy: Decoy,
}

impl Endpoint {
    /// An endpoint without sessions.
    pub fn new(config: Config, rng: &mut impl CryptoRng) -> Self {
        Self {
            config,
            sessions: Sessions::default(),
            pending: Pool::default(),
            pings: Throttle::default(),
            handshakes: Throttle::default(),
            guesses: Guesses::default(),
            refused: RefusedLogins::default(),
            traffic: Traffic::default(),
            decoy: Decoy::new(rng),
        }
    }

    /// The settings.
    #[must_use]
    pub const fn config(&self) -> &Config {
        &self.config
    }

    /// The settings, to be changed. After a change that takes a user's rights away, end that user's sessions.
    pub const fn config_mut(&mut self) -> &mut Config {
        &mut self.config
    }

    /// Ends the sessions of a user, but for the one with the id `except`.
    pub fn close_sessions_of(&mut self, user: UserId, except: Option<u32>) {
        self.sessions
            .retain(|slot| slot.session.user != user || Some(slot.session.id) == except);
    }

    /// Ends all handshakes, and all sessions but for the one with the id `except`.
    pub fn close_all(&mut self, except: Option<u32>) {
        self.sessions.retain(|slot| Some(slot.session.id) == except);
        self.pending.clear();
    }

    /// Whether a session with this id is active.
    #[must_use]
    pub fn is_active(&self, session: u32) -> bool {
        self.sessions.contains(session)
    }

    /// How many sessions are active.
    #[must_use]
    pub fn active_sessions(&self) -> usize {
        self.sessions.len()
    }

    /// The next login that was refused. The last 16 are kept; how many of them are logged is the driver's business.
    pub fn poll_refused_login(&mut self) -> Option<RefusedLogin> {
        self.refused.pop(&self.config.users)
    }

    /// Takes a datagram in. `out` is cleared; it holds a datagram to send to `peer` if the event is [`Event::Reply`].
    /// The datagram is decrypted in place.
    pub fn handle(
        &mut self,
        now: Time,
        peer: SocketAddr,
        datagram: &mut [u8],
        rng: &mut impl CryptoRng,
        out: &mut Vec<u8>,
    ) -> Event {
        out.clear();
        self.expire(now);
        self.traffic.received();
        let event = self
            .dispatch(now, peer, datagram, rng, out)
            .unwrap_or_else(Event::Dropped);
        if matches!(event, Event::Reply) {
            self.traffic.sent();
        }
        event
    }

    fn dispatch(
        &mut self,
        now: Time,
        peer: SocketAddr,
        datagram: &mut [u8],
        rng: &mut impl CryptoRng,
        out: &mut Vec<u8>,
    ) -> Result<Event, DropReason> {
        let rmcp = Rmcp::parse(datagram)?;
        self.traffic.rmcp();
        let packet = match rmcp {
            Rmcp::Asf(message) => return self.ping(now, peer, message, out),
            Rmcp::Ipmi(packet) => packet,
        };
        if packet.first() != Some(&v20::AUTH_TYPE_RMCP_PLUS) {
            let received = v15::Received::parse(packet)?;
            if received.session_id() != 0 {
                return self.in_v15_session(now, peer, &received, rng, out);
            }
            let payload = received.sessionless()?.payload;
            return match self.challenge(now, peer, payload, rng, out) {
                Some(result) => result,
                None => self.sessionless(peer, Format::V15, payload, out),
            };
        }
        let received = Received::parse(packet)?;
        if received.session_id() != 0 {
            return self.in_session(now, peer, received, rng, out);
        }
        let packet = received.sessionless()?;
        match packet.payload_type {
            PayloadType::IPMI => self.sessionless(peer, Format::V20, packet.payload, out),
            PayloadType::OPEN_SESSION_REQUEST => {
                self.open_session(now, peer, packet.payload, rng, out)
            }
            PayloadType::RAKP_1 => self.rakp1(now, peer, packet.payload, rng, out),
            PayloadType::RAKP_3 => self.rakp3(now, peer, packet.payload, out),
            _ => Err(DropReason::PayloadType),
        }
    }

    fn ping(
        &mut self,
        now: Time,
        peer: SocketAddr,
        message: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<Event, DropReason> {
        /// A ping with this tag is a broadcast of which no answer is wanted (ASF 2.0, §3.2.4.2).
        const NO_ANSWER: u8 = 0xFF;
        let ping = Ping::decode(message)?;
        if !self.config.presence_ping || ping.tag == NO_ANSWER {
            return Err(DropReason::Ping);
        }
        if !self.pings.admit(now, peer.ip()) {
            return Err(DropReason::Throttled);
        }
        Pong { tag: ping.tag }.datagram(out);
        Ok(Event::Reply)
    }

    /// A request outside a session.
    fn sessionless(
        &mut self,
        peer: SocketAddr,
        format: Format,
        payload: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<Event, DropReason> {
        let message = RequestMessage::decode(payload)?;
        let row = command::lookup(message.header.netfn, message.header.command)
            .filter(|row| row.sessionless)
            .ok_or(DropReason::NeedsSession)?;
        let answer = match decode(&message, row) {
            Err(completion) => Answer::of(Err::<(), _>(completion)),
            Ok(request) => match local::sessionless(&request, &self.config) {
                Some(answer) => answer,
                None => {
                    let origin = Origin::Sessionless { peer, format };
                    let token = Token {
                        header: message.header,
                        origin,
                    };
                    return Ok(Event::Request(Incoming {
                        token,
                        request,
                        requester: None,
                    }));
                }
            },
        };
        encode_sessionless(format, &message.header, &answer, out);
        Ok(Event::Reply)
    }

    /// A packet of a session: check window, verify MAC, commit window, decrypt, dispatch.
    fn in_session(
        &mut self,
        now: Time,
        peer: SocketAddr,
        received: Received<'_>,
        rng: &mut impl CryptoRng,
        out: &mut Vec<u8>,
    ) -> Result<Event, DropReason> {
        let id = received.session_id();
        let slot = self
            .sessions
            .get_mut(id)
            .ok_or(DropReason::UnknownSession)?;
        let session = &mut *slot.session;
        let Link::V20 { protection, .. } = &session.link else {
            return Err(DropReason::UnknownSession);
        };
        let packet = received
            .authenticate(protection, &mut session.window)?
            .decrypt(protection)?;
        slot.peer = peer;
        slot.heard = now;
        match packet.payload_type {
            PayloadType::IPMI => self.request(now, id, packet.payload, rng, out),
            PayloadType::SOL => session.sol(now, packet.payload),
            _ => Err(DropReason::PayloadType),
        }
    }

    /// A request in a session, from whoever has the session's key.
    fn request(
        &mut self,
        now: Time,
        id: u32,
        payload: &[u8],
        rng: &mut impl CryptoRng,
        out: &mut Vec<u8>,
    ) -> Result<Event, DropReason> {
        let slot = self
            .sessions
            .get_mut(id)
            .ok_or(DropReason::UnknownSession)?;
        let session = &mut slot.session;
        let message = RequestMessage::decode(payload)?;
        let ticket = match session.replies.lookup(now, &message) {
            Lookup::New(ticket) => ticket,
            Lookup::InFlight => return Err(DropReason::InFlight),
            Lookup::Answered(response) => {
                let response = Vec::from(response);
                session.seal(PayloadType::IPMI, rng, out, |out| {
                    out.extend_from_slice(&response);
                });
                return Ok(Event::Reply);
            }
        };
        let requester = Requester {
            session: id,
            user: session.user,
            username: session.username,
            privilege: session.privilege,
        };
        let token = Token {
            header: message.header,
            origin: Origin::Session { id, ticket },
        };
        let (answer, ends) = match admit(&message, requester.privilege) {
            Err(completion) => (Answer::of(Err::<(), _>(completion)), None),
            Ok(request) => {
                let (sessions, traffic) = (&mut self.sessions, &mut self.traffic);
                match local::in_session(&request, id, sessions, traffic, &self.config) {
                    Some(answered) => answered,
                    None => {
                        return Ok(Event::Request(Incoming {
                            token,
                            request,
                            requester: Some(requester),
                        }));
                    }
                }
            }
        };
        let sent = self.encode_answer(now, token, &answer, rng, out);
        if let Some(id) = ends {
            self.sessions.remove(id);
        }
        sent.map(|_| Event::Reply).ok_or(DropReason::UnknownSession)
    }

    /// Encodes the answer to a request. `out` is cleared and then holds the datagram for the peer that is returned;
    /// none when the session has ended meanwhile.
    pub fn respond(
        &mut self,
        now: Time,
        token: Token,
        answer: Answer,
        rng: &mut impl CryptoRng,
        out: &mut Vec<u8>,
    ) -> Option<SocketAddr> {
        let peer = self.encode_answer(now, token, &answer, rng, out)?;
        self.traffic.sent();
        Some(peer)
    }

    fn encode_answer(
        &mut self,
        now: Time,
        token: Token,
        answer: &Answer,
        rng: &mut impl CryptoRng,
        out: &mut Vec<u8>,
    ) -> Option<SocketAddr> {
        out.clear();
        let Token { header, origin } = token;
        match origin {
            Origin::Sessionless { peer, format } => {
                encode_sessionless(format, &header, answer, out);
                Some(peer)
            }
            Origin::Session { id, ticket } => {
                let slot = self.sessions.get_mut(id)?;
                let mut response = Vec::with_capacity(message::MAX_LEN);
                message::encode_response(&header, answer.completion, &answer.data, &mut response);
                slot.session.replies.store(now, ticket, &response);
                slot.session.seal(PayloadType::IPMI, rng, out, |out| {
                    out.extend_from_slice(&response);
                });
                Some(slot.peer)
            }
        }
    }

    /// When [`handle_timeout`](Self::handle_timeout) wants to be called; none while there is nothing that could
    /// expire.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Time> {
        let idle = self
            .sessions
            .iter()
            .map(|(_, slot)| slot.heard + self.config.idle_timeout)
            .min();
        idle.into_iter()
            .chain(self.pending.next_expiry())
            .chain(self.sol_timeout())
            .min()
    }

    /// Ends the sessions and handshakes whose time is up. Call [`poll_sol`](Self::poll_sol) and
    /// [`poll_refused_login`](Self::poll_refused_login) after it.
    pub fn handle_timeout(&mut self, now: Time) {
        self.expire(now);
    }

    fn expire(&mut self, now: Time) {
        if self.poll_timeout().is_some_and(|expiry| expiry <= now) {
            let idle_timeout = self.config.idle_timeout;
            self.sessions
                .retain(|slot| now.since(slot.heard) < idle_timeout);
            let refused = &mut self.refused;
            self.pending.expire(now, |peer, username| {
                refused.push(peer, username, Refusal::GivenUp);
            });
        }
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint")
            .field("sessions", &self.sessions.len())
            .finish_non_exhaustive()
    }
}

/// Decodes a request that may be sent at this privilege level. The level comes before the data: who may not send a
/// command learns nothing from it.
fn admit(message: &RequestMessage<'_>, privilege: Privilege) -> Result<Request, CompletionCode> {
    let row = command::lookup(message.header.netfn, message.header.command)
        .ok_or(CompletionCode::InvalidCommand)?;
    if privilege < row.privilege {
        return Err(CompletionCode::InsufficientPrivilege);
    }
    decode(message, row)
}

fn decode(message: &RequestMessage<'_>, row: &Row) -> Result<Request, CompletionCode> {
    if message.header.responder != BMC_ADDRESS {
        return Err(CompletionCode::DestinationUnavailable);
    }
    if message.header.responder_lun != 0 {
        return Err(CompletionCode::InvalidForLun);
    }
    (row.decode)(message.data).map_err(CompletionCode::from)
}

fn encode_sessionless(format: Format, header: &Header, answer: &Answer, out: &mut Vec<u8>) {
    let write =
        |out: &mut Vec<u8>| message::encode_response(header, answer.completion, &answer.data, out);
    match format {
        Format::V15 => v15::Packet::encode(out, write),
        Format::V20 => v20::encode_sessionless(PayloadType::IPMI, out, write),
    }
}
