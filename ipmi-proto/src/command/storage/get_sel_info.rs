//! Get SEL Info, §31.2.

use alloc::vec::Vec;

use crate::Privilege;
use crate::command::bits::{bit, is_set};
use crate::command::{Command, NetFn};
use crate::sel::Timestamp;
use crate::wire::{Decode, DecodeError, Encode, Reader};

/// Asks how many records the event log has, and when it changed last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GetSelInfo;

impl GetSelInfo {
    /// Completion code: the log is being erased.
    pub const ERASE_IN_PROGRESS: u8 = 0x81;
}

impl Command for GetSelInfo {
    const NETFN: NetFn = NetFn::STORAGE;
    const CODE: u8 = 0x40;
    const NAME: &'static str = "Get SEL Info";
    const PRIVILEGE: Privilege = Privilege::User;
    type Response = SelInfo;
}

without_data!(GetSelInfo);

/// The answer to [`GetSelInfo`], 14 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SelInfo {
    /// How many records there are.
    pub entries: u16,
    /// How many bytes are free; FFFFh stands for that many or more.
    pub free: u16,
    /// When a record was added last.
    pub added: Timestamp,
    /// When records were erased last.
    pub erased: Timestamp,
    /// Which requests are supported.
    pub support: SelSupport,
}

/// Operation support (byte 14 of [`SelInfo`], the completion code not counted).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SelSupport {
    /// An event was dropped for lack of room. A state, not a capability.
    pub overflow: bool,
    /// Delete SEL Entry.
    pub delete: bool,
    /// Partial Add SEL Entry.
    pub partial_add: bool,
    /// Reserve SEL.
    pub reserve: bool,
    /// Get SEL Allocation Info.
    pub allocation_info: bool,
}

/// The version of the commands, as in IPMI 1.5 and 2.0.
const VERSION: u8 = 0x51;

impl Encode for SelInfo {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(VERSION);
        out.extend(self.entries.to_le_bytes());
        out.extend(self.free.to_le_bytes());
        self.added.encode(out);
        self.erased.encode(out);
        let support = self.support;
        out.push(
            bit(7, support.overflow)
                | bit(3, support.delete)
                | bit(2, support.partial_add)
                | bit(1, support.reserve)
                | bit(0, support.allocation_info),
        );
    }
}

impl Decode for SelInfo {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        let _version = r.u8()?;
        let (entries, free) = (r.u16()?, r.u16()?);
        let (added, erased) = (r.u32()?, r.u32()?);
        let support = r.u8()?;
        r.finish()?;
        Ok(Self {
            entries,
            free,
            added: Timestamp::from_bits(added),
            erased: Timestamp::from_bits(erased),
            support: SelSupport {
                overflow: is_set(support, 7),
                delete: is_set(support, 3),
                partial_add: is_set(support, 2),
                reserve: is_set(support, 1),
                allocation_info: is_set(support, 0),
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
        testing::request(&GetSelInfo, &[]);
        let info = SelInfo {
            entries: 0x0102,
            free: 0x0304,
            added: Timestamp::from_bits(0x6553_F100),
            erased: Timestamp::UNSPECIFIED,
            support: SelSupport {
                overflow: true,
                delete: true,
                partial_add: false,
                reserve: true,
                allocation_info: true,
            },
        };
        let bytes = [
            0x51, 0x02, 0x01, 0x04, 0x03, 0x00, 0xF1, 0x53, 0x65, 0xFF, 0xFF, 0xFF, 0xFF, 0x8B,
        ];
        testing::response::<GetSelInfo>(&info, &bytes);
        let short = SelInfo::decode(&bytes[..13]);
        assert_eq!(short, Err(DecodeError::Truncated));
    }
}
