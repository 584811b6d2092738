//! Get Event Receiver, §29.2.

use super::EventReceiver;
use crate::Privilege;
use crate::command::{Command, NetFn};

/// Asks where events are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GetEventReceiver;

impl Command for GetEventReceiver {
    const NETFN: NetFn = NetFn::SENSOR_EVENT;
    const CODE: u8 = 0x01;
    const NAME: &'static str = "Get Event Receiver";
    const PRIVILEGE: Privilege = Privilege::User;
    type Response = EventReceiver;
}

without_data!(GetEventReceiver);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::testing;

    #[test]
    fn bytes() {
        testing::request(&GetEventReceiver, &[]);
        let bmc = EventReceiver::Controller {
            address: 0x20,
            lun: 0,
        };
        testing::response::<GetEventReceiver>(&bmc, &[0x20, 0x00]);
    }
}
