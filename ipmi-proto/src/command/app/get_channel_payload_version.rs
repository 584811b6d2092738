//! Get Channel Payload Version, §24.9.

use alloc::vec::Vec;

use super::PayloadNumber;
use crate::Privilege;
use crate::command::{Channel, Command, NetFn};
use crate::wire::{Decode, DecodeError, Encode, Reader};

/// Asks which version of a payload's format a channel knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GetChannelPayloadVersion {
    /// The channel.
    pub channel: Channel,
    /// The payload's type.
    pub payload: PayloadNumber,
}

impl GetChannelPayloadVersion {
    /// Completion code: the channel does not know the payload.
    pub const NOT_AVAILABLE: u8 = 0x80;
}

impl Command for GetChannelPayloadVersion {
    const NETFN: NetFn = NetFn::APP;
    const CODE: u8 = 0x4F;
    const NAME: &'static str = "Get Channel Payload Version";
    const PRIVILEGE: Privilege = Privilege::User;
    type Response = PayloadVersion;
}

impl Encode for GetChannelPayloadVersion {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend([self.channel.number(), self.payload.number()]);
    }
}

impl Decode for GetChannelPayloadVersion {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        let [channel, payload] = r.array()?;
        r.finish()?;
        Ok(Self {
            channel: Channel::new(channel),
            payload: PayloadNumber::new(payload),
        })
    }
}

/// The answer to [`GetChannelPayloadVersion`], 1 byte: the version of a payload's format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PayloadVersion {
    /// The major version, 0 to 15.
    pub major: u8,
    /// The minor version, 0 to 15.
    pub minor: u8,
}

impl PayloadVersion {
    /// 1.0: IPMI messages, SOL and the handshake.
    pub const V1_0: Self = Self { major: 1, minor: 0 };

    pub(super) const fn bits(self) -> u8 {
        self.major << 4 | self.minor & 0x0F
    }

    pub(super) const fn from_bits(bits: u8) -> Self {
        Self {
            major: bits >> 4,
            minor: bits & 0x0F,
        }
    }
}

impl Encode for PayloadVersion {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(self.bits());
    }
}

impl Decode for PayloadVersion {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        let version = r.u8()?;
        r.finish()?;
        Ok(Self::from_bits(version))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::testing;

    #[test]
    fn bytes() {
        type Get = GetChannelPayloadVersion;
        let get = Get {
            channel: Channel::new(1),
            payload: PayloadNumber::SOL,
        };
        testing::request(&get, &[0x01, 0x01]);
        testing::response::<Get>(&PayloadVersion::V1_0, &[0x10]);
        let other = PayloadVersion { major: 2, minor: 3 };
        testing::response::<Get>(&other, &[0x23]);
        testing::refused::<Get>(&[1], DecodeError::Truncated);
    }
}
