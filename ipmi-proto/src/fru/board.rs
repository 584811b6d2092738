//! The board info area, §11 of the storage definition.

use alloc::vec::Vec;

use super::Field;
use super::area::{self, Fields};
use crate::wire::{Decode, DecodeError, Encode};

/// The board. Encoded it is at most 1016 bytes long; custom fields that do not fit are left out.
#[derive(Debug, Clone, PartialEq, Eq, Default, Hash)]
pub struct BoardInfo {
    /// The language of its texts (§15 of the storage definition); 0 is English.
    pub language: u8,
    /// When it was made.
    pub made: Option<ManufacturingDate>,
    /// Who made it.
    pub manufacturer: Field,
    /// Its name.
    pub name: Field,
    /// Its serial number.
    pub serial: Field,
    /// Its part number.
    pub part_number: Field,
    /// The file that this data comes from.
    pub fru_file: Field,
    /// What else is told.
    pub custom: Vec<Field>,
}

/// When a board was made: minutes since the beginning of 1996 (UTC), up to 2027.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ManufacturingDate(u32);

/// The beginning of 1996, in seconds since 1970.
const EPOCH: u64 = 820_454_400;

impl ManufacturingDate {
    const MAX: u32 = 0x00FF_FFFF;

    /// The minute in which this second since 1970 lies; none for what has no form: before 1996 and after 2027.
    #[must_use]
    pub fn from_unix(seconds: u64) -> Option<Self> {
        let minutes = u32::try_from(seconds.checked_sub(EPOCH)? / 60).ok()?;
        Self::from_minutes(minutes)
    }

    /// The first second of the minute, since 1970.
    #[must_use]
    pub const fn unix_seconds(self) -> u64 {
        EPOCH + self.0 as u64 * 60
    }

    /// Minute 0 means that the date is not known.
    const fn from_minutes(minutes: u32) -> Option<Self> {
        match minutes {
            1..=Self::MAX => Some(Self(minutes)),
            _ => None,
        }
    }
}

impl Encode for BoardInfo {
    fn encode(&self, out: &mut Vec<u8>) {
        let [low, mid, high, _] = self.made.map_or(0, |made| made.0).to_le_bytes();
        let fields = [
            &self.manufacturer,
            &self.name,
            &self.serial,
            &self.part_number,
            &self.fru_file,
        ];
        let start = [self.language, low, mid, high];
        area::write(out, &start, &fields, &self.custom);
    }
}

impl Decode for BoardInfo {
    /// What follows the area is left alone.
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = area::open(input)?;
        let [language, low, mid, high] = r.array()?;
        let mut fields = Fields::new(r);
        Ok(Self {
            language,
            made: ManufacturingDate::from_minutes(u32::from_le_bytes([low, mid, high, 0])),
            manufacturer: fields.next()?,
            name: fields.next()?,
            serial: fields.next()?,
            part_number: fields.next()?,
            fru_file: fields.next()?,
            custom: fields.rest()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes() {
        let board = BoardInfo {
            language: 25,
            made: ManufacturingDate::from_unix(EPOCH + 0x01_0203 * 60 + 59),
            manufacturer: Field::new("M1"),
            name: Field::new("N2"),
            serial: Field::new("S3"),
            part_number: Field::new("P4"),
            fru_file: Field::default(),
            custom: Vec::new(),
        };
        let bytes = b"\x01\x03\x19\x03\x02\x01\xC2M1\xC2N2\xC2S3\xC2P4\xC0\xC1\x00\x00\x00\x26";
        let mut out = Vec::new();
        board.encode(&mut out);
        assert_eq!(out.len(), 24);
        assert_eq!(out[..20], bytes[..20]);
        assert_eq!(BoardInfo::decode(&out), Ok(board));
    }

    #[test]
    fn dates() {
        let date = ManufacturingDate::from_unix(1_700_000_000);
        let seconds = date.map(ManufacturingDate::unix_seconds);
        assert_eq!(seconds, Some(1_699_999_980));
        assert_eq!(ManufacturingDate::from_unix(EPOCH), None);
        assert_eq!(ManufacturingDate::from_unix(0), None);
        assert_eq!(ManufacturingDate::from_unix(2_000_000_000), None);
        assert_eq!(ManufacturingDate::from_unix(u64::MAX), None);
    }
}
