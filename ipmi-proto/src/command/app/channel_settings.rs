//! How a channel may be used: what Set and Get Channel Access share (§22.22, §22.23).

use crate::command::bits::{bit, is_set};
use crate::wire::DecodeError;

/// Which copy of a setting is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Storage {
    /// The one that is kept, and taken up when the BMC starts.
    NonVolatile = 1,
    /// The one in use.
    Volatile = 2,
}

/// What to write, and into which copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Write<T> {
    /// Into which copy.
    pub storage: Storage,
    /// What.
    pub value: T,
}

/// How a channel may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChannelSettings {
    /// Whether alerts (PEF) go out on it.
    pub alerting: bool,
    /// Whether every packet of an IPMI 1.5 session must be authenticated.
    pub per_message_auth: bool,
    /// Whether commands of User level must be authenticated in an IPMI 1.5 session.
    pub user_level_auth: bool,
    /// When it takes IPMI messages.
    pub mode: AccessMode,
}

/// When a channel takes IPMI messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum AccessMode {
    /// Never.
    Disabled = 0,
    /// Until the firmware hands over to the operating system.
    PreBoot = 1,
    /// Always.
    Always = 2,
    /// Always, on a line that the machine uses too.
    Shared = 3,
}

impl ChannelSettings {
    /// The low six bits of the byte that holds them.
    pub(super) const fn bits(self) -> u8 {
        bit(5, !self.alerting)
            | bit(4, !self.per_message_auth)
            | bit(3, !self.user_level_auth)
            | self.mode as u8
    }

    pub(super) fn from_bits(bits: u8) -> Result<Self, DecodeError> {
        Ok(Self {
            alerting: !is_set(bits, 5),
            per_message_auth: !is_set(bits, 4),
            user_level_auth: !is_set(bits, 3),
            mode: match bits & 0x07 {
                0 => AccessMode::Disabled,
                1 => AccessMode::PreBoot,
                2 => AccessMode::Always,
                3 => AccessMode::Shared,
                _ => return Err(DecodeError::Invalid("channel access mode")),
            },
        })
    }
}
