//! Get Channel Access, §22.23.

use alloc::vec::Vec;

use super::{ChannelSettings, Storage};
use crate::Privilege;
use crate::command::{Channel, Command, NetFn};
use crate::wire::{Decode, DecodeError, Encode, Reader};

/// Asks how a channel may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GetChannelAccess {
    /// The channel.
    pub channel: Channel,
    /// The copy of its settings that is to be read.
    pub storage: Storage,
}

impl GetChannelAccess {
    /// Completion code: the channel has no such settings, since it knows no sessions.
    pub const NOT_SUPPORTED: u8 = 0x82;
}

impl Command for GetChannelAccess {
    const NETFN: NetFn = NetFn::APP;
    const CODE: u8 = 0x41;
    const NAME: &'static str = "Get Channel Access";
    const PRIVILEGE: Privilege = Privilege::User;
    type Response = ChannelAccess;
}

impl Encode for GetChannelAccess {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend([self.channel.number(), (self.storage as u8) << 6]);
    }
}

impl Decode for GetChannelAccess {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        let [channel, storage] = r.array()?;
        r.finish()?;
        Ok(Self {
            channel: Channel::new(channel),
            storage: match storage >> 6 {
                1 => Storage::NonVolatile,
                2 => Storage::Volatile,
                _ => return Err(DecodeError::Invalid("channel access storage")),
            },
        })
    }
}

/// The answer to [`GetChannelAccess`], 2 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChannelAccess {
    /// How the channel may be used.
    pub settings: ChannelSettings,
    /// The highest level that its sessions can have; none for a channel without sessions.
    pub limit: Option<Privilege>,
}

impl Encode for ChannelAccess {
    fn encode(&self, out: &mut Vec<u8>) {
        let limit = self.limit.map_or(0, Privilege::bits);
        out.extend([self.settings.bits(), limit]);
    }
}

impl Decode for ChannelAccess {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        let [settings, limit] = r.array()?;
        r.finish()?;
        Ok(Self {
            settings: ChannelSettings::from_bits(settings)?,
            limit: match limit & 0x0F {
                0 => None,
                bits => Some(Privilege::from_bits(bits)?),
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::app::AccessMode;
    use crate::command::testing;

    #[test]
    fn what_ipmitool_s_channel_info_sends_and_gets() {
        let in_use = GetChannelAccess {
            channel: Channel::new(1),
            storage: Storage::Volatile,
        };
        testing::request(&in_use, &[0x01, 0x80]);
        let kept = GetChannelAccess {
            storage: Storage::NonVolatile,
            ..in_use
        };
        testing::request(&kept, &[0x01, 0x40]);
        let access = ChannelAccess {
            settings: ChannelSettings {
                alerting: true,
                per_message_auth: true,
                user_level_auth: true,
                mode: AccessMode::Always,
            },
            limit: Some(Privilege::Administrator),
        };
        testing::response::<GetChannelAccess>(&access, &[0x02, 0x04]);
    }

    #[test]
    fn reserved_copies_are_refused() {
        let error = DecodeError::Invalid("channel access storage");
        testing::refused::<GetChannelAccess>(&[1, 0x00], error);
        testing::refused::<GetChannelAccess>(&[1, 0xC0], error);
    }
}
