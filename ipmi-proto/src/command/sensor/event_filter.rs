//! Event filters: which events lead to which actions, table 17-2.

use alloc::vec::Vec;

use super::PefActions;
use crate::command::bits::{bit, is_set};
use crate::sdr::{EventMask, EventReadingType, SensorNumber, SensorType};
use crate::wire::{Decode, DecodeError, Encode, Reader};

/// An entry of the event filter table, 20 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventFilter {
    /// Whether it is in use.
    pub configuration: FilterConfiguration,
    /// What it does.
    pub actions: PefActions,
    /// Whether the filter takes part in group control.
    pub group_control: bool,
    /// Which alert policy it follows, 0 to 15.
    pub policy: u8,
    /// Which entry of the group control table it uses, 0 to 7.
    pub group_control_entry: u8,
    /// How bad the event is.
    pub severity: EventSeverity,
    /// The two bytes of the event's [`GeneratorId`](crate::sel::GeneratorId); FFh matches any.
    pub generator: [u8; 2],
    /// What the sensor measures; any where it is none.
    pub sensor_type: Option<SensorType>,
    /// Which sensor; any where it is none.
    pub sensor: Option<SensorNumber>,
    /// What the offset counts; anything where it is none.
    pub trigger: Option<EventReadingType>,
    /// Which offsets match.
    pub offsets: EventMask,
    /// What the three data bytes must be.
    pub data: [DataMatch; 3],
}

/// Whether an event filter is in use, and who made it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FilterConfiguration {
    /// It is in use.
    pub enabled: bool,
    /// The manufacturer made it; only whether it is in use can be changed.
    pub preconfigured: bool,
}

/// How bad an event is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum EventSeverity {
    /// Unspecified.
    Unspecified = 0x00,
    /// Something is watched.
    Monitor = 0x01,
    /// For information.
    Information = 0x02,
    /// All is well again.
    Ok = 0x04,
    /// Not critical.
    NonCritical = 0x08,
    /// Critical.
    Critical = 0x10,
    /// Not recoverable.
    NonRecoverable = 0x20,
}

/// What a data byte of an event must be: the comparison looks at the bits of the mask, and `compare1` says which of these
/// must be as in `compare2`; of the others one at least must be, where there are any.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DataMatch {
    /// The bits that are looked at.
    pub mask: u8,
    /// The bits of which each must match.
    pub compare1: u8,
    /// What they are compared with.
    pub compare2: u8,
}

impl DataMatch {
    /// Matches every byte.
    pub const ANY: Self = Self {
        mask: 0,
        compare1: 0,
        compare2: 0,
    };
}

/// Matches anything.
const ANY: u8 = 0xFF;

impl FilterConfiguration {
    pub(super) const fn bits(self) -> u8 {
        bit(7, self.enabled) | bit(6, self.preconfigured)
    }

    pub(super) const fn from_bits(bits: u8) -> Self {
        Self {
            enabled: is_set(bits, 7),
            preconfigured: is_set(bits, 6),
        }
    }
}

impl EventSeverity {
    const fn from_bits(bits: u8) -> Result<Self, DecodeError> {
        Ok(match bits {
            0x00 => Self::Unspecified,
            0x01 => Self::Monitor,
            0x02 => Self::Information,
            0x04 => Self::Ok,
            0x08 => Self::NonCritical,
            0x10 => Self::Critical,
            0x20 => Self::NonRecoverable,
            _ => return Err(DecodeError::Invalid("event severity")),
        })
    }
}

impl Encode for EventFilter {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend([
            self.configuration.bits(),
            bit(6, self.group_control) | self.actions.bits(),
            (self.group_control_entry & 0x07) << 4 | self.policy & 0x0F,
            self.severity as u8,
        ]);
        out.extend(self.generator);
        out.extend([
            self.sensor_type.map_or(ANY, |kind| kind.0),
            self.sensor.map_or(ANY, |sensor| sensor.0),
            self.trigger.map_or(ANY, EventReadingType::bits),
        ]);
        out.extend(self.offsets.bits().to_le_bytes());
        for data in self.data {
            out.extend([data.mask, data.compare1, data.compare2]);
        }
    }
}

impl Decode for EventFilter {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        let [configuration, action, policy, severity] = r.array()?;
        let generator = r.array()?;
        let [sensor_type, sensor, trigger] = r.array()?;
        let offsets = EventMask::from_bits(r.u16()?);
        let mut data = [DataMatch::ANY; 3];
        for data in &mut data {
            let [mask, compare1, compare2] = r.array()?;
            *data = DataMatch {
                mask,
                compare1,
                compare2,
            };
        }
        r.finish()?;
        let some = |byte| (byte != ANY).then_some(byte);
        Ok(Self {
            configuration: FilterConfiguration::from_bits(configuration),
            actions: PefActions::from_bits(action),
            group_control: is_set(action, 6),
            policy: policy & 0x0F,
            group_control_entry: policy >> 4 & 0x07,
            severity: EventSeverity::from_bits(severity)?,
            generator,
            sensor_type: some(sensor_type).map(SensorType),
            sensor: some(sensor).map(SensorNumber),
            trigger: some(trigger).map(EventReadingType::new),
            offsets,
            data,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry() {
        let filter = EventFilter {
            configuration: FilterConfiguration {
                enabled: true,
                preconfigured: true,
            },
            actions: PefActions {
                alert: true,
                ..PefActions::default()
            },
            group_control: true,
            policy: 1,
            group_control_entry: 2,
            severity: EventSeverity::Critical,
            generator: [0x20, 0xFF],
            sensor_type: Some(SensorType::TEMPERATURE),
            sensor: None,
            trigger: Some(EventReadingType::THRESHOLD),
            offsets: EventMask::NONE.with(9).with(11),
            data: [
                DataMatch::ANY,
                DataMatch {
                    mask: 1,
                    compare1: 2,
                    compare2: 3,
                },
                DataMatch::ANY,
            ],
        };
        let bytes = [
            0xC0, 0x41, 0x21, 0x10, 0x20, 0xFF, 0x01, 0xFF, 0x01, 0x00, 0x0A, 0, 0, 0, 1, 2, 3, 0,
            0, 0,
        ];
        let mut out = Vec::new();
        filter.encode(&mut out);
        assert_eq!(out, bytes);
        assert_eq!(EventFilter::decode(&bytes), Ok(filter));
    }

    #[test]
    fn an_empty_entry_and_wrong_ones() {
        let empty = EventFilter::decode(&[0; 20]).unwrap();
        assert!(!empty.configuration.enabled);
        assert_eq!(empty.sensor, Some(SensorNumber(0)));
        let decode = EventFilter::decode;
        assert_eq!(decode(&[0; 19]), Err(DecodeError::Truncated));
        assert_eq!(decode(&[0; 21]), Err(DecodeError::Trailing));
        let severity = Err(DecodeError::Invalid("event severity"));
        assert_eq!(decode(&[3; 20]), severity);
    }
}
