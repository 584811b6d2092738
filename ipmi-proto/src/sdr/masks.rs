//! Which states of a sensor lead to events and can be read: bytes 14 to 20 of its record.

use alloc::vec::Vec;

use super::{EventReadingType, ThresholdEvent, ThresholdMask};
use crate::wire::{DecodeError, Encode, Reader};

/// A set of states, by their offsets 0 to 14. For a threshold sensor these are the [`ThresholdEvent`]s.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub struct EventMask(u16);

impl EventMask {
    /// No state.
    pub const NONE: Self = Self(0);

    /// The set with these bits; the highest, which is reserved, is dropped.
    #[must_use]
    pub const fn from_bits(bits: u16) -> Self {
        Self(bits & 0x7FFF)
    }

    /// The bits on the wire.
    #[must_use]
    pub const fn bits(self) -> u16 {
        self.0
    }

    /// This set and the state with this offset, 0 to 14.
    #[must_use]
    pub const fn with(self, offset: u8) -> Self {
        Self::from_bits(self.0 | 1 << (offset & 0x0F))
    }

    /// This set and the crossing of a threshold.
    #[must_use]
    pub const fn with_threshold(self, event: ThresholdEvent) -> Self {
        self.with(event.offset())
    }

    /// Whether the state with this offset, 0 to 14, is in it.
    #[must_use]
    pub const fn contains(self, offset: u8) -> bool {
        self.0 >> (offset & 0x0F) & 1 != 0
    }

    /// The offsets in it, lowest first.
    pub fn offsets(self) -> impl Iterator<Item = u8> {
        (0..15).filter(move |offset| self.contains(*offset))
    }

    /// Of a threshold sensor: only the crossings; the bits above have another meaning in records.
    const fn crossings(self) -> Self {
        Self(self.0 & 0x0FFF)
    }
}

/// What kind of states a sensor has, and which of them matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SensorMasks {
    /// Its states are crossings of thresholds: event/reading type 01h.
    Threshold(ThresholdMasks),
    /// Its states are the offsets of a list.
    Discrete(DiscreteMasks),
}

/// The masks of a sensor with thresholds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub struct ThresholdMasks {
    /// The crossings that can lead to an event when they come.
    pub assertion: EventMask,
    /// The crossings that can lead to an event when they go.
    pub deassertion: EventMask,
    /// The thresholds that a reading is compared with, so that Get Sensor Reading tells of them.
    pub compared: ThresholdMask,
    /// The thresholds that can be read.
    pub readable: ThresholdMask,
    /// The thresholds that can be set.
    pub settable: ThresholdMask,
}

/// The masks of a sensor with a list of states.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct DiscreteMasks {
    /// Which list; not the threshold type.
    pub kind: EventReadingType,
    /// The states that can lead to an event when they come.
    pub assertion: EventMask,
    /// The states that can lead to an event when they go.
    pub deassertion: EventMask,
    /// The states that Get Sensor Reading can tell of.
    pub readable: EventMask,
}

impl SensorMasks {
    /// The event/reading type.
    #[must_use]
    pub const fn kind(&self) -> EventReadingType {
        match self {
            Self::Threshold(_) => EventReadingType::THRESHOLD,
            Self::Discrete(masks) => masks.kind,
        }
    }

    /// Reads the event/reading type and the masks behind it, 7 bytes.
    pub(super) fn read(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let kind = EventReadingType::new(r.u8()?);
        let [low, high, both] = [r.u16()?, r.u16()?, r.u16()?];
        let [assertion, deassertion] = [low, high].map(EventMask::from_bits);
        if kind != EventReadingType::THRESHOLD {
            return Ok(Self::Discrete(DiscreteMasks {
                kind,
                assertion,
                deassertion,
                readable: EventMask::from_bits(both),
            }));
        }
        // Three bits each for the lower and the upper thresholds.
        let compared = (low >> 12 & 7) | (high >> 12 & 7) << 3;
        let [compared, _] = compared.to_le_bytes().map(ThresholdMask::from_bits);
        let [readable, settable] = both.to_le_bytes().map(ThresholdMask::from_bits);
        Ok(Self::Threshold(ThresholdMasks {
            assertion: assertion.crossings(),
            deassertion: deassertion.crossings(),
            compared,
            readable,
            settable,
        }))
    }
}

impl Encode for SensorMasks {
    fn encode(&self, out: &mut Vec<u8>) {
        let words = match self {
            Self::Threshold(masks) => {
                let compared = u16::from(masks.compared.bits());
                [
                    masks.assertion.crossings().bits() | (compared & 7) << 12,
                    masks.deassertion.crossings().bits() | (compared >> 3) << 12,
                    u16::from_le_bytes([masks.readable.bits(), masks.settable.bits()]),
                ]
            }
            Self::Discrete(masks) => {
                [masks.assertion, masks.deassertion, masks.readable].map(EventMask::bits)
            }
        };
        out.push(self.kind().bits());
        out.extend(words.iter().flat_map(|word| word.to_le_bytes()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sdr::Threshold;

    #[track_caller]
    fn both_ways(masks: SensorMasks, bytes: [u8; 7]) {
        let mut out = Vec::new();
        masks.encode(&mut out);
        assert_eq!(out, bytes);
        assert_eq!(SensorMasks::read(&mut Reader::new(&bytes)), Ok(masks));
    }

    #[test]
    fn thresholds() {
        let upper = [Threshold::UpperCritical, Threshold::UpperNonRecoverable];
        let masks = ThresholdMasks {
            assertion: upper.into_iter().fold(EventMask::NONE, |mask, threshold| {
                mask.with_threshold(ThresholdEvent {
                    threshold,
                    rising: true,
                })
            }),
            deassertion: EventMask::NONE.with(0),
            compared: ThresholdMask::from_bits(0b11_0001),
            readable: ThresholdMask::from_bits(0x3F),
            settable: upper.into_iter().collect(),
        };
        let bytes = [0x01, 0x00, 0x1A, 0x01, 0x60, 0x3F, 0x30];
        both_ways(SensorMasks::Threshold(masks), bytes);
    }

    #[test]
    fn a_list_of_states() {
        let masks = DiscreteMasks {
            kind: EventReadingType::SENSOR_SPECIFIC,
            assertion: EventMask::NONE.with(0).with(14),
            deassertion: EventMask::NONE,
            readable: EventMask::from_bits(0xFFFF),
        };
        let bytes = [0x6F, 0x01, 0x40, 0x00, 0x00, 0xFF, 0x7F];
        both_ways(SensorMasks::Discrete(masks), bytes);
        let offsets: Vec<u8> = masks.assertion.offsets().collect();
        assert_eq!(offsets, [0, 14]);
    }
}
