//! Write FRU Data, §34.3.

use alloc::vec::Vec;

use crate::Privilege;
use crate::command::{Command, NetFn};
use crate::fru::DeviceId;
use crate::wire::{Decode, DecodeError, Encode, Reader};

/// Overwrites a part of an inventory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WriteFruData {
    /// Which inventory.
    pub device: DeviceId,
    /// Where to begin, in the unit of the area.
    pub offset: u16,
    /// The new bytes.
    pub data: Vec<u8>,
}

impl WriteFruData {
    /// Completion code: this part cannot be written.
    pub const WRITE_PROTECTED: u8 = 0x80;
    /// Completion code: the inventory cannot be written just now.
    pub const BUSY: u8 = 0x81;
}

impl Command for WriteFruData {
    const NETFN: NetFn = NetFn::STORAGE;
    const CODE: u8 = 0x12;
    const NAME: &'static str = "Write FRU Data";
    const PRIVILEGE: Privilege = Privilege::Operator;
    type Response = FruWritten;
}

impl Encode for WriteFruData {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(self.device.0);
        out.extend(self.offset.to_le_bytes());
        out.extend(&self.data);
    }
}

impl Decode for WriteFruData {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        Ok(Self {
            device: DeviceId(r.u8()?),
            offset: r.u16()?,
            data: r.rest().to_vec(),
        })
    }
}

/// The answer to [`WriteFruData`]: how much was written, in the unit of the area.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FruWritten(pub u8);

impl Encode for FruWritten {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(self.0);
    }
}

impl Decode for FruWritten {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        let count = r.u8()?;
        r.finish()?;
        Ok(Self(count))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::testing;

    #[test]
    fn bytes() {
        let write = WriteFruData {
            device: DeviceId::BMC,
            offset: 0x0010,
            data: [1, 2, 3].to_vec(),
        };
        testing::request(&write, &[0x00, 0x10, 0x00, 1, 2, 3]);
        testing::response::<WriteFruData>(&FruWritten(3), &[0x03]);
        testing::refused::<WriteFruData>(&[0, 0], DecodeError::Truncated);
    }
}
