//! Set User Access, §22.26.

use alloc::vec::Vec;

use super::UserId;
use super::user_rights::{UserRights, limit_bits, limit_from_bits};
use crate::Privilege;
use crate::command::bits::{bit, is_set};
use crate::command::{Channel, Command, NetFn};
use crate::wire::{Decode, DecodeError, Encode, Reader};

/// Says what a user may do on a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SetUserAccess {
    /// The channel.
    pub channel: Channel,
    /// The user.
    pub user: UserId,
    /// What the user may do; none leaves it as it is.
    pub rights: Option<UserRights>,
    /// The user's highest level; none takes the access away.
    pub limit: Option<Privilege>,
    /// How many sessions the user can have at once, 0 to 15, 0 meaning as many as the channel allows. None, where the
    /// byte is absent, leaves it as it is.
    pub session_limit: Option<u8>,
}

impl Command for SetUserAccess {
    const NETFN: NetFn = NetFn::APP;
    const CODE: u8 = 0x43;
    const NAME: &'static str = "Set User Access";
    const PRIVILEGE: Privilege = Privilege::Administrator;
    type Response = ();
}

impl Encode for SetUserAccess {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend([
            bit(7, self.rights.is_some())
                | self.rights.map_or(0, UserRights::bits)
                | self.channel.number(),
            self.user.number(),
            limit_bits(self.limit),
        ]);
        out.extend(self.session_limit.map(|limit| limit & 0x0F));
    }
}

impl Decode for SetUserAccess {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        let [rights, user, limit] = r.array()?;
        let session_limit = if r.is_empty() {
            None
        } else {
            Some(r.u8()? & 0x0F)
        };
        r.finish()?;
        Ok(Self {
            channel: Channel::new(rights),
            user: UserId::from_bits(user)?,
            rights: is_set(rights, 7).then_some(UserRights::from_bits(rights)),
            limit: limit_from_bits(limit)?,
            session_limit,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::testing;

    #[test]
    fn bytes() {
        let set = SetUserAccess {
            channel: Channel::new(1),
            user: UserId::new(2).unwrap(),
            rights: Some(UserRights {
                callback_only: false,
                link_auth: true,
                messaging: true,
            }),
            limit: Some(Privilege::Administrator),
            session_limit: None,
        };
        testing::request(&set, &[0xB1, 0x02, 0x04]);
        let no_access = SetUserAccess {
            rights: None,
            limit: None,
            session_limit: Some(3),
            ..set
        };
        testing::request(&no_access, &[0x01, 0x02, 0x0F, 0x03]);
        testing::response::<SetUserAccess>(&(), &[]);
    }

    #[test]
    fn reserved_values_are_refused() {
        let level = DecodeError::Invalid("privilege level");
        testing::refused::<SetUserAccess>(&[0x91, 2, 0], level);
        testing::refused::<SetUserAccess>(&[0x91, 2, 6], level);
        let user = DecodeError::OutOfRange("user id");
        testing::refused::<SetUserAccess>(&[0x91, 0, 4], user);
        testing::refused::<SetUserAccess>(&[0x91, 2], DecodeError::Truncated);
    }
}
