//! Get PEF Capabilities, §30.1.

use alloc::vec::Vec;

use super::PefActions;
use crate::Privilege;
use crate::command::bits::{bit, is_set};
use crate::command::{Command, NetFn};
use crate::wire::{Decode, DecodeError, Encode, Reader};

/// Asks what platform event filtering (PEF) can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GetPefCapabilities;

impl Command for GetPefCapabilities {
    const NETFN: NetFn = NetFn::SENSOR_EVENT;
    const CODE: u8 = 0x10;
    const NAME: &'static str = "Get PEF Capabilities";
    const PRIVILEGE: Privilege = Privilege::User;
    type Response = PefCapabilities;
}

without_data!(GetPefCapabilities);

/// The answer to [`GetPefCapabilities`], 3 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PefCapabilities {
    /// The actions that there are.
    pub actions: PefActions,
    /// Whether manufacturers' records are filtered too.
    pub oem_records: bool,
    /// How many entries the event filter table has.
    pub filters: u8,
}

/// The version of PEF, as in IPMI 1.5 and 2.0.
const VERSION: u8 = 0x51;

impl Encode for PefCapabilities {
    fn encode(&self, out: &mut Vec<u8>) {
        let actions = bit(7, self.oem_records) | self.actions.bits();
        out.extend([VERSION, actions, self.filters]);
    }
}

impl Decode for PefCapabilities {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        let [_version, actions, filters] = r.array()?;
        r.finish()?;
        Ok(Self {
            actions: PefActions::from_bits(actions),
            oem_records: is_set(actions, 7),
            filters,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::testing;

    #[test]
    fn bytes() {
        testing::request(&GetPefCapabilities, &[]);
        let none = PefCapabilities {
            actions: PefActions::default(),
            oem_records: false,
            filters: 0,
        };
        testing::response::<GetPefCapabilities>(&none, &[0x51, 0x00, 0x00]);
        let some = PefCapabilities {
            actions: PefActions {
                alert: true,
                power_down: true,
                reset: true,
                power_cycle: true,
                oem: false,
                diagnostic_interrupt: true,
            },
            oem_records: true,
            filters: 20,
        };
        testing::response::<GetPefCapabilities>(&some, &[0x51, 0xAF, 0x14]);
    }
}
