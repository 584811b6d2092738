//! What [`Endpoint::handle`](super::Endpoint::handle) tells the driver.

use crate::Privilege;
use crate::bmc::Token;
use crate::command::Request;
use crate::command::app::UserId;
use crate::handshake::Username;
use crate::session::v20::Rejected;
use crate::wire::DecodeError;

/// What came of a datagram.
#[derive(Debug)]
pub enum Event {
    /// Nothing: there is nothing to send.
    Dropped(DropReason),
    /// The output buffer holds a datagram for the peer.
    Reply,
    /// A request for the driver to answer.
    Request(Incoming),
    /// A session's serial port has been spoken to: look at [`Endpoint::sol_mut`](super::Endpoint::sol_mut) for what came in.
    Sol {
        /// The session's id.
        session: u32,
    },
}

/// A request that the driver answers.
#[derive(Debug)]
pub struct Incoming {
    /// What [`Endpoint::respond`](super::Endpoint::respond) needs.
    pub token: Token,
    /// The request.
    pub request: Request,
    /// Who asks; none outside a session.
    pub requester: Option<Requester>,
}

/// The console that asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Requester {
    /// Its session's id; unique among the sessions of the endpoint.
    pub session: u32,
    /// The user it logged in as.
    pub user: UserId,
    /// The user's name.
    pub username: Username,
    /// The session's privilege level at present.
    pub privilege: Privilege,
}

/// Why a datagram was dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DropReason {
    /// It cannot be read.
    #[error("malformed: {0}")]
    Malformed(DecodeError),
    /// It claims to be of a session but does not prove it.
    #[error("rejected: {0}")]
    Rejected(Rejected),
    /// There is no such session.
    #[error("unknown session")]
    UnknownSession,
    /// The payload type is not served, or not there.
    #[error("payload type not served")]
    PayloadType,
    /// A request that needs a session came outside one.
    #[error("request outside a session")]
    NeedsSession,
    /// The source has used up its budget.
    #[error("too many from this source")]
    Throttled,
    /// Presence pings are switched off, or this one asks for no answer.
    #[error("ping not answered")]
    Ping,
    /// The request is being worked on; its answer will come.
    #[error("repeats a request in flight")]
    InFlight,
}

impl From<DecodeError> for DropReason {
    fn from(error: DecodeError) -> Self {
        Self::Malformed(error)
    }
}

impl From<Rejected> for DropReason {
    fn from(error: Rejected) -> Self {
        Self::Rejected(error)
    }
}
