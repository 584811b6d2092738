//! Get Sensor Reading, §35.14.

use alloc::vec::Vec;

use super::sensor_alone;
use crate::Privilege;
use crate::command::bits::{bit, is_set};
use crate::command::{Command, NetFn};
use crate::sdr::{EventMask, SensorNumber, ThresholdMask};
use crate::wire::{Decode, DecodeError, Encode, Reader};

/// Reads a sensor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GetSensorReading {
    /// The sensor.
    pub sensor: SensorNumber,
}

impl Command for GetSensorReading {
    const NETFN: NetFn = NetFn::SENSOR_EVENT;
    const CODE: u8 = 0x2D;
    const NAME: &'static str = "Get Sensor Reading";
    const PRIVILEGE: Privilege = Privilege::User;
    type Response = SensorReading;
}

impl Encode for GetSensorReading {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(self.sensor.0);
    }
}

impl Decode for GetSensorReading {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        sensor_alone(input).map(|sensor| Self { sensor })
    }
}

/// The answer to [`GetSensorReading`], 2 to 4 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SensorReading {
    /// The raw reading; 0 for sensors without one.
    pub reading: u8,
    /// Whether the sensor generates events at all.
    pub events: bool,
    /// Whether it is scanned.
    pub scanning: bool,
    /// The reading and the state are not known.
    pub unavailable: bool,
    /// Its state; none where it is not told.
    pub state: Option<SensorState>,
}

/// The state of a sensor. Which of its two meanings it has, the sensor's record says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SensorState {
    low: u8,
    /// Absent in the answer of most sensors with thresholds.
    high: Option<u8>,
}

/// Bits of the state that are reserved and returned as ones.
const LOW_ONES: u8 = 0xC0;
const HIGH_ONES: u8 = 0x80;

impl SensorState {
    /// The thresholds that the reading is at or beyond.
    #[must_use]
    pub const fn from_thresholds(thresholds: ThresholdMask) -> Self {
        Self {
            low: LOW_ONES | thresholds.bits(),
            high: None,
        }
    }

    /// The states that hold.
    #[must_use]
    pub const fn from_states(states: EventMask) -> Self {
        let [low, high] = states.bits().to_le_bytes();
        Self {
            low,
            high: Some(HIGH_ONES | high),
        }
    }

    /// Of a sensor with thresholds: those that the reading is at or beyond.
    #[must_use]
    pub const fn thresholds(self) -> ThresholdMask {
        ThresholdMask::from_bits(self.low)
    }

    /// Of any other sensor: the states that hold.
    #[must_use]
    pub fn states(self) -> EventMask {
        EventMask::from_bits(u16::from_le_bytes([self.low, self.high.unwrap_or(0)]))
    }
}

impl Encode for SensorReading {
    fn encode(&self, out: &mut Vec<u8>) {
        let flags = bit(7, self.events) | bit(6, self.scanning) | bit(5, self.unavailable);
        out.extend([self.reading, flags]);
        if let Some(state) = self.state {
            out.push(state.low);
            out.extend(state.high);
        }
    }
}

impl Decode for SensorReading {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        let [reading, flags] = r.array()?;
        let mut byte = || r.u8().ok();
        let state = byte().map(|low| SensorState { low, high: byte() });
        r.finish()?;
        Ok(Self {
            reading,
            events: is_set(flags, 7),
            scanning: is_set(flags, 6),
            unavailable: is_set(flags, 5),
            state,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::testing;
    use crate::sdr::Threshold;

    fn reading() -> SensorReading {
        SensorReading {
            reading: 0,
            events: true,
            scanning: true,
            unavailable: false,
            state: None,
        }
    }

    #[test]
    fn a_sensor_with_thresholds() {
        let get = GetSensorReading {
            sensor: SensorNumber(0x30),
        };
        testing::request(&get, &[0x30]);
        let upper = ThresholdMask::default().with(Threshold::UpperNonCritical);
        let state = SensorState::from_thresholds(upper);
        let hot = SensorReading {
            reading: 0x60,
            state: Some(state),
            ..reading()
        };
        testing::response::<GetSensorReading>(&hot, &[0x60, 0xC0, 0xC8]);
        assert_eq!(state.thresholds(), upper);
    }

    #[test]
    fn a_sensor_with_states() {
        let states = EventMask::NONE.with(1).with(8);
        let state = SensorState::from_states(states);
        let discrete = SensorReading {
            state: Some(state),
            ..reading()
        };
        let bytes = [0x00, 0xC0, 0x02, 0x81];
        testing::response::<GetSensorReading>(&discrete, &bytes);
        assert_eq!(state.states(), states);
        let long = SensorReading::decode(&[0; 5]);
        assert_eq!(long, Err(DecodeError::Trailing));
    }

    #[test]
    fn a_sensor_that_is_not_scanned() {
        let off = SensorReading {
            scanning: false,
            unavailable: true,
            ..reading()
        };
        testing::response::<GetSensorReading>(&off, &[0x00, 0xA0]);
        let short = SensorReading::decode(&[0]);
        assert_eq!(short, Err(DecodeError::Truncated));
    }
}
