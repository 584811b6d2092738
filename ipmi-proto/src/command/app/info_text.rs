//! Texts that are read and written in blocks of 16 bytes: most system info parameters (§22.14b, table 22-16c).

use alloc::vec::Vec;

use crate::wire::{DecodeError, Reader};

/// How a text is encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[repr(u8)]
pub enum TextEncoding {
    /// ASCII with Latin-1.
    #[default]
    Latin1 = 0,
    /// UTF-8.
    Utf8 = 1,
    /// Unicode, two bytes to a character.
    Unicode = 2,
}

/// A block of a text. The first one also says how the text is encoded and how long it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextBlock(Block);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Block {
    First {
        encoding: TextEncoding,
        /// Of the whole text.
        len: u8,
        /// At most [`FIRST_LEN`] bytes.
        text: Vec<u8>,
    },
    Next {
        /// Not 0.
        number: u8,
        /// At most [`BLOCK_LEN`] bytes.
        text: Vec<u8>,
    },
}

/// How much text the first block has room for.
const FIRST_LEN: usize = 14;
/// How much text all others have room for.
const BLOCK_LEN: usize = 16;

impl TextBlock {
    /// Which block it is, counted from 0: its set selector.
    #[must_use]
    pub const fn number(&self) -> u8 {
        match self.0 {
            Block::First { .. } => 0,
            Block::Next { number, .. } => number,
        }
    }

    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        out.push(self.number());
        match &self.0 {
            Block::First {
                encoding,
                len,
                text,
            } => {
                out.extend([*encoding as u8, *len]);
                out.extend(text);
            }
            Block::Next { text, .. } => out.extend(text),
        }
    }

    pub(super) fn read(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        // Clients may leave the padding of the last block out.
        let text = |r: &mut Reader<'_>, room| match r.rest() {
            text if text.len() > room => Err(DecodeError::Trailing),
            text => Ok(text.to_vec()),
        };
        Ok(Self(match r.u8()? {
            0 => {
                let [encoding, len] = r.array()?;
                Block::First {
                    encoding: match encoding & 0x0F {
                        0 => TextEncoding::Latin1,
                        1 => TextEncoding::Utf8,
                        2 => TextEncoding::Unicode,
                        _ => return Err(DecodeError::Invalid("text encoding")),
                    },
                    len,
                    text: text(r, FIRST_LEN)?,
                }
            }
            number => Block::Next {
                number,
                text: text(r, BLOCK_LEN)?,
            },
        }))
    }
}

/// A text of at most 255 bytes, with its encoding.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct InfoText {
    encoding: TextEncoding,
    text: Vec<u8>,
}

impl InfoText {
    /// The longest text, in bytes.
    pub const MAX_LEN: usize = u8::MAX as usize;

    /// A text in this encoding; the bytes behind [`InfoText::MAX_LEN`] are dropped.
    #[must_use]
    pub fn new(encoding: TextEncoding, text: &[u8]) -> Self {
        let text = text.iter().copied().take(Self::MAX_LEN).collect();
        Self { encoding, text }
    }

    /// A text; what is behind [`InfoText::MAX_LEN`] bytes is dropped, at the last whole character.
    #[must_use]
    pub fn utf8(text: &str) -> Self {
        let ends = text.char_indices().map(|(start, c)| start + c.len_utf8());
        let end = ends.take_while(|end| *end <= Self::MAX_LEN).last();
        Self {
            encoding: TextEncoding::Utf8,
            text: text
                .as_bytes()
                .iter()
                .copied()
                .take(end.unwrap_or(0))
                .collect(),
        }
    }

    /// How it is encoded.
    #[must_use]
    pub const fn encoding(&self) -> TextEncoding {
        self.encoding
    }

    /// Its bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.text
    }

    /// The block with this number, padded with zeros; none behind the end. The first one is always there.
    #[must_use]
    pub fn block(&self, number: u8) -> Option<TextBlock> {
        let (start, room) = place(number);
        let text = self.text.get(start..)?;
        if number != 0 && text.is_empty() {
            return None;
        }
        let text = text
            .iter()
            .copied()
            .chain(core::iter::repeat(0))
            .take(room)
            .collect();
        Some(TextBlock(match number {
            0 => Block::First {
                encoding: self.encoding,
                len: u8::try_from(self.text.len()).unwrap_or(u8::MAX),
                text,
            },
            number => Block::Next { number, text },
        }))
    }

    /// Takes a block in. The first one starts a new text, of zeros as far as others must still come; what the others
    /// hold behind its end is padding.
    pub fn write(&mut self, block: &TextBlock) {
        let text = match &block.0 {
            Block::First {
                encoding,
                len,
                text,
            } => {
                self.encoding = *encoding;
                self.text.clear();
                self.text.resize(usize::from(*len), 0);
                text
            }
            Block::Next { text, .. } => text,
        };
        let (start, _) = place(block.number());
        for (to, from) in self.text.iter_mut().skip(start).zip(text) {
            *to = *from;
        }
    }
}

/// Where a block's text starts within the whole, and how much it can be.
fn place(number: u8) -> (usize, usize) {
    match number {
        0 => (0, FIRST_LEN),
        number => (FIRST_LEN + BLOCK_LEN * (usize::from(number) - 1), BLOCK_LEN),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::String;

    fn bytes(block: &TextBlock) -> Vec<u8> {
        let mut out = Vec::new();
        block.encode(&mut out);
        let read = TextBlock::read(&mut Reader::new(&out));
        assert_eq!(read.as_ref(), Ok(block));
        out
    }

    #[test]
    fn a_short_text_has_one_block() {
        let text = InfoText::utf8("vm-1");
        let first = text.block(0).unwrap();
        assert_eq!(bytes(&first), *b"\0\x01\x04vm-1\0\0\0\0\0\0\0\0\0\0");
        assert_eq!(text.block(1), None);
        let empty = InfoText::default();
        assert_eq!(bytes(&empty.block(0).unwrap()), [0; 17]);
        assert_eq!(empty.block(1), None);
        assert_eq!(empty.block(255), None);
    }

    #[test]
    fn a_block_that_is_full_is_followed_only_by_text() {
        let text = InfoText::utf8("0123456789abcd");
        assert_eq!(text.block(1), None);
        let text = InfoText::utf8("0123456789abcde");
        let second = text.block(1).unwrap();
        assert_eq!(bytes(&second), *b"\x01e\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0");
    }

    #[test]
    fn the_blocks_make_up_the_text_again() {
        let long: String = ('a'..='z').cycle().take(300).collect();
        let text = InfoText::utf8(&long);
        assert_eq!(text.as_bytes(), &long.as_bytes()[..255]);
        let mut copy = InfoText::default();
        for number in 0.. {
            let Some(block) = text.block(number) else {
                assert_eq!(number, 17);
                break;
            };
            copy.write(&block);
        }
        assert_eq!(copy, text);
    }

    #[test]
    fn no_character_is_cut() {
        let long: String = core::iter::repeat_n('ä', 128).collect();
        assert_eq!(InfoText::utf8(&long).as_bytes().len(), 254);
    }

    #[test]
    fn the_first_block_starts_anew() {
        let mut text = InfoText::utf8("something else, that is longer");
        text.write(&InfoText::utf8("new").block(0).unwrap());
        assert_eq!(text, InfoText::utf8("new"));
    }

    #[test]
    fn wrong_blocks_are_refused() {
        let read = |bytes: &[u8]| TextBlock::read(&mut Reader::new(bytes));
        let encoding = DecodeError::Invalid("text encoding");
        assert_eq!(read(&[0, 3, 0]), Err(encoding));
        assert_eq!(read(&[0, 1]), Err(DecodeError::Truncated));
        assert_eq!(read(&[0; 18]), Err(DecodeError::Trailing));
        assert_eq!(read(&[1; 18]), Err(DecodeError::Trailing));
        assert!(read(&[1]).is_ok());
    }
}
