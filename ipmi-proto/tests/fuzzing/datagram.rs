//! Datagrams into an endpoint without sessions, with half-open ones and with active ones.

use core::time::Duration;

use arbitrary::Arbitrary;
use ipmi_proto::CompletionCode;
use ipmi_proto::bmc::Answer;
use ipmi_proto::command::NetFn;
use ipmi_proto::console::{Config, Console, SuiteChoice};
use ipmi_proto::crypto::{CipherSuite, Integrity};
use ipmi_proto::message::{Header, encode_request};
use ipmi_proto::session::v20::PayloadType;
use ipmi_proto::wire::Encode;

use super::support::observer::{Direction, Observer, Seen};
use super::support::{PASSWORD, name, password, peer};
use super::{Ends, each, payload_type, sessionless};

#[derive(Debug, Arbitrary)]
enum Step<'a> {
    /// Bytes as they are.
    Raw {
        peer: u8,
        bytes: &'a [u8],
    },
    /// A payload with the headers that it needs.
    Sessionless {
        kind: u8,
        payload: &'a [u8],
    },
    /// An earlier datagram with a bit turned and bytes cut off, or as it was.
    Again {
        which: u8,
        bit: u16,
        cut: u8,
    },
    /// Any payload in a genuine packet of a session.
    Sealed {
        session: u8,
        ahead: i8,
        kind: u8,
        payload: &'a [u8],
    },
    /// A request in a genuine packet of a session.
    Request {
        session: u8,
        sequence: u8,
        netfn: u8,
        command: u8,
        data: &'a [u8],
    },
    /// Opens a session, or gives up after some datagrams.
    Login {
        suite: u8,
        user: bool,
        datagrams: u8,
    },
    /// Answers the oldest open request.
    Answer {
        data: Option<&'a [u8]>,
    },
    Wait {
        seconds: u8,
    },
}

struct World {
    ends: Ends,
    sessions: Vec<Observer>,
    sent: Vec<Vec<u8>>,
}

/// The fuzz target's body.
pub(crate) fn run(data: &[u8]) {
    let mut world = World {
        ends: Ends::new(),
        sessions: Vec::new(),
        sent: Vec::new(),
    };
    for step in each(data) {
        world.step(step);
    }
}

impl World {
    fn step(&mut self, step: Step<'_>) {
        match step {
            Step::Raw {
                peer: number,
                bytes,
            } => {
                self.ends.peer = peer(u32::from(number));
                self.unproven(bytes.to_vec());
            }
            Step::Sessionless { kind, payload } => self.unproven(sessionless(kind, payload)),
            Step::Again { which, bit, cut } => {
                let Some(mut datagram) = pick(&mut self.sent, which).cloned() else {
                    return;
                };
                datagram.truncate(datagram.len().saturating_sub(usize::from(cut)));
                if let Some(byte) = datagram.get_mut(usize::from(bit / 8)) {
                    *byte ^= 1 << (bit % 8);
                }
                self.unproven(datagram);
            }
            Step::Sealed {
                session,
                ahead,
                kind,
                payload,
            } => {
                let kind = payload_type(kind).unwrap_or(PayloadType::IPMI);
                self.sealed(session, ahead, kind, payload);
            }
            Step::Request {
                session,
                sequence,
                netfn,
                command,
                data,
            } => {
                let header = Header::request(NetFn::new(netfn), command, sequence);
                let mut payload = Vec::new();
                encode_request(&header, &Bytes(data), &mut payload);
                self.sealed(session, 0, PayloadType::IPMI, &payload);
            }
            Step::Login {
                suite,
                user,
                datagrams,
            } => self.login(suite, user, datagrams),
            Step::Answer { data } => {
                let answer = data.map(Bytes).ok_or(CompletionCode::NodeBusy);
                let out = self.ends.respond(Answer::of(answer));
                self.genuine(out);
            }
            Step::Wait { seconds } => {
                self.ends.now = self.ends.now + Duration::from_secs(seconds.into());
                self.ends.endpoint.handle_timeout(self.ends.now);
            }
        }
    }

    /// A datagram that proves nothing ends no session whose packets are signed.
    fn unproven(&mut self, datagram: Vec<u8>) {
        let signed: Vec<u32> = self
            .sessions
            .iter()
            .filter_map(|observer| observer.session.as_ref())
            .filter(|keys| keys.suite.integrity() != Integrity::None)
            .map(|keys| keys.bmc_id)
            .filter(|id| self.ends.endpoint.is_active(*id))
            .collect();
        self.ends.deliver(&datagram);
        for id in signed {
            assert!(self.ends.endpoint.is_active(id), "{id:X} is gone");
        }
        self.sent.push(datagram);
    }

    fn sealed(&mut self, session: u8, ahead: i8, kind: PayloadType, payload: &[u8]) {
        let Some(observer) = pick(&mut self.sessions, session) else {
            return;
        };
        let Some(keys) = &mut observer.session else {
            return;
        };
        let rng = &mut self.ends.rng;
        let datagram = keys.seal(Direction::ToBmc, ahead.into(), kind, payload, rng);
        let out = self.ends.deliver(&datagram);
        self.sent.push(datagram);
        self.genuine(out);
    }

    /// What the BMC sends is readable, and inside a session it is genuine.
    fn genuine(&mut self, out: Option<Vec<u8>>) {
        let Some(out) = out else { return };
        let mut results = self
            .sessions
            .iter_mut()
            .map(|observer| observer.observe(Direction::ToConsole, &out));
        let genuine =
            results.any(|result| matches!(result, Ok(Seen::InSession(..) | Seen::Sessionless(..))));
        assert!(genuine, "the answer is of no session");
    }

    fn login(&mut self, suite: u8, user: bool, datagrams: u8) {
        let suite = CipherSuite::ALL[usize::from(suite) % CipherSuite::ALL.len()];
        let user = name(if user { b"user" } else { b"admin" });
        let mut console = Console::new(Config {
            suite: SuiteChoice::Exactly(suite),
            ..Config::new(user, password(PASSWORD))
        });
        let mut observer = Observer::new(password(PASSWORD), None);
        let limit = usize::from(datagrams % 8);
        self.ends.exchange(&mut console, &mut observer, limit);
        if observer.session.is_some() {
            self.sessions.push(observer);
        }
    }
}

fn pick<T>(among: &mut [T], which: u8) -> Option<&mut T> {
    let index = usize::from(which).checked_rem(among.len())?;
    among.get_mut(index)
}

struct Bytes<'a>(&'a [u8]);

impl Encode for Bytes<'_> {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.0);
    }
}
