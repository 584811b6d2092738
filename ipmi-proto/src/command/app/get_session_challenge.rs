//! Get Session Challenge, §22.16.

use alloc::vec::Vec;

use super::AuthType;
use crate::Privilege;
use crate::command::{Command, NetFn, V15Step};
use crate::handshake::Username;
use crate::wire::{Decode, DecodeError, Encode, Reader};

/// Asks for an IPMI 1.5 session: the first step of two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GetSessionChallenge {
    /// How the console is going to authenticate its packets.
    pub auth_type: AuthType,
    /// Who wants in.
    pub name: Username,
}

impl GetSessionChallenge {
    /// Completion code: there is no such user.
    pub const INVALID_NAME: u8 = 0x81;
    /// Completion code: the nameless user is not enabled.
    pub const NULL_NAME_NOT_ENABLED: u8 = 0x82;
}

impl Command for GetSessionChallenge {
    const NETFN: NetFn = NetFn::APP;
    const CODE: u8 = 0x39;
    const NAME: &'static str = "Get Session Challenge";
    const PRIVILEGE: Privilege = Privilege::Callback;
    const V15_STEP: Option<V15Step> = Some(V15Step::Challenge);
    type Response = SessionChallenge;
}

impl Encode for GetSessionChallenge {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(self.auth_type as u8);
        out.extend(self.name.padded());
    }
}

impl Decode for GetSessionChallenge {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        let auth_type = r.u8()?;
        let name = Username::from(r.array()?);
        r.finish()?;
        Ok(Self {
            auth_type: AuthType::from_bits(auth_type)?,
            name,
        })
    }
}

/// The answer to [`GetSessionChallenge`], 20 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionChallenge {
    /// The session id for the next packet alone, never 0.
    pub temporary_id: u32,
    /// Random bytes that the next packet brings back.
    pub challenge: [u8; 16],
}

impl Encode for SessionChallenge {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend(self.temporary_id.to_le_bytes());
        out.extend(self.challenge);
    }
}

impl Decode for SessionChallenge {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        let temporary_id = r.u32()?;
        let challenge = r.array()?;
        r.finish()?;
        Ok(Self {
            temporary_id,
            challenge,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::testing;

    #[test]
    fn what_ipmitool_s_lan_interface_asks_and_ipmi_sim_answers() {
        let ask = GetSessionChallenge {
            auth_type: AuthType::Md5,
            name: Username::new(b"admin").unwrap(),
        };
        testing::request(&ask, b"\x02admin\0\0\0\0\0\0\0\0\0\0\0");
        let challenge = [
            0x75, 0x83, 0xB0, 0x37, 0x68, 0x0C, 0x01, 0x31, 0xA1, 0xEA, 0xC6, 0x9E, 0xE2, 0x10,
            0x82, 0xA9,
        ];
        let answer = SessionChallenge {
            temporary_id: 5,
            challenge,
        };
        let bytes = [&[5, 0, 0, 0][..], &challenge].concat();
        testing::response::<GetSessionChallenge>(&answer, &bytes);
    }

    #[test]
    fn wrong_types_and_lengths_are_refused() {
        let auth_type = DecodeError::Invalid("authentication type");
        testing::refused::<GetSessionChallenge>(&[3; 17], auth_type);
        testing::refused::<GetSessionChallenge>(&[2; 16], DecodeError::Truncated);
        testing::refused::<GetSessionChallenge>(&[2; 18], DecodeError::Trailing);
    }
}
