//! Chassis Identify, §28.5.

use alloc::vec::Vec;
use core::num::NonZeroU8;

use crate::Privilege;
use crate::command::bits::is_set;
use crate::command::{Command, NetFn};
use crate::wire::{Decode, DecodeError, Encode, Reader};

/// Switches the light that tells this machine from its neighbours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChassisIdentify {
    /// Off.
    Off,
    /// On for so many seconds.
    Timed(NonZeroU8),
    /// On until switched off.
    Indefinite,
}

impl ChassisIdentify {
    /// Seconds where the request names none.
    pub const DEFAULT_SECONDS: u8 = 15;
}

impl Command for ChassisIdentify {
    const NETFN: NetFn = NetFn::CHASSIS;
    const CODE: u8 = 0x04;
    const NAME: &'static str = "Chassis Identify";
    const PRIVILEGE: Privilege = Privilege::Operator;
    type Response = ();
}

impl Encode for ChassisIdentify {
    fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Self::Off => out.push(0),
            Self::Timed(seconds) => out.push(seconds.get()),
            Self::Indefinite => out.extend([0, 1]),
        }
    }
}

impl Decode for ChassisIdentify {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        let seconds = if r.is_empty() {
            Self::DEFAULT_SECONDS
        } else {
            r.u8()?
        };
        let force = if r.is_empty() { 0 } else { r.u8()? };
        r.finish()?;
        Ok(if is_set(force, 0) {
            Self::Indefinite
        } else {
            NonZeroU8::new(seconds).map_or(Self::Off, Self::Timed)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::testing;

    #[test]
    fn bytes() {
        let ten_seconds = ChassisIdentify::Timed(NonZeroU8::new(10).unwrap());
        testing::request(&ten_seconds, &[10]);
        testing::request(&ChassisIdentify::Off, &[0]);
        testing::response::<ChassisIdentify>(&(), &[]);
        testing::refused::<ChassisIdentify>(&[0, 1, 2], DecodeError::Trailing);
    }

    #[test]
    fn ipmitool_s_identify_force() {
        testing::request(&ChassisIdentify::Indefinite, &[0, 1]);
    }

    #[test]
    fn without_data_it_is_15_seconds() {
        let fifteen_seconds = ChassisIdentify::Timed(NonZeroU8::new(15).unwrap());
        assert_eq!(ChassisIdentify::decode(&[]), Ok(fifteen_seconds));
    }
}
