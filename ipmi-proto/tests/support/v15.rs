//! A console of IPMI 1.5, as far as tests need one: this library's console opens 2.0 sessions only.
#![allow(
    clippy::result_large_err,
    reason = "an event is large, and a test makes few"
)]

use core::net::SocketAddr;

use ipmi_proto::Privilege;
use ipmi_proto::bmc::{Endpoint, Event};
use ipmi_proto::command::Command;
use ipmi_proto::command::app::{ActivateSession, AuthType, GetSessionChallenge, SessionChallenge};
use ipmi_proto::message::{Header, ResponseMessage, encode_request};
use ipmi_proto::rand_core::CryptoRng;
use ipmi_proto::session::rmcp::Rmcp;
use ipmi_proto::session::v15::{self, AuthKey, Received};
use ipmi_proto::wire::Decode;
use ipmi_proto::{CompletionCode, Time};

use super::{name, password, peer};

/// The number of the first packet that the console wants.
pub(crate) const FIRST: u32 = 0x1234_5678;

/// See the [module](self).
pub(crate) struct V15Console {
    pub(crate) peer: SocketAddr,
    pub(crate) auth_type: AuthType,
    pub(crate) key: AuthKey,
    /// Whether it authenticates its packets.
    pub(crate) every: bool,
    /// The session's id, or the temporary one.
    pub(crate) id: u32,
    /// The number of the next packet.
    pub(crate) sequence: u32,
    /// rqSeq of the next request.
    pub(crate) request: u8,
}

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reply {
    pub(crate) completion: CompletionCode,
    pub(crate) data: Vec<u8>,
    /// The session number of the packet.
    pub(crate) sequence: u32,
}

impl V15Console {
    pub(crate) fn new(auth_type: AuthType, secret: &[u8]) -> Self {
        Self {
            peer: peer(1),
            auth_type,
            key: AuthKey::new(auth_type, &password(secret)).expect("a short password"),
            every: true,
            id: 0,
            sequence: 0,
            request: 0,
        }
    }

    /// A request in a packet of the session with the number that is due.
    pub(crate) fn datagram<C: Command>(&mut self, command: &C) -> Vec<u8> {
        self.request = (self.request + 1) % 64;
        let datagram = self.seal(command);
        if self.sequence != 0 {
            self.sequence = self.sequence.wrapping_add(1).max(1);
        }
        datagram
    }

    fn seal<C: Command>(&self, command: &C) -> Vec<u8> {
        let header = Header::request(C::NETFN, C::CODE, self.request);
        let mut out = Vec::new();
        let key = Some(&self.key).filter(|_| self.every && self.id != 0);
        v15::encode(key, self.id, self.sequence, &mut out, |out| {
            encode_request(&header, command, out);
        });
        out
    }

    /// Gives the BMC a datagram and reads its answer, which must be authenticated as this console is.
    pub(crate) fn send(
        &self,
        endpoint: &mut Endpoint,
        now: Time,
        rng: &mut impl CryptoRng,
        datagram: &[u8],
    ) -> Result<Reply, Event> {
        let mut out = Vec::new();
        match endpoint.handle(now, self.peer, &mut datagram.to_vec(), rng, &mut out) {
            Event::Reply => Ok(self.read(&mut out)),
            other => Err(other),
        }
    }

    /// Reads an answer.
    pub(crate) fn read(&self, datagram: &mut [u8]) -> Reply {
        let Ok(Rmcp::Ipmi(packet)) = Rmcp::parse(datagram) else {
            panic!("an IPMI packet");
        };
        let received = Received::parse(packet).expect("a packet of IPMI 1.5");
        assert_eq!(received.session_id(), self.id);
        let payload = if self.id == 0 {
            received.sessionless().expect("outside a session").payload
        } else if self.every || received.auth_type() != AuthType::None {
            received.verify(&self.key).expect("a genuine packet")
        } else {
            let window = &mut ipmi_proto::session::Window::v15(received.sequence());
            let bare = received.authenticate(&self.key, false, window);
            bare.expect("a bare packet")
        };
        let message = ResponseMessage::decode(payload).expect("a response");
        Reply {
            completion: message.completion,
            data: message.data.to_vec(),
            sequence: received.sequence(),
        }
    }

    /// Asks for a challenge.
    pub(crate) fn challenge(
        &mut self,
        endpoint: &mut Endpoint,
        now: Time,
        rng: &mut impl CryptoRng,
        user: &[u8],
    ) -> Result<SessionChallenge, CompletionCode> {
        (self.id, self.sequence) = (0, 0);
        let request = GetSessionChallenge {
            auth_type: self.auth_type,
            name: name(user),
        };
        let datagram = self.datagram(&request);
        let reply = self.send(endpoint, now, rng, &datagram).expect("an answer");
        if reply.completion != CompletionCode::Ok {
            return Err(reply.completion);
        }
        let challenge = SessionChallenge::decode(&reply.data).expect("a challenge");
        self.id = challenge.temporary_id;
        Ok(challenge)
    }

    /// The request that answers a challenge.
    pub(crate) fn activation(
        &self,
        challenge: &SessionChallenge,
        privilege: Privilege,
    ) -> ActivateSession {
        ActivateSession {
            auth_type: self.auth_type,
            privilege,
            challenge: challenge.challenge,
            outbound_sequence: FIRST,
        }
    }
}
