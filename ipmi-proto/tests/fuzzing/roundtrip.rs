//! Decode, encode, decode: what was read once is written and read again as the same value, for every message and record
//! and for the request and the response of every command.

use core::fmt::Debug;

use ipmi_proto::command::app::CipherSuiteRecord;
use ipmi_proto::command::{TABLE, recode_response};
use ipmi_proto::crypto::{CipherSuite, Handshake};
use ipmi_proto::fru::Inventory;
use ipmi_proto::handshake::{
    OpenSessionRequest, OpenSessionResponse, Rakp1, Rakp2, Rakp3, Rakp4, RoleByte,
};
use ipmi_proto::message::{RequestMessage, ResponseMessage, encode_request, encode_response};
use ipmi_proto::sdr;
use ipmi_proto::sel;
use ipmi_proto::session::Window;
use ipmi_proto::session::rmcp::{Ping, Pong, Rmcp};
use ipmi_proto::session::v15;
use ipmi_proto::session::v20::Received;
use ipmi_proto::wire::{Decode, Encode};

use super::support::{PASSWORD, name, password};

/// The fuzz target's body: the first byte chooses the type, the rest is its wire form.
pub(crate) fn run(data: &[u8]) {
    let Some((&kind, data)) = data.split_first() else {
        return;
    };
    match kind {
        0 => both_ways::<OpenSessionRequest>(data),
        1 => both_ways::<OpenSessionResponse>(data),
        2 => both_ways::<Rakp1>(data),
        3 => both_ways::<Rakp2>(data),
        4 => both_ways::<Rakp3>(data),
        5 => both_ways::<Rakp4>(data),
        6 => both_ways::<Ping>(data),
        7 => both_ways::<Pong>(data),
        8 => messages(data),
        9 => packets(data),
        10 => suites(data),
        253 => inventory(data),
        254 => both_ways::<sdr::Record>(data),
        255 => both_ways::<sel::Record>(data),
        kind => commands(kind - 11, data),
    }
}

fn both_ways<T: Decode + Encode + PartialEq + Debug>(data: &[u8]) {
    if let Ok(value) = T::decode(data) {
        assert_eq!(T::decode(&bytes_of(&value)), Ok(value));
    }
}

fn bytes_of(value: &impl Encode) -> Vec<u8> {
    let mut out = Vec::new();
    value.encode(&mut out);
    out
}

fn messages(data: &[u8]) {
    if let Ok(message) = RequestMessage::decode(data) {
        let mut out = Vec::new();
        encode_request(&message.header, &Bytes(message.data), &mut out);
        assert_eq!(out, data);
    }
    if let Ok(message) = ResponseMessage::decode(data) {
        let mut out = Vec::new();
        encode_response(&message.header, message.completion, message.data, &mut out);
        assert_eq!(out, data);
    }
}

/// Packets go in through every check, and nothing comes out but what a key has signed.
fn packets(data: &[u8]) {
    let mut datagram = data.to_vec();
    let Ok(Rmcp::Ipmi(packet)) = Rmcp::parse(&mut datagram) else {
        return;
    };
    if let Ok(packet) = v15::Packet::decode(packet) {
        let mut out = Vec::new();
        v15::Packet::encode(&mut out, |out| out.extend_from_slice(packet.payload));
        assert_eq!(out[4..][10..], *packet.payload);
    }
    let handshake = Handshake {
        console_id: 1,
        bmc_id: 2,
        console_random: [3; 16],
        bmc_random: [4; 16],
        guid: [5; 16],
        role: RoleByte(0x14),
        username: name(b"admin"),
    };
    let password = password(PASSWORD);
    for suite in CipherSuite::ALL {
        let protection = handshake
            .session_keys(suite, &password, None)
            .protection(&password);
        let mut packet = packet.to_vec();
        if let Ok(received) = Received::parse(&mut packet)
            && let Ok(authenticated) = received.authenticate(&protection, &mut Window::default())
        {
            let _ = authenticated.decrypt(&protection);
        }
    }
}

fn suites(data: &[u8]) {
    if let Ok(list) = CipherSuiteRecord::parse_list(data) {
        let again: Vec<u8> = list.iter().flat_map(bytes_of).collect();
        assert_eq!(CipherSuiteRecord::parse_list(&again), Ok(list));
    }
}

/// What does not fit is left out when an inventory is written for the first time, and never again.
fn inventory(data: &[u8]) {
    if let Ok(inventory) = Inventory::decode(data) {
        let once = bytes_of(&inventory);
        let again = Inventory::decode(&once).map(|inventory| bytes_of(&inventory));
        assert_eq!(again, Ok(once));
    }
}

fn commands(index: u8, data: &[u8]) {
    let row = &TABLE[usize::from(index) % TABLE.len()];
    if let Ok(request) = (row.decode)(data) {
        let again = (row.decode)(&bytes_of(&request));
        assert_eq!(again, Ok(request), "{}", row.name);
    }
    if let Some(Ok(once)) = recode_response(row.netfn, row.code, data) {
        let twice = recode_response(row.netfn, row.code, &once);
        assert_eq!(twice, Some(Ok(once)), "{}", row.name);
    }
}

struct Bytes<'a>(&'a [u8]);

impl Encode for Bytes<'_> {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.0);
    }
}
