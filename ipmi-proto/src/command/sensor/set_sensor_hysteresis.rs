//! Set Sensor Hysteresis, §35.6.

use alloc::vec::Vec;

use crate::Privilege;
use crate::command::{Command, NetFn};
use crate::sdr::{Hysteresis, SensorNumber};
use crate::wire::{Decode, DecodeError, Encode, Reader};

/// Sets the hysteresis of a sensor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SetSensorHysteresis {
    /// The sensor.
    pub sensor: SensorNumber,
    /// Its new hysteresis.
    pub hysteresis: Hysteresis,
}

impl Command for SetSensorHysteresis {
    const NETFN: NetFn = NetFn::SENSOR_EVENT;
    const CODE: u8 = 0x24;
    const NAME: &'static str = "Set Sensor Hysteresis";
    const PRIVILEGE: Privilege = Privilege::Operator;
    type Response = ();
}

/// Reserved for a mask.
const MASK: u8 = 0xFF;

impl Encode for SetSensorHysteresis {
    fn encode(&self, out: &mut Vec<u8>) {
        let hysteresis = self.hysteresis;
        out.extend([
            self.sensor.0,
            MASK,
            hysteresis.positive,
            hysteresis.negative,
        ]);
    }
}

impl Decode for SetSensorHysteresis {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        let [sensor, _mask, positive, negative] = r.array()?;
        r.finish()?;
        Ok(Self {
            sensor: SensorNumber(sensor),
            hysteresis: Hysteresis { positive, negative },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::testing;

    #[test]
    fn bytes() {
        let set = SetSensorHysteresis {
            sensor: SensorNumber(0x30),
            hysteresis: Hysteresis {
                positive: 2,
                negative: 1,
            },
        };
        testing::request(&set, &[0x30, 0xFF, 0x02, 0x01]);
        testing::response::<SetSensorHysteresis>(&(), &[]);
        testing::refused::<SetSensorHysteresis>(&[0x30, 0xFF, 2], DecodeError::Truncated);
    }
}
