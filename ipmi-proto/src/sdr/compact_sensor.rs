//! Compact sensor records, type 02h, §43.2.

use alloc::vec::Vec;

use super::{Hysteresis, IdString, Sensor, SensorDirection};
use crate::command::bits::{bit, is_set};
use crate::wire::{Decode, DecodeError, Encode, Reader};

/// A sensor without an analog reading, or several that differ in their numbers only.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CompactSensor {
    /// What full records tell too.
    pub sensor: Sensor,
    /// Whether it watches what goes in or what comes out.
    pub direction: SensorDirection,
    /// Which sensors the record stands for.
    pub sharing: SensorSharing,
    /// The hysteresis that it starts with.
    pub hysteresis: Hysteresis,
    /// A byte of the manufacturer's.
    pub oem: u8,
    /// Its name.
    pub name: IdString,
}

/// Which sensors a record stands for: those that follow on the first one, in number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SensorSharing {
    /// How many sensors share the record, 0 to 15; 0 and 1 both mean a single one.
    pub count: u8,
    /// Whether each of them belongs to an entity of its own, counted upwards too.
    pub next_entities: bool,
    /// What their names end in.
    pub suffix: IdSuffix,
    /// The suffix of the first one, 0 to 127. 1 is "1", or "B".
    pub suffix_offset: u8,
}

/// What the name of a sensor ends in where several share a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum IdSuffix {
    /// A number.
    Numeric = 0,
    /// A letter.
    Alphabetic = 1,
}

impl SensorSharing {
    /// The record stands for one sensor.
    pub const SINGLE: Self = Self {
        count: 1,
        next_entities: false,
        suffix: IdSuffix::Numeric,
        suffix_offset: 0,
    };
}

impl Encode for CompactSensor {
    fn encode(&self, out: &mut Vec<u8>) {
        self.sensor.encode(out);
        let sharing = &self.sharing;
        out.extend([
            (self.direction as u8) << 6 | (sharing.suffix as u8) << 4 | sharing.count & 0x0F,
            bit(7, sharing.next_entities) | sharing.suffix_offset & 0x7F,
        ]);
        out.extend([self.hysteresis.positive, self.hysteresis.negative]);
        out.extend([0, 0, 0, self.oem]);
        self.name.encode(out);
    }
}

impl Decode for CompactSensor {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        let sensor = Sensor::read(&mut r)?;
        let [sharing, offset, positive, negative] = r.array()?;
        let [_, _, _, oem] = r.array()?;
        Ok(Self {
            sensor,
            direction: SensorDirection::from_bits(sharing >> 6),
            sharing: SensorSharing {
                count: sharing & 0x0F,
                next_entities: is_set(offset, 7),
                suffix: if is_set(sharing, 4) {
                    IdSuffix::Alphabetic
                } else {
                    IdSuffix::Numeric
                },
                suffix_offset: offset & 0x7F,
            },
            hysteresis: Hysteresis { positive, negative },
            oem,
            name: IdString::read(&mut r)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sdr::{
        DiscreteMasks, Entity, EntityId, EventControl, EventMask, EventReadingType,
        HysteresisSupport, SensorCapabilities, SensorInitialization, SensorMasks, SensorNumber,
        SensorOwner, SensorType, ThresholdSupport, Units,
    };

    fn watchdog() -> CompactSensor {
        let states = EventMask::from_bits(0x010F);
        CompactSensor {
            sensor: Sensor {
                owner: SensorOwner::BMC,
                number: SensorNumber(3),
                entity: Entity::new(EntityId::MANAGEMENT_CONTROLLER_FIRMWARE, 1),
                initialization: SensorInitialization {
                    scanning: true,
                    events: true,
                    events_by_default: true,
                    scanning_by_default: true,
                    ..SensorInitialization::default()
                },
                capabilities: SensorCapabilities {
                    ignore_if_absent: false,
                    auto_rearm: true,
                    hysteresis: HysteresisSupport::None,
                    thresholds: ThresholdSupport::None,
                    events: EventControl::PerState,
                },
                sensor_type: SensorType::WATCHDOG_2,
                masks: SensorMasks::Discrete(DiscreteMasks {
                    kind: EventReadingType::SENSOR_SPECIFIC,
                    assertion: states,
                    deassertion: EventMask::NONE,
                    readable: states,
                }),
                units: Units::NONE,
            },
            direction: SensorDirection::Unspecified,
            sharing: SensorSharing::SINGLE,
            hysteresis: Hysteresis::default(),
            oem: 0,
            name: IdString::new("Watchdog"),
        }
    }

    const WATCHDOG: [u8; 35] = [
        0x20, 0x00, 0x03, 0x2E, 0x01, 0x63, 0x40, 0x23, 0x6F, 0x0F, 0x01, 0x00, 0x00, 0x0F, 0x01,
        0xC0, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xC8, b'W', b'a', b't',
        b'c', b'h', b'd', b'o', b'g',
    ];

    #[test]
    fn a_watchdog() {
        let mut out = Vec::new();
        watchdog().encode(&mut out);
        assert_eq!(out, WATCHDOG);
        assert_eq!(CompactSensor::decode(&WATCHDOG), Ok(watchdog()));
    }

    #[test]
    fn several_sensors_in_one_record() {
        let four = CompactSensor {
            direction: SensorDirection::Output,
            sharing: SensorSharing {
                count: 4,
                next_entities: true,
                suffix: IdSuffix::Alphabetic,
                suffix_offset: 2,
            },
            ..watchdog()
        };
        let mut bytes = WATCHDOG;
        bytes[18..20].copy_from_slice(&[0x94, 0x82]);
        let mut out = Vec::new();
        four.encode(&mut out);
        assert_eq!(out, bytes);
        assert_eq!(CompactSensor::decode(&bytes), Ok(four));
    }

    #[test]
    fn a_record_that_breaks_off_is_refused() {
        for len in 0..WATCHDOG.len() {
            let short = CompactSensor::decode(&WATCHDOG[..len]);
            assert_eq!(short, Err(DecodeError::Truncated));
        }
    }
}
