//! Get Session Info, §22.20.

use alloc::vec::Vec;
use core::net::Ipv4Addr;

use super::UserId;
use crate::Privilege;
use crate::command::{Channel, Command, NetFn};
use crate::wire::{Decode, DecodeError, Encode, Reader};

/// Asks who is logged in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GetSessionInfo {
    /// The session that the request came in on.
    Current,
    /// The n-th active session, 1 to FDh.
    Index(u8),
    /// The session with this handle.
    Handle(u8),
    /// The session with this id (the one that the BMC chose).
    Id(u32),
}

impl Command for GetSessionInfo {
    const NETFN: NetFn = NetFn::APP;
    const CODE: u8 = 0x3D;
    const NAME: &'static str = "Get Session Info";
    const PRIVILEGE: Privilege = Privilege::User;
    type Response = SessionInfo;
}

const BY_HANDLE: u8 = 0xFE;
const BY_ID: u8 = 0xFF;

impl Encode for GetSessionInfo {
    fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Self::Current => out.push(0),
            Self::Index(index) => out.push(*index),
            Self::Handle(handle) => out.extend([BY_HANDLE, *handle]),
            Self::Id(id) => {
                out.push(BY_ID);
                out.extend(id.to_le_bytes());
            }
        }
    }
}

impl Decode for GetSessionInfo {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        let request = match r.u8()? {
            0 => Self::Current,
            BY_HANDLE => Self::Handle(r.u8()?),
            BY_ID => Self::Id(r.u32()?),
            index => Self::Index(index),
        };
        r.finish()?;
        Ok(request)
    }
}

/// The answer to [`GetSessionInfo`]: 3 bytes where there is no such session, otherwise 6, or 18 over LAN.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionInfo {
    /// The session's handle; 0 where there is no such session.
    pub handle: u8,
    /// How many sessions there can be at once, 0 to 63.
    pub slots: u8,
    /// How many there are, 0 to 63.
    pub active: u8,
    /// The session that was asked about, if there is one.
    pub session: Option<ActiveSession>,
}

/// One session's part of [`SessionInfo`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ActiveSession {
    /// Whose session it is.
    pub user: UserId,
    /// The level it operates at now.
    pub privilege: Privilege,
    /// Its protocol.
    pub protocol: SessionProtocol,
    /// The channel it came in on.
    pub channel: Channel,
    /// The other end, for sessions over a LAN.
    pub peer: Option<LanPeer>,
}

/// The session protocol of a LAN channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum SessionProtocol {
    /// IPMI 1.5.
    V15 = 0,
    /// IPMI 2.0, RMCP+.
    V20 = 1,
}

/// The remote console of a LAN session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LanPeer {
    /// Its address. The field has no room for IPv6: 0.0.0.0 then.
    pub address: Ipv4Addr,
    /// Its MAC address; zeros where unknown.
    pub mac: [u8; 6],
    /// Its UDP port.
    pub port: u16,
}

impl Encode for SessionInfo {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend([self.handle, self.slots & 0x3F, self.active & 0x3F]);
        let Some(session) = self.session else {
            return;
        };
        out.extend([
            session.user.number(),
            session.privilege.bits(),
            (session.protocol as u8) << 4 | session.channel.number(),
        ]);
        if let Some(peer) = session.peer {
            out.extend(peer.address.octets());
            out.extend(peer.mac);
            out.extend(peer.port.to_le_bytes());
        }
    }
}

impl Decode for SessionInfo {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        let [handle, slots, active] = r.array()?;
        let session = if r.is_empty() {
            None
        } else {
            Some(ActiveSession::read(&mut r)?)
        };
        r.finish()?;
        Ok(Self {
            handle,
            slots: slots & 0x3F,
            active: active & 0x3F,
            session,
        })
    }
}

impl ActiveSession {
    fn read(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let [user, privilege, channel] = r.array()?;
        let peer = if r.is_empty() {
            None
        } else {
            Some(LanPeer {
                address: r.array::<4>()?.into(),
                mac: r.array()?,
                port: r.u16()?,
            })
        };
        Ok(Self {
            user: UserId::from_bits(user)?,
            privilege: Privilege::from_bits(privilege & 0x0F)?,
            protocol: match channel >> 4 {
                0 => SessionProtocol::V15,
                1 => SessionProtocol::V20,
                _ => return Err(DecodeError::Invalid("session protocol")),
            },
            channel: Channel::new(channel),
            peer,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::testing;

    #[test]
    fn requests() {
        testing::request(&GetSessionInfo::Current, &[0]);
        testing::request(&GetSessionInfo::Index(2), &[2]);
        testing::request(&GetSessionInfo::Handle(2), &[0xFE, 2]);
        testing::request(&GetSessionInfo::Id(0x0403_0201), &[0xFF, 1, 2, 3, 4]);
        testing::refused::<GetSessionInfo>(&[0xFF, 1, 2], DecodeError::Truncated);
        testing::refused::<GetSessionInfo>(&[1, 2], DecodeError::Trailing);
    }

    #[test]
    fn responses() {
        let nobody = SessionInfo {
            handle: 0,
            slots: 16,
            active: 1,
            session: None,
        };
        testing::response::<GetSessionInfo>(&nobody, &[0, 16, 1]);

        let somebody = SessionInfo {
            handle: 3,
            session: Some(ActiveSession {
                user: UserId::new(2).unwrap(),
                privilege: Privilege::Administrator,
                protocol: SessionProtocol::V20,
                channel: Channel::new(1),
                peer: Some(LanPeer {
                    address: Ipv4Addr::new(127, 0, 0, 1),
                    mac: [2, 0, 0, 0, 0, 9],
                    port: 0x1234,
                }),
            }),
            ..nobody
        };
        let bytes = [
            3, 16, 1, 2, 4, 0x11, 127, 0, 0, 1, 2, 0, 0, 0, 0, 9, 0x34, 0x12,
        ];
        testing::response::<GetSessionInfo>(&somebody, &bytes);
    }
    #[test]
    fn ipmi_sim_leaves_the_peer_out() {
        let own = SessionInfo {
            handle: 1,
            slots: 63,
            active: 1,
            session: Some(ActiveSession {
                user: UserId::new(2).unwrap(),
                privilege: Privilege::Administrator,
                protocol: SessionProtocol::V20,
                channel: Channel::new(1),
                peer: None,
            }),
        };
        testing::response::<GetSessionInfo>(&own, &[0x01, 0x3F, 0x01, 0x02, 0x04, 0x11]);
    }
}
