//! Cold Reset, §20.2.

use alloc::vec::Vec;

use crate::Privilege;
use crate::command::{Command, NetFn};
use crate::wire::{Decode, DecodeError, Encode};

/// Restarts the BMC: sessions end, volatile settings return to their defaults. The machine itself runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ColdReset;

impl Command for ColdReset {
    const NETFN: NetFn = NetFn::APP;
    const CODE: u8 = 0x02;
    const NAME: &'static str = "Cold Reset";
    const PRIVILEGE: Privilege = Privilege::Administrator;
    type Response = ();
}

impl Encode for ColdReset {
    fn encode(&self, _out: &mut Vec<u8>) {}
}

impl Decode for ColdReset {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        <()>::decode(input).map(|()| Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::testing;

    #[test]
    fn bytes() {
        testing::request(&ColdReset, &[]);
        testing::response::<ColdReset>(&(), &[]);
        testing::refused::<ColdReset>(&[0], DecodeError::Trailing);
    }
}
