//! Set BMC Global Enables, §22.1.

use alloc::vec::Vec;

use super::GlobalEnables;
use crate::Privilege;
use crate::command::{Command, NetFn};
use crate::wire::{Decode, DecodeError, Encode};

/// Replaces the global enables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SetBmcGlobalEnables(pub GlobalEnables);

impl Command for SetBmcGlobalEnables {
    const NETFN: NetFn = NetFn::APP;
    const CODE: u8 = 0x2E;
    const NAME: &'static str = "Set BMC Global Enables";
    /// Appendix G gives it to the system interface alone. Clients send it over LAN too.
    const PRIVILEGE: Privilege = Privilege::Administrator;
    type Response = ();
}

impl Encode for SetBmcGlobalEnables {
    fn encode(&self, out: &mut Vec<u8>) {
        self.0.encode(out);
    }
}

impl Decode for SetBmcGlobalEnables {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        GlobalEnables::decode(input).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::testing;

    #[test]
    fn bytes() {
        let enables = GlobalEnables {
            oem: [true, false, true],
            event_logging: true,
            message_interrupt: true,
            ..GlobalEnables::default()
        };
        testing::request(&SetBmcGlobalEnables(enables), &[0xA9]);
        testing::response::<SetBmcGlobalEnables>(&(), &[]);
        testing::refused::<SetBmcGlobalEnables>(&[], DecodeError::Truncated);
    }
}
