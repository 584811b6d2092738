//! Get SEL Time, §31.10.

use crate::Privilege;
use crate::command::{Command, NetFn};
use crate::sel::Timestamp;

/// Asks for the time that records of the log are stamped with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GetSelTime;

impl Command for GetSelTime {
    const NETFN: NetFn = NetFn::STORAGE;
    const CODE: u8 = 0x48;
    const NAME: &'static str = "Get SEL Time";
    const PRIVILEGE: Privilege = Privilege::User;
    type Response = Timestamp;
}

without_data!(GetSelTime);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::testing;

    #[test]
    fn bytes() {
        testing::request(&GetSelTime, &[]);
        let time = Timestamp::from_bits(0x6553_F100);
        testing::response::<GetSelTime>(&time, &[0x00, 0xF1, 0x53, 0x65]);
    }
}
