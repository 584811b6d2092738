//! What a user may do on a channel: what Set and Get User Access share (§22.26, §22.27).

use crate::Privilege;
use crate::command::bits::{bit, is_set};
use crate::wire::DecodeError;

/// What a user may do on a channel, apart from the level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct UserRights {
    /// Only when the BMC calls back.
    pub callback_only: bool,
    /// The name and password also open the link itself (PPP).
    pub link_auth: bool,
    /// IPMI messages.
    pub messaging: bool,
}

impl UserRights {
    /// Bits 6 to 4 of the byte that holds them.
    pub(super) const fn bits(self) -> u8 {
        bit(6, self.callback_only) | bit(5, self.link_auth) | bit(4, self.messaging)
    }

    pub(super) const fn from_bits(bits: u8) -> Self {
        Self {
            callback_only: is_set(bits, 6),
            link_auth: is_set(bits, 5),
            messaging: is_set(bits, 4),
        }
    }
}

/// What stands in the place of a level for users without access.
const NO_ACCESS: u8 = 0x0F;

/// The nibble for a user's highest level; none is "no access".
pub(super) fn limit_bits(limit: Option<Privilege>) -> u8 {
    limit.map_or(NO_ACCESS, Privilege::bits)
}

/// A user's highest level, from the low nibble.
pub(super) fn limit_from_bits(bits: u8) -> Result<Option<Privilege>, DecodeError> {
    match bits & 0x0F {
        NO_ACCESS => Ok(None),
        level => Privilege::from_bits(level).map(Some),
    }
}
