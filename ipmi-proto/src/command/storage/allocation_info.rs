//! How records are stored: the answer of two commands with the same form (§31.3, §33.10).

use alloc::vec::Vec;

use crate::wire::{Decode, DecodeError, Encode, Reader};

/// How much room there is for records, in allocation units; 9 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AllocationInfo {
    /// How many units there are; none where that is not told.
    pub units: Option<u16>,
    /// The size of a unit in bytes; none where that is not told.
    pub unit_size: Option<u16>,
    /// How many units are free.
    pub free: u16,
    /// How many of those lie together.
    pub largest_free: u16,
    /// The size of the largest record in units.
    pub largest_record: u8,
}

impl Encode for AllocationInfo {
    fn encode(&self, out: &mut Vec<u8>) {
        let words = [
            self.units.unwrap_or(0),
            self.unit_size.unwrap_or(0),
            self.free,
            self.largest_free,
        ];
        out.extend(words.iter().flat_map(|word| word.to_le_bytes()));
        out.push(self.largest_record);
    }
}

impl Decode for AllocationInfo {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        let told = |word| (word != 0).then_some(word);
        let info = Self {
            units: told(r.u16()?),
            unit_size: told(r.u16()?),
            free: r.u16()?,
            largest_free: r.u16()?,
            largest_record: r.u8()?,
        };
        r.finish()?;
        Ok(info)
    }
}
