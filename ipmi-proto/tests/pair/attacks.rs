//! Datagrams that prove nothing: floods, replays, forgeries and noise leave sessions as they are.

use core::time::Duration;

use ipmi_proto::bmc::{self, DropReason};
use ipmi_proto::command::NetFn;
use ipmi_proto::command::chassis::{ChassisControl, GetChassisStatus};
use ipmi_proto::console::{Config, Event, SuiteChoice};
use ipmi_proto::crypto::CipherSuite;
use ipmi_proto::handshake::{OpenSessionRequest, Proposal};
use ipmi_proto::message::{Header, encode_request};
use ipmi_proto::session::v20::{PayloadType, Rejected, encode_sessionless};
use ipmi_proto::wire::Encode as _;
use proptest::prelude::*;

use super::support::observer::{Direction, Observer};
use super::support::pair::Pair;
use super::support::{PASSWORD, password, peer};
use super::{client, established, open, server};

/// An onlooker who knows the password and has seen everything.
fn insider(pair: &Pair) -> Observer {
    let mut observer = Observer::new(password(PASSWORD), None);
    for (direction, datagram) in &pair.sent {
        observer
            .observe(*direction, datagram)
            .expect("a genuine datagram");
    }
    observer
}

/// The session works: a request is executed and answered.
#[track_caller]
fn works(pair: &mut Pair) {
    let before = pair.executed.len();
    pair.console.request(&GetChassisStatus);
    let event = pair.event();
    assert!(
        matches!(event, Some(Event::Response { result: Ok(_), .. })),
        "{event:?}"
    );
    assert_eq!(pair.executed.len(), before + 1);
}

fn open_session_request(number: u32) -> Vec<u8> {
    let request = OpenSessionRequest {
        tag: 0,
        privilege: 4,
        console_id: number + 1,
        proposal: Proposal::of(CipherSuite::SUITE_17),
    };
    let mut out = Vec::new();
    encode_sessionless(PayloadType::OPEN_SESSION_REQUEST, &mut out, |out| {
        request.encode(out);
    });
    out
}

/// Floods while a session is open, and while another console logs in from `victim`.
fn flood(source: impl Fn(u32) -> u32, victim: u32) {
    let mut pair = open();
    for number in 0..10_000 {
        pair.inject(peer(source(number)), open_session_request(number));
    }
    works(&mut pair);
    assert_eq!(pair.endpoint.active_sessions(), 1);

    // A login in the middle of the flood: some dozen forged datagrams between any two of its own.
    let mut newcomer = ipmi_proto::console::Console::new(client());
    let mut number = 0;
    let mut out = Vec::new();
    while newcomer.poll_event().is_none() {
        let mut datagram = Vec::new();
        assert!(newcomer.poll_transmit(pair.now, &mut pair.rng, &mut datagram));
        let from = peer(victim);
        let event = pair
            .endpoint
            .handle(pair.now, from, &mut datagram, &mut pair.rng, &mut out);
        let mut answer = out.clone();
        assert!(matches!(event, bmc::Event::Reply), "{event:?}");
        for _ in 0..24 {
            number += 1;
            pair.inject(peer(source(number)), open_session_request(number));
        }
        newcomer
            .handle(pair.now, &mut answer, &mut pair.rng)
            .expect("an answer");
    }
    assert_eq!(pair.endpoint.active_sessions(), 2);
    pair.pass(Duration::from_secs(11));
    works(&mut pair);
}

#[test]
fn a_flood_from_10_000_sources_shuts_nobody_out() {
    flood(|number| 1000 + number, 2);
}

#[test]
fn a_flood_from_one_source_shuts_nobody_out() {
    flood(|_| 1000, 2);
}

#[test]
fn a_flood_from_ones_own_address_shuts_nobody_out() {
    flood(|_| 2, 2);
}

#[test]
fn replays_of_everything_have_no_effect() {
    for suite in CipherSuite::ALL {
        let config = Config {
            suite: SuiteChoice::Exactly(suite),
            ..client()
        };
        let mut pair = Pair::new(config, server());
        established(&mut pair);
        pair.console.request(&ChassisControl::PowerCycle);
        pair.event();
        assert_eq!(pair.executed.len(), 1);
        let captured = pair.sent.clone();
        for (_, datagram) in &captured {
            for source in [pair.peer, peer(9)] {
                pair.inject(source, datagram.clone());
            }
            let taken = pair
                .console
                .handle(pair.now, &mut datagram.clone(), &mut pair.rng);
            assert!(taken.is_err(), "{suite}: the console took a replay");
        }
        assert_eq!(pair.executed.len(), 1, "{suite}");
        assert_eq!(pair.endpoint.active_sessions(), 1, "{suite}");
        works(&mut pair);
    }
}

#[test]
fn a_closed_session_is_gone() {
    let mut pair = open();
    let mut insider = insider(&pair);
    pair.console.close();
    assert_eq!(pair.event(), Some(Event::Closed));
    let keys = insider.session.as_mut().unwrap();
    let mut payload = Vec::new();
    let header = Header::request(NetFn::CHASSIS, 2, 9);
    encode_request(&header, &ChassisControl::PowerDown, &mut payload);
    for ahead in 0..15 {
        let rng = &mut pair.rng;
        let datagram = keys.seal(Direction::ToBmc, ahead, PayloadType::IPMI, &payload, rng);
        pair.dropped.clear();
        pair.inject(peer(1), datagram);
        assert_eq!(pair.dropped, [DropReason::UnknownSession]);
    }
    assert!(pair.executed.is_empty());
}

#[test]
fn a_session_s_protection_cannot_be_lowered() {
    let mut pair = open();
    let mut insider = insider(&pair);
    let mut payload = Vec::new();
    let header = Header::request(NetFn::CHASSIS, 2, 9);
    encode_request(&header, &ChassisControl::PowerDown, &mut payload);
    // Whoever has the session's integrity key but not that for encryption; and whoever has neither.
    let kind = PayloadType::IPMI;
    for (suite, reason) in [(16, Rejected::Unencrypted), (15, Rejected::Unauthenticated)] {
        let mut weaker = insider
            .with_suite(CipherSuite::from_id(suite).unwrap())
            .unwrap();
        let datagram = weaker.seal(Direction::ToBmc, 0, kind, &payload, &mut pair.rng);
        pair.dropped.clear();
        pair.inject(peer(1), datagram);
        assert_eq!(pair.dropped, [DropReason::Rejected(reason)]);
    }
    assert!(pair.executed.is_empty());
    // The same request is welcome when it is protected as agreed: the packet was what was wrong.
    let keys = insider.session.as_mut().unwrap();
    let good = keys.seal(Direction::ToBmc, 1, kind, &payload, &mut pair.rng);
    pair.inject(peer(1), good);
    assert_eq!(pair.executed.len(), 1);
}

/// A datagram that an outsider may send: noise, or one that was seen, damaged.
fn noise(seen: Vec<Vec<u8>>) -> impl Strategy<Value = Vec<u8>> {
    let random = prop::collection::vec(any::<u8>(), 0..200);
    let headed =
        (any::<u8>(), prop::collection::vec(any::<u8>(), 0..200)).prop_map(|(kind, rest)| {
            // RMCP header, RMCP+, any payload type, anything.
            [vec![6, 0, 0xFF, 7, 6, kind], rest].concat()
        });
    let damaged = (
        prop::sample::select(seen),
        any::<prop::sample::Index>(),
        1..=255u8,
        any::<prop::sample::Index>(),
        any::<bool>(),
    )
        .prop_map(|(mut datagram, at, change, end, cut)| {
            if cut {
                datagram.truncate(end.index(datagram.len()));
            } else {
                // Two fields of the RMCP header mean nothing, and no MAC covers them.
                let at = 3 + at.index(datagram.len() - 3);
                datagram[at] ^= change;
            }
            datagram
        });
    prop_oneof![random, headed, damaged]
}

/// What both ends say to each other in a session with one request.
fn conversation() -> Vec<Vec<u8>> {
    let mut pair = open();
    works(&mut pair);
    pair.sent
        .into_iter()
        .map(|(_, datagram)| datagram)
        .collect()
}

proptest! {
    #[test]
    fn noise_leaves_an_open_session_as_it_is(
        datagrams in prop::collection::vec(noise(conversation()), 1..50),
        source in 1..3u32,
    ) {
        // The same seed as the conversation's: the same ids and keys, so that damaged datagrams are this session's.
        let mut pair = open();
        for datagram in datagrams {
            let _ = pair.console.handle(pair.now, &mut datagram.clone(), &mut pair.rng);
            pair.inject(peer(source), datagram);
        }
        prop_assert_eq!(pair.endpoint.active_sessions(), 1);
        prop_assert!(pair.executed.is_empty());
        prop_assert!(pair.console.poll_event().is_none());
        works(&mut pair);
    }

    #[test]
    fn noise_from_elsewhere_does_not_disturb_a_handshake(
        datagrams in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..200), 1..10),
        step in 0..6usize,
    ) {
        let mut pair = Pair::new(client(), server());
        let mut out = Vec::new();
        for _ in 0..step {
            if pair.console.poll_transmit(pair.now, &mut pair.rng, &mut out) {
                let from = pair.peer;
                pair.inject(from, core::mem::take(&mut out));
            }
        }
        for datagram in datagrams {
            let _ = pair.console.handle(pair.now, &mut datagram.clone(), &mut pair.rng);
            pair.inject(peer(7), datagram);
        }
        established(&mut pair);
        works(&mut pair);
    }
}
