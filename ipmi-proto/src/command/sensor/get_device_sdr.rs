//! Get Device SDR, §35.3.

use alloc::vec::Vec;

use crate::Privilege;
use crate::command::storage::{GetSdr, SdrPart};
use crate::command::{Command, NetFn};
use crate::wire::{Decode, DecodeError, Encode};

/// Reads a part of a record of the controller's own, which have ids beside those of the repository. The request and the
/// answer have the form of [`GetSdr`]'s.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GetDeviceSdr(pub GetSdr);

impl GetDeviceSdr {
    /// Completion code: the record has changed since the last part was read.
    pub const RECORD_CHANGED: u8 = 0x80;
}

impl Command for GetDeviceSdr {
    const NETFN: NetFn = NetFn::SENSOR_EVENT;
    const CODE: u8 = 0x21;
    const NAME: &'static str = "Get Device SDR";
    const PRIVILEGE: Privilege = Privilege::User;
    type Response = SdrPart;
}

impl Encode for GetDeviceSdr {
    fn encode(&self, out: &mut Vec<u8>) {
        self.0.encode(out);
    }
}

impl Decode for GetDeviceSdr {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        GetSdr::decode(input).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::storage::ReservationId;
    use crate::command::testing;
    use crate::sdr::RecordId;

    #[test]
    fn bytes() {
        let get = GetDeviceSdr(GetSdr {
            reservation: ReservationId(1),
            record: RecordId(2),
            offset: 5,
            count: 16,
        });
        testing::request(&get, &[0x01, 0x00, 0x02, 0x00, 0x05, 0x10]);
        let part = SdrPart {
            next: RecordId::LAST,
            data: [1, 2].to_vec(),
        };
        testing::response::<GetDeviceSdr>(&part, &[0xFF, 0xFF, 1, 2]);
        testing::refused::<GetDeviceSdr>(&[0; 5], DecodeError::Truncated);
    }
}
