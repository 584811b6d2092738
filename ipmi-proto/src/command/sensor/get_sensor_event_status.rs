//! Get Sensor Event Status, §35.13.

use alloc::vec::Vec;

use super::{EventMasks, sensor_alone};
use crate::Privilege;
use crate::command::bits::{bit, is_set};
use crate::command::{Command, NetFn};
use crate::sdr::SensorNumber;
use crate::wire::{Decode, DecodeError, Encode, Reader};

/// Asks which states of a sensor have led to events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GetSensorEventStatus {
    /// The sensor.
    pub sensor: SensorNumber,
}

impl Command for GetSensorEventStatus {
    const NETFN: NetFn = NetFn::SENSOR_EVENT;
    const CODE: u8 = 0x2B;
    const NAME: &'static str = "Get Sensor Event Status";
    const PRIVILEGE: Privilege = Privilege::User;
    type Response = SensorEventStatus;
}

impl Encode for GetSensorEventStatus {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(self.sensor.0);
    }
}

impl Decode for GetSensorEventStatus {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        sensor_alone(input).map(|sensor| Self { sensor })
    }
}

/// The answer to [`GetSensorEventStatus`], 5 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SensorEventStatus {
    /// Whether the sensor generates events at all.
    pub events: bool,
    /// Whether it is scanned.
    pub scanning: bool,
    /// Its state is not known; `states` means nothing.
    pub unavailable: bool,
    /// The states that have led to events.
    pub states: EventMasks,
}

impl Encode for SensorEventStatus {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(bit(7, self.events) | bit(6, self.scanning) | bit(5, self.unavailable));
        self.states.encode(out);
    }
}

impl Decode for SensorEventStatus {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        let flags = r.u8()?;
        Ok(Self {
            events: is_set(flags, 7),
            scanning: is_set(flags, 6),
            unavailable: is_set(flags, 5),
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
        let get = GetSensorEventStatus {
            sensor: SensorNumber(0x30),
        };
        testing::request(&get, &[0x30]);
        let status = SensorEventStatus {
            events: true,
            scanning: true,
            unavailable: false,
            states: EventMasks {
                assertion: EventMask::NONE.with(9),
                deassertion: EventMask::NONE,
            },
        };
        let bytes = [0xC0, 0x00, 0x02, 0x00, 0x00];
        testing::response::<GetSensorEventStatus>(&status, &bytes);
        let unavailable = SensorEventStatus {
            unavailable: true,
            states: EventMasks::NONE,
            ..status
        };
        testing::response::<GetSensorEventStatus>(&unavailable, &[0xE0, 0, 0, 0, 0]);
    }
}
