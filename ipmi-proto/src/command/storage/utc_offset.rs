//! The difference of local time and UTC (§31.11a).

use alloc::vec::Vec;

use crate::wire::{Decode, DecodeError, Encode, Reader};

/// By how many minutes local time is ahead of UTC: -1440 to 1440, or unspecified.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UtcOffset(Option<i16>);

/// Stands for "unspecified".
const UNSPECIFIED: i16 = 0x07FF;

impl UtcOffset {
    /// It is not told.
    pub const UNSPECIFIED: Self = Self(None);

    /// So many minutes ahead of UTC.
    ///
    /// # Errors
    ///
    /// [`DecodeError::OutOfRange`] for more than a day in either direction.
    pub const fn from_minutes(minutes: i16) -> Result<Self, DecodeError> {
        match minutes {
            -1440..=1440 => Ok(Self(Some(minutes))),
            _ => Err(DecodeError::OutOfRange("UTC offset")),
        }
    }

    /// How many minutes ahead of UTC; none where it is not told.
    #[must_use]
    pub const fn minutes(self) -> Option<i16> {
        self.0
    }
}

impl Encode for UtcOffset {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend(self.0.unwrap_or(UNSPECIFIED).to_le_bytes());
    }
}

impl Decode for UtcOffset {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        let minutes = i16::from_le_bytes(r.array()?);
        r.finish()?;
        match minutes {
            UNSPECIFIED => Ok(Self::UNSPECIFIED),
            minutes => Self::from_minutes(minutes),
        }
    }
}
