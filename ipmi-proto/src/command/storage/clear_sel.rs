//! Clear SEL, §31.9.

use alloc::vec::Vec;

use super::{Erasure, ErasureState, ReservationId};
use crate::Privilege;
use crate::command::{Command, NetFn};
use crate::wire::{Decode, DecodeError, Encode};

/// Erases the whole event log, or asks how far that is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClearSel {
    /// The reservation to do it under.
    pub reservation: ReservationId,
    /// Which of the two.
    pub erasure: Erasure,
}

impl Command for ClearSel {
    const NETFN: NetFn = NetFn::STORAGE;
    const CODE: u8 = 0x47;
    const NAME: &'static str = "Clear SEL";
    const PRIVILEGE: Privilege = Privilege::Operator;
    type Response = ErasureState;
}

impl Encode for ClearSel {
    fn encode(&self, out: &mut Vec<u8>) {
        self.erasure.encode(self.reservation, out);
    }
}

impl Decode for ClearSel {
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
    fn to_begin_and_to_ask() {
        let clear = ClearSel {
            reservation: ReservationId(0x0102),
            erasure: Erasure::Initiate,
        };
        testing::request(&clear, &[0x02, 0x01, b'C', b'L', b'R', 0xAA]);
        let ask = ClearSel {
            erasure: Erasure::GetState,
            ..clear
        };
        testing::request(&ask, &[0x02, 0x01, b'C', b'L', b'R', 0x00]);
        testing::response::<ClearSel>(&ErasureState::InProgress, &[0x00]);
        testing::response::<ClearSel>(&ErasureState::Completed, &[0x01]);
    }

    #[test]
    fn nothing_is_erased_by_mistake() {
        let guard = DecodeError::Invalid("guard of an erase operation");
        testing::refused::<ClearSel>(b"\x01\x00CLX\xAA", guard);
        let operation = DecodeError::Invalid("erase operation");
        testing::refused::<ClearSel>(b"\x01\x00CLR\x01", operation);
        testing::refused::<ClearSel>(b"\x01\x00CLR", DecodeError::Truncated);
        testing::refused::<ClearSel>(b"\x01\x00CLR\xAA\x00", DecodeError::Trailing);
        let state = Err(DecodeError::Invalid("state of an erasure"));
        assert_eq!(ErasureState::decode(&[2]), state);
    }
}
