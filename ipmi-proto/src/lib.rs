//! IPMI 2.0 over LAN (RMCP+) as a library: wire types, cryptography, and both ends of a session.
//!
//! The crate does no IO, reads no clock and owns no random source: the time ([`Time`]), the peer's address and a
//! [`rand_core::CryptoRng`] come in as arguments, datagrams go out through a buffer of the caller's. So both ends run
//! in a test without sockets or sleeps, and embed in any runtime.
//!
//! | Module | What lives there |
//! |---|---|
//! | [`bmc`] | the managed system's end: [`bmc::Endpoint`] takes datagrams in, hands typed requests out, encodes answers |
//! | [`console`] | the remote console's end: [`console::Console`] opens a session and sends typed requests |
//! | [`command`] | one file and one table row for every command: request, response, lowest privilege |
//! | [`session`] | RMCP, the IPMI 1.5 and RMCP+ session headers, the sequence window; the order check window, verify MAC, commit window, decrypt is kept by types |
//! | [`handshake`] | Open Session and RAKP 1-4, and the status codes they answer with |
//! | [`crypto`] | cipher suites, the key schedule, integrity and confidentiality algorithms |
//! | [`message`] | the IPMI LAN message with its two checksums |
//!
//! # No panics
//!
//! Nothing in this crate panics on bytes from the wire. `unsafe` is forbidden, indexing, `unwrap` and `expect` are
//! denied by lint, and every decoder is fuzzed.
//!
//! "§" in the documentation means the *IPMI Specification, Second Generation, v2.0, revision 1.1*.
#![no_std]
#![forbid(unsafe_code)]
#![warn(missing_docs)]
#![deny(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::unreachable,
    clippy::print_stdout,
    clippy::print_stderr
)]

extern crate alloc;
#[cfg(any(test, feature = "std"))]
extern crate std;

pub mod bmc;
pub mod command;
mod completion;
pub mod console;
pub mod crypto;
pub mod handshake;
pub mod message;
mod privilege;
pub mod session;
mod time;
pub mod wire;

pub use completion::CompletionCode;
pub use privilege::Privilege;
pub use rand_core;
pub use time::Time;
