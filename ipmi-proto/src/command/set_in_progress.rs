//! Set In Progress: parameter 0 of every group of parameters (§22.14a, §23.2, §26.3, §28.13).

use crate::wire::DecodeError;

/// Whether someone is writing parameters that belong together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum SetInProgress {
    /// Nobody is writing.
    Complete = 0,
    /// Someone is.
    InProgress = 1,
    /// Someone was, and wants what was written to take effect.
    Commit = 2,
}

impl SetInProgress {
    pub(super) const fn from_bits(bits: u8) -> Result<Self, DecodeError> {
        Ok(match bits & 0x03 {
            0 => Self::Complete,
            1 => Self::InProgress,
            2 => Self::Commit,
            _ => return Err(DecodeError::Invalid("set in progress")),
        })
    }
}
