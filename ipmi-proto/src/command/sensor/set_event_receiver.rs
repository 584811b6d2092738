//! Set Event Receiver, §29.1.

use alloc::vec::Vec;

use super::EventReceiver;
use crate::Privilege;
use crate::command::{Command, NetFn};
use crate::wire::{Decode, DecodeError, Encode};

/// Says where events are to be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SetEventReceiver(pub EventReceiver);

impl Command for SetEventReceiver {
    const NETFN: NetFn = NetFn::SENSOR_EVENT;
    const CODE: u8 = 0x00;
    const NAME: &'static str = "Set Event Receiver";
    const PRIVILEGE: Privilege = Privilege::Administrator;
    type Response = ();
}

impl Encode for SetEventReceiver {
    fn encode(&self, out: &mut Vec<u8>) {
        self.0.encode(out);
    }
}

impl Decode for SetEventReceiver {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        EventReceiver::decode(input).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::testing;

    #[test]
    fn bytes() {
        let bmc = EventReceiver::Controller {
            address: 0x20,
            lun: 2,
        };
        testing::request(&SetEventReceiver(bmc), &[0x20, 0x02]);
        let disabled = SetEventReceiver(EventReceiver::Disabled);
        testing::request(&disabled, &[0xFF, 0x00]);
        testing::response::<SetEventReceiver>(&(), &[]);
        testing::refused::<SetEventReceiver>(&[0x20], DecodeError::Truncated);
    }
}
