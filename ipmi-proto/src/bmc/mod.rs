//! The managed system's end of IPMI over LAN.
//!
//! [`Endpoint`] holds the sessions of one BMC. The driver passes it every datagram ([`Endpoint::handle`]) and sends
//! what it finds in the output buffer. Requests that the protocol cannot answer by itself come out as typed
//! [`Request`](crate::command::Request)s with a [`Token`]; the driver answers them when it can
//! ([`Endpoint::respond`]), in any order. What a command does is decided by the driver, never here.
//!
//! # The contract
//!
//! - After every `handle`, send `out` if the event was [`Event::Reply`].
//! - Answer every [`Event::Request`] with `respond`, once. Until then the same request from the same console is
//!   joined to it; after that it is answered from the stored response. It is never handed out twice.
//! - Call [`Endpoint::handle_timeout`] when [`Endpoint::poll_timeout`] says so.
//! - Where the driver gives sessions a serial port ([`Endpoint::activate_sol`]), it also sends what
//!   [`Endpoint::poll_sol`] has, after each of these calls and after each change to a port, until it has nothing more.
//!
//! # What an attacker finds
//!
//! Datagrams that prove nothing change nothing: they are dropped, or answered from a budget per source
//! (see `throttle`), and their half-open sessions live in a bounded pool of their own, never at the expense of an
//! active session. Whether a user exists cannot be told from RAKP 2. Wrong passwords make the next try of the same user
//! from the same source wait (see `guesses`).
//!
//! IPMI 1.5 sessions ([`Config::v15`]) are weaker in all of this: Get Session Challenge tells whether a user exists,
//! and nothing is encrypted.

mod answer;
mod config;
mod endpoint;
mod guesses;
mod handshake;
mod local;
mod pending;
mod refused;
mod replies;
mod session;
mod throttle;
mod traffic;
mod users;

pub use answer::{Answer, Token};
pub use config::{Config, SuiteLimits, V15};
pub use endpoint::{
    Deactivation, DropReason, Endpoint, Event, Incoming, PayloadProtection, Requester,
};
pub use refused::{Refusal, RefusedLogin};
pub use users::{User, Users};
