//! Close Session, §22.19.

use alloc::vec::Vec;

use crate::Privilege;
use crate::command::{Command, NetFn};
use crate::wire::{Decode, DecodeError, Encode, Reader};

/// Ends a session: the sender's own, or with Administrator level any other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CloseSession {
    /// The session with this id (the one that the BMC chose). 0 names none.
    Id(u32),
    /// The session with this handle, as Get Session Info reports it. The wire has it behind an id of 0.
    Handle(u8),
}

impl Command for CloseSession {
    const NETFN: NetFn = NetFn::APP;
    const CODE: u8 = 0x3C;
    const NAME: &'static str = "Close Session";
    const PRIVILEGE: Privilege = Privilege::Callback;
    type Response = ();
}

impl CloseSession {
    /// Completion code: there is no session with this id.
    pub const INVALID_ID: u8 = 0x87;
    /// Completion code: there is no session with this handle.
    pub const INVALID_HANDLE: u8 = 0x88;
}

impl Encode for CloseSession {
    fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Self::Id(id) => out.extend(id.to_le_bytes()),
            Self::Handle(handle) => out.extend([0, 0, 0, 0, *handle]),
        }
    }
}

impl Decode for CloseSession {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        let id = r.u32()?;
        let request = if id == 0 && !r.is_empty() {
            Self::Handle(r.u8()?)
        } else {
            Self::Id(id)
        };
        r.finish()?;
        Ok(request)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::testing;

    #[test]
    fn bytes() {
        testing::request(&CloseSession::Id(0x0403_0201), &[1, 2, 3, 4]);
        testing::request(&CloseSession::Handle(7), &[0, 0, 0, 0, 7]);
        testing::request(&CloseSession::Id(0), &[0, 0, 0, 0]);
        testing::response::<CloseSession>(&(), &[]);
        testing::refused::<CloseSession>(&[1, 2, 3], DecodeError::Truncated);
    }

    #[test]
    fn a_handle_is_allowed_behind_id_0_only() {
        testing::refused::<CloseSession>(&[1, 0, 0, 0, 7], DecodeError::Trailing);
    }
}
