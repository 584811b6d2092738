//! Privilege levels, §6.8.

use core::fmt;

use crate::wire::DecodeError;

/// A privilege level; each holds the rights of those below it (§6.8).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Privilege {
    /// Only what is needed for a callback.
    Callback = 1,
    /// Reads, and changes nothing.
    User = 2,
    /// Controls the machine, but not the BMC's own settings.
    Operator = 3,
    /// Everything.
    Administrator = 4,
    /// OEM proprietary: everything, and what a manufacturer added.
    Oem = 5,
}

impl Privilege {
    /// The level with this number.
    ///
    /// # Errors
    ///
    /// [`DecodeError::Invalid`] for 0 and the reserved numbers from 6.
    pub const fn from_bits(bits: u8) -> Result<Self, DecodeError> {
        Ok(match bits {
            1 => Self::Callback,
            2 => Self::User,
            3 => Self::Operator,
            4 => Self::Administrator,
            5 => Self::Oem,
            _ => return Err(DecodeError::Invalid("privilege level")),
        })
    }

    /// The number on the wire, 1 to 5.
    #[must_use]
    pub const fn bits(self) -> u8 {
        self as u8
    }
}

impl fmt::Display for Privilege {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Callback => "CALLBACK",
            Self::User => "USER",
            Self::Operator => "OPERATOR",
            Self::Administrator => "ADMINISTRATOR",
            Self::Oem => "OEM",
        })
    }
}
