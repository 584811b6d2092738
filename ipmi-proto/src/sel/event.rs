//! What an event says: the part that event messages (§29.3) and the log's records (§32.1) have in common.

use alloc::vec::Vec;

use crate::command::bits::{bit, is_set};
use crate::sdr::{EventReadingType, SensorNumber, SensorType, ThresholdEvent};
use crate::wire::{Decode, DecodeError, Encode, Reader};

/// An event of a sensor, 7 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Event {
    /// The form of the event.
    pub revision: EvmRevision,
    /// What the sensor measures.
    pub sensor_type: SensorType,
    /// Which sensor.
    pub sensor: SensorNumber,
    /// Whether the state was entered or left.
    pub direction: Direction,
    /// What the event's offset counts: which list of states it is an index of.
    pub kind: EventReadingType,
    /// The state and what belongs to it.
    pub data: EventData,
}

/// The form of an event ("EvMRev").
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EvmRevision(pub u8);

impl EvmRevision {
    /// 03h: the form of IPMI 1.0.
    pub const IPMI_1_0: Self = Self(0x03);
    /// 04h: the form of IPMI 1.5 and 2.0.
    pub const CURRENT: Self = Self(0x04);
}

/// Whether an event's state was entered or left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// It was entered.
    Assertion,
    /// It was left.
    Deassertion,
}

/// The three data bytes of an event (table 29-6). The first holds an offset, the number of a state, and what the other
/// two mean; FFh in these is unspecified.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct EventData(pub [u8; 3]);

/// What the two fields of the first data byte can say of the second and third: nothing, or that they hold a reading or
/// threshold (of threshold events), or what the sensor type's list of states defines (of others).
const UNSPECIFIED: u8 = 0b00;
const TRIGGER: u8 = 0b01;
const SENSOR_SPECIFIC: u8 = 0b11;
const NO_DATA: u8 = 0xFF;

impl EventData {
    /// The state with this offset, 0 to 15, and nothing more.
    #[must_use]
    pub const fn discrete(offset: u8) -> Self {
        Self([offset & 0x0F, NO_DATA, NO_DATA])
    }

    /// The state with this offset, 0 to 15, and what its sensor type defines for data 2 and 3 (table 42-3).
    #[must_use]
    pub const fn sensor_specific(offset: u8, data2: Option<u8>, data3: Option<u8>) -> Self {
        const fn field(data: Option<u8>) -> (u8, u8) {
            match data {
                Some(data) => (SENSOR_SPECIFIC, data),
                None => (UNSPECIFIED, NO_DATA),
            }
        }
        let ((use2, data2), (use3, data3)) = (field(data2), field(data3));
        Self([use2 << 6 | use3 << 4 | offset & 0x0F, data2, data3])
    }

    /// A threshold that was crossed, the raw reading that did it, and the threshold's raw value.
    #[must_use]
    pub const fn threshold(event: ThresholdEvent, reading: u8, threshold: u8) -> Self {
        Self([
            TRIGGER << 6 | TRIGGER << 4 | event.offset(),
            reading,
            threshold,
        ])
    }

    /// The number of the state, 0 to 15.
    #[must_use]
    pub const fn offset(self) -> u8 {
        self.0[0] & 0x0F
    }

    /// Of a threshold event: the raw reading, if it is told.
    #[must_use]
    pub const fn trigger_reading(self) -> Option<u8> {
        if self.0[0] >> 6 == TRIGGER {
            Some(self.0[1])
        } else {
            None
        }
    }

    /// Of a threshold event: the raw threshold, if it is told.
    #[must_use]
    pub const fn trigger_threshold(self) -> Option<u8> {
        if (self.0[0] >> 4) & 0x03 == TRIGGER {
            Some(self.0[2])
        } else {
            None
        }
    }

    /// Data 2, where it holds what the sensor type defines for it.
    #[must_use]
    pub const fn extension2(self) -> Option<u8> {
        if self.0[0] >> 6 == SENSOR_SPECIFIC {
            Some(self.0[1])
        } else {
            None
        }
    }

    /// Data 3, where it holds what the sensor type defines for it.
    #[must_use]
    pub const fn extension3(self) -> Option<u8> {
        if (self.0[0] >> 4) & 0x03 == SENSOR_SPECIFIC {
            Some(self.0[2])
        } else {
            None
        }
    }
}

impl Encode for Event {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend([
            self.revision.0,
            self.sensor_type.0,
            self.sensor.0,
            bit(7, self.direction == Direction::Deassertion) | self.kind.bits(),
        ]);
        out.extend(self.data.0);
    }
}

impl Decode for Event {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        let [revision, sensor_type, sensor, kind] = r.array()?;
        let data = EventData(r.array()?);
        r.finish()?;
        Ok(Self {
            revision: EvmRevision(revision),
            sensor_type: SensorType(sensor_type),
            sensor: SensorNumber(sensor),
            direction: if is_set(kind, 7) {
                Direction::Deassertion
            } else {
                Direction::Assertion
            },
            kind: EventReadingType::new(kind),
            data,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sdr::Threshold;

    #[track_caller]
    fn both_ways(event: Event, bytes: &[u8]) {
        let mut out = Vec::new();
        event.encode(&mut out);
        assert_eq!(out, bytes);
        assert_eq!(Event::decode(bytes), Ok(event));
    }

    /// `ipmitool event 1`: "Temperature - Upper Critical - Going High".
    #[test]
    fn ipmitool_s_temperature_event() {
        let event = Event {
            revision: EvmRevision::CURRENT,
            sensor_type: SensorType::TEMPERATURE,
            sensor: SensorNumber(0x30),
            direction: Direction::Assertion,
            kind: EventReadingType::THRESHOLD,
            data: EventData::discrete(9),
        };
        both_ways(event, &[0x04, 0x01, 0x30, 0x01, 0x09, 0xFF, 0xFF]);
        let high = ThresholdEvent {
            threshold: Threshold::UpperCritical,
            rising: true,
        };
        assert_eq!(ThresholdEvent::from_offset(event.data.offset()), Some(high));
        assert_eq!(event.data.trigger_reading(), None);
        let told = EventData::threshold(high, 0x60, 0x5A);
        assert_eq!(told, EventData([0x59, 0x60, 0x5A]));
        assert_eq!(told.trigger_reading(), Some(0x60));
        assert_eq!(told.trigger_threshold(), Some(0x5A));
    }

    #[test]
    fn deassertion_is_a_bit_beside_the_event_type() {
        let event = Event {
            revision: EvmRevision::IPMI_1_0,
            sensor_type: SensorType::WATCHDOG_2,
            sensor: SensorNumber(0xFE),
            direction: Direction::Deassertion,
            kind: EventReadingType::SENSOR_SPECIFIC,
            data: EventData::sensor_specific(3, Some(0x14), None),
        };
        both_ways(event, &[0x03, 0x23, 0xFE, 0xEF, 0xC3, 0x14, 0xFF]);
        assert_eq!(event.data.extension2(), Some(0x14));
        assert_eq!(event.data.extension3(), None);
        assert_eq!(event.data.trigger_threshold(), None);
    }

    #[test]
    fn data_3_alone() {
        let data = EventData::sensor_specific(7, None, Some(2));
        assert_eq!(data, EventData([0x37, 0xFF, 0x02]));
        assert_eq!((data.extension2(), data.extension3()), (None, Some(2)));
        assert_eq!(EventData::discrete(1), EventData([0x01, 0xFF, 0xFF]));
    }

    #[test]
    fn other_lengths_are_refused() {
        assert_eq!(Event::decode(&[4; 6]), Err(DecodeError::Truncated));
        assert_eq!(Event::decode(&[4; 8]), Err(DecodeError::Trailing));
    }
}
