//! Get Channel Info, §22.24.

use alloc::vec::Vec;

use crate::Privilege;
use crate::command::{Channel, Command, NetFn};
use crate::wire::{Decode, DecodeError, Encode, Reader};

/// Asks what kind of channel one is. Clients look for the LAN channel with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GetChannelInfo {
    /// The channel.
    pub channel: Channel,
}

impl Command for GetChannelInfo {
    const NETFN: NetFn = NetFn::APP;
    const CODE: u8 = 0x42;
    const NAME: &'static str = "Get Channel Info";
    const PRIVILEGE: Privilege = Privilege::User;
    type Response = ChannelInfo;
}

impl Encode for GetChannelInfo {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(self.channel.number());
    }
}

impl Decode for GetChannelInfo {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        let channel = r.u8()?;
        r.finish()?;
        Ok(Self {
            channel: Channel::new(channel),
        })
    }
}

/// The answer to [`GetChannelInfo`], 9 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChannelInfo {
    /// The channel's real number, also where [`Channel::PRESENT`] was asked about.
    pub channel: Channel,
    /// What it runs over.
    pub medium: ChannelMedium,
    /// How messages are wrapped on it.
    pub protocol: ChannelProtocol,
    /// Whether it knows sessions.
    pub sessions: SessionSupport,
    /// How many sessions it has, 0 to 63.
    pub active: u8,
    /// IANA enterprise number (24 bits) of the protocol's owner.
    pub vendor: u32,
    /// For the system interface its two interrupts (FFh: none), for others the manufacturer's.
    pub aux: [u8; 2],
}

impl ChannelInfo {
    /// [`vendor`](Self::vendor) for every protocol of the specification's.
    pub const VENDOR_IPMI: u32 = 7154;
}

/// A channel's medium (table 6-3), 0 to 127.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChannelMedium(pub u8);

impl ChannelMedium {
    /// IPMB over I2C.
    pub const IPMB: Self = Self(0x01);
    /// Ethernet.
    pub const LAN: Self = Self(0x04);
    /// A serial line or a modem.
    pub const SERIAL: Self = Self(0x05);
    /// The system interface (KCS, SMIC or BT).
    pub const SYSTEM_INTERFACE: Self = Self(0x0C);
}

/// A channel's protocol (table 6-2), 0 to 31.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChannelProtocol(pub u8);

impl ChannelProtocol {
    /// IPMB; LAN channels use it too.
    pub const IPMB: Self = Self(0x01);
    /// KCS.
    pub const KCS: Self = Self(0x05);
}

/// Whether a channel knows sessions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum SessionSupport {
    /// It does not.
    None = 0,
    /// One at a time.
    Single = 1,
    /// Several.
    Multi = 2,
    /// Some of its users need one, others do not (serial lines).
    Mixed = 3,
}

impl Encode for ChannelInfo {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend([
            self.channel.number(),
            self.medium.0 & 0x7F,
            self.protocol.0 & 0x1F,
            (self.sessions as u8) << 6 | self.active & 0x3F,
        ]);
        let [low, mid, high, _] = self.vendor.to_le_bytes();
        out.extend([low, mid, high]);
        out.extend(self.aux);
    }
}

impl Decode for ChannelInfo {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        let [channel, medium, protocol, sessions] = r.array()?;
        let [low, mid, high] = r.array()?;
        let aux = r.array()?;
        r.finish()?;
        Ok(Self {
            channel: Channel::new(channel),
            medium: ChannelMedium(medium & 0x7F),
            protocol: ChannelProtocol(protocol & 0x1F),
            sessions: match sessions >> 6 {
                0 => SessionSupport::None,
                1 => SessionSupport::Single,
                2 => SessionSupport::Multi,
                _ => SessionSupport::Mixed,
            },
            active: sessions & 0x3F,
            vendor: u32::from_le_bytes([low, mid, high, 0]),
            aux,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::testing;

    #[test]
    fn what_freeipmi_s_bmc_info_sends_and_gets() {
        let get = GetChannelInfo {
            channel: Channel::new(1),
        };
        testing::request(&get, &[0x01]);
        testing::refused::<GetChannelInfo>(&[], DecodeError::Truncated);
        let lan = ChannelInfo {
            channel: Channel::new(1),
            medium: ChannelMedium::LAN,
            protocol: ChannelProtocol::IPMB,
            sessions: SessionSupport::Multi,
            active: 1,
            vendor: ChannelInfo::VENDOR_IPMI,
            aux: [0, 0],
        };
        let bytes = [0x01, 0x04, 0x01, 0x81, 0xF2, 0x1B, 0x00, 0x00, 0x00];
        testing::response::<GetChannelInfo>(&lan, &bytes);
        let ipmb = ChannelInfo {
            channel: Channel::IPMB,
            medium: ChannelMedium::IPMB,
            sessions: SessionSupport::None,
            active: 0,
            ..lan
        };
        let bytes = [0x00, 0x01, 0x01, 0x00, 0xF2, 0x1B, 0x00, 0x00, 0x00];
        testing::response::<GetChannelInfo>(&ipmb, &bytes);
    }
}
