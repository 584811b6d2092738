//! Management controller device locator records, type 12h, §43.9.

use alloc::vec::Vec;

use super::{Entity, IdString};
use crate::command::Channel;
use crate::command::bits::{bit, is_set};
use crate::wire::{Decode, DecodeError, Encode, Reader};

/// A management controller and what it can do.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ManagementControllerLocator {
    /// Its address on the IPMB, an even number; 20h is the BMC.
    pub address: u8,
    /// The channel that it is on.
    pub channel: Channel,
    /// How it is started.
    pub initialization: ControllerInitialization,
    /// What it can do.
    pub capabilities: ControllerCapabilities,
    /// What it belongs to.
    pub entity: Entity,
    /// A byte of the manufacturer's.
    pub oem: u8,
    /// Its name.
    pub name: IdString,
}

/// How a controller is started, and what it must be told (byte 8).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ControllerInitialization {
    /// It must be told of the machine's ACPI power state.
    pub system_power_state: bool,
    /// It must be told of the device's ACPI power state.
    pub device_power_state: bool,
    /// It is always there.
    pub is_static: bool,
    /// It logs the errors of the initialization agent.
    pub logs_errors: bool,
    /// Errors in reaching it are logged.
    pub access_errors_logged: bool,
    /// What the initialization agent does about its events.
    pub events: EventGeneration,
}

/// What the initialization agent does about a controller's events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum EventGeneration {
    /// It enables them.
    Enable = 0,
    /// It disables them.
    Disable = 1,
    /// It leaves the controller alone.
    LeaveAlone = 2,
}

/// What a controller can do (byte 9).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub struct ControllerCapabilities {
    /// It takes chassis commands.
    pub chassis: bool,
    /// It bridges messages.
    pub bridge: bool,
    /// It sends events over the IPMB.
    pub event_generator: bool,
    /// It takes events from the IPMB.
    pub event_receiver: bool,
    /// It has inventory data.
    pub fru_inventory: bool,
    /// It has an event log.
    pub sel: bool,
    /// It has an SDR repository.
    pub sdr_repository: bool,
    /// It has sensors.
    pub sensors: bool,
}

impl ControllerInitialization {
    /// A controller that is always there and needs nothing.
    pub const STATIC: Self = Self {
        system_power_state: false,
        device_power_state: false,
        is_static: true,
        logs_errors: false,
        access_errors_logged: false,
        events: EventGeneration::Enable,
    };

    const fn bits(self) -> u8 {
        bit(7, self.system_power_state)
            | bit(6, self.device_power_state)
            | bit(5, self.is_static)
            | bit(3, self.logs_errors)
            | bit(2, self.access_errors_logged)
            | self.events as u8
    }

    const fn from_bits(bits: u8) -> Self {
        Self {
            system_power_state: is_set(bits, 7),
            device_power_state: is_set(bits, 6),
            is_static: is_set(bits, 5),
            logs_errors: is_set(bits, 3),
            access_errors_logged: is_set(bits, 2),
            events: match bits & 0x03 {
                0 => EventGeneration::Enable,
                1 => EventGeneration::Disable,
                _ => EventGeneration::LeaveAlone,
            },
        }
    }
}

impl ControllerCapabilities {
    const fn bits(self) -> u8 {
        bit(7, self.chassis)
            | bit(6, self.bridge)
            | bit(5, self.event_generator)
            | bit(4, self.event_receiver)
            | bit(3, self.fru_inventory)
            | bit(2, self.sel)
            | bit(1, self.sdr_repository)
            | bit(0, self.sensors)
    }

    const fn from_bits(bits: u8) -> Self {
        Self {
            chassis: is_set(bits, 7),
            bridge: is_set(bits, 6),
            event_generator: is_set(bits, 5),
            event_receiver: is_set(bits, 4),
            fru_inventory: is_set(bits, 3),
            sel: is_set(bits, 2),
            sdr_repository: is_set(bits, 1),
            sensors: is_set(bits, 0),
        }
    }
}

impl Encode for ManagementControllerLocator {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend([
            self.address & 0xFE,
            self.channel.number(),
            self.initialization.bits(),
            self.capabilities.bits(),
        ]);
        out.extend([0; 3]);
        out.extend(self.entity.bytes());
        out.push(self.oem);
        self.name.encode(out);
    }
}

impl Decode for ManagementControllerLocator {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        let [address, channel, initialization, capabilities] = r.array()?;
        let [_, _, _] = r.array()?;
        Ok(Self {
            address: address & 0xFE,
            channel: Channel::new(channel),
            initialization: ControllerInitialization::from_bits(initialization),
            capabilities: ControllerCapabilities::from_bits(capabilities),
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

    #[test]
    fn bytes() {
        let bmc = ManagementControllerLocator {
            address: 0x20,
            channel: Channel::IPMB,
            initialization: ControllerInitialization::STATIC,
            capabilities: ControllerCapabilities {
                chassis: true,
                fru_inventory: true,
                sel: true,
                sdr_repository: true,
                sensors: true,
                ..ControllerCapabilities::default()
            },
            entity: Entity::new(EntityId::MANAGEMENT_CONTROLLER_FIRMWARE, 1),
            oem: 0,
            name: IdString::new("BMC"),
        };
        let bytes = b"\x20\x00\x20\x8F\x00\x00\x00\x2E\x01\x00\xC3BMC";
        let mut out = Vec::new();
        bmc.encode(&mut out);
        assert_eq!(out, bytes);
        assert_eq!(ManagementControllerLocator::decode(bytes), Ok(bmc));
        let short = ManagementControllerLocator::decode(&bytes[..12]);
        assert_eq!(short, Err(DecodeError::Truncated));
    }

    #[test]
    fn the_bits_of_the_flags() {
        for bits in 0..=255 {
            assert_eq!(ControllerCapabilities::from_bits(bits).bits(), bits);
        }
        for bits in (0..=255).filter(|bits| bits & 0x13 < 3) {
            assert_eq!(ControllerInitialization::from_bits(bits).bits(), bits);
        }
    }
}
