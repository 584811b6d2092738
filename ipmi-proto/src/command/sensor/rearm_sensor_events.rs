//! Re-arm Sensor Events, §35.12.

use alloc::vec::Vec;

use super::EventMasks;
use crate::Privilege;
use crate::command::bits::{bit, is_set};
use crate::command::{Command, NetFn};
use crate::sdr::SensorNumber;
use crate::wire::{Decode, DecodeError, Encode, Reader};

/// Makes a sensor tell of its states again, if they still hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RearmSensorEvents {
    /// The sensor.
    pub sensor: SensorNumber,
    /// Of which states.
    pub states: Rearm,
}

/// The states that [`RearmSensorEvents`] is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rearm {
    /// All of them.
    All,
    /// These.
    Selected(EventMasks),
}

impl Command for RearmSensorEvents {
    const NETFN: NetFn = NetFn::SENSOR_EVENT;
    const CODE: u8 = 0x2A;
    const NAME: &'static str = "Re-arm Sensor Events";
    const PRIVILEGE: Privilege = Privilege::Operator;
    type Response = ();
}

impl Encode for RearmSensorEvents {
    fn encode(&self, out: &mut Vec<u8>) {
        let selected = match self.states {
            Rearm::All => None,
            Rearm::Selected(masks) => Some(masks),
        };
        out.extend([self.sensor.0, bit(7, selected.is_some())]);
        if let Some(masks) = selected {
            masks.encode(out);
        }
    }
}

impl Decode for RearmSensorEvents {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        let [sensor, flags] = r.array()?;
        let masks = EventMasks::read(&mut r)?;
        Ok(Self {
            sensor: SensorNumber(sensor),
            states: if is_set(flags, 7) {
                Rearm::Selected(masks)
            } else {
                Rearm::All
            },
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
        type Request = RearmSensorEvents;
        let all = Request {
            sensor: SensorNumber(0x30),
            states: Rearm::All,
        };
        testing::request(&all, &[0x30, 0x00]);
        assert_eq!(Request::decode(&[0x30, 0, 1, 0]), Ok(all));
        let some = Request {
            states: Rearm::Selected(EventMasks {
                assertion: EventMask::NONE,
                deassertion: EventMask::NONE.with(8),
            }),
            ..all
        };
        testing::request(&some, &[0x30, 0x80, 0x00, 0x00, 0x00, 0x01]);
        testing::response::<Request>(&(), &[]);
        testing::refused::<Request>(&[0x30], DecodeError::Truncated);
    }
}
