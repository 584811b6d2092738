//! Get Sensor Thresholds, §35.9.

use alloc::vec::Vec;

use super::sensor_alone;
use crate::Privilege;
use crate::command::{Command, NetFn};
use crate::sdr::{SensorNumber, Thresholds};
use crate::wire::{Decode, DecodeError, Encode};

/// Asks for the thresholds of a sensor. The answer holds those that can be read, raw.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GetSensorThresholds {
    /// The sensor.
    pub sensor: SensorNumber,
}

impl Command for GetSensorThresholds {
    const NETFN: NetFn = NetFn::SENSOR_EVENT;
    const CODE: u8 = 0x27;
    const NAME: &'static str = "Get Sensor Thresholds";
    const PRIVILEGE: Privilege = Privilege::User;
    type Response = Thresholds;
}

impl Encode for GetSensorThresholds {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(self.sensor.0);
    }
}

impl Decode for GetSensorThresholds {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        sensor_alone(input).map(|sensor| Self { sensor })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::testing;
    use crate::sdr::Threshold;

    #[test]
    fn bytes() {
        let get = GetSensorThresholds {
            sensor: SensorNumber(0x30),
        };
        testing::request(&get, &[0x30]);
        testing::refused::<GetSensorThresholds>(&[], DecodeError::Truncated);
        let thresholds = Thresholds::NONE
            .with(Threshold::LowerCritical, 5)
            .with(Threshold::UpperNonRecoverable, 100);
        let bytes = [0x22, 0, 5, 0, 0, 0, 100];
        testing::response::<GetSensorThresholds>(&thresholds, &bytes);
        let short = Thresholds::decode(&bytes[..6]);
        assert_eq!(short, Err(DecodeError::Truncated));
    }
}
