//! Get SEL Entry, §31.5.

use alloc::vec::Vec;

use super::ReservationId;
use crate::Privilege;
use crate::command::{Command, NetFn};
use crate::sel::RecordId;
use crate::wire::{Decode, DecodeError, Encode, Reader};

/// Reads a record of the event log, or a part of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GetSelEntry {
    /// The reservation to read it under; needed where `offset` is not 0.
    pub reservation: ReservationId,
    /// Which record.
    pub record: RecordId,
    /// The first byte to read, 0 to 15.
    pub offset: u8,
    /// How many bytes to read, or [`GetSelEntry::ALL`].
    pub count: u8,
}

impl GetSelEntry {
    /// [`GetSelEntry::count`]: the whole record.
    pub const ALL: u8 = 0xFF;
    /// Completion code: the log is being erased.
    pub const ERASE_IN_PROGRESS: u8 = 0x81;
}

impl Command for GetSelEntry {
    const NETFN: NetFn = NetFn::STORAGE;
    const CODE: u8 = 0x43;
    const NAME: &'static str = "Get SEL Entry";
    const PRIVILEGE: Privilege = Privilege::User;
    type Response = SelEntryPart;
}

impl Encode for GetSelEntry {
    fn encode(&self, out: &mut Vec<u8>) {
        self.reservation.encode(out);
        self.record.encode(out);
        out.extend([self.offset, self.count]);
    }
}

impl Decode for GetSelEntry {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        let get = Self {
            reservation: ReservationId(r.u16()?),
            record: RecordId(r.u16()?),
            offset: r.u8()?,
            count: r.u8()?,
        };
        r.finish()?;
        Ok(get)
    }
}

/// The answer to [`GetSelEntry`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SelEntryPart {
    /// The record that follows on this one; [`RecordId::LAST`] where none does.
    pub next: RecordId,
    /// The bytes that were asked for: those of a [`Record`](crate::sel::Record).
    pub data: Vec<u8>,
}

impl Encode for SelEntryPart {
    fn encode(&self, out: &mut Vec<u8>) {
        self.next.encode(out);
        out.extend(&self.data);
    }
}

impl Decode for SelEntryPart {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        Ok(Self {
            next: RecordId(r.u16()?),
            data: r.rest().to_vec(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::testing;

    #[test]
    fn what_ipmitool_s_sel_list_sends() {
        let get = GetSelEntry {
            reservation: ReservationId::NONE,
            record: RecordId::FIRST,
            offset: 0,
            count: GetSelEntry::ALL,
        };
        testing::request(&get, &[0x00, 0x00, 0x00, 0x00, 0x00, 0xFF]);
        testing::refused::<GetSelEntry>(&[0; 7], DecodeError::Trailing);
        let last = SelEntryPart {
            next: RecordId::LAST,
            data: [1, 2, 3].to_vec(),
        };
        testing::response::<GetSelEntry>(&last, &[0xFF, 0xFF, 1, 2, 3]);
    }
}
