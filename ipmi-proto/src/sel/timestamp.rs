//! Times as the event log and the SDR repository keep them, §37.

use alloc::vec::Vec;

use crate::wire::{Decode, DecodeError, Encode, Reader};

/// A time in seconds: since 1970 (UTC), or, up to 20000000h, since the BMC was initialised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(u32);

impl Timestamp {
    /// FFFFFFFFh: unspecified.
    pub const UNSPECIFIED: Self = Self(u32::MAX);

    /// The highest value that counts from the initialisation. Taken as a date, it lies in January 1987.
    const LAST_RELATIVE: u32 = 0x2000_0000;

    /// So many seconds since 1970. Times up to January 1987 and after 2106 have no form: the nearest time that has
    /// one stands in for them.
    #[must_use]
    pub const fn from_unix(seconds: u64) -> Self {
        if seconds <= Self::LAST_RELATIVE as u64 {
            Self(Self::LAST_RELATIVE + 1)
        } else if seconds >= u32::MAX as u64 {
            Self(u32::MAX - 1)
        } else {
            Self(seconds as u32)
        }
    }

    /// So many seconds since the BMC was initialised, at most 20000000h: for a BMC whose clock was not set yet.
    #[must_use]
    pub const fn since_initialization(seconds: u32) -> Self {
        if seconds > Self::LAST_RELATIVE {
            Self(Self::LAST_RELATIVE)
        } else {
            Self(seconds)
        }
    }

    /// The time with this number on the wire.
    #[must_use]
    pub const fn from_bits(bits: u32) -> Self {
        Self(bits)
    }

    /// The number on the wire.
    #[must_use]
    pub const fn bits(self) -> u32 {
        self.0
    }

    /// Seconds since 1970 (UTC); none where the time is unspecified or counts from the initialisation.
    #[must_use]
    pub const fn unix_seconds(self) -> Option<u32> {
        match self {
            Self::UNSPECIFIED | Self(0..=Self::LAST_RELATIVE) => None,
            Self(seconds) => Some(seconds),
        }
    }

    /// Seconds since the BMC was initialised; none where the time is unspecified or a date.
    #[must_use]
    pub const fn seconds_since_initialization(self) -> Option<u32> {
        match self {
            Self(seconds @ 0..=Self::LAST_RELATIVE) => Some(seconds),
            Self(_) => None,
        }
    }
}

impl Encode for Timestamp {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend(self.0.to_le_bytes());
    }
}

impl Decode for Timestamp {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        let time = Self(r.u32()?);
        r.finish()?;
        Ok(time)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_kinds_of_times() {
        let date = Timestamp::from_unix(1_700_000_000);
        assert_eq!(date.unix_seconds(), Some(1_700_000_000));
        assert_eq!(date.seconds_since_initialization(), None);
        let early = Timestamp::since_initialization(5);
        assert_eq!(early.unix_seconds(), None);
        assert_eq!(early.seconds_since_initialization(), Some(5));
        assert_eq!(Timestamp::UNSPECIFIED.unix_seconds(), None);
        let relative = Timestamp::UNSPECIFIED.seconds_since_initialization();
        assert_eq!(relative, None);
    }

    #[test]
    fn no_date_turns_into_another_kind() {
        assert_eq!(Timestamp::from_unix(0).unix_seconds(), Some(0x2000_0001));
        let last = Timestamp::from_unix(u64::MAX).unix_seconds();
        assert_eq!(last, Some(0xFFFF_FFFE));
        let long = Timestamp::since_initialization(u32::MAX);
        assert_eq!(long.seconds_since_initialization(), Some(0x2000_0000));
    }

    #[test]
    fn bytes() {
        let mut out = Vec::new();
        Timestamp::from_bits(0x0403_0201).encode(&mut out);
        assert_eq!(out, [1, 2, 3, 4]);
        let decoded = Timestamp::decode(&out).map(Timestamp::bits);
        assert_eq!(decoded, Ok(0x0403_0201));
        assert_eq!(Timestamp::decode(&[0; 3]), Err(DecodeError::Truncated));
    }
}
