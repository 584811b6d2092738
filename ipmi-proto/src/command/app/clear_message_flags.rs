//! Clear Message Flags, §22.3.

use alloc::vec::Vec;

use super::MessageFlags;
use crate::Privilege;
use crate::command::{Command, NetFn};
use crate::wire::{Decode, DecodeError, Encode, Reader};

/// Empties the buffers whose flags are set here, and leaves the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClearMessageFlags(pub MessageFlags);

impl Command for ClearMessageFlags {
    const NETFN: NetFn = NetFn::APP;
    const CODE: u8 = 0x30;
    const NAME: &'static str = "Clear Message Flags";
    /// Appendix G gives it to the system interface alone. There is none here, so those who could change anything else
    /// may use it over LAN.
    const PRIVILEGE: Privilege = Privilege::Administrator;
    type Response = ();
}

impl Encode for ClearMessageFlags {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(self.0.bits());
    }
}

impl Decode for ClearMessageFlags {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        let flags = r.u8()?;
        r.finish()?;
        Ok(Self(MessageFlags::from_bits(flags)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::testing;

    #[test]
    fn bytes() {
        let clear = MessageFlags {
            oem: [true, false, true],
            watchdog_pre_timeout: true,
            event_buffer_full: true,
            message_available: false,
        };
        testing::request(&ClearMessageFlags(clear), &[0xAA]);
        testing::response::<ClearMessageFlags>(&(), &[]);
        testing::refused::<ClearMessageFlags>(&[], DecodeError::Truncated);
    }
}
