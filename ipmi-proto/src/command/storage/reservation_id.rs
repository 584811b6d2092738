//! Reservations of the SDR repository (§33.11) and of the event log (§31.4).

use alloc::vec::Vec;

use crate::wire::{Decode, DecodeError, Encode, Reader};

/// The id of a reservation. What is read or erased under an id that a change has made invalid is refused with
/// [`CompletionCode::InvalidReservation`](crate::CompletionCode::InvalidReservation).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReservationId(pub u16);

impl ReservationId {
    /// No reservation: enough to read a record from its beginning.
    pub const NONE: Self = Self(0);
}

impl Encode for ReservationId {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend(self.0.to_le_bytes());
    }
}

impl Decode for ReservationId {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        let id = Self(r.u16()?);
        r.finish()?;
        Ok(id)
    }
}
