//! The product info area, §12 of the storage definition.

use alloc::vec::Vec;

use super::Field;
use super::area::{self, Fields};
use crate::wire::{Decode, DecodeError, Encode};

/// The product as a whole. Encoded it is at most 1016 bytes long; custom fields that do not fit are left out.
#[derive(Debug, Clone, PartialEq, Eq, Default, Hash)]
pub struct ProductInfo {
    /// The language of its texts (§15 of the storage definition); 0 is English.
    pub language: u8,
    /// Who made it.
    pub manufacturer: Field,
    /// Its name.
    pub name: Field,
    /// Its part or model number.
    pub part_number: Field,
    /// Its version.
    pub version: Field,
    /// Its serial number.
    pub serial: Field,
    /// The owner's own number for it.
    pub asset_tag: Field,
    /// The file that this data comes from.
    pub fru_file: Field,
    /// What else is told.
    pub custom: Vec<Field>,
}

impl Encode for ProductInfo {
    fn encode(&self, out: &mut Vec<u8>) {
        let fields = [
            &self.manufacturer,
            &self.name,
            &self.part_number,
            &self.version,
            &self.serial,
            &self.asset_tag,
            &self.fru_file,
        ];
        area::write(out, &[self.language], &fields, &self.custom);
    }
}

impl Decode for ProductInfo {
    /// What follows the area is left alone.
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = area::open(input)?;
        let language = r.u8()?;
        let mut fields = Fields::new(r);
        Ok(Self {
            language,
            manufacturer: fields.next()?,
            name: fields.next()?,
            part_number: fields.next()?,
            version: fields.next()?,
            serial: fields.next()?,
            asset_tag: fields.next()?,
            fru_file: fields.next()?,
            custom: fields.rest()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::checksum;

    #[test]
    fn bytes() {
        let product = ProductInfo {
            language: 0,
            manufacturer: Field::new("QEMU"),
            name: Field::new("PC"),
            part_number: Field::default(),
            version: Field::new("10"),
            serial: Field::new("S1"),
            asset_tag: Field::default(),
            fru_file: Field::default(),
            custom: Vec::from([Field::new("uuid")]),
        };
        let bytes = b"\x01\x04\x00\xC4QEMU\xC2PC\xC0\xC210\xC2S1\xC0\xC0\xC4uuid\xC1\x00\x00";
        let mut out = Vec::new();
        product.encode(&mut out);
        assert_eq!(out[..bytes.len()], bytes[..]);
        assert_eq!((out.len(), checksum(&out)), (32, 0));
        assert_eq!(ProductInfo::decode(&out), Ok(product));
    }
}
