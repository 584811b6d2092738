//! Set SEL Time, §31.11.

use alloc::vec::Vec;

use crate::Privilege;
use crate::command::{Command, NetFn};
use crate::sel::Timestamp;
use crate::wire::{Decode, DecodeError, Encode};

/// Sets the time that records of the log are stamped with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SetSelTime(pub Timestamp);

impl Command for SetSelTime {
    const NETFN: NetFn = NetFn::STORAGE;
    const CODE: u8 = 0x49;
    const NAME: &'static str = "Set SEL Time";
    const PRIVILEGE: Privilege = Privilege::Operator;
    type Response = ();
}

impl Encode for SetSelTime {
    fn encode(&self, out: &mut Vec<u8>) {
        self.0.encode(out);
    }
}

impl Decode for SetSelTime {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        Timestamp::decode(input).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::testing;

    #[test]
    fn bytes() {
        let time = Timestamp::from_bits(0x6553_F100);
        testing::request(&SetSelTime(time), &[0x00, 0xF1, 0x53, 0x65]);
        testing::refused::<SetSelTime>(&[0; 3], DecodeError::Truncated);
        testing::response::<SetSelTime>(&(), &[]);
    }
}
