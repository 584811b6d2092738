//! Platform Event ("Event Message"), §29.3.

use alloc::vec::Vec;

use crate::Privilege;
use crate::command::{Command, NetFn};
use crate::sel::Event;
use crate::wire::{Decode, DecodeError, Encode, Reader};

/// Tells the BMC of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlatformEvent {
    /// The first byte of the event's [`GeneratorId`](crate::sel::GeneratorId), which the machine's own software sends
    /// (times two plus one: 41h is software id 20h). Clients over LAN send none: the requester's address and logical
    /// unit in the message say who they are.
    pub generator: Option<u8>,
    /// The event.
    pub event: Event,
}

impl Command for PlatformEvent {
    const NETFN: NetFn = NetFn::SENSOR_EVENT;
    const CODE: u8 = 0x02;
    const NAME: &'static str = "Platform Event";
    const PRIVILEGE: Privilege = Privilege::Operator;
    type Response = ();
}

/// The length of an event; one byte more is a generator.
const EVENT_LEN: usize = 7;

impl Encode for PlatformEvent {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend(self.generator);
        self.event.encode(out);
    }
}

impl Decode for PlatformEvent {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        let generator = if input.len() > EVENT_LEN {
            Some(r.u8()?)
        } else {
            None
        };
        Ok(Self {
            generator,
            event: Event::decode(r.rest())?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::testing;
    use crate::sdr::{EventReadingType, SensorNumber, SensorType};
    use crate::sel::{Direction, EventData, EvmRevision};

    fn event() -> Event {
        Event {
            revision: EvmRevision::CURRENT,
            sensor_type: SensorType::TEMPERATURE,
            sensor: SensorNumber(0x30),
            direction: Direction::Assertion,
            kind: EventReadingType::THRESHOLD,
            data: EventData([0x09, 0xFF, 0xFF]),
        }
    }

    #[test]
    fn ipmitool_s_event_1_over_lan() {
        let request = PlatformEvent {
            generator: None,
            event: event(),
        };
        testing::request(&request, &[0x04, 0x01, 0x30, 0x01, 0x09, 0xFF, 0xFF]);
        testing::response::<PlatformEvent>(&(), &[]);
    }

    #[test]
    fn software_of_the_machine_says_who_it_is() {
        let request = PlatformEvent {
            generator: Some(0x41),
            event: event(),
        };
        let bytes = [0x41, 0x04, 0x01, 0x30, 0x01, 0x09, 0xFF, 0xFF];
        testing::request(&request, &bytes);
        testing::refused::<PlatformEvent>(&bytes[..6], DecodeError::Truncated);
        testing::refused::<PlatformEvent>(&[4; 9], DecodeError::Trailing);
    }
}
