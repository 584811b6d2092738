//! Reads both directions of an exchange from outside, as somebody on the way who knows the password.
//!
//! It follows the handshake, verifies every code, MAC and padding with the library's wire types, and can then seal
//! packets of its own in either direction. Of IPMI 1.5 sessions it verifies the codes alone. It shares no state machine with the two ends that it watches.

use ipmi_proto::crypto::{BmcKey, CipherSuite, Handshake, Password, Protection};
use ipmi_proto::handshake::{
    OpenSessionRequest, OpenSessionResponse, Rakp1, Rakp2, Rakp3, Rakp4, RakpStatus,
};
use ipmi_proto::rand_core::CryptoRng;
use ipmi_proto::session::rmcp::Rmcp;
use ipmi_proto::session::v15;
use ipmi_proto::session::v20::Rejected;
use ipmi_proto::session::v20::{self, AUTH_TYPE_RMCP_PLUS, PayloadType, Received};
use ipmi_proto::session::{Replay, Window};
use ipmi_proto::wire::Decode;

/// Which way a datagram goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    ToBmc,
    ToConsole,
}

/// What a datagram turned out to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Seen {
    /// An ASF message, from its enterprise number on.
    Asf(Vec<u8>),
    /// A payload outside a session, in the 1.5 or the 2.0 format.
    Sessionless(PayloadType, Vec<u8>),
    /// A handshake message that was accepted, of this payload type.
    Handshake(PayloadType),
    /// A handshake message that refuses, of this payload type.
    Refused(PayloadType, RakpStatus),
    /// A payload of the session.
    InSession(PayloadType, Vec<u8>),
    /// A packet of the session whose number was seen before: only its MAC was not looked at.
    Repeated,
}

/// What is wrong with a datagram.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It cannot be read.
    Unreadable(String),
    /// A code of the handshake is wrong: the message's payload type.
    WrongCode(PayloadType),
    /// It claims to be of a session that was not seen.
    NoSession,
    /// It is no genuine packet of the session.
    Rejected(Rejected),
}

/// See the [module](self).
pub(crate) struct Observer {
    password: Password,
    kg: Option<BmcKey>,
    console_id: u32,
    bmc_id: u32,
    suite: Option<CipherSuite>,
    rakp1: Option<Rakp1>,
    handshake: Option<Handshake>,
    /// The keys and the numbers seen, once RAKP 4 was.
    pub(crate) session: Option<Keys>,
}

/// An open session.
pub(crate) struct Keys {
    pub(crate) console_id: u32,
    pub(crate) bmc_id: u32,
    pub(crate) suite: CipherSuite,
    pub(crate) protection: Protection,
    to_bmc: Numbers,
    to_console: Numbers,
}

/// The session sequence numbers of one direction.
#[derive(Clone, Default)]
struct Numbers {
    window: Window,
    highest: u32,
}

impl Observer {
    pub(crate) fn new(password: Password, kg: Option<BmcKey>) -> Self {
        Self {
            password,
            kg,
            console_id: 0,
            bmc_id: 0,
            suite: None,
            rakp1: None,
            handshake: None,
            session: None,
        }
    }

    /// The suite that was agreed on last.
    pub(crate) fn suite(&self) -> Option<CipherSuite> {
        self.suite
    }

    pub(crate) fn observe(&mut self, direction: Direction, datagram: &[u8]) -> Result<Seen, Fault> {
        let number = datagram.get(10..14).and_then(|bytes| bytes.try_into().ok());
        let mut datagram = datagram.to_vec();
        let packet = match Rmcp::parse(&mut datagram).map_err(unreadable)? {
            Rmcp::Asf(message) => return Ok(Seen::Asf(message.to_vec())),
            Rmcp::Ipmi(packet) => packet,
        };
        if packet.first() != Some(&AUTH_TYPE_RMCP_PLUS) {
            let received = v15::Received::parse(packet).map_err(unreadable)?;
            if let Ok(packet) = received.sessionless() {
                return Ok(Seen::Sessionless(
                    PayloadType::IPMI,
                    packet.payload.to_vec(),
                ));
            }
            let key = v15::AuthKey::new(received.auth_type(), &self.password);
            let payload = received
                .verify(&key.ok_or(Fault::NoSession)?)
                .map_err(Fault::Rejected)?;
            return Ok(Seen::InSession(PayloadType::IPMI, payload.to_vec()));
        }
        let received = Received::parse(packet).map_err(unreadable)?;
        if received.session_id() != 0 {
            let number = number.map_or(0, u32::from_le_bytes);
            return self.in_session(direction, received, number);
        }
        let packet = received.sessionless().map_err(unreadable)?;
        self.outside(packet.payload_type, packet.payload)
    }

    fn outside(&mut self, kind: PayloadType, payload: &[u8]) -> Result<Seen, Fault> {
        let refused = |status| Ok(Seen::Refused(kind, status));
        match kind {
            PayloadType::OPEN_SESSION_REQUEST => {
                let request = OpenSessionRequest::decode(payload).map_err(unreadable)?;
                self.console_id = request.console_id;
            }
            PayloadType::OPEN_SESSION_RESPONSE => {
                let response = OpenSessionResponse::decode(payload).map_err(unreadable)?;
                match response.result {
                    Ok(opened) => {
                        (self.bmc_id, self.suite) = (opened.bmc_id, Some(opened.suite));
                    }
                    Err(status) => return refused(status),
                }
            }
            PayloadType::RAKP_1 => {
                self.rakp1 = Some(Rakp1::decode(payload).map_err(unreadable)?);
            }
            PayloadType::RAKP_2 => {
                let rakp2 = Rakp2::decode(payload).map_err(unreadable)?;
                match rakp2.result {
                    Ok(ok) => {
                        let rakp1 = self.rakp1.as_ref().ok_or(Fault::NoSession)?;
                        let handshake = Handshake {
                            console_id: self.console_id,
                            bmc_id: self.bmc_id,
                            console_random: rakp1.console_random,
                            bmc_random: ok.bmc_random,
                            guid: ok.guid,
                            role: rakp1.role,
                            username: rakp1.username,
                        };
                        let algorithm = self.suite.ok_or(Fault::NoSession)?.authentication();
                        let code = handshake.rakp2_code(algorithm, &self.password);
                        self.handshake = Some(handshake);
                        if !code.matches(&ok.code, algorithm.code_len()) {
                            return Err(Fault::WrongCode(kind));
                        }
                    }
                    Err(status) => return refused(status),
                }
            }
            PayloadType::RAKP_3 => {
                let rakp3 = Rakp3::decode(payload).map_err(unreadable)?;
                match rakp3.result {
                    Ok(code) => {
                        let algorithm = self.suite.ok_or(Fault::NoSession)?.authentication();
                        let handshake = self.handshake.as_ref().ok_or(Fault::NoSession)?;
                        let expected = handshake.rakp3_code(algorithm, &self.password);
                        if !expected.matches(&code, algorithm.code_len()) {
                            return Err(Fault::WrongCode(kind));
                        }
                    }
                    Err(status) => return refused(status),
                }
            }
            PayloadType::RAKP_4 => {
                let rakp4 = Rakp4::decode(payload).map_err(unreadable)?;
                match rakp4.result {
                    Ok(check) => self.opened(&check)?,
                    Err(status) => return refused(status),
                }
            }
            _ => return Ok(Seen::Sessionless(kind, payload.to_vec())),
        }
        Ok(Seen::Handshake(kind))
    }

    fn opened(&mut self, check: &[u8]) -> Result<(), Fault> {
        let suite = self.suite.ok_or(Fault::NoSession)?;
        let handshake = self.handshake.as_ref().ok_or(Fault::NoSession)?;
        let keys = handshake.session_keys(suite, &self.password, self.kg.as_ref());
        let check_len = suite.authentication().check_len();
        if !keys.rakp4_check(handshake).matches(check, check_len) {
            return Err(Fault::WrongCode(PayloadType::RAKP_4));
        }
        self.session = Some(Keys {
            console_id: handshake.console_id,
            bmc_id: handshake.bmc_id,
            suite,
            protection: keys.protection(&self.password),
            to_bmc: Numbers::default(),
            to_console: Numbers::default(),
        });
        Ok(())
    }

    /// What protects the session's packets if another suite of the same hash had been agreed on.
    pub(crate) fn with_suite(&self, suite: CipherSuite) -> Option<Keys> {
        let handshake = self.handshake.as_ref()?;
        let keys = handshake.session_keys(suite, &self.password, self.kg.as_ref());
        let session = self.session.as_ref()?;
        Some(Keys {
            suite,
            protection: keys.protection(&self.password),
            to_bmc: session.to_bmc.clone(),
            to_console: session.to_console.clone(),
            console_id: session.console_id,
            bmc_id: session.bmc_id,
        })
    }

    fn in_session(
        &mut self,
        direction: Direction,
        received: Received<'_>,
        number: u32,
    ) -> Result<Seen, Fault> {
        let keys = self.session.as_mut().ok_or(Fault::NoSession)?;
        let (id, numbers) = match direction {
            Direction::ToBmc => (keys.bmc_id, &mut keys.to_bmc),
            Direction::ToConsole => (keys.console_id, &mut keys.to_console),
        };
        if received.session_id() != id {
            return Err(Fault::NoSession);
        }
        numbers.highest = numbers.highest.max(number);
        let authenticated = match received.authenticate(&keys.protection, &mut numbers.window) {
            Err(Rejected::Replay(Replay::Duplicate)) => return Ok(Seen::Repeated),
            other => other.map_err(Fault::Rejected)?,
        };
        let packet = authenticated
            .decrypt(&keys.protection)
            .map_err(Fault::Rejected)?;
        Ok(Seen::InSession(
            packet.payload_type,
            packet.payload.to_vec(),
        ))
    }
}

impl Keys {
    /// A genuine packet of the session with the next number plus `ahead`.
    pub(crate) fn seal(
        &mut self,
        direction: Direction,
        ahead: i32,
        kind: PayloadType,
        payload: &[u8],
        rng: &mut impl CryptoRng,
    ) -> Vec<u8> {
        let (id, numbers) = match direction {
            Direction::ToBmc => (self.bmc_id, &mut self.to_bmc),
            Direction::ToConsole => (self.console_id, &mut self.to_console),
        };
        let number = numbers.highest.wrapping_add(1).wrapping_add_signed(ahead);
        numbers.highest = numbers.highest.max(number);
        let mut out = Vec::new();
        v20::encode(kind, id, number, &self.protection, rng, &mut out, |out| {
            out.extend_from_slice(payload);
        });
        out
    }
}

fn unreadable(error: impl core::fmt::Display) -> Fault {
    Fault::Unreadable(error.to_string())
}
