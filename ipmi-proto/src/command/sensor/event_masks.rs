//! Which states of a sensor a command or an answer is about (§35.10 to §35.13).

use alloc::vec::Vec;

use crate::sdr::EventMask;
use crate::wire::{DecodeError, Encode, Reader};

/// The states that are entered, and those that are left: up to 4 bytes, where the ones that are missing are zeros.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub struct EventMasks {
    /// Those that are entered.
    pub assertion: EventMask,
    /// Those that are left.
    pub deassertion: EventMask,
}

impl EventMasks {
    /// No state.
    pub const NONE: Self = Self {
        assertion: EventMask::NONE,
        deassertion: EventMask::NONE,
    };

    /// Reads what ends a message.
    pub(super) fn read(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let mut byte = || if r.is_empty() { Ok(0) } else { r.u8() };
        let mut word = || Ok(u16::from_le_bytes([byte()?, byte()?]));
        let (assertion, deassertion) = (word()?, word()?);
        r.finish()?;
        Ok(Self {
            assertion: EventMask::from_bits(assertion),
            deassertion: EventMask::from_bits(deassertion),
        })
    }
}

impl Encode for EventMasks {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend(self.assertion.bits().to_le_bytes());
        out.extend(self.deassertion.bits().to_le_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_that_are_missing_are_zeros() {
        let read = |bytes: &[u8]| EventMasks::read(&mut Reader::new(bytes));
        assert_eq!(read(&[]), Ok(EventMasks::NONE));
        let lowest = EventMasks {
            assertion: EventMask::NONE.with(0),
            deassertion: EventMask::NONE,
        };
        assert_eq!(read(&[1]), Ok(lowest));
        assert_eq!(read(&[1, 0, 0]), Ok(lowest));
        assert_eq!(read(&[0; 5]), Err(DecodeError::Trailing));
    }
}
