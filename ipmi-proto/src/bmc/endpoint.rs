//! [`Endpoint`]: from a datagram to an event, and from an answer to a datagram.

use alloc::vec::Vec;
use core::fmt;
use core::net::SocketAddr;

use rand_core::CryptoRng;

use super::answer::{Format, Origin};
use super::handshake::{Decoy, ExpectRakp1};
use super::pending::{Pool, Stage};
use super::replies::Lookup;
use super::session::{Sessions, Slot};
use super::throttle::Throttle;
use super::{Answer, Config, Token, local};
use crate::command::app::UserId;
use crate::command::{self, Request, Row};
use crate::handshake::{
    OpenSessionRequest, OpenSessionResponse, Opened, Rakp1, Rakp2, Rakp3, Rakp4, RakpStatus,
    RequestedPrivilege, Username,
};
use crate::message::{self, BMC_ADDRESS, Header, RequestMessage};
use crate::session::rmcp::{Ping, Pong, Rmcp};
use crate::session::v15;
use crate::session::v20::{self, PayloadType, Received, Rejected};
use crate::wire::{Decode, DecodeError, Encode};
use crate::{CompletionCode, Privilege, Time};

/// One BMC's end of all its sessions. See the [module](super) for the contract.
pub struct Endpoint {
    config: Config,
    sessions: Sessions,
    pending: Pool,
    pings: Throttle,
    handshakes: Throttle,
    decoy: Decoy,
}

/// What came of a datagram.
#[derive(Debug)]
pub enum Event {
    /// Nothing: there is nothing to send.
    Dropped(DropReason),
    /// The output buffer holds a datagram for the peer.
    Reply,
    /// A request for the driver to answer.
    Request(Incoming),
}

/// A request that the driver answers.
#[derive(Debug)]
pub struct Incoming {
    /// What [`Endpoint::respond`] needs.
    pub token: Token,
    /// The request.
    pub request: Request,
    /// Who asks; none outside a session.
    pub requester: Option<Requester>,
}

/// The console that asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Requester {
    /// Its session's id; unique among the sessions of the endpoint.
    pub session: u32,
    /// The user it logged in as.
    pub user: UserId,
    /// The user's name.
    pub username: Username,
    /// The session's privilege level at present.
    pub privilege: Privilege,
}

/// Why a datagram was dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DropReason {
    /// It cannot be read.
    #[error("malformed: {0}")]
    Malformed(DecodeError),
    /// It claims to be of a session but does not prove it.
    #[error("rejected: {0}")]
    Rejected(Rejected),
    /// There is no such session.
    #[error("unknown session")]
    UnknownSession,
    /// The payload type is not served, or not there.
    #[error("payload type not served")]
    PayloadType,
    /// A request that needs a session came outside one.
    #[error("request outside a session")]
    NeedsSession,
    /// The source has used up its budget.
    #[error("too many from this source")]
    Throttled,
    /// Presence pings are switched off, or this one asks for no answer.
    #[error("ping not answered")]
    Ping,
    /// The request is being worked on; its answer will come.
    #[error("repeats a request in flight")]
    InFlight,
}

impl From<DecodeError> for DropReason {
    fn from(error: DecodeError) -> Self {
        Self::Malformed(error)
    }
}

impl From<Rejected> for DropReason {
    fn from(error: Rejected) -> Self {
        Self::Rejected(error)
    }
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
        self.dispatch(now, peer, datagram, rng, out)
            .unwrap_or_else(Event::Dropped)
    }

    fn dispatch(
        &mut self,
        now: Time,
        peer: SocketAddr,
        datagram: &mut [u8],
        rng: &mut impl CryptoRng,
        out: &mut Vec<u8>,
    ) -> Result<Event, DropReason> {
        let packet = match Rmcp::parse(datagram)? {
            Rmcp::Asf(message) => return self.ping(now, peer, message, out),
            Rmcp::Ipmi(packet) => packet,
        };
        if packet.first() != Some(&v20::AUTH_TYPE_RMCP_PLUS) {
            let payload = v15::Packet::decode(packet)?.payload;
            return self.sessionless(peer, Format::V15, payload, out);
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

    fn open_session(
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
        let suite = request
            .proposal
            .choose(self.config.suites)
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
            peer.ip(),
            ExpectRakp1 {
                console_id: request.console_id,
                bmc_id,
                suite,
            },
        );
        Ok(Opened {
            privilege: privilege.bits(),
            bmc_id,
            suite,
        })
    }

    /// A session id that nobody can guess, and that is not in use. 0 means "outside a session".
    fn free_id(&self, rng: &mut impl CryptoRng) -> Option<u32> {
        // At most 96 of 2^32 ids are taken: a second try is rare, and a third means a broken random source.
        (0..3)
            .map(|_| rng.next_u32())
            .find(|id| *id != 0 && !self.sessions.contains(*id) && !self.pending.contains(*id))
    }

    fn rakp1(
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
        };
        let result = match (Rakp1::decode(payload), pending.stage) {
            (Err(error), _) => Err(Rakp1::status_of(error)),
            (Ok(rakp1), Stage::Rakp1(expect)) => {
                expect.rakp1(rakp1, &self.config, &self.decoy, rng)
            }
            (Ok(rakp1), Stage::Rakp3(expect)) if expect.repeats(&rakp1) => Ok(expect),
            // Another RAKP 1 for the same session: somebody interferes, or the console is confused. Start again.
            (Ok(_), Stage::Rakp3(_)) => Err(RakpStatus::InvalidSessionId),
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

    fn rakp3(
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
        if rakp3.result.is_err() {
            // The console gives up; §13.23 wants no answer.
            return Err(DropReason::UnknownSession);
        }
        let console_id = expect.console_id();
        let result = expect
            .rakp3(&rakp3, &self.config)
            .and_then(|(active, check)| {
                if !self.sessions.insert(now, peer, active) {
                    return Err(RakpStatus::InsufficientResources);
                }
                self.handshakes.forgive(peer.ip());
                Ok(check)
            });
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
        let Slot {
            session,
            peer: last_peer,
            heard,
        } = slot;
        let packet = received
            .authenticate(&session.protection, &mut session.window)?
            .decrypt(&session.protection)?;
        *last_peer = peer;
        *heard = now;
        if packet.payload_type != PayloadType::IPMI {
            return Err(DropReason::PayloadType);
        }
        let message = RequestMessage::decode(packet.payload)?;
        let ticket = match session.replies.lookup(now, &message) {
            Lookup::New(ticket) => ticket,
            Lookup::InFlight => return Err(DropReason::InFlight),
            Lookup::Answered(response) => {
                let response = Vec::from(response);
                session.seal(rng, out, &response);
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
                match local::in_session(&request, id, &mut self.sessions, &self.config) {
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
        let sent = self.respond(now, token, answer, rng, out);
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
        out.clear();
        let Token { header, origin } = token;
        match origin {
            Origin::Sessionless { peer, format } => {
                encode_sessionless(format, &header, &answer, out);
                Some(peer)
            }
            Origin::Session { id, ticket } => {
                let slot = self.sessions.get_mut(id)?;
                let mut response = Vec::with_capacity(message::MAX_LEN);
                message::encode_response(&header, answer.completion, &answer.data, &mut response);
                slot.session.replies.store(now, ticket, &response);
                slot.session.seal(rng, out, &response);
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
        idle.into_iter().chain(self.pending.next_expiry()).min()
    }

    /// Ends the sessions and handshakes whose time is up.
    pub fn handle_timeout(&mut self, now: Time) {
        self.expire(now);
    }

    fn expire(&mut self, now: Time) {
        if self.poll_timeout().is_some_and(|expiry| expiry <= now) {
            let idle_timeout = self.config.idle_timeout;
            self.sessions
                .retain(|slot| now.since(slot.heard) < idle_timeout);
            self.pending.expire(now);
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

/// The fields that RAKP 1 starts with, readable also where the rest is not.
struct HandshakeIds {
    tag: u8,
    bmc_id: u32,
}

impl HandshakeIds {
    fn decode(payload: &[u8]) -> Result<Self, DecodeError> {
        let mut r = crate::wire::Reader::new(payload);
        let [tag, _, _, _] = r.array()?;
        Ok(Self {
            tag,
            bmc_id: r.u32()?,
        })
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

fn reply(
    payload_type: PayloadType,
    message: &impl Encode,
    out: &mut Vec<u8>,
) -> Result<Event, DropReason> {
    v20::encode_sessionless(payload_type, out, |out| message.encode(out));
    Ok(Event::Reply)
}
