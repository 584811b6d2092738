//! Why there is no session, no answer, or no effect of a datagram.

use core::fmt;

use crate::command::app::ActivatePayload;
use crate::crypto::CipherSuite;
use crate::handshake::RakpStatus;
use crate::session::v20::Rejected;
use crate::wire::DecodeError;
use crate::{CompletionCode, Privilege};

/// Why a session could not be opened, or was lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A message was sent as often as configured, and nothing came back.
    #[error("no answer to {step}: {}", step.silence())]
    TimedOut {
        /// The message that was not answered.
        step: Step,
    },
    /// The only answers to a message could not be read.
    #[error(
        "the BMC's answer to {step} cannot be read ({error}): report it together with a packet capture"
    )]
    Malformed {
        /// The message that was answered.
        step: Step,
        /// What is wrong with the answer.
        error: DecodeError,
    },
    /// The BMC speaks IPMI 1.5 only, or RMCP+ is switched off.
    #[error("the BMC takes no IPMI 2.0 sessions: switch on IPMI 2.0 (RMCP+) in its settings")]
    NoRmcpPlus,
    /// Neither suite 17 nor suite 3 is in the BMC's list.
    #[error(
        "the BMC offers neither cipher suite 17 nor 3: enable one of them there, or name one that it has"
    )]
    NoCommonSuite,
    /// The BMC answered with other algorithms than were proposed.
    #[error(
        "the BMC chose {chosen} where {proposed} was asked for: ask for {chosen} if that is good enough"
    )]
    OtherSuite {
        /// What was asked for.
        proposed: CipherSuite,
        /// What came back.
        chosen: CipherSuite,
    },
    /// The BMC refused a handshake message.
    #[error("the BMC refuses {step}: {status}{}", hint(*status))]
    Refused {
        /// The message that was refused.
        step: Step,
        /// The BMC's reason.
        status: RakpStatus,
    },
    /// RAKP 2 was made with another password. Some BMCs answer so to unknown users too.
    #[error(
        "wrong user name or password: check both, and that the user is enabled on the BMC's LAN channel"
    )]
    WrongPassword,
    /// RAKP 4 was made with another K_g.
    #[error(
        "the password is right, but the BMC's key K_g is another one: give the K_g that is set in the BMC (or none)"
    )]
    WrongBmcKey,
    /// The session is open, but the privilege level was not granted.
    #[error(
        "the BMC does not grant privilege level {level} ({code}): ask for a lower one, or raise the user's limit there"
    )]
    Privilege {
        /// The level that was asked for.
        level: Privilege,
        /// The BMC's answer.
        code: CompletionCode,
    },
}

/// What a RAKP status asks the user to do.
const fn hint(status: RakpStatus) -> &'static str {
    match status {
        RakpStatus::InsufficientResources | RakpStatus::InsufficientResourcesAtRole => {
            "; all its sessions are taken: try again later, or close one"
        }
        RakpStatus::InvalidAuthentication
        | RakpStatus::InvalidIntegrity
        | RakpStatus::InvalidConfidentiality
        | RakpStatus::NoMatchingAuthentication
        | RakpStatus::NoMatchingIntegrity
        | RakpStatus::NoMatchingCipherSuite => "; name a cipher suite that it accepts",
        RakpStatus::InvalidRole | RakpStatus::UnauthorizedRole => {
            "; ask for a lower privilege level"
        }
        RakpStatus::InvalidNameLength | RakpStatus::UnauthorizedName => {
            "; check the user name, and that the user is enabled"
        }
        RakpStatus::InvalidIntegrityCheck => "; check the password and K_g",
        _ => "",
    }
}

/// A message on the way to an open session, or of the console's own inside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Step {
    /// Get Channel Authentication Capabilities.
    AuthCapabilities,
    /// Open Session Request.
    OpenSession,
    /// RAKP message 1.
    Rakp1,
    /// RAKP message 3.
    Rakp3,
    /// Set Session Privilege Level.
    SetPrivilege,
    /// The Get Device ID that keeps the session alive.
    KeepAlive,
}

impl Step {
    /// What silence at this step usually means, and what to do about it.
    const fn silence(self) -> &'static str {
        match self {
            Self::AuthCapabilities => {
                "check the address and the port, and that IPMI over LAN is enabled"
            }
            Self::OpenSession => "the BMC is there, but lets nobody in: check its LAN settings",
            Self::Rakp1 => "some BMCs are silent about unknown users: check the user name",
            Self::Rakp3 => "some BMCs are silent about wrong passwords: check password and K_g",
            Self::SetPrivilege | Self::KeepAlive => {
                "the session is lost: check the network and open another"
            }
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AuthCapabilities => "Get Channel Authentication Capabilities",
            Self::OpenSession => "Open Session",
            Self::Rakp1 => "RAKP 1",
            Self::Rakp3 => "RAKP 3",
            Self::SetPrivilege => "Set Session Privilege Level",
            Self::KeepAlive => "the keep-alive",
        })
    }
}

/// Why a request has no response.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RequestError {
    /// It was sent as often as configured. The BMC may have executed it nevertheless.
    #[error(
        "no answer to the request: it may have been executed or not; check the network and ask again"
    )]
    TimedOut,
    /// The session ended, or was never opened, before the answer came.
    #[error("the session ended before the answer came: open another")]
    Closed,
}

/// Why a response is not the value that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ResponseError {
    /// The BMC did not carry the command out.
    #[error("{name} failed: {code}")]
    Refused {
        /// The command's name.
        name: &'static str,
        /// The BMC's answer.
        code: CompletionCode,
    },
    /// The response's data is not what the specification says.
    #[error("the answer to {name} cannot be read: {error}")]
    Malformed {
        /// The command's name.
        name: &'static str,
        /// What is wrong with it.
        error: DecodeError,
    },
    /// The response belongs to another command than the one it was decoded as.
    #[error("the answer belongs to another command than {name}")]
    OtherCommand {
        /// The command that it was decoded as.
        name: &'static str,
    },
}

/// Why there is no serial line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SolError {
    /// There is no answer to Activate Payload.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// The BMC gives none.
    #[error("the BMC gives no serial line: {}", refusal(*code))]
    Refused {
        /// The BMC's answer to Activate Payload.
        code: CompletionCode,
    },
    /// The BMC's answer makes no sense.
    #[error("the answer to {name} cannot be read: {error}")]
    Malformed {
        /// The command's name.
        name: &'static str,
        /// What is wrong with it.
        error: DecodeError,
    },
}

/// What the codes of Activate Payload mean, and what to do about them.
fn refusal(code: CompletionCode) -> alloc::string::String {
    let text = match code {
        CompletionCode::CommandSpecific(ActivatePayload::ALREADY_ACTIVE) => {
            "another session has it: deactivate it there first"
        }
        CompletionCode::CommandSpecific(ActivatePayload::DISABLED) => {
            "serial over LAN is disabled in its settings, or for this user"
        }
        CompletionCode::CommandSpecific(ActivatePayload::LIMIT_REACHED) => {
            "as many sessions have one as may"
        }
        CompletionCode::CommandSpecific(ActivatePayload::CANNOT_ENCRYPT) => {
            "not with encryption: use a cipher suite without"
        }
        CompletionCode::CommandSpecific(ActivatePayload::MUST_ENCRYPT) => {
            "not without encryption: use a cipher suite that encrypts"
        }
        code => return alloc::format!("{code}"),
    };
    text.into()
}

/// Why a datagram had no effect. For logs and tests: nothing needs to be done about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Dropped {
    /// It is no IPMI packet, or what it carries cannot be read.
    #[error("malformed: {0}")]
    Malformed(#[from] DecodeError),
    /// It claims to belong to the session, but was not let in.
    #[error(transparent)]
    Rejected(#[from] Rejected),
    /// It is no answer to what was asked last: another session's, late, or repeated.
    #[error("not expected in this state")]
    Unexpected,
}
