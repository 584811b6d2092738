//! Packets of IPMI 1.5 into an endpoint without sessions, with challenges given and with active sessions.

use core::time::Duration;

use arbitrary::Arbitrary;
use ipmi_proto::bmc::{self, Answer, Endpoint, Event, Token, V15};
use ipmi_proto::command::NetFn;
use ipmi_proto::command::app::{AuthType, AuthTypes};
use ipmi_proto::message::{Header, encode_request};
use ipmi_proto::session::rmcp::{IPMI_HEADER, Rmcp};
use ipmi_proto::session::v15::{self, AuthKey, Received};
use ipmi_proto::wire::Encode;
use ipmi_proto::{CompletionCode, Privilege, Time};
use rand::SeedableRng as _;
use rand::rngs::StdRng;

use super::each;
use super::support::v15::V15Console;
use super::support::{PASSWORD, password, users};

#[derive(Debug, Arbitrary)]
enum Step<'a> {
    /// Bytes as they are.
    Raw {
        bytes: &'a [u8],
    },
    /// Bytes behind a header that claims to be of the session.
    Forged {
        kind: u8,
        sequence: u32,
        bytes: &'a [u8],
    },
    /// An earlier datagram with a bit turned, or as it was.
    Again {
        which: u8,
        bit: u16,
    },
    /// Opens a session, or tries to, or leaves after the challenge.
    Login {
        kind: u8,
        right: bool,
        whole: bool,
    },
    /// Any payload in a genuine packet of the session.
    Sealed {
        ahead: i8,
        bare: bool,
        payload: &'a [u8],
    },
    /// A request in a genuine packet of the session.
    Request {
        sequence: u8,
        netfn: u8,
        command: u8,
        data: &'a [u8],
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
    now: Time,
    rng: StdRng,
    endpoint: Endpoint,
    /// The one that logged in last.
    console: Option<V15Console>,
    tokens: Vec<Token>,
    sent: Vec<Vec<u8>>,
}

/// The fuzz target's body.
pub(crate) fn run(data: &[u8]) {
    let Some((&per_message, data)) = data.split_first() else {
        return;
    };
    let mut rng = StdRng::seed_from_u64(1);
    let config = bmc::Config {
        v15: V15 {
            auth_types: AuthTypes::new(0xFF),
            per_message_auth: per_message & 1 == 0,
        },
        ..bmc::Config::new(users())
    };
    let mut world = World {
        now: Time::ORIGIN,
        endpoint: Endpoint::new(config, &mut rng),
        rng,
        console: None,
        tokens: Vec::new(),
        sent: Vec::new(),
    };
    for step in each(data) {
        world.step(step);
    }
}

impl World {
    fn step(&mut self, step: Step<'_>) {
        match step {
            Step::Raw { bytes } => {
                decoders(bytes);
                self.unproven(bytes.to_vec());
            }
            Step::Forged {
                kind,
                sequence,
                bytes,
            } => {
                let key = AuthKey::new(auth_type(kind), &password(b"another"));
                let id = self.console.as_ref().map_or(0, |console| console.id);
                let mut out = Vec::new();
                v15::encode(key.as_ref(), id, sequence, &mut out, |out| {
                    out.extend_from_slice(bytes);
                });
                self.unproven(out);
            }
            Step::Again { which, bit } => {
                let Some(index) = usize::from(which).checked_rem(self.sent.len()) else {
                    return;
                };
                let mut datagram = self.sent[index].clone();
                if let Some(byte) = datagram.get_mut(usize::from(bit / 8)) {
                    *byte ^= 1 << (bit % 8);
                }
                self.unproven(datagram);
            }
            Step::Login { kind, right, whole } => self.login(auth_type(kind), right, whole),
            Step::Sealed {
                ahead,
                bare,
                payload,
            } => self.sealed(ahead, bare, payload),
            Step::Request {
                sequence,
                netfn,
                command,
                data,
            } => {
                let header = Header::request(NetFn::new(netfn), command, sequence);
                let mut payload = Vec::new();
                encode_request(&header, &Bytes(data), &mut payload);
                self.sealed(0, false, &payload);
            }
            Step::Answer { data } => {
                if self.tokens.is_empty() {
                    return;
                }
                let token = self.tokens.remove(0);
                let answer = Answer::of(data.map(Bytes).ok_or(CompletionCode::NodeBusy));
                let mut out = Vec::new();
                self.endpoint
                    .respond(self.now, token, answer, &mut self.rng, &mut out);
            }
            Step::Wait { seconds } => {
                self.now = self.now + Duration::from_secs(seconds.into());
                self.endpoint.handle_timeout(self.now);
            }
        }
        while self.endpoint.poll_refused_login().is_some() {}
    }

    fn deliver(&mut self, mut datagram: Vec<u8>) -> Option<Vec<u8>> {
        let mut out = Vec::new();
        let peer = super::support::peer(1);
        self.sent.push(datagram.clone());
        match self
            .endpoint
            .handle(self.now, peer, &mut datagram, &mut self.rng, &mut out)
        {
            Event::Reply => Some(out),
            Event::Request(incoming) => {
                self.tokens.push(incoming.token);
                None
            }
            Event::Dropped(_) | Event::Sol { .. } => None,
        }
    }

    /// A datagram that proves nothing ends no session whose packets are signed.
    fn unproven(&mut self, datagram: Vec<u8>) {
        let signed = self
            .console
            .as_ref()
            .filter(|console| console.every && console.auth_type == AuthType::Md5)
            .map(|console| console.id)
            .filter(|id| self.endpoint.is_active(*id));
        self.deliver(datagram);
        if let Some(id) = signed {
            assert!(self.endpoint.is_active(id), "{id:X} is gone");
        }
    }

    fn login(&mut self, auth_type: AuthType, right: bool, whole: bool) {
        let secret = if right { PASSWORD } else { b"another" };
        let mut console = V15Console::new(auth_type, secret);
        let before = self.endpoint.active_sessions();
        let challenge = console.challenge(&mut self.endpoint, self.now, &mut self.rng, b"admin");
        let (Ok(challenge), true) = (challenge, whole) else {
            return;
        };
        let datagram = console.datagram(&console.activation(&challenge, Privilege::Administrator));
        let answer = self.deliver(datagram);
        if !right && auth_type != AuthType::None {
            assert_eq!(answer, None);
            assert_eq!(self.endpoint.active_sessions(), before);
        } else if self.endpoint.is_active(console.id) {
            let reply = console.read(&mut answer.expect("an answer"));
            let number = reply.data[5..9].try_into().expect("four bytes");
            console.sequence = u32::from_le_bytes(number);
            console.every = self.endpoint.config().v15.per_message_auth;
            self.console = Some(console);
        }
    }

    fn sealed(&mut self, ahead: i8, bare: bool, payload: &[u8]) {
        let Some(console) = &mut self.console else {
            return;
        };
        let number = console.sequence.wrapping_add_signed(ahead.into());
        console.sequence = console.sequence.max(number).wrapping_add(1);
        let key = Some(&console.key).filter(|_| !bare);
        let mut out = Vec::new();
        v15::encode(key, console.id, number, &mut out, |out| {
            out.extend_from_slice(payload);
        });
        self.deliver(out);
    }
}

/// What was read is written and read again as the same.
fn decoders(bytes: &[u8]) {
    let mut datagram = [&IPMI_HEADER, bytes].concat();
    let Ok(Rmcp::Ipmi(packet)) = Rmcp::parse(&mut datagram) else {
        return;
    };
    let Ok(received) = Received::parse(packet) else {
        return;
    };
    let Some(key) = AuthKey::new(received.auth_type(), &password(PASSWORD)) else {
        return;
    };
    if let Ok(payload) = received.verify(&key) {
        let (id, sequence) = (received.session_id(), received.sequence());
        let mut out = Vec::new();
        v15::encode(Some(&key), id, sequence, &mut out, |out| {
            out.extend_from_slice(payload);
        });
        assert_eq!(Received::parse(&out[4..]), Ok(received));
    }
}

fn auth_type(kind: u8) -> AuthType {
    match kind % 3 {
        0 => AuthType::None,
        1 => AuthType::Md5,
        _ => AuthType::Password,
    }
}

struct Bytes<'a>(&'a [u8]);

impl Encode for Bytes<'_> {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.0);
    }
}
