//! Set Sensor Event Enable, §35.10.

use alloc::vec::Vec;

use super::EventMasks;
use crate::Privilege;
use crate::command::bits::{bit, is_set};
use crate::command::{Command, NetFn};
use crate::sdr::SensorNumber;
use crate::wire::{Decode, DecodeError, Encode, Reader};

/// Says which of a sensor's states lead to events, and whether it is scanned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SetSensorEventEnable {
    /// The sensor.
    pub sensor: SensorNumber,
    /// Whether it generates events at all.
    pub events: bool,
    /// Whether it is scanned.
    pub scanning: bool,
    /// What changes for single states.
    pub change: EnableChange,
}

/// What [`SetSensorEventEnable`] changes for single states.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EnableChange {
    /// Nothing.
    None,
    /// These lead to events from now on; the others stay.
    Enable(EventMasks),
    /// These lead to no events any more; the others stay.
    Disable(EventMasks),
}

impl Command for SetSensorEventEnable {
    const NETFN: NetFn = NetFn::SENSOR_EVENT;
    const CODE: u8 = 0x28;
    const NAME: &'static str = "Set Sensor Event Enable";
    const PRIVILEGE: Privilege = Privilege::Operator;
    type Response = ();
}

const NONE: u8 = 0;
const ENABLE: u8 = 1;
const DISABLE: u8 = 2;

impl Encode for SetSensorEventEnable {
    fn encode(&self, out: &mut Vec<u8>) {
        let (operation, masks) = match self.change {
            EnableChange::None => (NONE, None),
            EnableChange::Enable(masks) => (ENABLE, Some(masks)),
            EnableChange::Disable(masks) => (DISABLE, Some(masks)),
        };
        out.push(self.sensor.0);
        out.push(bit(7, self.events) | bit(6, self.scanning) | operation << 4);
        if let Some(masks) = masks {
            masks.encode(out);
        }
    }
}

impl Decode for SetSensorEventEnable {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        let [sensor, flags] = r.array()?;
        let masks = EventMasks::read(&mut r)?;
        Ok(Self {
            sensor: SensorNumber(sensor),
            events: is_set(flags, 7),
            scanning: is_set(flags, 6),
            change: match flags >> 4 & 0x03 {
                NONE => EnableChange::None,
                ENABLE => EnableChange::Enable(masks),
                DISABLE => EnableChange::Disable(masks),
                _ => return Err(DecodeError::Invalid("sensor event enable operation")),
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::testing;
    use crate::sdr::EventMask;

    type Set = SetSensorEventEnable;

    #[test]
    fn single_states() {
        let masks = EventMasks {
            assertion: EventMask::NONE.with(9),
            deassertion: EventMask::NONE.with(0),
        };
        let enable = Set {
            sensor: SensorNumber(0x30),
            events: true,
            scanning: true,
            change: EnableChange::Enable(masks),
        };
        testing::request(&enable, &[0x30, 0xD0, 0x00, 0x02, 0x01, 0x00]);
        let disable = Set {
            events: false,
            change: EnableChange::Disable(masks),
            ..enable
        };
        testing::request(&disable, &[0x30, 0x60, 0x00, 0x02, 0x01, 0x00]);
        testing::response::<Set>(&(), &[]);
    }

    #[test]
    fn the_whole_sensor() {
        let off = Set {
            sensor: SensorNumber(0x30),
            events: false,
            scanning: false,
            change: EnableChange::None,
        };
        testing::request(&off, &[0x30, 0x00]);
        assert_eq!(Set::decode(&[0x30, 0, 1, 2, 3, 4]), Ok(off));
        let invalid = DecodeError::Invalid("sensor event enable operation");
        testing::refused::<Set>(&[0x30, 0x30], invalid);
        testing::refused::<Set>(&[0x30], DecodeError::Truncated);
    }
}
