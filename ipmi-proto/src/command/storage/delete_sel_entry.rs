//! Delete SEL Entry, §31.8.

use alloc::vec::Vec;

use super::ReservationId;
use crate::Privilege;
use crate::command::{Command, NetFn};
use crate::sel::RecordId;
use crate::wire::{Decode, DecodeError, Encode, Reader};

/// Deletes a record of the event log. The answer tells the id of the one that was deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeleteSelEntry {
    /// The reservation to do it under.
    pub reservation: ReservationId,
    /// Which record.
    pub record: RecordId,
}

impl DeleteSelEntry {
    /// Completion code: records of this type are not deleted.
    pub const TYPE_NOT_SUPPORTED: u8 = 0x80;
    /// Completion code: the log is being erased.
    pub const ERASE_IN_PROGRESS: u8 = 0x81;
}

impl Command for DeleteSelEntry {
    const NETFN: NetFn = NetFn::STORAGE;
    const CODE: u8 = 0x46;
    const NAME: &'static str = "Delete SEL Entry";
    const PRIVILEGE: Privilege = Privilege::Operator;
    type Response = RecordId;
}

impl Encode for DeleteSelEntry {
    fn encode(&self, out: &mut Vec<u8>) {
        self.reservation.encode(out);
        self.record.encode(out);
    }
}

impl Decode for DeleteSelEntry {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        let delete = Self {
            reservation: ReservationId(r.u16()?),
            record: RecordId(r.u16()?),
        };
        r.finish()?;
        Ok(delete)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::testing;

    #[test]
    fn bytes() {
        let delete = DeleteSelEntry {
            reservation: ReservationId(0x0102),
            record: RecordId(3),
        };
        testing::request(&delete, &[0x02, 0x01, 0x03, 0x00]);
        testing::response::<DeleteSelEntry>(&RecordId(3), &[0x03, 0x00]);
        testing::refused::<DeleteSelEntry>(&[0; 3], DecodeError::Truncated);
    }
}
