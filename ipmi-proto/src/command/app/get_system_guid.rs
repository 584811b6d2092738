//! Get System GUID, §22.14.

use super::Guid;
use crate::Privilege;
use crate::command::{Command, NetFn};

/// Asks which machine this is. It is also in RAKP message 2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GetSystemGuid;

impl Command for GetSystemGuid {
    const NETFN: NetFn = NetFn::APP;
    const CODE: u8 = 0x37;
    const NAME: &'static str = "Get System GUID";
    const PRIVILEGE: Privilege = Privilege::User;
    const SESSIONLESS: bool = true;
    type Response = Guid;
}

without_data!(GetSystemGuid);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::testing;
    use crate::wire::DecodeError;

    #[test]
    fn bytes() {
        let bytes = [
            0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xAA, 0xBB, 0xCC, 0xDD,
            0xEE, 0xFF,
        ];
        testing::request(&GetSystemGuid, &[]);
        testing::response::<GetSystemGuid>(&Guid(bytes), &bytes);
        testing::refused::<GetSystemGuid>(&[0], DecodeError::Trailing);
    }
}
