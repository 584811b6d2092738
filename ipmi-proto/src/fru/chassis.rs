//! The chassis info area, §10 of the storage definition.

use alloc::vec::Vec;
use core::fmt;

use super::Field;
use super::area::{self, Fields};
use crate::wire::{Decode, DecodeError, Encode};

/// The chassis. Encoded it is at most 1016 bytes long; custom fields that do not fit are left out.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ChassisInfo {
    /// What kind of chassis.
    pub kind: ChassisType,
    /// Its part number.
    pub part_number: Field,
    /// Its serial number.
    pub serial: Field,
    /// What else is told.
    pub custom: Vec<Field>,
}

/// A kind of chassis, by its number in SMBIOS (structure 3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChassisType(pub u8);

impl ChassisType {
    /// Another one than SMBIOS has a number for. What QEMU's machines are.
    pub const OTHER: Self = Self(0x01);
    /// Unknown.
    pub const UNKNOWN: Self = Self(0x02);
    /// A desktop.
    pub const DESKTOP: Self = Self(0x03);
    /// A tower.
    pub const TOWER: Self = Self(0x07);
    /// The main chassis of a server.
    pub const MAIN_SERVER: Self = Self(0x11);
    /// One that is mounted in a rack.
    pub const RACK_MOUNT: Self = Self(0x17);
    /// A blade.
    pub const BLADE: Self = Self(0x1C);
}

impl fmt::Display for ChassisType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const NAMES: [&str; 0x24] = [
            "other",
            "unknown",
            "desktop",
            "low-profile desktop",
            "pizza box",
            "mini tower",
            "tower",
            "portable",
            "laptop",
            "notebook",
            "hand-held",
            "docking station",
            "all in one",
            "sub-notebook",
            "space-saving",
            "lunch box",
            "main server chassis",
            "expansion chassis",
            "sub-chassis",
            "bus expansion chassis",
            "peripheral chassis",
            "RAID chassis",
            "rack-mount chassis",
            "sealed-case PC",
            "multi-system chassis",
            "CompactPCI",
            "AdvancedTCA",
            "blade",
            "blade enclosure",
            "tablet",
            "convertible",
            "detachable",
            "IoT gateway",
            "embedded PC",
            "mini PC",
            "stick PC",
        ];
        let name = usize::from(self.0)
            .checked_sub(1)
            .and_then(|index| NAMES.get(index));
        match name {
            Some(name) => f.write_str(name),
            None => write!(f, "{:02X}h", self.0),
        }
    }
}

impl Default for ChassisInfo {
    /// Nothing is known.
    fn default() -> Self {
        Self {
            kind: ChassisType::UNKNOWN,
            part_number: Field::default(),
            serial: Field::default(),
            custom: Vec::new(),
        }
    }
}

impl Encode for ChassisInfo {
    fn encode(&self, out: &mut Vec<u8>) {
        let fields = [&self.part_number, &self.serial];
        area::write(out, &[self.kind.0], &fields, &self.custom);
    }
}

impl Decode for ChassisInfo {
    /// What follows the area is left alone.
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = area::open(input)?;
        let kind = ChassisType(r.u8()?);
        let mut fields = Fields::new(r);
        Ok(Self {
            kind,
            part_number: fields.next()?,
            serial: fields.next()?,
            custom: fields.rest()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes() {
        let chassis = ChassisInfo {
            kind: ChassisType::RACK_MOUNT,
            part_number: Field::new("P1"),
            serial: Field::new("S2"),
            custom: Vec::from([Field::new("C3")]),
        };
        let bytes = b"\x01\x02\x17\xC2P1\xC2S2\xC2C3\xC1\x00\x00\x63";
        let mut out = Vec::new();
        chassis.encode(&mut out);
        assert_eq!(out, bytes);
        assert_eq!(ChassisInfo::decode(bytes), Ok(chassis));
    }

    #[test]
    fn fields_that_were_left_out_are_empty() {
        let bytes = [0x01, 0x01, 0x02, 0xC1, 0, 0, 0, 0x3B];
        assert_eq!(ChassisInfo::decode(&bytes), Ok(ChassisInfo::default()));
    }
}
