//! Get User Access, §22.27.

use alloc::vec::Vec;

use super::UserId;
use super::user_rights::{UserRights, limit_bits, limit_from_bits};
use crate::Privilege;
use crate::command::{Channel, Command, NetFn};
use crate::wire::{Decode, DecodeError, Encode, Reader};

/// Asks what a user may do on a channel, and how many users there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GetUserAccess {
    /// The channel.
    pub channel: Channel,
    /// The user.
    pub user: UserId,
}

impl Command for GetUserAccess {
    const NETFN: NetFn = NetFn::APP;
    const CODE: u8 = 0x44;
    const NAME: &'static str = "Get User Access";
    const PRIVILEGE: Privilege = Privilege::Operator;
    type Response = UserAccess;
}

impl Encode for GetUserAccess {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend([self.channel.number(), self.user.number()]);
    }
}

impl Decode for GetUserAccess {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        let [channel, user] = r.array()?;
        r.finish()?;
        Ok(Self {
            channel: Channel::new(channel),
            user: UserId::from_bits(user)?,
        })
    }
}

/// The answer to [`GetUserAccess`], 4 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UserAccess {
    /// How many users there can be, 0 to 63: the highest id.
    pub slots: u8,
    /// Whether the user asked about is enabled; none where the BMC does not say.
    pub enabled: Option<bool>,
    /// How many users are enabled, 0 to 63.
    pub enabled_users: u8,
    /// How many users have a name that cannot be changed, 0 to 63: the first ones, the nameless one included.
    pub fixed_names: u8,
    /// What the user may do.
    pub rights: UserRights,
    /// The user's highest level; none is "no access".
    pub limit: Option<Privilege>,
}

impl Encode for UserAccess {
    fn encode(&self, out: &mut Vec<u8>) {
        let enabled: u8 = match self.enabled {
            None => 0,
            Some(true) => 1,
            Some(false) => 2,
        };
        out.extend([
            self.slots & 0x3F,
            enabled << 6 | self.enabled_users & 0x3F,
            self.fixed_names & 0x3F,
            self.rights.bits() | limit_bits(self.limit),
        ]);
    }
}

impl Decode for UserAccess {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        let [slots, enabled, fixed_names, rights] = r.array()?;
        r.finish()?;
        Ok(Self {
            slots: slots & 0x3F,
            enabled: match enabled >> 6 {
                1 => Some(true),
                2 => Some(false),
                _ => None,
            },
            enabled_users: enabled & 0x3F,
            fixed_names: fixed_names & 0x3F,
            rights: UserRights::from_bits(rights),
            limit: limit_from_bits(rights)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::testing;

    #[test]
    fn what_freeipmi_s_ipmi_config_sends_and_gets() {
        let get = GetUserAccess {
            channel: Channel::new(1),
            user: UserId::new(1).unwrap(),
        };
        testing::request(&get, &[0x01, 0x01]);
        let nameless = UserAccess {
            slots: 63,
            enabled: None,
            enabled_users: 5,
            fixed_names: 1,
            rights: UserRights {
                messaging: true,
                ..UserRights::default()
            },
            limit: Some(Privilege::User),
        };
        testing::response::<GetUserAccess>(&nameless, &[0x3F, 0x05, 0x01, 0x12]);
        let disabled = UserAccess {
            enabled: Some(false),
            limit: None,
            ..nameless
        };
        testing::response::<GetUserAccess>(&disabled, &[0x3F, 0x85, 0x01, 0x1F]);
    }

    #[test]
    fn user_0_does_not_exist() {
        let error = DecodeError::OutOfRange("user id");
        testing::refused::<GetUserAccess>(&[1, 0], error);
    }
}
