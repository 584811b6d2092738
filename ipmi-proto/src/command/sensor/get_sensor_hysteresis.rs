//! Get Sensor Hysteresis, §35.7.

use alloc::vec::Vec;

use crate::Privilege;
use crate::command::{Command, NetFn};
use crate::sdr::{Hysteresis, SensorNumber};
use crate::wire::{Decode, DecodeError, Encode, Reader};

/// Asks for the hysteresis of a sensor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GetSensorHysteresis {
    /// The sensor.
    pub sensor: SensorNumber,
}

impl Command for GetSensorHysteresis {
    const NETFN: NetFn = NetFn::SENSOR_EVENT;
    const CODE: u8 = 0x25;
    const NAME: &'static str = "Get Sensor Hysteresis";
    const PRIVILEGE: Privilege = Privilege::User;
    type Response = Hysteresis;
}

/// Reserved for a mask.
const MASK: u8 = 0xFF;

impl Encode for GetSensorHysteresis {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend([self.sensor.0, MASK]);
    }
}

impl Decode for GetSensorHysteresis {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        let sensor = SensorNumber(r.u8()?);
        // The mask says nothing, so it may be missing.
        if !r.is_empty() {
            let _mask = r.u8()?;
        }
        r.finish()?;
        Ok(Self { sensor })
    }
}

impl Encode for Hysteresis {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend([self.positive, self.negative]);
    }
}

impl Decode for Hysteresis {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        let [positive, negative] = r.array()?;
        r.finish()?;
        Ok(Self { positive, negative })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::testing;

    #[test]
    fn with_and_without_the_mask() {
        let get = GetSensorHysteresis {
            sensor: SensorNumber(0x30),
        };
        testing::request(&get, &[0x30, 0xFF]);
        assert_eq!(GetSensorHysteresis::decode(&[0x30]), Ok(get));
        testing::refused::<GetSensorHysteresis>(&[], DecodeError::Truncated);
        let hysteresis = Hysteresis {
            positive: 2,
            negative: 1,
        };
        testing::response::<GetSensorHysteresis>(&hysteresis, &[0x02, 0x01]);
    }
}
