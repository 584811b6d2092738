//! The name that ends a record, §43.15.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use crate::text;
use crate::wire::{DecodeError, Encode, Reader};

/// The name of a sensor or device. On the wire: 8-bit ASCII with Latin 1, its length before it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Hash)]
pub struct IdString(String);

/// The kinds of coding, in the two highest bits of the length.
const BCD_PLUS: u8 = 1;
const SIX_BIT: u8 = 2;
const LATIN_1: u8 = 3;

impl IdString {
    /// The length that records have room for, in characters.
    pub const MAX_LEN: usize = 16;

    /// The length that the length byte has room for: 31 is reserved.
    const MAX_DECODED_LEN: usize = 30;

    /// A name. What comes behind the 16th character is dropped, and a character that is not in Latin 1 becomes a
    /// question mark.
    #[must_use]
    pub fn new(name: &str) -> Self {
        let name: Vec<u8> = text::to_latin1(name).take(Self::MAX_LEN).collect();
        Self::padded(text::latin1(&name))
    }

    /// A name of one character must not appear on the wire: its length would be the mark that ends an FRU area.
    fn padded(mut name: String) -> Self {
        if name.chars().nth(1).is_none() && !name.is_empty() {
            name.push(' ');
        }
        Self(name)
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Reads the name that ends a record; what follows it is dropped. The length counts characters, whatever coding
    /// they have.
    pub(super) fn read(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let head = r.u8()?;
        let len = usize::from(head & 0x1F);
        let name = match head >> 6 {
            BCD_PLUS => text::bcd_plus(r.bytes(len.div_ceil(2))?),
            SIX_BIT => text::six_bit(r.bytes((len * 6).div_ceil(8))?),
            _ => text::latin1(r.bytes(len)?),
        };
        let len = len.min(Self::MAX_DECODED_LEN);
        let name = name.chars().take(len).collect();
        Ok(Self::padded(name))
    }
}

impl Encode for IdString {
    fn encode(&self, out: &mut Vec<u8>) {
        let name: Vec<u8> = text::to_latin1(&self.0).collect();
        out.push(LATIN_1 << 6 | name.len() as u8 & 0x1F);
        out.extend(name);
    }
}

impl fmt::Display for IdString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn read(bytes: &[u8], name: &str) {
        let read = IdString::read(&mut Reader::new(bytes)).unwrap();
        assert_eq!(read.as_str(), name);
    }

    #[test]
    fn names_are_cut_and_coded() {
        let mut out = Vec::new();
        IdString::new("CPU Temp").encode(&mut out);
        assert_eq!(out, b"\xC8CPU Temp");
        read(&out, "CPU Temp");
        assert_eq!(IdString::new("0123456789abcdefg").0, "0123456789abcdef");
        assert_eq!(IdString::new("B\u{fc}ro \u{20ac}").0, "Büro ?");
        assert_eq!(IdString::new("A").0, "A ");
        assert_eq!(IdString::new("").0, "");
    }

    #[test]
    fn every_coding_can_be_read() {
        read(&[0x84, 0x29, 0xDC, 0xA6], "IPMI");
        let nine = [0x89, 0x18, 0x01, 0x74, 0xC7, 0xCE, 0xDB, 0x3F, 0x9A];
        read(&nine, "8$ ='[\\V_");
        read(&[0x43, 0x12, 0xB0], "12-");
        read(b"\x04name", "name");
        read(b"\xC1x", "x ");
        read(&[0xFF; 32], &"\u{ff}".repeat(30));
    }

    #[test]
    fn a_name_that_breaks_off_is_refused() {
        let read = IdString::read(&mut Reader::new(b"\xC4abc"));
        assert_eq!(read, Err(DecodeError::Truncated));
    }
}
