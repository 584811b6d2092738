//! Set User Name, §22.28.

use alloc::vec::Vec;

use super::UserId;
use crate::Privilege;
use crate::command::{Command, NetFn};
use crate::handshake::Username;
use crate::wire::{Decode, DecodeError, Encode, Reader};

/// Names a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SetUserName {
    /// The user.
    pub user: UserId,
    /// The name; an empty one removes the user, or makes it the nameless one.
    pub name: Username,
}

impl Command for SetUserName {
    const NETFN: NetFn = NetFn::APP;
    const CODE: u8 = 0x45;
    const NAME: &'static str = "Set User Name";
    const PRIVILEGE: Privilege = Privilege::Administrator;
    type Response = ();
}

impl Encode for SetUserName {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(self.user.number());
        out.extend(self.name.padded());
    }
}

impl Decode for SetUserName {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        let user = r.u8()?;
        let name = Username::from(r.array()?);
        r.finish()?;
        Ok(Self {
            user: UserId::from_bits(user)?,
            name,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::testing;

    #[test]
    fn bytes() {
        let set = SetUserName {
            user: UserId::new(3).unwrap(),
            name: Username::new(b"admin").unwrap(),
        };
        testing::request(&set, b"\x03admin\0\0\0\0\0\0\0\0\0\0\0");
        testing::response::<SetUserName>(&(), &[]);
        testing::refused::<SetUserName>(b"\x03admin", DecodeError::Truncated);
        let nobody = DecodeError::OutOfRange("user id");
        testing::refused::<SetUserName>(&[0; 17], nobody);
    }
}
