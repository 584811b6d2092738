//! Why a BMC gave no answer, or not the one that was wished for.

use std::io;
use std::time::Duration;

use ipmi_proto::CompletionCode;
use ipmi_proto::console::{self, RequestError, ResponseError, Step};

use super::Address;

/// What went wrong with which BMC.
#[derive(Debug, thiserror::Error)]
#[error("BMC at {bmc}: {cause}")]
pub(crate) struct Error {
    bmc: Address,
    cause: Cause,
}

/// What went wrong, and the way out. Holds no password.
#[derive(Debug, thiserror::Error)]
pub(super) enum Cause {
    #[error("its address cannot be found: {0}; check the name, or give an IP address")]
    UnknownHost(io::Error),

    #[error(
        "nobody listens on this UDP port; check the port, and that the BMC runs (`vbmc list` shows vbmcd's)"
    )]
    NobodyListens,

    #[error(
        "no answer at all; check address and port, and that no firewall on the way drops UDP datagrams to them"
    )]
    Silent,

    #[error("not done within {} s; its network loses datagrams, or it is overloaded: try again", .0.as_secs())]
    Late(Duration),

    #[error("the network says: {0}; check the address and the route to it")]
    Socket(io::Error),

    #[error("the {0} cannot be sent: {1}")]
    Login(&'static str, String),

    #[error(transparent)]
    Session(console::Error),

    #[error(transparent)]
    Request(#[from] RequestError),

    #[error(transparent)]
    Response(#[from] ResponseError),

    #[error("{0}")]
    Line(console::SolError),

    #[error("it ended the session; open another")]
    Closed,
}

impl From<console::Error> for Cause {
    fn from(error: console::Error) -> Self {
        match error {
            // The first message of all.
            console::Error::TimedOut {
                step: Step::AuthCapabilities,
            } => Self::Silent,
            error => Self::Session(error),
        }
    }
}

impl Error {
    pub(super) fn new(bmc: &Address, cause: Cause) -> Self {
        let bmc = bmc.clone();
        Self { bmc, cause }
    }

    /// Whether the BMC has answered, and does not do what it was asked.
    pub(crate) fn is_refusal(&self) -> bool {
        matches!(self.cause, Cause::Response(ResponseError::Refused { .. }))
    }

    /// Whether it may go well a moment later: the BMC is there, and not ready.
    pub(crate) fn is_passing(&self) -> bool {
        matches!(
            self.cause,
            Cause::NobodyListens
                | Cause::Late(_)
                | Cause::Closed
                | Cause::Response(ResponseError::Refused {
                    code: CompletionCode::NodeBusy,
                    ..
                })
        )
    }
}
