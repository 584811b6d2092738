//! What the fuzz targets do with their input. `corpus.rs` does the same with the stored corpora, and the crate in
//! `fuzz/` lets libFuzzer choose.

#[path = "../support/mod.rs"]
pub(crate) mod support;

pub(crate) mod console;
pub(crate) mod datagram;
pub(crate) mod handshake;
pub(crate) mod roundtrip;
pub(crate) mod sol;
pub(crate) mod v15;

use arbitrary::Unstructured;
use core::net::SocketAddr;
use ipmi_proto::Time;
use ipmi_proto::bmc::{self, Answer, Endpoint, Token};
use ipmi_proto::console::Console;
use ipmi_proto::session::v15::Packet;
use ipmi_proto::session::v20::{self, PayloadType};
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use support::observer::{Direction, Observer};

/// Reads values off the input until it is used up.
pub(crate) fn each<'a, T: arbitrary::Arbitrary<'a>>(data: &'a [u8]) -> impl Iterator<Item = T> {
    let mut input = Unstructured::new(data);
    // An input of many empty steps shall not take for ever.
    (0..100).map_while(move |_| {
        if input.is_empty() {
            None
        } else {
            input.arbitrary().ok()
        }
    })
}

/// A datagram outside a session with correct headers: in the format of IPMI 1.5 where `kind` is no payload type.
pub(crate) fn sessionless(kind: u8, payload: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let write = |out: &mut Vec<u8>| out.extend_from_slice(payload);
    match payload_type(kind) {
        Some(kind) => v20::encode_sessionless(kind, &mut out, write),
        None => Packet::encode(&mut out, write),
    }
    out
}

/// One of the payload types that mean something.
pub(crate) fn payload_type(kind: u8) -> Option<PayloadType> {
    Some(match kind % 9 {
        0 => PayloadType::IPMI,
        1 => PayloadType::SOL,
        2 => PayloadType::OPEN_SESSION_REQUEST,
        3 => PayloadType::OPEN_SESSION_RESPONSE,
        4 => PayloadType::RAKP_1,
        5 => PayloadType::RAKP_2,
        6 => PayloadType::RAKP_3,
        7 => PayloadType::RAKP_4,
        _ => return None,
    })
}

/// Both ends, without clock or network: what one sends, the other gets.
pub(crate) struct Ends {
    pub(crate) now: Time,
    pub(crate) rng: StdRng,
    pub(crate) endpoint: Endpoint,
    pub(crate) peer: SocketAddr,
    pub(crate) tokens: Vec<Token>,
}

impl Ends {
    pub(crate) fn new() -> Self {
        let mut rng = StdRng::seed_from_u64(1);
        let config = bmc::Config {
            suites: support::all_suites(),
            ..bmc::Config::new(support::users())
        };
        Self {
            now: Time::ORIGIN,
            endpoint: Endpoint::new(config, &mut rng),
            rng,
            peer: support::peer(1),
            tokens: Vec::new(),
        }
    }

    /// Gives the BMC a datagram. Its answer, if it has one at once.
    pub(crate) fn deliver(&mut self, datagram: &[u8]) -> Option<Vec<u8>> {
        let mut out = Vec::new();
        let mut datagram = datagram.to_vec();
        let event =
            self.endpoint
                .handle(self.now, self.peer, &mut datagram, &mut self.rng, &mut out);
        match event {
            bmc::Event::Reply => Some(out),
            bmc::Event::Dropped(_) | bmc::Event::Sol { .. } => None,
            bmc::Event::Request(incoming) => {
                self.tokens.push(incoming.token);
                None
            }
        }
    }

    /// Answers the oldest open request.
    pub(crate) fn respond(&mut self, answer: Answer) -> Option<Vec<u8>> {
        let mut out = Vec::new();
        if self.tokens.is_empty() {
            return None;
        }
        let token = self.tokens.remove(0);
        self.endpoint
            .respond(self.now, token, answer, &mut self.rng, &mut out)
            .map(|_| out)
    }

    /// Brings everything that the console wants to send to the BMC and the answers back, but at most `limit`
    /// datagrams, under the eyes of `observer`.
    pub(crate) fn exchange(
        &mut self,
        console: &mut Console,
        observer: &mut Observer,
        limit: usize,
    ) {
        for _ in 0..limit {
            let mut datagram = Vec::new();
            if !console.poll_transmit(self.now, &mut self.rng, &mut datagram) {
                return;
            }
            let _ = observer.observe(Direction::ToBmc, &datagram);
            if let Some(mut answer) = self.deliver(&datagram) {
                let _ = observer.observe(Direction::ToConsole, &answer);
                let _ = console.handle(self.now, &mut answer, &mut self.rng);
            }
        }
    }
}
