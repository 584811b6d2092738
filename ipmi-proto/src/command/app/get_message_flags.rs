//! Get Message Flags, §22.4.

use alloc::vec::Vec;

use super::MessageFlags;
use crate::Privilege;
use crate::command::{Command, NetFn};
use crate::wire::{Decode, DecodeError, Encode, Reader};

/// Asks what waits for the system's own software.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GetMessageFlags;

impl Command for GetMessageFlags {
    const NETFN: NetFn = NetFn::APP;
    const CODE: u8 = 0x31;
    const NAME: &'static str = "Get Message Flags";
    /// As for [`ClearMessageFlags`](super::ClearMessageFlags).
    const PRIVILEGE: Privilege = Privilege::Administrator;
    type Response = MessageFlags;
}

without_data!(GetMessageFlags);

// The answer to Get Message Flags, 1 byte.
impl Encode for MessageFlags {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(self.bits());
    }
}

impl Decode for MessageFlags {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        let flags = r.u8()?;
        r.finish()?;
        Ok(Self::from_bits(flags))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::testing;

    #[test]
    fn bytes() {
        testing::request(&GetMessageFlags, &[]);
        let flags = MessageFlags {
            message_available: true,
            ..MessageFlags::default()
        };
        testing::response::<GetMessageFlags>(&flags, &[0x01]);
        assert_eq!(MessageFlags::decode(&[0x14]), Ok(MessageFlags::default()));
    }
}
