//! Get Channel Payload Support, §24.8.

use alloc::vec::Vec;

use super::PayloadSet;
use crate::Privilege;
use crate::command::{Channel, Command, NetFn};
use crate::wire::{Decode, DecodeError, Encode, Reader};

/// Asks which payloads a channel knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GetChannelPayloadSupport {
    /// The channel.
    pub channel: Channel,
}

impl Command for GetChannelPayloadSupport {
    const NETFN: NetFn = NetFn::APP;
    const CODE: u8 = 0x4E;
    const NAME: &'static str = "Get Channel Payload Support";
    const PRIVILEGE: Privilege = Privilege::User;
    type Response = ChannelPayloadSupport;
}

impl Encode for GetChannelPayloadSupport {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(self.channel.number());
    }
}

impl Decode for GetChannelPayloadSupport {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        let channel = r.u8()?;
        r.finish()?;
        Ok(Self {
            channel: Channel::new(channel),
        })
    }
}

/// The answer to [`GetChannelPayloadSupport`], 8 bytes: all that the channel knows, session setup included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChannelPayloadSupport(pub PayloadSet);

impl Encode for ChannelPayloadSupport {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend(self.0.bytes());
        out.extend([0; 2]);
    }
}

impl Decode for ChannelPayloadSupport {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        let payloads = r.array()?;
        let _reserved: [u8; 2] = r.array()?;
        r.finish()?;
        Ok(Self(PayloadSet::from_bytes(payloads)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::app::PayloadNumber;
    use crate::command::testing;

    #[test]
    fn bytes() {
        type Get = GetChannelPayloadSupport;
        let get = Get {
            channel: Channel::new(1),
        };
        testing::request(&get, &[0x01]);
        let messages_and_sol = PayloadSet::EMPTY
            .with(PayloadNumber::IPMI)
            .with(PayloadNumber::SOL);
        let all = (0x10..=0x15)
            .map(PayloadNumber::new)
            .fold(messages_and_sol, PayloadSet::with);
        let bytes = [0x03, 0x00, 0x3F, 0, 0, 0, 0, 0];
        testing::response::<Get>(&ChannelPayloadSupport(all), &bytes);
        testing::refused::<Get>(&[], DecodeError::Truncated);
    }
}
