//! Get Sensor Type, §35.16.

use alloc::vec::Vec;

use super::sensor_alone;
use crate::Privilege;
use crate::command::{Command, NetFn};
use crate::sdr::{EventReadingType, SensorNumber, SensorType};
use crate::wire::{Decode, DecodeError, Encode, Reader};

/// Asks what a sensor measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GetSensorType {
    /// The sensor.
    pub sensor: SensorNumber,
}

impl Command for GetSensorType {
    const NETFN: NetFn = NetFn::SENSOR_EVENT;
    const CODE: u8 = 0x2F;
    const NAME: &'static str = "Get Sensor Type";
    const PRIVILEGE: Privilege = Privilege::User;
    type Response = TypeOfSensor;
}

impl Encode for GetSensorType {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(self.sensor.0);
    }
}

impl Decode for GetSensorType {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        sensor_alone(input).map(|sensor| Self { sensor })
    }
}

/// The answer to [`GetSensorType`], 2 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TypeOfSensor {
    /// What it measures.
    pub sensor_type: SensorType,
    /// What its states are.
    pub kind: EventReadingType,
}

impl Encode for TypeOfSensor {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend([self.sensor_type.0, self.kind.bits()]);
    }
}

impl Decode for TypeOfSensor {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        let [sensor_type, kind] = r.array()?;
        r.finish()?;
        Ok(Self {
            sensor_type: SensorType(sensor_type),
            kind: EventReadingType::new(kind),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::testing;

    #[test]
    fn bytes() {
        let get = GetSensorType {
            sensor: SensorNumber(0x30),
        };
        testing::request(&get, &[0x30]);
        let watchdog = TypeOfSensor {
            sensor_type: SensorType::WATCHDOG_2,
            kind: EventReadingType::SENSOR_SPECIFIC,
        };
        testing::response::<GetSensorType>(&watchdog, &[0x23, 0x6F]);
    }
}
