//! The common header, §8 of the storage definition.

use alloc::vec::Vec;

use crate::message::checksum;
use crate::wire::{Decode, DecodeError, Encode, Reader};

/// Where the areas of an image begin: offsets in bytes, multiples of 8 up to 2040. None where there is no such area.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub struct CommonHeader {
    /// The area for the controller's own use.
    pub internal_use: Option<u16>,
    /// The chassis info area.
    pub chassis: Option<u16>,
    /// The board info area.
    pub board: Option<u16>,
    /// The product info area.
    pub product: Option<u16>,
    /// The multi-record area.
    pub multi_record: Option<u16>,
}

/// The version of the format; the high nibble is reserved.
pub(super) const VERSION: u8 = 1;
/// Offsets and lengths count these.
pub(super) const UNIT: u16 = 8;

impl CommonHeader {
    /// Its length in bytes.
    pub const LEN: usize = 8;
}

impl Encode for CommonHeader {
    fn encode(&self, out: &mut Vec<u8>) {
        let offset = |area: Option<u16>| {
            let [units, _] = (area.unwrap_or(0) / UNIT).to_le_bytes();
            units
        };
        let bytes = [
            VERSION,
            offset(self.internal_use),
            offset(self.chassis),
            offset(self.board),
            offset(self.product),
            offset(self.multi_record),
            0,
        ];
        out.extend(bytes);
        out.push(checksum(&bytes));
    }
}

impl Decode for CommonHeader {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        let [version, internal_use, chassis, board, product, multi_record] = r.array()?;
        let [_pad, _checksum] = r.array()?;
        r.finish()?;
        if version & 0x0F != VERSION {
            return Err(DecodeError::Invalid("FRU format version"));
        }
        if checksum(input) != 0 {
            return Err(DecodeError::Checksum);
        }
        let offset = |units: u8| (units != 0).then_some(u16::from(units) * UNIT);
        Ok(Self {
            internal_use: offset(internal_use),
            chassis: offset(chassis),
            board: offset(board),
            product: offset(product),
            multi_record: offset(multi_record),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes() {
        let header = CommonHeader {
            board: Some(8),
            product: Some(0x58),
            ..CommonHeader::default()
        };
        let bytes = [0x01, 0x00, 0x00, 0x01, 0x0B, 0x00, 0x00, 0xF3];
        let mut out = Vec::new();
        header.encode(&mut out);
        assert_eq!(out, bytes);
        assert_eq!(CommonHeader::decode(&bytes), Ok(header));
    }

    #[test]
    fn damaged_headers_are_refused() {
        let decode = CommonHeader::decode;
        let version = Err(DecodeError::Invalid("FRU format version"));
        assert_eq!(decode(&[0; 8]), version);
        assert_eq!(decode(&[0xFF; 8]), version);
        assert_eq!(decode(&[1; 8]), Err(DecodeError::Checksum));
        assert_eq!(decode(&[1; 7]), Err(DecodeError::Truncated));
        assert_eq!(decode(&[1; 9]), Err(DecodeError::Trailing));
    }
}
