//! What full and compact sensor records have in common: bytes 6 to 23.

use alloc::vec::Vec;

use super::{Entity, SensorMasks, SensorType, Units};
use crate::command::Channel;
use crate::command::bits::{bit, is_set};
use crate::wire::{DecodeError, Encode, Reader};

/// A sensor's number, 0 to FEh; FFh is reserved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SensorNumber(pub u8);

/// A sensor, as its record tells of it, up to how its readings are to be understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Sensor {
    /// Who answers for it.
    pub owner: SensorOwner,
    /// Its number.
    pub number: SensorNumber,
    /// What it belongs to.
    pub entity: Entity,
    /// What is set when the BMC starts.
    pub initialization: SensorInitialization,
    /// What it can do.
    pub capabilities: SensorCapabilities,
    /// What it measures.
    pub sensor_type: SensorType,
    /// Which states it has.
    pub masks: SensorMasks,
    /// What its readings count.
    pub units: Units,
}

/// Who answers for a sensor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SensorOwner {
    /// A controller's address on the IPMB, which is even, or a software id times two plus one.
    pub id: u8,
    /// The channel that the owner is on.
    pub channel: Channel,
    /// The owner's logical unit, 0 to 3.
    pub lun: u8,
}

impl SensorOwner {
    /// The BMC itself.
    pub const BMC: Self = Self {
        id: 0x20,
        channel: Channel::IPMB,
        lun: 0,
    };
}

/// Sensor initialization (byte 11).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub struct SensorInitialization {
    /// Its reading can be set.
    pub settable: bool,
    /// Scanning is enabled.
    pub scanning: bool,
    /// Events are enabled.
    pub events: bool,
    /// Thresholds are set.
    pub thresholds: bool,
    /// Hysteresis is set.
    pub hysteresis: bool,
    /// The sensor's type is set.
    pub sensor_type: bool,
    /// It generates events even before all this.
    pub events_by_default: bool,
    /// It is scanned even before all this.
    pub scanning_by_default: bool,
}

/// Sensor capabilities (byte 12).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SensorCapabilities {
    /// It means nothing while its entity is absent.
    pub ignore_if_absent: bool,
    /// Its events rearm by themselves.
    pub auto_rearm: bool,
    /// Its hysteresis.
    pub hysteresis: HysteresisSupport,
    /// Its thresholds.
    pub thresholds: ThresholdSupport,
    /// What can be switched of its events.
    pub events: EventControl,
}

/// What can be done with a sensor's hysteresis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum HysteresisSupport {
    /// It has none, or none that is told of.
    None = 0,
    /// It can be read.
    Readable = 1,
    /// It can be read and set.
    Settable = 2,
    /// It is fixed; the record tells of it.
    Fixed = 3,
}

/// What can be done with a sensor's thresholds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum ThresholdSupport {
    /// It has none.
    None = 0,
    /// Those in the masks can be read.
    Readable = 1,
    /// Those in the masks can be read and set.
    Settable = 2,
    /// They are fixed; the record tells of them.
    Fixed = 3,
}

/// What can be switched of a sensor's events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum EventControl {
    /// Each state by itself.
    PerState = 0,
    /// The sensor as a whole.
    WholeSensor = 1,
    /// Only all sensors at once.
    GlobalOnly = 2,
    /// It generates no events.
    NoEvents = 3,
}

/// Whether a sensor watches what goes in or what comes out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
#[repr(u8)]
pub enum SensorDirection {
    /// Unspecified, or it does not apply.
    #[default]
    Unspecified = 0,
    /// An input, of a power supply for instance.
    Input = 1,
    /// An output.
    Output = 2,
}

impl SensorDirection {
    pub(super) const fn from_bits(bits: u8) -> Self {
        match bits & 0x03 {
            1 => Self::Input,
            2 => Self::Output,
            _ => Self::Unspecified,
        }
    }
}

impl SensorInitialization {
    const fn bits(self) -> u8 {
        bit(7, self.settable)
            | bit(6, self.scanning)
            | bit(5, self.events)
            | bit(4, self.thresholds)
            | bit(3, self.hysteresis)
            | bit(2, self.sensor_type)
            | bit(1, self.events_by_default)
            | bit(0, self.scanning_by_default)
    }

    const fn from_bits(bits: u8) -> Self {
        Self {
            settable: is_set(bits, 7),
            scanning: is_set(bits, 6),
            events: is_set(bits, 5),
            thresholds: is_set(bits, 4),
            hysteresis: is_set(bits, 3),
            sensor_type: is_set(bits, 2),
            events_by_default: is_set(bits, 1),
            scanning_by_default: is_set(bits, 0),
        }
    }
}

impl SensorCapabilities {
    const fn bits(self) -> u8 {
        bit(7, self.ignore_if_absent)
            | bit(6, self.auto_rearm)
            | (self.hysteresis as u8) << 4
            | (self.thresholds as u8) << 2
            | self.events as u8
    }

    const fn from_bits(bits: u8) -> Self {
        Self {
            ignore_if_absent: is_set(bits, 7),
            auto_rearm: is_set(bits, 6),
            hysteresis: match bits >> 4 & 0x03 {
                0 => HysteresisSupport::None,
                1 => HysteresisSupport::Readable,
                2 => HysteresisSupport::Settable,
                _ => HysteresisSupport::Fixed,
            },
            thresholds: match bits >> 2 & 0x03 {
                0 => ThresholdSupport::None,
                1 => ThresholdSupport::Readable,
                2 => ThresholdSupport::Settable,
                _ => ThresholdSupport::Fixed,
            },
            events: match bits & 0x03 {
                0 => EventControl::PerState,
                1 => EventControl::WholeSensor,
                2 => EventControl::GlobalOnly,
                _ => EventControl::NoEvents,
            },
        }
    }
}

impl Sensor {
    pub(super) fn read(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let [id, channel_and_lun, number] = r.array()?;
        Ok(Self {
            owner: SensorOwner {
                id,
                channel: Channel::new(channel_and_lun >> 4),
                lun: channel_and_lun & 0x03,
            },
            number: SensorNumber(number),
            entity: Entity::from_bytes(r.array()?),
            initialization: SensorInitialization::from_bits(r.u8()?),
            capabilities: SensorCapabilities::from_bits(r.u8()?),
            sensor_type: SensorType(r.u8()?),
            masks: SensorMasks::read(r)?,
            units: Units::read(r)?,
        })
    }
}

impl Encode for Sensor {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend([
            self.owner.id,
            self.owner.channel.number() << 4 | self.owner.lun & 0x03,
            self.number.0,
        ]);
        out.extend(self.entity.bytes());
        out.extend([
            self.initialization.bits(),
            self.capabilities.bits(),
            self.sensor_type.0,
        ]);
        self.masks.encode(out);
        self.units.encode(out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bit_of_the_flags_is_kept() {
        for bits in 0..=255 {
            assert_eq!(SensorInitialization::from_bits(bits).bits(), bits);
            assert_eq!(SensorCapabilities::from_bits(bits).bits(), bits);
        }
    }

    #[test]
    fn a_reserved_direction_is_unspecified() {
        let unspecified = SensorDirection::Unspecified;
        assert_eq!(SensorDirection::from_bits(3), unspecified);
    }
}
