//! Add SEL Entry, §31.6.

use alloc::vec::Vec;

use crate::Privilege;
use crate::command::{Command, NetFn};
use crate::sel::{Record, RecordId};
use crate::wire::{Decode, DecodeError, Encode};

/// Adds a record to the event log. The BMC gives it an id, and, where it has a time, the present one; the answer tells
/// the id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AddSelEntry(pub Record);

impl AddSelEntry {
    /// Completion code: records of this type are not taken.
    pub const TYPE_NOT_SUPPORTED: u8 = 0x80;
    /// Completion code: the log is being erased.
    pub const ERASE_IN_PROGRESS: u8 = 0x81;
}

impl Command for AddSelEntry {
    const NETFN: NetFn = NetFn::STORAGE;
    const CODE: u8 = 0x44;
    const NAME: &'static str = "Add SEL Entry";
    const PRIVILEGE: Privilege = Privilege::Operator;
    type Response = RecordId;
}

impl Encode for AddSelEntry {
    fn encode(&self, out: &mut Vec<u8>) {
        self.0.encode(out);
    }
}

impl Decode for AddSelEntry {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        Record::decode(input).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::testing;
    use crate::sel::Entry;

    #[test]
    fn bytes() {
        let add = AddSelEntry(Record {
            id: RecordId(0),
            entry: Entry::Oem {
                kind: 0xE0,
                data: *b"0123456789abc",
            },
        });
        testing::request(&add, b"\x00\x00\xE00123456789abc");
        testing::response::<AddSelEntry>(&RecordId(0x0102), &[0x02, 0x01]);
        testing::refused::<AddSelEntry>(&[0xE0; 15], DecodeError::Truncated);
    }
}
