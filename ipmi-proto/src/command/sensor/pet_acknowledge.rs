//! PET Acknowledge, §30.8.

use alloc::vec::Vec;

use crate::Privilege;
use crate::command::{Command, NetFn};
use crate::sdr::SensorNumber;
use crate::sel::{EventData, Timestamp};
use crate::wire::{Decode, DecodeError, Encode, Reader};

/// Acknowledges a platform event trap (PET), naming what was in it.
///
/// The specification lets it in without a session too. This library does not: whoever can send a datagram could then
/// keep an alert from being repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PetAcknowledge {
    /// The trap's number.
    pub sequence: u16,
    /// When it was sent.
    pub time: Timestamp,
    /// Which kind of software or device sent it.
    pub event_source: u8,
    /// The address of the sensor's owner.
    pub sensor_device: u8,
    /// The sensor.
    pub sensor: SensorNumber,
    /// The event's data.
    pub data: EventData,
}

impl Command for PetAcknowledge {
    const NETFN: NetFn = NetFn::SENSOR_EVENT;
    const CODE: u8 = 0x17;
    const NAME: &'static str = "PET Acknowledge";
    const PRIVILEGE: Privilege = Privilege::Callback;
    type Response = ();
}

impl Encode for PetAcknowledge {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend(self.sequence.to_le_bytes());
        self.time.encode(out);
        out.extend([self.event_source, self.sensor_device, self.sensor.0]);
        out.extend(self.data.0);
    }
}

impl Decode for PetAcknowledge {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        let acknowledge = Self {
            sequence: r.u16()?,
            time: Timestamp::from_bits(r.u32()?),
            event_source: r.u8()?,
            sensor_device: r.u8()?,
            sensor: SensorNumber(r.u8()?),
            data: EventData(r.array()?),
        };
        r.finish()?;
        Ok(acknowledge)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::testing;

    #[test]
    fn bytes() {
        let acknowledge = PetAcknowledge {
            sequence: 0x0102,
            time: Timestamp::from_bits(0x6553_F100),
            event_source: 0x20,
            sensor_device: 0x20,
            sensor: SensorNumber(0x30),
            data: EventData([0x59, 0xFF, 0xFF]),
        };
        let bytes = [
            0x02, 0x01, 0x00, 0xF1, 0x53, 0x65, 0x20, 0x20, 0x30, 0x59, 0xFF, 0xFF,
        ];
        testing::request(&acknowledge, &bytes);
        testing::response::<PetAcknowledge>(&(), &[]);
        testing::refused::<PetAcknowledge>(&bytes[..11], DecodeError::Truncated);
    }
}
