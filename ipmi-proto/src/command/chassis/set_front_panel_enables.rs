//! Set Front Panel Button Enables, §28.6.

use alloc::vec::Vec;

use crate::Privilege;
use crate::command::bits::{bit, is_set};
use crate::command::{Command, NetFn};
use crate::wire::{Decode, DecodeError, Encode, Reader};

/// Disables buttons of the front panel, and enables the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SetFrontPanelEnables {
    /// The power-off button does nothing.
    pub disable_power_off: bool,
    /// The reset button does nothing.
    pub disable_reset: bool,
    /// The diagnostic interrupt button does nothing.
    pub disable_diagnostic_interrupt: bool,
    /// The standby (sleep) button does nothing.
    pub disable_standby: bool,
}

impl Command for SetFrontPanelEnables {
    const NETFN: NetFn = NetFn::CHASSIS;
    const CODE: u8 = 0x0A;
    const NAME: &'static str = "Set Front Panel Button Enables";
    const PRIVILEGE: Privilege = Privilege::Administrator;
    type Response = ();
}

impl Encode for SetFrontPanelEnables {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(
            bit(3, self.disable_standby)
                | bit(2, self.disable_diagnostic_interrupt)
                | bit(1, self.disable_reset)
                | bit(0, self.disable_power_off),
        );
    }
}

impl Decode for SetFrontPanelEnables {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        let buttons = r.u8()?;
        r.finish()?;
        Ok(Self {
            disable_power_off: is_set(buttons, 0),
            disable_reset: is_set(buttons, 1),
            disable_diagnostic_interrupt: is_set(buttons, 2),
            disable_standby: is_set(buttons, 3),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::testing;

    #[test]
    fn bytes() {
        testing::request(&SetFrontPanelEnables::default(), &[0x00]);
        let standby_and_reset = SetFrontPanelEnables {
            disable_reset: true,
            disable_standby: true,
            ..SetFrontPanelEnables::default()
        };
        testing::request(&standby_and_reset, &[0x0A]);
        testing::response::<SetFrontPanelEnables>(&(), &[]);
        testing::refused::<SetFrontPanelEnables>(&[], DecodeError::Truncated);
        testing::refused::<SetFrontPanelEnables>(&[0, 0], DecodeError::Trailing);
    }
}
