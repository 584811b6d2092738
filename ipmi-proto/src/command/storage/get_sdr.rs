//! Get SDR, §33.12.

use alloc::vec::Vec;

use super::ReservationId;
use crate::Privilege;
use crate::command::{Command, NetFn};
use crate::sdr::RecordId;
use crate::wire::{Decode, DecodeError, Encode, Reader};

/// Reads a part of a sensor data record.
///
/// More bytes than an answer can hold are refused with
/// [`CompletionCode::CannotReturnRequestedLength`](crate::CompletionCode::CannotReturnRequestedLength); clients then ask
/// for fewer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GetSdr {
    /// The reservation to read it under; needed where `offset` is not 0.
    pub reservation: ReservationId,
    /// Which record.
    pub record: RecordId,
    /// The first byte to read.
    pub offset: u8,
    /// How many bytes to read, or [`GetSdr::ALL`].
    pub count: u8,
}

impl GetSdr {
    /// [`GetSdr::count`]: to the end of the record.
    pub const ALL: u8 = 0xFF;
}

impl Command for GetSdr {
    const NETFN: NetFn = NetFn::STORAGE;
    const CODE: u8 = 0x23;
    const NAME: &'static str = "Get SDR";
    const PRIVILEGE: Privilege = Privilege::User;
    type Response = SdrPart;
}

impl Encode for GetSdr {
    fn encode(&self, out: &mut Vec<u8>) {
        self.reservation.encode(out);
        out.extend(self.record.0.to_le_bytes());
        out.extend([self.offset, self.count]);
    }
}

impl Decode for GetSdr {
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

/// A part of a sensor data record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SdrPart {
    /// The record that follows on this one; [`RecordId::LAST`] where none does.
    pub next: RecordId,
    /// The bytes that were asked for.
    pub data: Vec<u8>,
}

impl Encode for SdrPart {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend(self.next.0.to_le_bytes());
        out.extend(&self.data);
    }
}

impl Decode for SdrPart {
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
    fn ipmitool_reads_the_header_first() {
        let get = GetSdr {
            reservation: ReservationId(2),
            record: RecordId::FIRST,
            offset: 0,
            count: 5,
        };
        testing::request(&get, &[0x02, 0x00, 0x00, 0x00, 0x00, 0x05]);
        let part = SdrPart {
            next: RecordId(2),
            data: [0x01, 0x00, 0x51, 0x12, 0x0E].to_vec(),
        };
        let bytes = [0x02, 0x00, 0x01, 0x00, 0x51, 0x12, 0x0E];
        testing::response::<GetSdr>(&part, &bytes);
    }

    #[test]
    fn the_last_record() {
        let get = GetSdr {
            reservation: ReservationId(0x0102),
            record: RecordId::LAST,
            offset: 5,
            count: GetSdr::ALL,
        };
        testing::request(&get, &[0x02, 0x01, 0xFF, 0xFF, 0x05, 0xFF]);
        testing::refused::<GetSdr>(&[0; 5], DecodeError::Truncated);
    }
}
