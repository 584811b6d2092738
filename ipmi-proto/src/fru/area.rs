//! What the three info areas have in common: version, length, fields, end mark, padding and checksum.

use alloc::vec::Vec;

use super::Field;
use super::header::{UNIT, VERSION};
use crate::message::checksum;
use crate::wire::{DecodeError, Reader};

/// The highest length of an area that is written, in bytes. Two such areas and the header leave the third one at an
/// offset that the header has a form for.
pub(super) const MAX_LEN: usize = 1016;

/// Appends an area: what comes before its fields, its fields, and as many custom ones as fit.
pub(super) fn write(out: &mut Vec<u8>, start: &[u8], fields: &[&Field], custom: &[Field]) {
    /// The end mark and the checksum.
    const TAIL: usize = 2;
    let mut area = Vec::from([VERSION, 0]);
    area.extend(start);
    for field in fields {
        field.encode(&mut area);
    }
    for field in custom {
        if area.len() + field.encoded_len() + TAIL > MAX_LEN {
            break;
        }
        field.encode(&mut area);
    }
    area.push(Field::END);
    let len = (area.len() + 1).next_multiple_of(usize::from(UNIT));
    area.resize(len - 1, 0);
    if let Some(units) = area.get_mut(1) {
        *units = (len / usize::from(UNIT)) as u8;
    }
    area.push(checksum(&area));
    out.extend(area);
}

/// Opens an area: what is between its length and its checksum. What follows the area is left alone.
pub(super) fn open(input: &[u8]) -> Result<Reader<'_>, DecodeError> {
    let mut r = Reader::new(input);
    let [version, units] = r.array()?;
    if version & 0x0F != VERSION {
        return Err(DecodeError::Invalid("FRU area version"));
    }
    let len = usize::from(units) * usize::from(UNIT);
    let area = input.get(..len).ok_or(DecodeError::Truncated)?;
    if checksum(area) != 0 {
        return Err(DecodeError::Checksum);
    }
    match area {
        [_, _, body @ .., _] => Ok(Reader::new(body)),
        _ => Err(DecodeError::Invalid("FRU area length")),
    }
}

/// The fields of an area, one after the other.
pub(super) struct Fields<'a> {
    rest: Reader<'a>,
    ended: bool,
}

impl<'a> Fields<'a> {
    pub(super) const fn new(rest: Reader<'a>) -> Self {
        Self { rest, ended: false }
    }

    /// The next field; an empty one where there are no more, since some manufacturers leave out what they don't fill.
    pub(super) fn next(&mut self) -> Result<Field, DecodeError> {
        self.try_next().map(Option::unwrap_or_default)
    }

    /// All that are left.
    pub(super) fn rest(&mut self) -> Result<Vec<Field>, DecodeError> {
        let mut fields = Vec::new();
        while let Some(field) = self.try_next()? {
            fields.push(field);
        }
        Ok(fields)
    }

    fn try_next(&mut self) -> Result<Option<Field>, DecodeError> {
        if self.ended || self.rest.is_empty() {
            return Ok(None);
        }
        let head = self.rest.u8()?;
        if head == Field::END {
            self.ended = true;
            return Ok(None);
        }
        let bytes = self.rest.bytes(usize::from(head & 0x3F))?;
        Ok(Some(Field::of(head, bytes)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec;

    fn read(area: &[u8]) -> Result<Vec<Field>, DecodeError> {
        Fields::new(open(area)?).rest()
    }

    #[test]
    fn an_area_fills_its_last_eight_bytes() {
        let mut out = Vec::new();
        write(&mut out, &[], &[&Field::new("ab")], &[Field::new("cd")]);
        let bytes = [
            1, 2, 0xC2, b'a', b'b', 0xC2, b'c', b'd', 0xC1, 0, 0, 0, 0, 0, 0,
        ];
        assert_eq!(out[..15], bytes);
        assert_eq!(out.len(), 16);
        assert_eq!(checksum(&out), 0);
        assert_eq!(read(&out), Ok(vec![Field::new("ab"), Field::new("cd")]));
        // Seven bytes and the checksum need no padding.
        let mut out = Vec::new();
        write(&mut out, &[], &[&Field::new("abc")], &[]);
        assert_eq!(out.len(), 8);
    }

    #[test]
    fn custom_fields_that_do_not_fit_are_left_out() {
        let many = vec![Field::new(&"x".repeat(63)); 40];
        let mut out = Vec::new();
        write(&mut out, &[], &[], &many);
        assert!(out.len() <= MAX_LEN, "{}", out.len());
        assert_eq!(read(&out).map(|fields| fields.len()), Ok(15));
    }

    #[test]
    fn damaged_areas_are_refused() {
        let sealed = |bytes: &[u8]| {
            let mut area = bytes.to_vec();
            area.push(checksum(&area));
            read(&area)
        };
        let version = DecodeError::Invalid("FRU area version");
        assert_eq!(sealed(&[2, 1, 0, 0, 0, 0, 0]), Err(version));
        let length = DecodeError::Invalid("FRU area length");
        assert_eq!(sealed(&[1, 0, 0, 0, 0, 0, 0]), Err(length));
        assert_eq!(sealed(&[1, 2, 0, 0, 0, 0, 0]), Err(DecodeError::Truncated));
        assert_eq!(read(&[1, 1, 0, 0, 0, 0, 0, 0]), Err(DecodeError::Checksum));
        let breaks_off = sealed(&[1, 1, 0xC9, 0, 0, 0, 0]);
        assert_eq!(breaks_off, Err(DecodeError::Truncated));
    }

    #[test]
    fn an_area_may_end_without_its_mark() {
        let mut area = vec![1, 1, 0xC4, b'a', b'b', b'c', b'd'];
        area.push(checksum(&area));
        assert_eq!(read(&area), Ok(vec![Field::new("abcd")]));
    }
}
