//! Get Channel OEM Payload Info, §24.10.

use alloc::vec::Vec;

use super::{PayloadNumber, PayloadVersion};
use crate::Privilege;
use crate::command::{Channel, Command, NetFn};
use crate::wire::{Decode, DecodeError, Encode, Reader};

/// Asks what stands behind a manufacturer's payload type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GetChannelOemPayloadInfo {
    /// The channel.
    pub channel: Channel,
    /// The payload's type: a handle, or [`PayloadNumber::OEM_EXPLICIT`] where the next field says which one.
    pub payload: PayloadNumber,
    /// The payload; zeros where a handle says which one.
    pub oem: OemPayload,
}

/// A manufacturer's payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OemPayload {
    /// IANA enterprise number of the manufacturer, 24 bits.
    pub manufacturer: u32,
    /// The number that the manufacturer gave it.
    pub id: u16,
}

impl GetChannelOemPayloadInfo {
    /// Completion code: the channel does not know this payload.
    pub const NOT_SUPPORTED: u8 = 0x80;
}

impl Command for GetChannelOemPayloadInfo {
    const NETFN: NetFn = NetFn::APP;
    const CODE: u8 = 0x50;
    const NAME: &'static str = "Get Channel OEM Payload Info";
    const PRIVILEGE: Privilege = Privilege::User;
    type Response = OemPayloadInfo;
}

impl OemPayload {
    fn encode(self, out: &mut Vec<u8>) {
        let [low, mid, high, _] = self.manufacturer.to_le_bytes();
        out.extend([low, mid, high]);
        out.extend(self.id.to_le_bytes());
    }

    fn read(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let [low, mid, high] = r.array()?;
        Ok(Self {
            manufacturer: u32::from_le_bytes([low, mid, high, 0]),
            id: r.u16()?,
        })
    }
}

impl Encode for GetChannelOemPayloadInfo {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend([self.channel.number(), self.payload.number()]);
        self.oem.encode(out);
    }
}

impl Decode for GetChannelOemPayloadInfo {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        let [channel, payload] = r.array()?;
        let oem = OemPayload::read(&mut r)?;
        r.finish()?;
        Ok(Self {
            channel: Channel::new(channel),
            payload: PayloadNumber::new(payload),
            oem,
        })
    }
}

/// The answer to [`GetChannelOemPayloadInfo`], 7 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OemPayloadInfo {
    /// The type under which the channel knows the payload.
    pub payload: PayloadNumber,
    /// The payload.
    pub oem: OemPayload,
    /// The version of its format.
    pub version: PayloadVersion,
}

impl Encode for OemPayloadInfo {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(self.payload.number());
        self.oem.encode(out);
        out.push(self.version.bits());
    }
}

impl Decode for OemPayloadInfo {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        let info = Self {
            payload: PayloadNumber::new(r.u8()?),
            oem: OemPayload::read(&mut r)?,
            version: PayloadVersion::from_bits(r.u8()?),
        };
        r.finish()?;
        Ok(info)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::testing;

    #[test]
    fn bytes() {
        type Get = GetChannelOemPayloadInfo;
        let handle = Get {
            channel: Channel::new(1),
            payload: PayloadNumber::FIRST_OEM,
            oem: OemPayload::default(),
        };
        testing::request(&handle, &[0x01, 0x20, 0, 0, 0, 0, 0]);
        let oem = OemPayload {
            manufacturer: 0x03_0201,
            id: 0x0504,
        };
        let explicit = Get {
            payload: PayloadNumber::OEM_EXPLICIT,
            oem,
            ..handle
        };
        testing::request(&explicit, &[0x01, 0x02, 1, 2, 3, 4, 5]);
        let info = OemPayloadInfo {
            payload: PayloadNumber::FIRST_OEM,
            oem,
            version: PayloadVersion::V1_0,
        };
        testing::response::<Get>(&info, &[0x20, 1, 2, 3, 4, 5, 0x10]);
        testing::refused::<Get>(&[1, 0x20], DecodeError::Truncated);
    }
}
