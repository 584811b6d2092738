//! Set Channel Access, §22.22.

use alloc::vec::Vec;

use super::{ChannelSettings, Storage, Write};
use crate::Privilege;
use crate::command::{Channel, Command, NetFn};
use crate::wire::{Decode, DecodeError, Encode, Reader};

/// Says how a channel may be used, and up to which level.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SetChannelAccess {
    /// The channel.
    pub channel: Channel,
    /// How it may be used; none leaves it as it is.
    pub settings: Option<Write<ChannelSettings>>,
    /// The highest level that its sessions can have; none leaves it as it is.
    pub limit: Option<Write<Privilege>>,
}

impl SetChannelAccess {
    /// Completion code: this channel's access cannot be set.
    pub const NOT_SUPPORTED: u8 = 0x82;
    /// Completion code: the channel does not know this access mode.
    pub const MODE_NOT_SUPPORTED: u8 = 0x83;
}

impl Command for SetChannelAccess {
    const NETFN: NetFn = NetFn::APP;
    const CODE: u8 = 0x40;
    const NAME: &'static str = "Set Channel Access";
    const PRIVILEGE: Privilege = Privilege::Administrator;
    type Response = ();
}

impl Encode for SetChannelAccess {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend([
            self.channel.number(),
            self.settings
                .map_or(0, |write| (write.storage as u8) << 6 | write.value.bits()),
            self.limit
                .map_or(0, |write| (write.storage as u8) << 6 | write.value.bits()),
        ]);
    }
}

impl Decode for SetChannelAccess {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        let [channel, settings, limit] = r.array()?;
        r.finish()?;
        Ok(Self {
            channel: Channel::new(channel),
            settings: write(settings, ChannelSettings::from_bits)?,
            limit: write(limit, |bits| Privilege::from_bits(bits & 0x0F))?,
        })
    }
}

/// Reads a byte whose upper two bits say whether and where the rest is to be written.
fn write<T>(
    byte: u8,
    value: impl FnOnce(u8) -> Result<T, DecodeError>,
) -> Result<Option<Write<T>>, DecodeError> {
    let storage = match byte >> 6 {
        0 => return Ok(None),
        1 => Storage::NonVolatile,
        2 => Storage::Volatile,
        _ => return Err(DecodeError::Invalid("channel access storage")),
    };
    let value = value(byte)?;
    Ok(Some(Write { storage, value }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::app::AccessMode;
    use crate::command::testing;

    #[test]
    fn bytes() {
        let both = SetChannelAccess {
            channel: Channel::new(1),
            settings: Some(Write {
                storage: Storage::NonVolatile,
                value: ChannelSettings {
                    alerting: false,
                    per_message_auth: true,
                    user_level_auth: true,
                    mode: AccessMode::Always,
                },
            }),
            limit: Some(Write {
                storage: Storage::Volatile,
                value: Privilege::Administrator,
            }),
        };
        testing::request(&both, &[0x01, 0x62, 0x84]);
        let neither = SetChannelAccess {
            settings: None,
            limit: None,
            ..both
        };
        testing::request(&neither, &[0x01, 0x00, 0x00]);
        testing::response::<SetChannelAccess>(&(), &[]);
    }

    #[test]
    fn reserved_values_are_refused() {
        let storage = DecodeError::Invalid("channel access storage");
        testing::refused::<SetChannelAccess>(&[1, 0xC2, 0], storage);
        let mode = DecodeError::Invalid("channel access mode");
        testing::refused::<SetChannelAccess>(&[1, 0x44, 0], mode);
        let level = DecodeError::Invalid("privilege level");
        testing::refused::<SetChannelAccess>(&[1, 0, 0x40], level);
        testing::refused::<SetChannelAccess>(&[1, 0], DecodeError::Truncated);
    }
}
