//! Set SDR Repository Time, §33.18.

use alloc::vec::Vec;

use crate::Privilege;
use crate::command::{Command, NetFn};
use crate::sel::Timestamp;
use crate::wire::{Decode, DecodeError, Encode};

/// Sets the time that changes of the SDR repository are stamped with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SetSdrRepositoryTime(pub Timestamp);

impl Command for SetSdrRepositoryTime {
    const NETFN: NetFn = NetFn::STORAGE;
    const CODE: u8 = 0x29;
    const NAME: &'static str = "Set SDR Repository Time";
    const PRIVILEGE: Privilege = Privilege::Operator;
    type Response = ();
}

impl Encode for SetSdrRepositoryTime {
    fn encode(&self, out: &mut Vec<u8>) {
        self.0.encode(out);
    }
}

impl Decode for SetSdrRepositoryTime {
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
        testing::request(&SetSdrRepositoryTime(time), &[0x00, 0xF1, 0x53, 0x65]);
        testing::refused::<SetSdrRepositoryTime>(&[0; 3], DecodeError::Truncated);
        testing::response::<SetSdrRepositoryTime>(&(), &[]);
    }
}
