//! Get SDR Repository Info, §33.9.

use alloc::vec::Vec;

use crate::Privilege;
use crate::command::bits::{bit, is_set};
use crate::command::{Command, NetFn};
use crate::sel::Timestamp;
use crate::wire::{Decode, DecodeError, Encode, Reader};

/// Asks how many sensor data records there are, and when they changed last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GetSdrRepositoryInfo;

impl Command for GetSdrRepositoryInfo {
    const NETFN: NetFn = NetFn::STORAGE;
    const CODE: u8 = 0x20;
    const NAME: &'static str = "Get SDR Repository Info";
    const PRIVILEGE: Privilege = Privilege::User;
    type Response = SdrRepositoryInfo;
}

without_data!(GetSdrRepositoryInfo);

/// The answer to [`GetSdrRepositoryInfo`], 14 bytes. Clients keep a copy of the records until one of the times changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SdrRepositoryInfo {
    /// How many records there are.
    pub records: u16,
    /// How many bytes are free; FFFEh stands for that many or more. None where it is not told.
    pub free: Option<u16>,
    /// When a record was added last.
    pub added: Timestamp,
    /// When records were erased last.
    pub erased: Timestamp,
    /// Which requests are supported.
    pub support: SdrRepositorySupport,
}

/// Operation support (byte 14 of [`SdrRepositoryInfo`], the completion code not counted).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SdrRepositorySupport {
    /// A record could not be stored for lack of room. A state, not a capability.
    pub overflow: bool,
    /// How records can be added; none where that is not told.
    pub updates: Option<SdrUpdateModes>,
    /// Delete SDR.
    pub delete: bool,
    /// Partial Add SDR.
    pub partial_add: bool,
    /// Reserve SDR Repository.
    pub reserve: bool,
    /// Get SDR Repository Allocation Info.
    pub allocation_info: bool,
}

/// Whether the repository must be brought into a mode of its own before records are added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum SdrUpdateModes {
    /// It need not, and cannot.
    NonModal = 1,
    /// It must.
    Modal = 2,
    /// It can.
    Both = 3,
}

/// The version of the commands, as in IPMI 1.5 and 2.0.
const VERSION: u8 = 0x51;
const FREE_UNSPECIFIED: u16 = 0xFFFF;

impl SdrRepositorySupport {
    const fn bits(self) -> u8 {
        let updates = match self.updates {
            None => 0,
            Some(modes) => modes as u8,
        };
        bit(7, self.overflow)
            | updates << 5
            | bit(3, self.delete)
            | bit(2, self.partial_add)
            | bit(1, self.reserve)
            | bit(0, self.allocation_info)
    }

    const fn from_bits(bits: u8) -> Self {
        Self {
            overflow: is_set(bits, 7),
            updates: match bits >> 5 & 0x03 {
                1 => Some(SdrUpdateModes::NonModal),
                2 => Some(SdrUpdateModes::Modal),
                3 => Some(SdrUpdateModes::Both),
                _ => None,
            },
            delete: is_set(bits, 3),
            partial_add: is_set(bits, 2),
            reserve: is_set(bits, 1),
            allocation_info: is_set(bits, 0),
        }
    }
}

impl Encode for SdrRepositoryInfo {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(VERSION);
        out.extend(self.records.to_le_bytes());
        out.extend(self.free.unwrap_or(FREE_UNSPECIFIED).to_le_bytes());
        self.added.encode(out);
        self.erased.encode(out);
        out.push(self.support.bits());
    }
}

impl Decode for SdrRepositoryInfo {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        let _version = r.u8()?;
        let info = Self {
            records: r.u16()?,
            free: Some(r.u16()?).filter(|free| *free != FREE_UNSPECIFIED),
            added: Timestamp::from_bits(r.u32()?),
            erased: Timestamp::from_bits(r.u32()?),
            support: SdrRepositorySupport::from_bits(r.u8()?),
        };
        r.finish()?;
        Ok(info)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::testing;

    #[test]
    fn what_ipmi_sim_answers() {
        testing::request(&GetSdrRepositoryInfo, &[]);
        let empty = SdrRepositoryInfo {
            records: 0,
            free: Some(0xFFFE),
            added: Timestamp::from_bits(0),
            erased: Timestamp::from_bits(0),
            support: SdrRepositorySupport {
                reserve: true,
                ..SdrRepositorySupport::default()
            },
        };
        let bytes = [0x51, 0, 0, 0xFE, 0xFF, 0, 0, 0, 0, 0, 0, 0, 0, 0x02];
        testing::response::<GetSdrRepositoryInfo>(&empty, &bytes);
    }

    #[test]
    fn every_field_has_its_place() {
        let info = SdrRepositoryInfo {
            records: 0xF00F,
            free: None,
            added: Timestamp::from_bits(0x0403_0201),
            erased: Timestamp::from_bits(0x0102_0304),
            support: SdrRepositorySupport {
                overflow: true,
                updates: Some(SdrUpdateModes::NonModal),
                delete: true,
                partial_add: false,
                reserve: true,
                allocation_info: false,
            },
        };
        let bytes = [0x51, 0x0F, 0xF0, 0xFF, 0xFF, 1, 2, 3, 4, 4, 3, 2, 1, 0xAA];
        testing::response::<GetSdrRepositoryInfo>(&info, &bytes);
        let short = SdrRepositoryInfo::decode(&bytes[..13]);
        assert_eq!(short, Err(DecodeError::Truncated));
    }
}
