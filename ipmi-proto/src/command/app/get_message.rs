//! Get Message, §22.6.

use alloc::vec::Vec;

use crate::Privilege;
use crate::command::{Channel, Command, NetFn};
use crate::wire::{Decode, DecodeError, Encode, Reader};

/// Takes the oldest message out of the receive message queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GetMessage;

impl GetMessage {
    /// Completion code: the queue is empty.
    pub const EMPTY: u8 = 0x80;
}

impl Command for GetMessage {
    const NETFN: NetFn = NetFn::APP;
    const CODE: u8 = 0x33;
    const NAME: &'static str = "Get Message";
    /// As for [`ClearMessageFlags`](super::ClearMessageFlags).
    const PRIVILEGE: Privilege = Privilege::Administrator;
    type Response = ReceivedMessage;
}

without_data!(GetMessage);

/// The answer to [`GetMessage`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceivedMessage {
    /// The level under which it came; none where the BMC does not say.
    pub privilege: Option<Privilege>,
    /// The channel on which it came.
    pub channel: Channel,
    /// The message, in the form of its channel.
    pub data: Vec<u8>,
}

impl Encode for ReceivedMessage {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(self.privilege.map_or(0, Privilege::bits) << 4 | self.channel.number());
        out.extend(&self.data);
    }
}

impl Decode for ReceivedMessage {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        let channel = r.u8()?;
        Ok(Self {
            privilege: match channel >> 4 {
                0 => None,
                level => Some(Privilege::from_bits(level)?),
            },
            channel: Channel::new(channel),
            data: r.rest().to_vec(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::testing;

    #[test]
    fn bytes() {
        testing::request(&GetMessage, &[]);
        let message = ReceivedMessage {
            privilege: Some(Privilege::Operator),
            channel: Channel::IPMB,
            data: [0x20, 0x18, 0xC8].to_vec(),
        };
        testing::response::<GetMessage>(&message, &[0x30, 0x20, 0x18, 0xC8]);
        let error = Err(DecodeError::Invalid("privilege level"));
        assert_eq!(ReceivedMessage::decode(&[0x60]), error);
    }
}
