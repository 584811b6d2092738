//! Set Power Restore Policy, §28.8.

use alloc::vec::Vec;

use crate::Privilege;
use crate::command::bits::{bit, is_set};
use crate::command::{Command, NetFn};
use crate::wire::{Decode, DecodeError, Encode, Reader};

/// What the machine does when the mains return.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum PowerRestorePolicy {
    /// It stays off.
    AlwaysOff = 0,
    /// It returns to what it was.
    Previous = 1,
    /// It starts.
    AlwaysOn = 2,
}

impl PowerRestorePolicy {
    /// The policy with this number; none for any other.
    pub(super) const fn from_bits(bits: u8) -> Option<Self> {
        match bits {
            0 => Some(Self::AlwaysOff),
            1 => Some(Self::Previous),
            2 => Some(Self::AlwaysOn),
            _ => None,
        }
    }
}

/// Says what the machine is to do when the mains return, or asks what it can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SetPowerRestorePolicy {
    /// The policy from now on; none only asks.
    pub policy: Option<PowerRestorePolicy>,
}

/// The number that only asks.
const NO_CHANGE: u8 = 3;

impl Command for SetPowerRestorePolicy {
    const NETFN: NetFn = NetFn::CHASSIS;
    const CODE: u8 = 0x06;
    const NAME: &'static str = "Set Power Restore Policy";
    const PRIVILEGE: Privilege = Privilege::Operator;
    type Response = SupportedPolicies;
}

impl Encode for SetPowerRestorePolicy {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(self.policy.map_or(NO_CHANGE, |policy| policy as u8));
    }
}

impl Decode for SetPowerRestorePolicy {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        let policy = r.u8()? & 0x07;
        r.finish()?;
        let policy = match policy {
            NO_CHANGE => None,
            bits => Some(
                PowerRestorePolicy::from_bits(bits)
                    .ok_or(DecodeError::Invalid("power restore policy"))?,
            ),
        };
        Ok(Self { policy })
    }
}

/// The answer to [`SetPowerRestorePolicy`]: which policies the chassis can follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SupportedPolicies {
    /// [`PowerRestorePolicy::AlwaysOff`].
    pub always_off: bool,
    /// [`PowerRestorePolicy::Previous`].
    pub previous: bool,
    /// [`PowerRestorePolicy::AlwaysOn`].
    pub always_on: bool,
}

impl SupportedPolicies {
    /// All of them.
    pub const ALL: Self = Self {
        always_off: true,
        previous: true,
        always_on: true,
    };
}

impl Encode for SupportedPolicies {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(bit(2, self.always_on) | bit(1, self.previous) | bit(0, self.always_off));
    }
}

impl Decode for SupportedPolicies {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        let policies = r.u8()?;
        r.finish()?;
        Ok(Self {
            always_off: is_set(policies, 0),
            previous: is_set(policies, 1),
            always_on: is_set(policies, 2),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::testing;

    #[test]
    fn bytes() {
        testing::request(&SetPowerRestorePolicy { policy: None }, &[3]);
        let always_on = SetPowerRestorePolicy {
            policy: Some(PowerRestorePolicy::AlwaysOn),
        };
        testing::request(&always_on, &[2]);
        testing::response::<SetPowerRestorePolicy>(&SupportedPolicies::ALL, &[7]);
        let stays_off = SupportedPolicies {
            always_off: true,
            ..SupportedPolicies::default()
        };
        testing::response::<SetPowerRestorePolicy>(&stays_off, &[1]);
    }

    #[test]
    fn reserved_policies_are_refused() {
        let error = DecodeError::Invalid("power restore policy");
        testing::refused::<SetPowerRestorePolicy>(&[4], error);
        testing::refused::<SetPowerRestorePolicy>(&[], DecodeError::Truncated);
    }
}
