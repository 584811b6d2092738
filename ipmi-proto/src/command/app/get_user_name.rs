//! Get User Name, §22.29.

use alloc::vec::Vec;

use super::UserId;
use crate::Privilege;
use crate::command::{Command, NetFn};
use crate::handshake::Username;
use crate::wire::{Decode, DecodeError, Encode, Reader};

/// Asks for a user's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GetUserName {
    /// The user.
    pub user: UserId,
}

impl Command for GetUserName {
    const NETFN: NetFn = NetFn::APP;
    const CODE: u8 = 0x46;
    const NAME: &'static str = "Get User Name";
    const PRIVILEGE: Privilege = Privilege::Operator;
    type Response = Username;
}

impl Encode for GetUserName {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(self.user.number());
    }
}

impl Decode for GetUserName {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        let user = r.u8()?;
        r.finish()?;
        Ok(Self {
            user: UserId::from_bits(user)?,
        })
    }
}

// The answer to Get User Name, 16 bytes.
impl Encode for Username {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend(self.padded());
    }
}

impl Decode for Username {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        let name = r.array()?;
        r.finish()?;
        Ok(Self::from(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::testing;

    #[test]
    fn bytes() {
        let get = GetUserName {
            user: UserId::new(2).unwrap(),
        };
        testing::request(&get, &[0x02]);
        testing::refused::<GetUserName>(&[0], DecodeError::OutOfRange("user id"));
        let name = Username::new(b"oper").unwrap();
        testing::response::<GetUserName>(&name, b"oper\0\0\0\0\0\0\0\0\0\0\0\0");
    }
}
