//! Read FRU Data, §34.2.

use alloc::vec::Vec;

use crate::Privilege;
use crate::command::{Command, NetFn};
use crate::fru::DeviceId;
use crate::wire::{Decode, DecodeError, Encode, Reader};

/// Reads a part of an inventory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadFruData {
    /// Which inventory.
    pub device: DeviceId,
    /// Where to begin, in the unit of the area.
    pub offset: u16,
    /// How much to read, in the unit of the area.
    pub count: u8,
}

impl ReadFruData {
    /// Completion code: the inventory cannot be read just now.
    pub const BUSY: u8 = 0x81;
}

impl Command for ReadFruData {
    const NETFN: NetFn = NetFn::STORAGE;
    const CODE: u8 = 0x11;
    const NAME: &'static str = "Read FRU Data";
    const PRIVILEGE: Privilege = Privilege::User;
    type Response = FruData;
}

impl Encode for ReadFruData {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(self.device.0);
        out.extend(self.offset.to_le_bytes());
        out.push(self.count);
    }
}

impl Decode for ReadFruData {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        let read = Self {
            device: DeviceId(r.u8()?),
            offset: r.u16()?,
            count: r.u8()?,
        };
        r.finish()?;
        Ok(read)
    }
}

/// The answer to [`ReadFruData`]: a count and so many bytes, at most 255.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FruData(Vec<u8>);

impl FruData {
    /// These bytes; the ones behind the 255th are dropped.
    #[must_use]
    pub fn new(data: &[u8]) -> Self {
        Self(data.iter().copied().take(usize::from(u8::MAX)).collect())
    }

    /// The bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl Encode for FruData {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(self.0.len() as u8);
        out.extend(&self.0);
    }
}

impl Decode for FruData {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        let count = r.u8()?;
        let data = r.rest();
        // An inventory of words counts those.
        if data.len() != usize::from(count) && data.len() != usize::from(count) * 2 {
            return Err(DecodeError::Invalid("count of FRU data"));
        }
        Ok(Self::new(data))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::testing;

    #[test]
    fn what_ipmitool_s_fru_print_sends() {
        let read = ReadFruData {
            device: DeviceId::BMC,
            offset: 0x0108,
            count: 32,
        };
        testing::request(&read, &[0x00, 0x08, 0x01, 0x20]);
        testing::refused::<ReadFruData>(&[0, 0, 0], DecodeError::Truncated);
    }

    #[test]
    fn data_and_its_count() {
        let data = FruData::new(&[1, 0, 0, 1]);
        testing::response::<ReadFruData>(&data, &[0x04, 1, 0, 0, 1]);
        assert_eq!(FruData::decode(&[2, 1, 0, 0, 1]), Ok(data));
        let error = Err(DecodeError::Invalid("count of FRU data"));
        assert_eq!(FruData::decode(&[3, 1, 0, 0, 1]), error);
        assert_eq!(FruData::new(&[0; 300]).bytes().len(), 255);
    }
}
