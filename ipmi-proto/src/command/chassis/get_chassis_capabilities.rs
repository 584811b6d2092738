//! Get Chassis Capabilities, §28.1.

use super::ChassisCapabilities;
use crate::Privilege;
use crate::command::{Command, NetFn};

/// Asks what the chassis has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GetChassisCapabilities;

impl Command for GetChassisCapabilities {
    const NETFN: NetFn = NetFn::CHASSIS;
    const CODE: u8 = 0x00;
    const NAME: &'static str = "Get Chassis Capabilities";
    const PRIVILEGE: Privilege = Privilege::User;
    type Response = ChassisCapabilities;
}

without_data!(GetChassisCapabilities);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::testing;

    #[test]
    fn bytes() {
        testing::request(&GetChassisCapabilities, &[]);
        let capabilities = ChassisCapabilities {
            diagnostic_interrupt: true,
            sdr: 0x20,
            sel: 0x20,
            system_management: 0x20,
            ..ChassisCapabilities::default()
        };
        let bytes = [0x04, 0x00, 0x20, 0x20, 0x20];
        testing::response::<GetChassisCapabilities>(&capabilities, &bytes);
    }
}
