//! Get Sensor Reading Factors, §35.5.

use alloc::vec::Vec;

use crate::Privilege;
use crate::command::{Command, NetFn};
use crate::sdr::{ReadingFactors, SensorNumber};
use crate::wire::{Decode, DecodeError, Encode, Reader};

/// Asks for the factors that a raw reading of a sensor is converted with, for sensors that are not linear.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GetSensorReadingFactors {
    /// The sensor.
    pub sensor: SensorNumber,
    /// The raw reading.
    pub reading: u8,
}

impl Command for GetSensorReadingFactors {
    const NETFN: NetFn = NetFn::SENSOR_EVENT;
    const CODE: u8 = 0x23;
    const NAME: &'static str = "Get Sensor Reading Factors";
    const PRIVILEGE: Privilege = Privilege::User;
    type Response = SensorReadingFactors;
}

impl Encode for GetSensorReadingFactors {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend([self.sensor.0, self.reading]);
    }
}

impl Decode for GetSensorReadingFactors {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        let [sensor, reading] = r.array()?;
        r.finish()?;
        Ok(Self {
            sensor: SensorNumber(sensor),
            reading,
        })
    }
}

/// The answer to [`GetSensorReadingFactors`], 7 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SensorReadingFactors {
    /// The next raw reading that has other factors.
    pub next: u8,
    /// The factors.
    pub factors: ReadingFactors,
}

impl Encode for SensorReadingFactors {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(self.next);
        out.extend(self.factors.bytes(0));
    }
}

impl Decode for SensorReadingFactors {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        let next = r.u8()?;
        let (factors, _reserved) = ReadingFactors::read(&mut r)?;
        r.finish()?;
        Ok(Self { next, factors })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::testing;

    #[test]
    fn bytes() {
        type Get = GetSensorReadingFactors;
        let get = Get {
            sensor: SensorNumber(0x30),
            reading: 0x80,
        };
        testing::request(&get, &[0x30, 0x80]);
        testing::refused::<Get>(&[0x30], DecodeError::Truncated);
        let factors = SensorReadingFactors {
            next: 0xFF,
            factors: ReadingFactors {
                b: -1,
                tolerance: 1,
                ..ReadingFactors::scaled(256, -2)
            },
        };
        let bytes = [0xFF, 0x00, 0x41, 0xFF, 0xC0, 0x00, 0xE0];
        testing::response::<Get>(&factors, &bytes);
    }
}
