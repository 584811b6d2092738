//! Get Sensor Event Enable, §35.11.

use alloc::vec::Vec;

use super::{EventMasks, sensor_alone};
use crate::Privilege;
use crate::command::bits::{bit, is_set};
use crate::command::{Command, NetFn};
use crate::sdr::SensorNumber;
use crate::wire::{Decode, DecodeError, Encode, Reader};

/// Asks which of a sensor's states lead to events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GetSensorEventEnable {
    /// The sensor.
    pub sensor: SensorNumber,
}

impl Command for GetSensorEventEnable {
    const NETFN: NetFn = NetFn::SENSOR_EVENT;
    const CODE: u8 = 0x29;
    const NAME: &'static str = "Get Sensor Event Enable";
    const PRIVILEGE: Privilege = Privilege::User;
    type Response = SensorEventEnables;
}

impl Encode for GetSensorEventEnable {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(self.sensor.0);
    }
}

impl Decode for GetSensorEventEnable {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        sensor_alone(input).map(|sensor| Self { sensor })
    }
}

/// The answer to [`GetSensorEventEnable`], 5 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SensorEventEnables {
    /// Whether the sensor generates events at all.
    pub events: bool,
    /// Whether it is scanned.
    pub scanning: bool,
    /// Which states lead to events.
    pub states: EventMasks,
}

impl Encode for SensorEventEnables {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(bit(7, self.events) | bit(6, self.scanning));
        self.states.encode(out);
    }
}

impl Decode for SensorEventEnables {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        let flags = r.u8()?;
        Ok(Self {
            events: is_set(flags, 7),
            scanning: is_set(flags, 6),
            states: EventMasks::read(&mut r)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::testing;
    use crate::sdr::EventMask;

    #[test]
    fn bytes() {
        let get = GetSensorEventEnable {
            sensor: SensorNumber(0x30),
        };
        testing::request(&get, &[0x30]);
        testing::refused::<GetSensorEventEnable>(&[0x30, 0], DecodeError::Trailing);
        let enables = SensorEventEnables {
            events: true,
            scanning: true,
            states: EventMasks {
                assertion: EventMask::NONE.with(9),
                deassertion: EventMask::NONE,
            },
        };
        let bytes = [0xC0, 0x00, 0x02, 0x00, 0x00];
        testing::response::<GetSensorEventEnable>(&enables, &bytes);
        assert_eq!(SensorEventEnables::decode(&bytes[..3]), Ok(enables));
    }
}
