//! Set Sensor Thresholds, §35.8.

use alloc::vec::Vec;

use crate::Privilege;
use crate::command::{Command, NetFn};
use crate::sdr::{SensorNumber, ThresholdMask, Thresholds};
use crate::wire::{Decode, DecodeError, Encode, Reader};

/// Sets some thresholds of a sensor; the others stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SetSensorThresholds {
    /// The sensor.
    pub sensor: SensorNumber,
    /// The raw values of those to set.
    pub thresholds: Thresholds,
}

impl Command for SetSensorThresholds {
    const NETFN: NetFn = NetFn::SENSOR_EVENT;
    const CODE: u8 = 0x26;
    const NAME: &'static str = "Set Sensor Thresholds";
    const PRIVILEGE: Privilege = Privilege::Operator;
    type Response = ();
}

impl Encode for SetSensorThresholds {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(self.sensor.0);
        self.thresholds.encode(out);
    }
}

impl Decode for SetSensorThresholds {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        Ok(Self {
            sensor: SensorNumber(r.u8()?),
            thresholds: Thresholds::decode(r.rest())?,
        })
    }
}

/// A mask and six values.
impl Encode for Thresholds {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(self.mask().bits());
        out.extend(self.bytes());
    }
}

impl Decode for Thresholds {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        let mask = ThresholdMask::from_bits(r.u8()?);
        let values = r.array()?;
        r.finish()?;
        Ok(Self::from_bytes(mask, values))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::testing;
    use crate::sdr::Threshold;

    #[test]
    fn ipmitool_s_sensor_thresh_unc() {
        type Set = SetSensorThresholds;
        let set = Set {
            sensor: SensorNumber(0x30),
            thresholds: Thresholds::NONE.with(Threshold::UpperNonCritical, 0x50),
        };
        testing::request(&set, &[0x30, 0x08, 0, 0, 0, 0x50, 0, 0]);
        let with_others = [0x30, 0x08, 1, 2, 3, 0x50, 5, 6];
        assert_eq!(Set::decode(&with_others), Ok(set));
        testing::response::<Set>(&(), &[]);
        testing::refused::<Set>(&with_others[..7], DecodeError::Truncated);
    }
}
