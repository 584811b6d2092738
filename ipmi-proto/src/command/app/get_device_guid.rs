//! Get Device GUID, §20.8.

use super::Guid;
use crate::Privilege;
use crate::command::{Command, NetFn};

/// Asks which BMC this is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GetDeviceGuid;

impl Command for GetDeviceGuid {
    const NETFN: NetFn = NetFn::APP;
    const CODE: u8 = 0x08;
    const NAME: &'static str = "Get Device GUID";
    const PRIVILEGE: Privilege = Privilege::User;
    type Response = Guid;
}

without_data!(GetDeviceGuid);

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
        testing::request(&GetDeviceGuid, &[]);
        testing::response::<GetDeviceGuid>(&Guid(bytes), &bytes);
        testing::refused::<GetDeviceGuid>(&[0], DecodeError::Trailing);
    }
}
