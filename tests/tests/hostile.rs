//! Datagrams that no client sends. Whatever comes, vbmcd stays up, sessions in progress notice nothing, whoever may
//! log in can, and no memory is kept.

use std::net::UdpSocket;
use std::time::Duration;

use ipmi_proto::CompletionCode;
use ipmi_proto::command::NetFn;
use ipmi_proto::command::chassis::{ChassisControl, GetChassisStatus};
use rand::{Rng as _, RngExt as _};
use vbmc_tests::net::loopback;
use vbmc_tests::{Bmc, Node, Relay, Session, Vbmcd};

/// Set Session Privilege Level, §22.18.
const SET_PRIVILEGE: u8 = 0x3B;
/// What vbmcd may grow by under attack, in KiB: its bounded pools, and what the allocator keeps.
const GROWTH: u64 = 8 * 1024;
const ANSWER: Duration = Duration::from_secs(5);

/// A BMC with a session in progress.
struct Target {
    daemon: Vbmcd,
    bmc: Bmc,
    session: Session,
    before: u64,
    _node: Node,
}

impl Target {
    fn start() -> Self {
        let node = Node::new(["target"]);
        let daemon = Vbmcd::start();
        let bmc = daemon.bmc("target", &node.uri());
        bmc.ipmitool(["power", "status"])
            .says("Chassis Power is on");
        let session = Session::open(&bmc);
        Self {
            before: daemon.resident_kib(),
            daemon,
            bmc,
            session,
            _node: node,
        }
    }

    #[track_caller]
    fn assert_unharmed(&mut self) {
        assert!(self.daemon.is_alive(), "vbmcd is up");
        let answer = self.session.ask(&GetChassisStatus);
        assert_eq!(answer.completion, CompletionCode::Ok, "the open session");
        self.bmc
            .ipmitool(["power", "status"])
            .says("Chassis Power is on");
        let now = self.daemon.resident_kib();
        assert!(
            now < self.before + GROWTH,
            "it grew from {} to {now} KiB",
            self.before
        );
    }
}

/// An RMCP+ packet outside of a session, §13.6.
fn packet(payload_type: u8, payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(payload.len()).expect("a short payload");
    let mut packet = vec![0x06, 0x00, 0xFF, 0x07, 0x06, payload_type];
    packet.extend([0; 8]);
    packet.extend(length.to_le_bytes());
    packet.extend(payload);
    packet
}

/// An Open Session Request for suite 17, §13.17.
fn open_session(tag: u8) -> Vec<u8> {
    let mut payload = vec![tag, 0, 0, 0, 0xA1, 0xA2, 0xA3, tag];
    payload.extend([0, 0, 0, 8, 3, 0, 0, 0]);
    payload.extend([1, 0, 0, 8, 4, 0, 0, 0]);
    payload.extend([2, 0, 0, 8, 1, 0, 0, 0]);
    packet(0x10, &payload)
}

/// A RAKP 1 with any bytes as the name, §13.20.
fn rakp1(bmc_session: [u8; 4], role: u8, name: &[u8]) -> Vec<u8> {
    let mut payload = vec![0; 4];
    payload.extend(bmc_session);
    payload.extend([0x5A; 16]);
    let length = u8::try_from(name.len()).expect("a short name");
    payload.extend([role, 0, 0, length]);
    payload.extend(name);
    packet(0x12, &payload)
}

/// The BMC's session id out of an Open Session Response, §13.18.
fn bmc_session(response: &[u8]) -> [u8; 4] {
    let id = response.get(24..28).expect("a session was offered");
    id.try_into().expect("four bytes")
}

fn connected(bmc: &Bmc) -> UdpSocket {
    let socket = UdpSocket::bind(loopback(0)).expect("a socket");
    socket.connect(bmc.address()).expect("a socket");
    socket.set_read_timeout(Some(ANSWER)).expect("a timeout");
    socket
}

#[test]
fn random_datagrams() {
    let mut target = Target::start();
    let socket = connected(&target.bmc);
    let mut rng = rand::rng();
    let mut buffer = [0; 600];
    for round in 0..20_000 {
        let len = rng.random_range(0..buffer.len());
        let datagram = &mut buffer[..len];
        rng.fill_bytes(datagram);
        // Half of them get past the first look.
        if round % 2 == 0 {
            for (byte, start) in datagram.iter_mut().zip([0x06, 0x00, 0xFF, 0x07, 0x06]) {
                *byte = start;
            }
        }
        let _ = socket.send(datagram);
    }
    target.assert_unharmed();
}

#[test]
fn truncated_and_altered_datagrams_of_a_session() {
    let mut target = Target::start();
    let relay = Relay::start(target.bmc.address());
    let mut session = Session::open_through(&target.bmc, relay.address());
    let _ = session.ask(&GetChassisStatus);
    let heard = relay.heard();
    assert!(heard.len() >= 5, "a handshake and two requests");
    let mut rng = rand::rng();
    for datagram in &heard {
        for len in 0..datagram.len() {
            relay.say(&datagram[..len]);
        }
        for at in 0..datagram.len() {
            let mut altered = datagram.clone();
            altered[at] ^= 1 << rng.random_range(0..8);
            relay.say(&altered);
        }
    }
    let answer = session.ask(&GetChassisStatus);
    assert_eq!(answer.completion, CompletionCode::Ok, "the relayed session");
    target.assert_unharmed();
}

#[test]
fn a_replayed_command_is_not_executed_again() {
    let mut target = Target::start();
    let relay = Relay::start(target.bmc.address());
    let mut session = Session::open_through(&target.bmc, relay.address());
    let _ = relay.heard();
    let off = session.ask(&ChassisControl::PowerDown);
    assert_eq!(off.completion, CompletionCode::Ok);
    let switch_off = relay.heard();
    target
        .bmc
        .ipmitool(["power", "status"])
        .says("Chassis Power is off");
    let on = session.ask(&ChassisControl::PowerUp);
    assert_eq!(on.completion, CompletionCode::Ok);
    for datagram in switch_off.iter().cycle().take(100) {
        relay.say(datagram);
    }
    let answer = session.ask(&GetChassisStatus);
    assert_eq!(answer.completion, CompletionCode::Ok, "the relayed session");
    target.assert_unharmed();
}

#[test]
fn names_that_are_no_text_and_reserved_privilege_levels() {
    let mut target = Target::start();
    let socket = connected(&target.bmc);
    let mut buffer = [0; 200];
    for (role, name) in [
        (0x14, b"\xFF\xFE\xC0".as_slice()),
        (0x14, b"\0"),
        (0x14, b"operator\0"),
        (0x14, &[0xFF; 16]),
        (0x14, &[b'a'; 17]),
        (0x14, &[b'a'; 255]),
        (0x06, b"operator"),
        (0x1F, b"operator"),
        (0xFF, b"operator"),
    ] {
        socket.send(&open_session(0)).expect("a datagram sent");
        let len = socket.recv(&mut buffer).expect("an Open Session Response");
        let id = bmc_session(&buffer[..len]);
        socket
            .send(&rakp1(id, role, name))
            .expect("a datagram sent");
        socket.recv(&mut buffer).expect("a RAKP 2 of some kind");
    }
    for level in [0x06, 0x07, 0x0F, 0xFF] {
        let answer = target.session.ask_raw(NetFn::APP, SET_PRIVILEGE, &[level]);
        assert_ne!(answer.completion, CompletionCode::Ok, "level {level:02X}");
    }
    target.assert_unharmed();
}

#[test]
fn a_thousand_half_open_sessions() {
    let mut target = Target::start();
    let sockets: Vec<_> = (0..20).map(|_| connected(&target.bmc)).collect();
    for (tag, socket) in (0..=u8::MAX).cycle().zip(sockets.iter().cycle()).take(1000) {
        socket.send(&open_session(tag)).expect("a datagram sent");
    }
    target.assert_unharmed();
    let said = target.bmc.pyghmi("print(bmc.get_power()['powerstate'])");
    assert_eq!(said.ok().trim(), "on");
}

#[test]
fn a_thousand_logins_keep_no_memory() {
    let mut target = Target::start();
    for _ in 0..1000 {
        let mut session = Session::open(&target.bmc);
        let answer = session.ask(&GetChassisStatus);
        assert_eq!(answer.completion, CompletionCode::Ok);
        session.close();
    }
    target.assert_unharmed();
}
