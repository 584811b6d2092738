//! FRU device locator records, type 11h, §43.8.

use alloc::vec::Vec;

use super::{Entity, IdString};
use crate::command::Channel;
use crate::command::bits::{bit, is_set};
use crate::fru::DeviceId;
use crate::wire::{Decode, DecodeError, Encode, Reader};

/// Where inventory data can be read, and what it belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct FruDeviceLocator {
    /// The address on the IPMB of the controller that gives access; 20h is the BMC.
    pub controller: u8,
    /// The channel that the controller is on.
    pub channel: Channel,
    /// How the data is read.
    pub access: FruAccess,
    /// The kind of device (table 43-12).
    pub device_type: u8,
    /// The kind in more detail.
    pub device_type_modifier: u8,
    /// What it belongs to.
    pub entity: Entity,
    /// A byte of the manufacturer's.
    pub oem: u8,
    /// Its name.
    pub name: IdString,
}

impl FruDeviceLocator {
    /// [`FruDeviceLocator::device_type`]: inventory behind a management controller. With modifier 0 its form is that of
    /// [`fru`](crate::fru).
    pub const BEHIND_CONTROLLER: u8 = 0x10;
}

/// How inventory data is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FruAccess {
    /// With Read FRU Data, under this id.
    Logical(DeviceId),
    /// With Master Write-Read, on a bus behind the controller.
    Physical {
        /// The device's address on the bus, an even number.
        address: u8,
        /// The controller's logical unit to send it to, 0 to 3.
        lun: u8,
        /// The private bus, 0 to 7.
        bus: u8,
    },
}

impl Encode for FruDeviceLocator {
    fn encode(&self, out: &mut Vec<u8>) {
        let (device, logical, lun, bus) = match self.access {
            FruAccess::Logical(id) => (id.0, true, 0, 0),
            FruAccess::Physical { address, lun, bus } => (address & 0xFE, false, lun, bus),
        };
        out.extend([
            self.controller,
            device,
            bit(7, logical) | (lun & 0x03) << 3 | bus & 0x07,
            self.channel.number() << 4,
            0,
            self.device_type,
            self.device_type_modifier,
        ]);
        out.extend(self.entity.bytes());
        out.push(self.oem);
        self.name.encode(out);
    }
}

impl Decode for FruDeviceLocator {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        let [controller, device, access, channel, _] = r.array()?;
        let [device_type, device_type_modifier] = r.array()?;
        Ok(Self {
            controller,
            channel: Channel::new(channel >> 4),
            access: if is_set(access, 7) {
                FruAccess::Logical(DeviceId(device))
            } else {
                FruAccess::Physical {
                    address: device & 0xFE,
                    lun: access >> 3 & 0x03,
                    bus: access & 0x07,
                }
            },
            device_type,
            device_type_modifier,
            entity: Entity::from_bytes(r.array()?),
            oem: r.u8()?,
            name: IdString::read(&mut r)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sdr::EntityId;

    #[track_caller]
    fn both_ways(locator: FruDeviceLocator, bytes: &[u8]) {
        let mut out = Vec::new();
        locator.encode(&mut out);
        assert_eq!(out, bytes);
        assert_eq!(FruDeviceLocator::decode(bytes), Ok(locator));
    }

    #[test]
    fn both_kinds_of_access() {
        let logical = FruDeviceLocator {
            controller: 0x20,
            channel: Channel::IPMB,
            access: FruAccess::Logical(DeviceId::BMC),
            device_type: FruDeviceLocator::BEHIND_CONTROLLER,
            device_type_modifier: 0,
            entity: Entity::new(EntityId::SYSTEM_BOARD, 1),
            oem: 0,
            name: IdString::new("FRU"),
        };
        let bytes = b"\x20\x00\x80\x00\x00\x10\x00\x07\x01\x00\xC3FRU";
        both_ways(logical.clone(), bytes);
        let physical = FruDeviceLocator {
            channel: Channel::new(7),
            access: FruAccess::Physical {
                address: 0xA2,
                lun: 2,
                bus: 5,
            },
            device_type: 0x08,
            device_type_modifier: 0x02,
            ..logical
        };
        let bytes = b"\x20\xA2\x15\x70\x00\x08\x02\x07\x01\x00\xC3FRU";
        both_ways(physical, bytes);
        let short = FruDeviceLocator::decode(&bytes[..10]);
        assert_eq!(short, Err(DecodeError::Truncated));
    }
}
