//! Get User Payload Access, §24.7.

use alloc::vec::Vec;

use super::{PayloadSet, UserId};
use crate::Privilege;
use crate::command::{Channel, Command, NetFn};
use crate::wire::{Decode, DecodeError, Encode, Reader};

/// Asks which payloads a user may activate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GetUserPayloadAccess {
    /// The channel.
    pub channel: Channel,
    /// The user.
    pub user: UserId,
}

impl Command for GetUserPayloadAccess {
    const NETFN: NetFn = NetFn::APP;
    const CODE: u8 = 0x4D;
    const NAME: &'static str = "Get User Payload Access";
    const PRIVILEGE: Privilege = Privilege::Operator;
    type Response = UserPayloadAccess;
}

impl Encode for GetUserPayloadAccess {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend([self.channel.number(), self.user.number()]);
    }
}

impl Decode for GetUserPayloadAccess {
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

/// The answer to [`GetUserPayloadAccess`], 4 bytes: what the user may activate, IPMI messages apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UserPayloadAccess(pub PayloadSet);

impl Encode for UserPayloadAccess {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend(self.0.access_bytes());
    }
}

impl Decode for UserPayloadAccess {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        let payloads = r.array()?;
        r.finish()?;
        Ok(Self(PayloadSet::from_access_bytes(payloads)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::app::PayloadNumber;
    use crate::command::testing;

    #[test]
    fn bytes() {
        type Get = GetUserPayloadAccess;
        let get = Get {
            channel: Channel::PRESENT,
            user: UserId::new(2).unwrap(),
        };
        testing::request(&get, &[0x0E, 0x02]);
        let payloads = PayloadSet::EMPTY
            .with(PayloadNumber::SOL)
            .with(PayloadNumber::new(0x21));
        testing::response::<Get>(&UserPayloadAccess(payloads), &[0x02, 0, 0x02, 0]);
        testing::refused::<Get>(&[1, 0], DecodeError::OutOfRange("user id"));
        testing::refused::<Get>(&[1], DecodeError::Truncated);
    }
}
