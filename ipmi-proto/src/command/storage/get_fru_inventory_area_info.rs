//! Get FRU Inventory Area Info, §34.1.

use alloc::vec::Vec;

use crate::Privilege;
use crate::command::bits::{bit, is_set};
use crate::command::{Command, NetFn};
use crate::fru::DeviceId;
use crate::wire::{Decode, DecodeError, Encode, Reader};

/// Asks how much inventory data there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GetFruInventoryAreaInfo {
    /// Which inventory.
    pub device: DeviceId,
}

impl Command for GetFruInventoryAreaInfo {
    const NETFN: NetFn = NetFn::STORAGE;
    const CODE: u8 = 0x10;
    const NAME: &'static str = "Get FRU Inventory Area Info";
    const PRIVILEGE: Privilege = Privilege::User;
    type Response = FruArea;
}

impl Encode for GetFruInventoryAreaInfo {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(self.device.0);
    }
}

impl Decode for GetFruInventoryAreaInfo {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        let device = DeviceId(r.u8()?);
        r.finish()?;
        Ok(Self { device })
    }
}

/// The answer to [`GetFruInventoryAreaInfo`], 3 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FruArea {
    /// Its size in bytes.
    pub size: u16,
    /// What offsets and counts in it count.
    pub unit: FruUnit,
}

/// What offsets and counts of inventory data count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FruUnit {
    /// Bytes.
    Bytes,
    /// Words of two bytes.
    Words,
}

impl Encode for FruArea {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend(self.size.to_le_bytes());
        out.push(bit(0, self.unit == FruUnit::Words));
    }
}

impl Decode for FruArea {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        let size = r.u16()?;
        let flags = r.u8()?;
        r.finish()?;
        Ok(Self {
            size,
            unit: if is_set(flags, 0) {
                FruUnit::Words
            } else {
                FruUnit::Bytes
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::testing;

    #[test]
    fn bytes() {
        type Get = GetFruInventoryAreaInfo;
        let get = Get {
            device: DeviceId(1),
        };
        testing::request(&get, &[0x01]);
        testing::refused::<Get>(&[], DecodeError::Truncated);
        let area = FruArea {
            size: 0x0180,
            unit: FruUnit::Bytes,
        };
        testing::response::<Get>(&area, &[0x80, 0x01, 0x00]);
        let words = FruArea {
            size: 256,
            unit: FruUnit::Words,
        };
        testing::response::<Get>(&words, &[0x00, 0x01, 0x01]);
    }
}
