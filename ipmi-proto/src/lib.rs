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
//! | [`sol`] | Serial over LAN: its packets, and either end of the line |
//! | [`message`] | the IPMI LAN message with its two checksums |
//! | [`sel`] | the records of the event log |
//! | [`sdr`] | sensor data records: what a BMC says of its sensors |
//! | [`fru`] | inventory data |
//!
//! # Both ends in a few lines
//!
//! A console asks for power on. There is no network between them here; with one, `to_bmc` and `to_console` go through
//! a socket, and both ends also want their timeouts ([`console`] and [`bmc`] say how; `examples/console.rs` does it).
//!
//! ```
//! use std::net::SocketAddr;
//!
//! use ipmi_proto::bmc::{self, Answer, Endpoint, User, Users};
//! use ipmi_proto::command::Request;
//! use ipmi_proto::command::app::UserId;
//! use ipmi_proto::command::chassis::ChassisControl;
//! use ipmi_proto::console::{self, Console};
//! use ipmi_proto::crypto::Password;
//! use ipmi_proto::handshake::Username;
//! use ipmi_proto::{CompletionCode, Privilege, Time};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let (name, password) = (Username::new(b"admin")?, Password::new(b"secret")?);
//! let mut users = Users::default();
//! users.set(UserId::new(2)?, Some(User::new(name, password.clone(), Privilege::Administrator)));
//!
//! let mut rng = rand::rng();
//! let now = Time::ORIGIN;
//! let peer: SocketAddr = "192.0.2.1:50000".parse()?;
//! let mut bmc = Endpoint::new(bmc::Config::new(users), &mut rng);
//! let mut console = Console::new(console::Config::new(name, password));
//! console.request(&ChassisControl::PowerUp);
//!
//! let (mut powered, mut answered) = (false, false);
//! let (mut to_bmc, mut to_console) = (Vec::new(), Vec::new());
//! while console.poll_transmit(now, &mut rng, &mut to_bmc) {
//!     match bmc.handle(now, peer, &mut to_bmc, &mut rng, &mut to_console) {
//!         bmc::Event::Request(incoming) => {
//!             let result = match incoming.request {
//!                 Request::ChassisControl(ChassisControl::PowerUp) => {
//!                     powered = true;
//!                     Ok(())
//!                 }
//!                 _ => Err(CompletionCode::InvalidCommand),
//!             };
//!             bmc.respond(now, incoming.token, Answer::of(result), &mut rng, &mut to_console);
//!         }
//!         bmc::Event::Reply | bmc::Event::Sol { .. } => {}
//!         bmc::Event::Dropped(reason) => return Err(reason.into()),
//!     }
//!     console.handle(now, &mut to_console, &mut rng)?;
//!     to_bmc.clear();
//!     while let Some(event) = console.poll_event() {
//!         if let console::Event::Response { result, .. } = event {
//!             result?.decode::<ChassisControl>()?;
//!             answered = true;
//!             console.close();
//!         }
//!     }
//! }
//! assert!(powered && answered && console.is_ended());
//! # Ok(())
//! # }
//! ```
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
pub mod fru;
pub mod handshake;
pub mod message;
mod privilege;
pub mod sdr;
pub mod sel;
pub mod session;
pub mod sol;
mod text;
mod time;
pub mod wire;

pub use completion::CompletionCode;
pub use privilege::Privilege;
pub use rand_core;
pub use time::Time;
