//! Set Power Cycle Interval, §28.9.

use alloc::vec::Vec;

use crate::Privilege;
use crate::command::{Command, NetFn};
use crate::wire::{Decode, DecodeError, Encode, Reader};

/// Says how long a power cycle leaves the machine off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SetPowerCycleInterval {
    /// Seconds; 0 is as short as can be.
    pub seconds: u8,
}

impl Command for SetPowerCycleInterval {
    const NETFN: NetFn = NetFn::CHASSIS;
    const CODE: u8 = 0x0B;
    const NAME: &'static str = "Set Power Cycle Interval";
    const PRIVILEGE: Privilege = Privilege::Administrator;
    type Response = ();
}

impl Encode for SetPowerCycleInterval {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(self.seconds);
    }
}

impl Decode for SetPowerCycleInterval {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        let seconds = r.u8()?;
        r.finish()?;
        Ok(Self { seconds })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::testing;

    #[test]
    fn bytes() {
        testing::request(&SetPowerCycleInterval { seconds: 5 }, &[5]);
        testing::response::<SetPowerCycleInterval>(&(), &[]);
        testing::refused::<SetPowerCycleInterval>(&[], DecodeError::Truncated);
    }
}
