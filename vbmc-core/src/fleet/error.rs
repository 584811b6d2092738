//! Why a command failed.

use crate::host::CheckError;
use crate::registry::{BmcName, Invalid, NameError, RegistryError};

/// Why a command on a BMC failed: one sentence that names the thing and the way out.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FleetError {
    /// No BMC can have this name.
    #[error(transparent)]
    Name(#[from] NameError),
    /// A setting cannot be.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// There is a BMC of this name already.
    #[error("Domain {0} already exists")]
    Exists(BmcName),
    /// There is none. VirtualBMC's sentence, and what it leaves open: a domain need not have a BMC.
    #[error(
        "No domain with matching name {0} was found: there is no such BMC (`vbmc list`); `vbmc add {0}` makes one"
    )]
    NotFound(BmcName),
    /// Its file makes no BMC.
    #[error("{0}")]
    Broken(String),
    /// The hypervisor cannot be reached, or does not have the domain.
    #[error(transparent)]
    Check(#[from] CheckError),
    /// The disk refused.
    #[error(transparent)]
    Disk(RegistryError),
    /// It cannot run.
    #[error("Failed to start domain {name}. Error: {problem}")]
    Start {
        /// The BMC.
        name: BmcName,
        /// Why.
        problem: String,
    },
    /// It runs, and cannot listen where it is to.
    #[error("Failed to change domain {name}, which goes on as it was. Error: {problem}")]
    Move {
        /// The BMC.
        name: BmcName,
        /// Why.
        problem: String,
    },
    /// The fleet is being shut down.
    #[error("vbmcd is shutting down")]
    ShuttingDown,
}

impl From<RegistryError> for FleetError {
    fn from(error: RegistryError) -> Self {
        match error {
            RegistryError::NotFound(name) => Self::NotFound(name),
            RegistryError::Exists(name) => Self::Exists(name),
            RegistryError::Broken { .. } => Self::Broken(error.to_string()),
            RegistryError::Read { .. } | RegistryError::Write { .. } => Self::Disk(error),
        }
    }
}
