//! Send Message, §22.7.

use alloc::vec::Vec;

use crate::Privilege;
use crate::command::bits::{bit, is_set};
use crate::command::{Channel, Command, NetFn};
use crate::wire::{Decode, DecodeError, Encode, Reader};

/// Passes a message on to another channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SendMessage {
    /// To which.
    pub channel: Channel,
    /// What becomes of the answer.
    pub tracking: Tracking,
    /// The message is sent encrypted; for channels with sessions.
    pub encrypted: bool,
    /// The message is sent authenticated; for channels with sessions.
    pub authenticated: bool,
    /// The message, in the form of the channel.
    pub data: Vec<u8>,
}

/// What becomes of the answer to a bridged message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Tracking {
    /// It goes into the receive message queue.
    None = 0,
    /// The BMC keeps in mind who asked, and passes the answer back.
    Request = 1,
    /// The bytes are sent as they are.
    Raw = 2,
}

impl SendMessage {
    /// Completion code: the channel has no session with this handle.
    pub const INVALID_SESSION_HANDLE: u8 = 0x80;
    /// Completion code: the bus was lost to another.
    pub const LOST_ARBITRATION: u8 = 0x81;
    /// Completion code: a fault of the bus.
    pub const BUS_ERROR: u8 = 0x82;
    /// Completion code: nobody took the message.
    pub const NOT_ACKNOWLEDGED: u8 = 0x83;
}

impl Command for SendMessage {
    const NETFN: NetFn = NetFn::APP;
    const CODE: u8 = 0x34;
    const NAME: &'static str = "Send Message";
    const PRIVILEGE: Privilege = Privilege::User;
    type Response = SentMessage;
}

impl Encode for SendMessage {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(
            (self.tracking as u8) << 6
                | bit(5, self.encrypted)
                | bit(4, self.authenticated)
                | self.channel.number(),
        );
        out.extend(&self.data);
    }
}

impl Decode for SendMessage {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        let channel = r.u8()?;
        Ok(Self {
            channel: Channel::new(channel),
            tracking: match channel >> 6 {
                0 => Tracking::None,
                1 => Tracking::Request,
                2 => Tracking::Raw,
                _ => return Err(DecodeError::Invalid("message tracking")),
            },
            encrypted: is_set(channel, 5),
            authenticated: is_set(channel, 4),
            data: r.rest().to_vec(),
        })
    }
}

/// The answer to [`SendMessage`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SentMessage {
    /// What came back from the channel: mostly nothing, since the answer proper comes by itself.
    pub data: Vec<u8>,
}

impl Encode for SentMessage {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend(&self.data);
    }
}

impl Decode for SentMessage {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        Ok(Self {
            data: input.to_vec(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::testing;

    #[test]
    fn bytes() {
        // As a console sends it that bridges Get Device ID to address 2Ch of the IPMB.
        let bridged = SendMessage {
            channel: Channel::IPMB,
            tracking: Tracking::Request,
            encrypted: false,
            authenticated: false,
            data: [0x2C, 0x18, 0xBC, 0x20, 0x04, 0x01, 0xDB].to_vec(),
        };
        let bytes = [0x40, 0x2C, 0x18, 0xBC, 0x20, 0x04, 0x01, 0xDB];
        testing::request(&bridged, &bytes);
        let protected = SendMessage {
            channel: Channel::new(1),
            tracking: Tracking::None,
            encrypted: true,
            authenticated: true,
            data: Vec::new(),
        };
        testing::request(&protected, &[0x31]);
        let nothing = SentMessage { data: Vec::new() };
        testing::response::<SendMessage>(&nothing, &[]);
    }

    #[test]
    fn reserved_values_are_refused() {
        let tracking = DecodeError::Invalid("message tracking");
        testing::refused::<SendMessage>(&[0xC0], tracking);
        testing::refused::<SendMessage>(&[], DecodeError::Truncated);
    }
}
