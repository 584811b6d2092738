//! Set SEL Time UTC Offset, §31.11b.

use alloc::vec::Vec;

use super::UtcOffset;
use crate::Privilege;
use crate::command::{Command, NetFn};
use crate::wire::{Decode, DecodeError, Encode};

/// Sets the time zone that people are to read the log in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SetSelTimeUtcOffset(pub UtcOffset);

impl Command for SetSelTimeUtcOffset {
    const NETFN: NetFn = NetFn::STORAGE;
    const CODE: u8 = 0x5D;
    const NAME: &'static str = "Set SEL Time UTC Offset";
    const PRIVILEGE: Privilege = Privilege::Operator;
    type Response = ();
}

impl Encode for SetSelTimeUtcOffset {
    fn encode(&self, out: &mut Vec<u8>) {
        self.0.encode(out);
    }
}

impl Decode for SetSelTimeUtcOffset {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        UtcOffset::decode(input).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::testing;

    #[test]
    fn bytes() {
        let east = UtcOffset::from_minutes(120).unwrap();
        testing::request(&SetSelTimeUtcOffset(east), &[0x78, 0x00]);
        let beyond = DecodeError::OutOfRange("UTC offset");
        testing::refused::<SetSelTimeUtcOffset>(&[0xA1, 0x05], beyond);
        testing::response::<SetSelTimeUtcOffset>(&(), &[]);
    }
}
