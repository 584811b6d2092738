//! The bodies of the fuzz targets, from the tests of ipmi-proto: `tests/corpus.rs` there replays the corpora.

#[path = "../../ipmi-proto/tests/fuzzing/mod.rs"]
mod fuzzing;

/// Datagrams into an endpoint in every session state.
pub fn datagram(data: &[u8]) {
    fuzzing::datagram::run(data);
}

/// Both ends, with anything spliced into their handshake.
pub fn handshake(data: &[u8]) {
    fuzzing::handshake::run(data);
}

/// Datagrams into the console end in every state.
pub fn console(data: &[u8]) {
    fuzzing::console::run(data);
}

/// Decode, encode, decode of every message, record and command.
pub fn roundtrip(data: &[u8]) {
    fuzzing::roundtrip::run(data);
}

/// Packets into both ends of a serial line.
pub fn sol(data: &[u8]) {
    fuzzing::sol::run(data);
}

/// Packets of IPMI 1.5 into an endpoint in every session state.
pub fn v15(data: &[u8]) {
    fuzzing::v15::run(data);
}
