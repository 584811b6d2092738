//! Get Device SDR Info, §35.2.

use alloc::vec::Vec;

use crate::Privilege;
use crate::command::bits::{bit, is_set};
use crate::command::{Command, NetFn};
use crate::wire::{Decode, DecodeError, Encode, Reader};

/// Asks how many sensors a controller has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GetDeviceSdrInfo {
    /// How many sensors its logical unit has.
    Sensors,
    /// How many records it has.
    Records,
}

impl Command for GetDeviceSdrInfo {
    const NETFN: NetFn = NetFn::SENSOR_EVENT;
    const CODE: u8 = 0x20;
    const NAME: &'static str = "Get Device SDR Info";
    const PRIVILEGE: Privilege = Privilege::User;
    type Response = DeviceSdrInfo;
}

const RECORDS: u8 = 0x01;

impl Encode for GetDeviceSdrInfo {
    fn encode(&self, out: &mut Vec<u8>) {
        match self {
            // As in IPMI 1.0, where this is all that can be asked for.
            Self::Sensors => {}
            Self::Records => out.push(RECORDS),
        }
    }
}

impl Decode for GetDeviceSdrInfo {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        if r.is_empty() {
            return Ok(Self::Sensors);
        }
        let operation = r.u8()?;
        r.finish()?;
        Ok(if is_set(operation, 0) {
            Self::Records
        } else {
            Self::Sensors
        })
    }
}

/// The answer to [`GetDeviceSdrInfo`], 2 or 6 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeviceSdrInfo {
    /// How many there are of what was asked for.
    pub count: u8,
    /// Which of the logical units 0 to 3 have sensors.
    pub luns: [bool; 4],
    /// Whether sensors come and go.
    pub population: SensorPopulation,
}

/// Whether sensors come and go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SensorPopulation {
    /// They do not.
    Static,
    /// They do; the number changes with them.
    Dynamic(u32),
}

impl Encode for DeviceSdrInfo {
    fn encode(&self, out: &mut Vec<u8>) {
        let [lun0, lun1, lun2, lun3] = self.luns;
        let luns = bit(3, lun3) | bit(2, lun2) | bit(1, lun1) | bit(0, lun0);
        let indicator = match self.population {
            SensorPopulation::Static => None,
            SensorPopulation::Dynamic(indicator) => Some(indicator.to_le_bytes()),
        };
        out.extend([self.count, bit(7, indicator.is_some()) | luns]);
        out.extend(indicator.into_iter().flatten());
    }
}

impl Decode for DeviceSdrInfo {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        let [count, flags] = r.array()?;
        let population = if is_set(flags, 7) {
            SensorPopulation::Dynamic(r.u32()?)
        } else {
            SensorPopulation::Static
        };
        r.finish()?;
        Ok(Self {
            count,
            luns: [0, 1, 2, 3].map(|lun| is_set(flags, lun)),
            population,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::testing;

    #[test]
    fn bytes() {
        type Get = GetDeviceSdrInfo;
        testing::request(&Get::Sensors, &[]);
        assert_eq!(Get::decode(&[0x00]), Ok(Get::Sensors));
        testing::request(&Get::Records, &[0x01]);
        let fixed = DeviceSdrInfo {
            count: 7,
            luns: [true, false, false, true],
            population: SensorPopulation::Static,
        };
        testing::response::<Get>(&fixed, &[0x07, 0x09]);
        let changing = DeviceSdrInfo {
            population: SensorPopulation::Dynamic(0x0102_0304),
            ..fixed
        };
        testing::response::<Get>(&changing, &[0x07, 0x89, 4, 3, 2, 1]);
        let short = DeviceSdrInfo::decode(&[0x07, 0x89]);
        assert_eq!(short, Err(DecodeError::Truncated));
    }
}
