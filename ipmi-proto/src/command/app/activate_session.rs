//! Activate Session, §22.17.

use alloc::vec::Vec;

use super::AuthType;
use crate::Privilege;
use crate::command::{Command, NetFn, V15Step};
use crate::wire::{Decode, DecodeError, Encode, Reader};

/// Opens an IPMI 1.5 session: the second step of two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ActivateSession {
    /// How the console authenticates its packets.
    pub auth_type: AuthType,
    /// The highest level that the session is to have.
    pub privilege: Privilege,
    /// The challenge, as it was given.
    pub challenge: [u8; 16],
    /// The sequence number that the BMC is to start with, never 0.
    pub outbound_sequence: u32,
}

impl ActivateSession {
    /// Completion code: no room for a session.
    pub const NO_SLOT: u8 = 0x81;
    /// Completion code: no room for another session of this user.
    pub const NO_SLOT_FOR_USER: u8 = 0x82;
    /// Completion code: no room for a session of this level.
    pub const NO_SLOT_FOR_PRIVILEGE: u8 = 0x83;
    /// Completion code: the packet's sequence number is out of range.
    pub const SEQUENCE_OUT_OF_RANGE: u8 = 0x84;
    /// Completion code: the packet's session id is wrong.
    pub const INVALID_SESSION_ID: u8 = 0x85;
    /// Completion code: the level exceeds what the user or the channel may have.
    pub const PRIVILEGE_EXCEEDED: u8 = 0x86;
}

impl Command for ActivateSession {
    const NETFN: NetFn = NetFn::APP;
    const CODE: u8 = 0x3A;
    const NAME: &'static str = "Activate Session";
    const PRIVILEGE: Privilege = Privilege::Callback;
    const V15_STEP: Option<V15Step> = Some(V15Step::Activation);
    type Response = ActivatedSession;
}

impl Encode for ActivateSession {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend([self.auth_type as u8, self.privilege.bits()]);
        out.extend(self.challenge);
        out.extend(self.outbound_sequence.to_le_bytes());
    }
}

impl Decode for ActivateSession {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        let [auth_type, privilege] = r.array()?;
        let challenge = r.array()?;
        let outbound_sequence = r.u32()?;
        r.finish()?;
        Ok(Self {
            auth_type: AuthType::from_bits(auth_type)?,
            privilege: Privilege::from_bits(privilege & 0x0F)?,
            challenge,
            outbound_sequence,
        })
    }
}

/// The answer to [`ActivateSession`], 10 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ActivatedSession {
    /// How the session's packets are authenticated from now on: as the console wanted, or not at all where the
    /// channel asks for no authentication of every packet.
    pub auth_type: AuthType,
    /// The session's id from now on, never 0.
    pub id: u32,
    /// The sequence number that the console is to go on with.
    pub inbound_sequence: u32,
    /// The highest level that the session can have. It starts at [`Privilege::User`].
    pub limit: Privilege,
}

impl Encode for ActivatedSession {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(self.auth_type as u8);
        out.extend(self.id.to_le_bytes());
        out.extend(self.inbound_sequence.to_le_bytes());
        out.push(self.limit.bits());
    }
}

impl Decode for ActivatedSession {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        let auth_type = AuthType::from_bits(r.u8()?)?;
        let (id, inbound_sequence) = (r.u32()?, r.u32()?);
        let limit = Privilege::from_bits(r.u8()? & 0x0F)?;
        r.finish()?;
        Ok(Self {
            auth_type,
            id,
            inbound_sequence,
            limit,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::testing;

    #[test]
    fn what_freeipmi_s_ipmipower_asks_and_ipmi_sim_answers() {
        let challenge = [
            0x75, 0x83, 0xB0, 0x37, 0x68, 0x0C, 0x01, 0x31, 0xA1, 0xEA, 0xC6, 0x9E, 0xE2, 0x10,
            0x82, 0xA9,
        ];
        let activate = ActivateSession {
            auth_type: AuthType::Md5,
            privilege: Privilege::Administrator,
            challenge,
            outbound_sequence: 1,
        };
        let bytes = [&[2, 4][..], &challenge, &[1, 0, 0, 0]].concat();
        testing::request(&activate, &bytes);
        let activated = ActivatedSession {
            auth_type: AuthType::Md5,
            id: 0x82,
            inbound_sequence: 0x7D8A_6DEE,
            limit: Privilege::Administrator,
        };
        let bytes = [2, 0x82, 0, 0, 0, 0xEE, 0x6D, 0x8A, 0x7D, 4];
        testing::response::<ActivateSession>(&activated, &bytes);
    }

    #[test]
    fn wrong_values_and_lengths_are_refused() {
        let request = |auth_type, privilege| {
            let mut bytes = [0; 22];
            [bytes[0], bytes[1]] = [auth_type, privilege];
            bytes
        };
        let auth_type = DecodeError::Invalid("authentication type");
        testing::refused::<ActivateSession>(&request(6, 4), auth_type);
        let privilege = DecodeError::Invalid("privilege level");
        testing::refused::<ActivateSession>(&request(2, 0), privilege);
        testing::refused::<ActivateSession>(&request(2, 4)[..21], DecodeError::Truncated);
    }
}
