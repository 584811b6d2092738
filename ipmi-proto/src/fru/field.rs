//! The type/length-coded fields of the areas, §13 of the storage definition.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::{self, Write as _};

use crate::text;

/// A field: at most 63 bytes, and how they are to be read.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Field {
    encoding: Encoding,
    bytes: Vec<u8>,
}

/// How the bytes of a [`Field`] are to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Encoding {
    /// Any bytes.
    Binary = 0,
    /// Digits and a few signs, two to a byte.
    BcdPlus = 1,
    /// Capital letters, digits and signs, four to three bytes.
    SixBit = 2,
    /// 8-bit ASCII with Latin 1. In an area whose language is not English it is UTF-16, which this library reads as if
    /// it were Latin 1.
    Latin1 = 3,
}

impl Field {
    /// The highest length in bytes.
    pub const MAX_LEN: usize = 0x3F;

    /// The type and length that end an area: a text of one character would have them too.
    pub(super) const END: u8 = 0xC1;

    /// A text. What comes behind the 63rd character is dropped, a character that is not in Latin 1 becomes a question
    /// mark, and a space is added to a single one, since the format has no texts of one character.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let bytes: Vec<u8> = text::to_latin1(text).collect();
        Self::from_bytes(Encoding::Latin1, &bytes)
    }

    /// A field of these bytes. The ones behind the 63rd are dropped, and a space is added to a single one in Latin 1.
    #[must_use]
    pub fn from_bytes(encoding: Encoding, bytes: &[u8]) -> Self {
        let mut bytes: Vec<u8> = bytes.iter().copied().take(Self::MAX_LEN).collect();
        if encoding == Encoding::Latin1 && bytes.len() == 1 {
            bytes.push(b' ');
        }
        Self { encoding, bytes }
    }

    /// How its bytes are to be read.
    #[must_use]
    pub const fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// Its bytes, at most 63.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Whether there is nothing in it.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// What it says; bytes that are no text are written in hexadecimal digits.
    #[must_use]
    pub fn text(&self) -> String {
        match self.encoding {
            Encoding::Binary => self.bytes.iter().fold(String::new(), |mut text, byte| {
                // A string takes whatever is written to it.
                let _ = write!(text, "{byte:02x}");
                text
            }),
            Encoding::BcdPlus => text::bcd_plus(&self.bytes),
            Encoding::SixBit => text::six_bit(&self.bytes),
            Encoding::Latin1 => text::latin1(&self.bytes),
        }
    }

    /// The length with the byte that tells it.
    pub(super) const fn encoded_len(&self) -> usize {
        1 + self.bytes.len()
    }

    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        out.push((self.encoding as u8) << 6 | self.bytes.len() as u8);
        out.extend(&self.bytes);
    }

    /// The field with this type and length, which are not [`Field::END`], and as many bytes as that says.
    pub(super) fn of(head: u8, bytes: &[u8]) -> Self {
        let encoding = match head >> 6 {
            0 => Encoding::Binary,
            1 => Encoding::BcdPlus,
            2 => Encoding::SixBit,
            _ => Encoding::Latin1,
        };
        Self::from_bytes(encoding, bytes)
    }
}

impl Default for Field {
    /// An empty text.
    fn default() -> Self {
        Self::new("")
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_cut_and_never_look_like_the_end() {
        let encoded = |text: &str| {
            let mut out = Vec::new();
            Field::new(text).encode(&mut out);
            out
        };
        assert_eq!(encoded("QEMU"), b"\xC4QEMU");
        assert_eq!(encoded(""), [0xC0]);
        assert_eq!(encoded("1"), [0xC2, b'1', b' ']);
        assert_eq!(encoded("M\u{fc}\u{20ac}"), [0xC3, b'M', 0xFC, b'?']);
        let long = encoded(&"x".repeat(80));
        assert_eq!((long.len(), long[0]), (64, 0xFF));
    }

    #[test]
    fn every_encoding_can_be_read() {
        assert_eq!(Field::of(0x02, &[0xAB, 0x01]).text(), "ab01");
        assert_eq!(Field::of(0x42, &[0x12, 0xB3]).text(), "12-3");
        let packed = Field::of(0x83, &[0x29, 0xDC, 0xA6]);
        assert_eq!(
            (packed.encoding(), packed.text()),
            (Encoding::SixBit, "IPMI".into())
        );
        assert_eq!(Field::of(0xC2, b"ab").text(), "ab");
        assert!(Field::default().is_empty());
    }
}
