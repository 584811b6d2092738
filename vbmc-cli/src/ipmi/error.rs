//! Why a BMC gave no answer, or not the one that was wished for.

use std::io;
use std::time::Duration;

use ipmi_proto::CompletionCode;
use ipmi_proto::console::{self, RequestError, ResponseError, Step};
use ipmi_proto::handshake::RakpStatus;

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
    #[error(
        "its address cannot be found: {0}; check the name, or give an IP address; a port is given apart from it"
    )]
    UnknownHost(io::Error),

    #[error(
        "nobody listens on this UDP port; check the port, and that the BMC runs (`vbmc list` shows vbmcd's)"
    )]
    NobodyListens,

    #[error(
        "no answer within {} s; check address and port, and that no firewall on the way drops UDP datagrams to them",
        .0.as_secs()
    )]
    Silent(Duration),

    #[error("not done within {} s; its network loses datagrams, or it is overloaded: try again", .0.as_secs())]
    Late(Duration),

    #[error("the network says: {0}; check the address and the route to it")]
    Socket(io::Error),

    #[error("the {0} cannot be sent: {1}")]
    Login(&'static str, String),

    #[error("{_0}{way}", way = session_way_out(_0))]
    Session(console::Error),

    #[error(transparent)]
    Request(#[from] RequestError),

    #[error("{_0}{way}", way = way_out(_0))]
    Response(#[from] ResponseError),

    #[error("{0}")]
    Line(console::SolError),

    #[error("it ended the session; open another")]
    Closed,
}

impl Cause {
    /// A session that came to nothing after this time.
    pub(super) fn session(error: console::Error, after: Duration) -> Self {
        match error {
            // The first message of all.
            console::Error::TimedOut {
                step: Step::AuthCapabilities,
            } => Self::Silent(after),
            error => Self::Session(error),
        }
    }
}

/// Which option helps.
const fn session_way_out(error: &console::Error) -> &'static str {
    match error {
        console::Error::Refused { status, .. } => match status {
            RakpStatus::InvalidRole | RakpStatus::UnauthorizedRole => {
                ": --privilege user or operator, or highest for what the user can have"
            }
            RakpStatus::NoMatchingCipherSuite => " (--cipher-suite)",
            _ => "",
        },
        console::Error::Privilege { .. } => {
            " (--privilege highest asks for what the user can have)"
        }
        _ => "",
    }
}

/// What can be done about a refusal that means the same for every command.
fn way_out(error: &ResponseError) -> &'static str {
    let ResponseError::Refused { name, code } = error else {
        return "";
    };
    match code {
        // A question that can be answered of any machine that is there.
        CompletionCode::NotSupportedInState if name.starts_with("Get ") => {
            "; its machine may be gone from the hypervisor: vbmcd's log, or the BMC's own, says more"
        }
        CompletionCode::NodeBusy => {
            "; try again in a moment, and see the BMC's log if that goes on: vbmcd's says when a hypervisor is away"
        }
        CompletionCode::InvalidCommand | CompletionCode::InvalidForLun => {
            "; this BMC does not have the command"
        }
        CompletionCode::InsufficientPrivilege => {
            "; log in as a user with a higher privilege, or with a higher --privilege"
        }
        CompletionCode::NotSupportedInState => {
            "; the machine cannot do that as it is now, see whether it is on"
        }
        CompletionCode::SubFunctionDisabled => {
            "; this machine cannot do that, or it is switched off in the BMC"
        }
        CompletionCode::Unspecified => "; the BMC's own log may say why",
        _ => "",
    }
}

impl Error {
    pub(super) fn new(bmc: &Address, cause: Cause) -> Self {
        let bmc = bmc.clone();
        Self { bmc, cause }
    }

    /// The completion code, where the BMC refused.
    pub(crate) fn code(&self) -> Option<CompletionCode> {
        match self.cause {
            Cause::Response(ResponseError::Refused { code, .. }) => Some(code),
            _ => None,
        }
    }

    /// Whether the BMC has answered, and does not do what it was asked.
    pub(crate) fn is_refusal(&self) -> bool {
        matches!(self.cause, Cause::Response(ResponseError::Refused { .. }))
    }

    /// Whether the BMC has answered, and there is nothing in it: it refuses, or says what nobody can read.
    pub(crate) fn is_empty_answer(&self) -> bool {
        matches!(self.cause, Cause::Response(_))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_is_not_refused_for_what_the_machine_is_doing() {
        let way = |name| {
            way_out(&ResponseError::Refused {
                name,
                code: CompletionCode::NotSupportedInState,
            })
        };
        assert!(way("Get Chassis Status").contains("gone from the hypervisor"));
        assert!(way("Chassis Control").contains("whether it is on"));
    }
}
