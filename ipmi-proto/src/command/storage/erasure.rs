//! Erasing the SDR repository (§33.16) and the event log (§31.9): the same request and answer.

use alloc::vec::Vec;

use super::ReservationId;
use crate::wire::{Decode, DecodeError, Encode, Reader};

/// What a request to erase asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Erasure {
    /// To begin.
    Initiate,
    /// How far it is.
    GetState,
}

/// The answer: how far the erasure is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErasureState {
    /// Not at its end.
    InProgress,
    /// Everything is erased.
    Completed,
}

/// Keeps a request with wrong bytes from erasing anything.
const GUARD: [u8; 3] = *b"CLR";

const INITIATE: u8 = 0xAA;
const GET_STATE: u8 = 0x00;

impl Erasure {
    pub(super) fn encode(self, reservation: ReservationId, out: &mut Vec<u8>) {
        reservation.encode(out);
        out.extend(GUARD);
        out.push(match self {
            Self::Initiate => INITIATE,
            Self::GetState => GET_STATE,
        });
    }

    pub(super) fn decode(input: &[u8]) -> Result<(ReservationId, Self), DecodeError> {
        let mut r = Reader::new(input);
        let reservation = ReservationId(r.u16()?);
        let guard: [u8; 3] = r.array()?;
        let erasure = match r.u8()? {
            INITIATE => Self::Initiate,
            GET_STATE => Self::GetState,
            _ => return Err(DecodeError::Invalid("erase operation")),
        };
        r.finish()?;
        if guard != GUARD {
            return Err(DecodeError::Invalid("guard of an erase operation"));
        }
        Ok((reservation, erasure))
    }
}

impl Encode for ErasureState {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push((*self == Self::Completed).into());
    }
}

impl Decode for ErasureState {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        // The high nibble is reserved.
        let state = match r.u8()? & 0x0F {
            0 => Self::InProgress,
            1 => Self::Completed,
            _ => return Err(DecodeError::Invalid("state of an erasure")),
        };
        r.finish()?;
        Ok(state)
    }
}
