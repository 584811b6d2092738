//! A BMC for the tests of this module: it answers by the book, except where a test told it not to.
//!
//! It is made of the wire types alone and shares no code with [`bmc`](crate::bmc), so the console is not tested against
//! its own mirror image. `tests/pair/` joins the two real ends.

use alloc::vec::Vec;
use core::time::Duration;

use rand::SeedableRng as _;
use rand::rngs::StdRng;

use super::{Config, Console, Event, SuiteChoice};
use crate::command::app::{CipherListing, CipherSuiteRecord};
use crate::crypto::{BmcKey, CipherSuite, Handshake, Password, Protection};
use crate::handshake::{
    OpenSessionRequest, OpenSessionResponse, Opened, Rakp1, Rakp2, Rakp2Ok, Rakp3, Rakp4,
    RakpStatus, Username,
};
use crate::message::{RequestMessage, encode_response};
use crate::session::Window;
use crate::session::rmcp::Rmcp;
use crate::session::v15;
use crate::session::v20::{self, PayloadType, Received, encode_sessionless};
use crate::wire::{Decode, Encode};
use crate::{CompletionCode, Time};

pub(super) const BMC_ID: u32 = 0x0B0C_0D0E;
pub(super) const GUID: [u8; 16] = [7; 16];

/// A BMC with one user, and what it does differently from the specification.
pub(super) struct FakeBmc {
    pub(super) password: Password,
    pub(super) kg: Option<BmcKey>,
    /// The suites in its list; none: it does not know Get Channel Cipher Suites.
    pub(super) listed: Option<Vec<CipherSuite>>,
    /// The suites that it accepts.
    pub(super) accepted: Vec<CipherSuite>,
    /// Refuses suites in two bytes, as ipmi_sim does.
    pub(super) short_refusals: bool,
    /// The status of the next RAKP 4s.
    pub(super) rakp4_refusals: Vec<RakpStatus>,
    /// The highest level that Set Session Privilege Level grants.
    pub(super) limit: u8,
    /// The commands that it was asked for inside the session, in order.
    pub(super) asked: Vec<(u8, u8)>,
    /// What came in last, for each payload type.
    pub(super) last_rakp3: Option<Rakp3>,
    opened: Option<(u32, CipherSuite)>,
    handshake: Option<Handshake>,
    protection: Option<Protection>,
    window: Window,
    sequence: u32,
    rng: StdRng,
}

impl FakeBmc {
    pub(super) fn new() -> Self {
        let suites = Vec::from([CipherSuite::SUITE_3, CipherSuite::SUITE_17]);
        Self {
            password: Password::new(b"password").unwrap(),
            kg: None,
            listed: Some(suites.clone()),
            accepted: suites,
            short_refusals: false,
            rakp4_refusals: Vec::new(),
            limit: 4,
            asked: Vec::new(),
            last_rakp3: None,
            opened: None,
            handshake: None,
            protection: None,
            window: Window::default(),
            sequence: 0,
            rng: StdRng::seed_from_u64(2),
        }
    }

    /// The answer to a datagram; none where it is silent.
    pub(super) fn answer(&mut self, datagram: &mut [u8]) -> Option<Vec<u8>> {
        let Rmcp::Ipmi(packet) = Rmcp::parse(datagram).unwrap() else {
            panic!("the console sends no ASF messages")
        };
        let mut out = Vec::new();
        if packet[0] == 0 {
            let message = RequestMessage::decode(v15::Packet::decode(packet).unwrap().payload);
            v15::Packet::encode(&mut out, |out| self.outside(&message.unwrap(), out));
            return Some(out);
        }
        let received = Received::parse(packet).unwrap();
        if received.session_id() != 0 {
            assert_eq!(received.session_id(), BMC_ID);
            return self.inside(received);
        }
        let packet = received.sessionless().unwrap();
        match packet.payload_type {
            PayloadType::IPMI => {
                let message = RequestMessage::decode(packet.payload).unwrap();
                encode_sessionless(PayloadType::IPMI, &mut out, |out| {
                    self.outside(&message, out);
                });
            }
            PayloadType::OPEN_SESSION_REQUEST => self.open(packet.payload, &mut out),
            PayloadType::RAKP_1 => self.rakp1(packet.payload, &mut out),
            PayloadType::RAKP_3 => {
                let rakp3 = Rakp3::decode(packet.payload).unwrap();
                self.last_rakp3 = Some(rakp3.clone());
                if rakp3.result.is_err() {
                    return None;
                }
                self.rakp3(&rakp3, &mut out);
            }
            other => panic!("{other:?}"),
        }
        Some(out)
    }

    fn outside(&self, message: &RequestMessage<'_>, out: &mut Vec<u8>) {
        let (code, data) = match (message.header.command, &self.listed) {
            (0x38, _) => (
                CompletionCode::Ok,
                Vec::from([1, 0x80, 0x14, 2, 0, 0, 0, 0]),
            ),
            (0x54, Some(suites)) => {
                let records: Vec<_> = suites.iter().map(|suite| record(*suite)).collect();
                let list = CipherListing::Suites.list(&records);
                let index = usize::from(message.data[2] & 0x3F);
                let window = list.chunks(16).nth(index).unwrap_or_default();
                (CompletionCode::Ok, [&[1], window].concat())
            }
            _ => (CompletionCode::InvalidCommand, Vec::new()),
        };
        encode_response(&message.header, code, &data, out);
    }

    fn open(&mut self, payload: &[u8], out: &mut Vec<u8>) {
        let request = OpenSessionRequest::decode(payload).unwrap();
        let suite = self
            .accepted
            .iter()
            .find(|suite| crate::handshake::Proposal::of(**suite) == request.proposal);
        let result = suite
            .map(|suite| Opened {
                privilege: self.limit,
                bmc_id: BMC_ID,
                suite: *suite,
            })
            .ok_or(RakpStatus::NoMatchingCipherSuite);
        self.opened = suite.map(|suite| (request.console_id, *suite));
        let response = OpenSessionResponse {
            tag: request.tag,
            console_id: request.console_id,
            result,
        };
        encode_sessionless(PayloadType::OPEN_SESSION_RESPONSE, out, |out| {
            let start = out.len();
            response.encode(out);
            if self.short_refusals && result.is_err() {
                out.truncate(start + 2);
            }
        });
    }

    fn rakp1(&mut self, payload: &[u8], out: &mut Vec<u8>) {
        let rakp1 = Rakp1::decode(payload).unwrap();
        let (console_id, suite) = self.opened.unwrap();
        let handshake = Handshake {
            console_id,
            bmc_id: BMC_ID,
            console_random: rakp1.console_random,
            bmc_random: [9; 16],
            guid: GUID,
            role: rakp1.role,
            username: rakp1.username,
        };
        let code = handshake.rakp2_code(suite.authentication(), &self.password);
        let rakp2 = Rakp2 {
            tag: rakp1.tag,
            console_id,
            result: Ok(Rakp2Ok {
                bmc_random: handshake.bmc_random,
                guid: GUID,
                code: Vec::from(code.as_bytes()),
            }),
        };
        self.handshake = Some(handshake);
        encode_sessionless(PayloadType::RAKP_2, out, |out| rakp2.encode(out));
    }

    fn rakp3(&mut self, rakp3: &Rakp3, out: &mut Vec<u8>) {
        let (console_id, suite) = self.opened.unwrap();
        let handshake = self.handshake.clone().unwrap();
        let code = handshake.rakp3_code(suite.authentication(), &self.password);
        assert_eq!(rakp3.result.as_deref(), Ok(code.as_bytes()));
        let keys = handshake.session_keys(suite, &self.password, self.kg.as_ref());
        let check = keys.rakp4_check(&handshake);
        let check = check.truncated(suite.authentication().check_len());
        let rakp4 = Rakp4 {
            tag: rakp3.tag,
            console_id,
            result: self.rakp4_refusals.pop().map_or(Ok(Vec::from(check)), Err),
        };
        (self.window, self.sequence) = (Window::default(), 0);
        self.protection = Some(keys.protection(&self.password));
        encode_sessionless(PayloadType::RAKP_4, out, |out| rakp4.encode(out));
    }

    fn inside(&mut self, received: Received<'_>) -> Option<Vec<u8>> {
        let protection = self.protection.as_ref()?;
        let packet = received
            .authenticate(protection, &mut self.window)
            .and_then(|packet| packet.decrypt(protection))
            .ok()?;
        let message = RequestMessage::decode(packet.payload).unwrap();
        let header = message.header;
        self.asked.push((header.netfn.request(), header.command));
        let (code, data) = match (header.command, message.data) {
            (0x3B, &[level]) if level > self.limit => (CompletionCode::from(0x81), Vec::new()),
            (_, data) => (CompletionCode::Ok, Vec::from(data)),
        };
        self.sequence += 1;
        let mut out = Vec::new();
        v20::encode(
            PayloadType::IPMI,
            self.opened?.0,
            self.sequence,
            protection,
            &mut self.rng,
            &mut out,
            |out| encode_response(&header, code, &data, out),
        );
        Some(out)
    }
}

fn record(suite: CipherSuite) -> CipherSuiteRecord {
    CipherSuiteRecord::standard(
        suite.id(),
        suite.authentication() as u8,
        suite.integrity() as u8,
        suite.confidentiality() as u8,
    )
}

/// A console and its BMC on a network that loses what a test wants lost.
pub(super) struct Desk {
    pub(super) console: Console,
    pub(super) bmc: FakeBmc,
    pub(super) now: Time,
    pub(super) rng: StdRng,
    /// Everything that either end sent.
    pub(super) sent: Vec<Vec<u8>>,
}

/// Which end sent a datagram.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum From {
    Console,
    Bmc,
}

impl Desk {
    pub(super) fn new(config: Config) -> Self {
        Self {
            console: Console::new(config),
            bmc: FakeBmc::new(),
            now: Time::ORIGIN,
            rng: StdRng::seed_from_u64(1),
            sent: Vec::new(),
        }
    }

    /// Runs until the console is idle or has something to tell.
    pub(super) fn event(&mut self) -> Option<Event> {
        self.event_over(|_, _| true)
    }

    /// The same, where only datagrams for which `arrives` holds get through.
    pub(super) fn event_over(
        &mut self,
        mut arrives: impl FnMut(From, &[u8]) -> bool,
    ) -> Option<Event> {
        for _ in 0..1000 {
            let mut datagram = Vec::new();
            while self
                .console
                .poll_transmit(self.now, &mut self.rng, &mut datagram)
            {
                let mut sent = core::mem::take(&mut datagram);
                self.sent.push(sent.clone());
                if !arrives(From::Console, &sent) {
                    continue;
                }
                if let Some(mut answer) = self.bmc.answer(&mut sent) {
                    self.sent.push(answer.clone());
                    if arrives(From::Bmc, &answer) {
                        let taken = self.console.handle(self.now, &mut answer, &mut self.rng);
                        taken.expect("the answer is good");
                    }
                }
            }
            if let Some(event) = self.console.poll_event() {
                return Some(event);
            }
            self.now = self
                .console
                .poll_timeout()?
                .max(self.now + Duration::from_millis(1));
            self.console.handle_timeout(self.now);
        }
        panic!("no end in sight")
    }

    /// Opens the session.
    pub(super) fn established(config: Config) -> Self {
        let mut desk = Self::new(config);
        assert!(matches!(desk.event(), Some(Event::Established(_))));
        desk
    }
}

pub(super) fn config() -> Config {
    Config {
        suite: SuiteChoice::Exactly(CipherSuite::SUITE_17),
        ..Config::new(
            Username::new(b"admin").unwrap(),
            Password::new(b"password").unwrap(),
        )
    }
}
