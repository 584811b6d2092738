//! Clear SDR Repository, §33.16.

use alloc::vec::Vec;

use super::{Erasure, ErasureState, ReservationId};
use crate::Privilege;
use crate::command::{Command, NetFn};
use crate::wire::{Decode, DecodeError, Encode};

/// Erases all sensor data records, or asks how far that is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClearSdrRepository {
    /// The reservation to do it under.
    pub reservation: ReservationId,
    /// Which of the two.
    pub erasure: Erasure,
}

impl Command for ClearSdrRepository {
    const NETFN: NetFn = NetFn::STORAGE;
    const CODE: u8 = 0x27;
    const NAME: &'static str = "Clear SDR Repository";
    const PRIVILEGE: Privilege = Privilege::Operator;
    type Response = ErasureState;
}

impl Encode for ClearSdrRepository {
    fn encode(&self, out: &mut Vec<u8>) {
        self.erasure.encode(self.reservation, out);
    }
}

impl Decode for ClearSdrRepository {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let (reservation, erasure) = Erasure::decode(input)?;
        Ok(Self {
            reservation,
            erasure,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::testing;

    #[test]
    fn what_ipmitool_sends_to_an_empty_repository() {
        let clear = ClearSdrRepository {
            reservation: ReservationId(1),
            erasure: Erasure::Initiate,
        };
        testing::request(&clear, &[0x01, 0x00, 0x43, 0x4C, 0x52, 0xAA]);
        testing::response::<ClearSdrRepository>(&ErasureState::Completed, &[0x01]);
    }
}
