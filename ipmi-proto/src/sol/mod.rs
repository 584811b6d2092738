//! Serial over LAN, §15: the machine's serial port as a payload of a session.
//!
//! [`Packet`] is the wire form. [`Port`] is one end of the line, BMC or console, as a state machine without IO or clock.
//! Encryption, authentication and session numbers are the session's business: [`bmc::Endpoint`](crate::bmc::Endpoint)
//! and [`console::Console`](crate::console::Console) put packets of their ports into the payloads of their sessions.
//!
//! | File | What lives there |
//! |---|---|
//! | `packet` | the four header bytes, and the data behind them |
//! | `config` | sizes, intervals and patience of a port |
//! | `outbox` | what is to be sent: bytes, breaks, the one packet that waits for its acknowledgement |
//! | `inbox` | what came in: bytes, and how the last packet was acknowledged |
//! | `port` | both together |
//!
//! # How bytes get across
//!
//! An end sends one packet at a time, and again under the same number until the other end acknowledges it. The
//! acknowledgement says how many of the packet's bytes were taken; the others go again in the next packet. So a
//! receiver without room slows the sender down, and nothing is lost or doubled however often packets are.
//!
//! # What real clients do
//!
//! - ipmitool never sends a packet again under the same number: it sends the same bytes in a *new* packet, which no BMC
//!   can tell from a key pressed twice. Its user would see a character twice whenever the acknowledgement is lost. A port
//!   in the role of the BMC therefore repeats its last acknowledgement in every data packet, such as the echo, and some
//!   times by itself ([`Config::ack_repeats`]) within the second for which ipmitool waits: one of them arrives.
//! - ipmitool takes any new data that comes while it waits for an acknowledgement as one. What it sent is then forgotten,
//!   also if it was lost on the way. So a BMC's acknowledgement waits a little for the echo and goes along with it
//!   ([`Config::ack_delay`]), and what the console has not acknowledged goes again before it can send more: there is
//!   seldom new data while a key is on its way. Where the machine talks by itself meanwhile, nothing can be done.
//! - ipmitool forgets the bytes of a packet that is refused (NACK), and sends the rest of one that is accepted in part. So
//!   a BMC's port accepts in part, also no byte at all, rather than refuse ([`Config::refuse_when_full`]).
//! - ipmiconsole sends the rest of a refused packet at once, however often it is refused. So a packet of which nothing
//!   fits is answered only after [`Config::hold`].
//! - ipmiconsole takes [`Status::deactivated`] as "another console has taken over", and then leaves without Deactivate
//!   Payload, which would end the other's.
//! - Both send the break in a packet without data, and neither sends more than the BMC's inbound size says, 4 bytes of
//!   header included.

mod config;
mod inbox;
mod outbox;
mod packet;
mod port;
#[cfg(test)]
mod tests;

pub use config::{ACK_INTERVAL, Config};
pub use packet::{Ack, Control, HEADER_LEN, MAX_DATA, Operation, Packet, Role, Sequence, Status};
pub use port::{Event, Port};
