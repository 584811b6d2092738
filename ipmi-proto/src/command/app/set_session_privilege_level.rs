//! Set Session Privilege Level, §22.18.

use alloc::vec::Vec;

use crate::Privilege;
use crate::command::{Command, NetFn};
use crate::wire::{Decode, DecodeError, Encode, Reader};

/// Raises or lowers the session's privilege level, within what it was opened for. Sessions start at User.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SetSessionPrivilegeLevel {
    /// The level to take; none asks which one it is. Callback cannot be asked for (§22.18 reserves it).
    pub level: Option<Privilege>,
}

impl Command for SetSessionPrivilegeLevel {
    const NETFN: NetFn = NetFn::APP;
    const CODE: u8 = 0x3B;
    const NAME: &'static str = "Set Session Privilege Level";
    const PRIVILEGE: Privilege = Privilege::User;
    type Response = SessionPrivilegeLevel;
}

impl Encode for SetSessionPrivilegeLevel {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(self.level.map_or(0, Privilege::bits));
    }
}

impl Decode for SetSessionPrivilegeLevel {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        let level = r.u8()? & 0x0F;
        r.finish()?;
        let level = match level {
            0 => None,
            1 => return Err(DecodeError::Invalid("privilege level")),
            bits => Some(Privilege::from_bits(bits)?),
        };
        Ok(Self { level })
    }
}

/// The answer to [`SetSessionPrivilegeLevel`]: the level that the session has now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionPrivilegeLevel(pub Privilege);

impl Encode for SessionPrivilegeLevel {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(self.0.bits());
    }
}

impl Decode for SessionPrivilegeLevel {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        let level = r.u8()?;
        r.finish()?;
        Privilege::from_bits(level & 0x0F).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::testing;

    #[test]
    fn bytes() {
        let administrator = SetSessionPrivilegeLevel {
            level: Some(Privilege::Administrator),
        };
        testing::request(&administrator, &[0x04]);
        testing::request(&SetSessionPrivilegeLevel { level: None }, &[0x00]);
        let now = SessionPrivilegeLevel(Privilege::Administrator);
        testing::response::<SetSessionPrivilegeLevel>(&now, &[0x04]);
    }

    #[test]
    fn reserved_levels_are_refused() {
        for level in [1, 6, 0x0F] {
            let error = DecodeError::Invalid("privilege level");
            testing::refused::<SetSessionPrivilegeLevel>(&[level], error);
        }
        testing::refused::<SetSessionPrivilegeLevel>(&[], DecodeError::Truncated);
        testing::refused::<SetSessionPrivilegeLevel>(&[4, 0], DecodeError::Trailing);
    }
}
