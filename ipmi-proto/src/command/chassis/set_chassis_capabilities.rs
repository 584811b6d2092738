//! Set Chassis Capabilities, §28.7.

use alloc::vec::Vec;

use super::ChassisCapabilities;
use crate::Privilege;
use crate::command::{Command, NetFn};
use crate::wire::{Decode, DecodeError, Encode};

/// Says what the chassis has, for those who ask with Get Chassis Capabilities.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SetChassisCapabilities(pub ChassisCapabilities);

impl Command for SetChassisCapabilities {
    const NETFN: NetFn = NetFn::CHASSIS;
    const CODE: u8 = 0x05;
    const NAME: &'static str = "Set Chassis Capabilities";
    const PRIVILEGE: Privilege = Privilege::Administrator;
    type Response = ();
}

impl Encode for SetChassisCapabilities {
    fn encode(&self, out: &mut Vec<u8>) {
        self.0.encode(out);
    }
}

impl Decode for SetChassisCapabilities {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        ChassisCapabilities::decode(input).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::testing;

    #[test]
    fn bytes() {
        let capabilities = ChassisCapabilities {
            front_panel_lockout: true,
            intrusion_sensor: true,
            fru: 0x22,
            sdr: 0x20,
            sel: 0x20,
            system_management: 0x20,
            bridge: Some(0x24),
            ..ChassisCapabilities::default()
        };
        let bytes = [0x03, 0x22, 0x20, 0x20, 0x20, 0x24];
        testing::request(&SetChassisCapabilities(capabilities), &bytes);
        testing::response::<SetChassisCapabilities>(&(), &[]);
        testing::refused::<SetChassisCapabilities>(&[3, 0, 0, 0], DecodeError::Truncated);
    }
}
