//! Get SEL Time UTC Offset, §31.11a.

use super::UtcOffset;
use crate::Privilege;
use crate::command::{Command, NetFn};

/// Asks for the time zone that people are to read the log in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GetSelTimeUtcOffset;

impl Command for GetSelTimeUtcOffset {
    const NETFN: NetFn = NetFn::STORAGE;
    const CODE: u8 = 0x5C;
    const NAME: &'static str = "Get SEL Time UTC Offset";
    const PRIVILEGE: Privilege = Privilege::User;
    type Response = UtcOffset;
}

without_data!(GetSelTimeUtcOffset);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::testing;

    #[test]
    fn bytes() {
        testing::request(&GetSelTimeUtcOffset, &[]);
        testing::response::<GetSelTimeUtcOffset>(&UtcOffset::UNSPECIFIED, &[0xFF, 0x07]);
        let west = UtcOffset::from_minutes(-300).unwrap();
        testing::response::<GetSelTimeUtcOffset>(&west, &[0xD4, 0xFE]);
    }
}
