//! Get SDR Repository Time, §33.17.

use crate::Privilege;
use crate::command::{Command, NetFn};
use crate::sel::Timestamp;

/// Asks for the time that changes of the SDR repository are stamped with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GetSdrRepositoryTime;

impl Command for GetSdrRepositoryTime {
    const NETFN: NetFn = NetFn::STORAGE;
    const CODE: u8 = 0x28;
    const NAME: &'static str = "Get SDR Repository Time";
    const PRIVILEGE: Privilege = Privilege::User;
    type Response = Timestamp;
}

without_data!(GetSdrRepositoryTime);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::testing;

    #[test]
    fn bytes() {
        testing::request(&GetSdrRepositoryTime, &[]);
        let time = Timestamp::from_bits(0x6553_F100);
        testing::response::<GetSdrRepositoryTime>(&time, &[0x00, 0xF1, 0x53, 0x65]);
    }
}
