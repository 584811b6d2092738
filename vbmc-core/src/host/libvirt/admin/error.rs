//! What went wrong on a hypervisor, in sentences.

use virt::error::{Error, ErrorNumber};

/// Why a hypervisor could not be administered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AdminError {
    /// It cannot be reached.
    #[error("cannot connect to libvirt at {uri}: {reason}{hint}")]
    Connection {
        /// The URI, without a password.
        uri: String,
        /// What libvirt said.
        reason: String,
        /// What may help, as a further sentence; or nothing.
        hint: &'static str,
    },
    /// It refused, or failed.
    #[error("libvirt at {uri} could not {attempt}: {reason}")]
    Refused {
        /// The URI, without a password.
        uri: String,
        /// What was asked for: `define the domain "node-0"`.
        attempt: String,
        /// What libvirt said.
        reason: String,
    },
    /// It has no storage driver: disk images must be made by other means.
    #[error("libvirt at {uri} has no storage driver")]
    NoStorage {
        /// The URI, without a password.
        uri: String,
    },
    /// A text that is no XML of what it should describe.
    #[error(transparent)]
    Description(#[from] DescriptionError),
}

/// Why a description of a domain or network cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DescriptionError {
    /// It cannot be read.
    #[error("it is not well-formed XML: {0}")]
    Malformed(String),
    /// It describes something else.
    #[error("it should be a <{expected}>, and is a <{found}>")]
    Other {
        /// The element that was expected.
        expected: &'static str,
        /// The element that it is.
        found: String,
    },
    /// It lacks an element that libvirt insists on too.
    #[error("it has no <{0}>")]
    Missing(&'static str),
    /// It names another thing than the directory or file it is in.
    #[error("it is named {found:?}, and should be {expected:?}: write <name>$NAME</name>")]
    Name {
        /// The name it should have.
        expected: String,
        /// The name it has.
        found: String,
    },
    /// UEFI is asked for, and it loads another firmware.
    #[error("UEFI is asked for, but its <loader> is another firmware: remove the <loader>")]
    Firmware,
}

/// What helps, by what libvirt says of a connection that could not be made.
pub(super) fn hint(error: &Error) -> &'static str {
    let said = error.message();
    if said.contains("No such file or directory") || said.contains("Connection refused") {
        ". Is libvirtd installed and running there?"
    } else if said.contains("Permission denied")
        || matches!(
            error.code(),
            ErrorNumber::AuthFailed | ErrorNumber::AuthUnavailable | ErrorNumber::AuthCancelled
        )
    {
        ". Who may use it is a matter of its configuration: as a rule root and the group libvirt"
    } else {
        ""
    }
}
