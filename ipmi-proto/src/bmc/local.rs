//! The commands that are about sessions and what was sent, which only the endpoint can answer.

use alloc::vec::Vec;
use core::net::{IpAddr, Ipv4Addr, SocketAddr};

use super::session::{Link, MAX_SESSIONS, Sessions, Slot};
use super::traffic::Traffic;
use super::{Answer, Config};
use crate::command::app::{
    ActiveSession, ChannelAuthenticationCapabilities, ChannelCipherSuites, CipherSuiteRecord,
    CloseSession, ExtendedCapabilities, GetChannelAuthenticationCapabilities,
    GetChannelCipherSuites, GetSessionInfo, LanPeer, SessionInfo, SessionPrivilegeLevel,
    SessionProtocol, SetSessionPrivilegeLevel,
};
use crate::command::transport::{GetIpUdpRmcpStatistics, LanStatistics};
use crate::command::{Channel, Request};
use crate::{CompletionCode, Privilege};

/// The one channel that this end serves.
const LAN_CHANNEL: Channel = Channel::new(1);

/// Answers a request outside a session, or none of these.
pub(super) fn sessionless(request: &Request, config: &Config) -> Option<Answer> {
    Some(match request {
        Request::GetChannelAuthenticationCapabilities(request) => {
            Answer::of(capabilities(request, config))
        }
        Request::GetChannelCipherSuites(request) => Answer::of(cipher_suites(request, config)),
        _ => return None,
    })
}

/// Answers a request of the session with this id, or none of these. The second value is a session that ends once the
/// answer is on its way.
pub(super) fn in_session(
    request: &Request,
    id: u32,
    sessions: &mut Sessions,
    traffic: &mut Traffic,
    config: &Config,
) -> Option<(Answer, Option<u32>)> {
    let answer = match request {
        Request::SetSessionPrivilegeLevel(request) => {
            Answer::of(set_privilege(request, sessions.get_mut(id)?))
        }
        Request::GetIpUdpRmcpStatistics(request) => Answer::of(statistics(*request, traffic)),
        Request::GetSessionInfo(request) => Answer::of(session_info(request, id, sessions)),
        // There is a session already, of whichever kind.
        Request::GetSessionChallenge(_) | Request::ActivateSession(_) => {
            Answer::of(Err::<(), _>(CompletionCode::NotSupportedInState))
        }
        Request::CloseSession(request) => {
            let privilege = sessions.get_mut(id)?.session.privilege;
            let closed = close(request, id, privilege, sessions);
            return Some((Answer::of(closed.map(|_| ())), closed.ok()));
        }
        other => sessionless(other, config)?,
    };
    Some((answer, None))
}

fn own_channel(channel: Channel) -> Result<(), CompletionCode> {
    if channel == LAN_CHANNEL || channel == Channel::PRESENT {
        Ok(())
    } else {
        Err(CompletionCode::InvalidDataField)
    }
}

/// Get Channel Authentication Capabilities, §22.13. Says in the extended fields, where they were asked for, that there
/// are IPMI 2.0 sessions.
fn capabilities(
    request: &GetChannelAuthenticationCapabilities,
    config: &Config,
) -> Result<ChannelAuthenticationCapabilities, CompletionCode> {
    own_channel(request.channel)?;
    let users = || config.users.enabled();
    let empty = |user: &&super::User| {
        user.password
            .as_ref()
            .is_none_or(|password| password.as_bytes().is_empty())
    };
    let extended = ExtendedCapabilities {
        kg_set: config.kg.is_some(),
        v20: true,
        v15: config.v15.is_enabled(),
    };
    Ok(ChannelAuthenticationCapabilities {
        channel: LAN_CHANNEL,
        auth_types: config.v15.spoken(),
        extended: request.extended.then_some(extended),
        per_message_auth: config.v15.per_message_auth,
        user_level_auth: true,
        named_users: users().any(|user| !user.name.is_null()),
        nameless_user: users().any(|user| user.name.is_null() && !empty(&user)),
        anonymous: users().any(|user| user.name.is_null() && empty(&user)),
        oem_id: 0,
        oem_data: 0,
    })
}

/// Get Channel Cipher Suites, §22.15.
fn cipher_suites(
    request: &GetChannelCipherSuites,
    config: &Config,
) -> Result<ChannelCipherSuites, CompletionCode> {
    own_channel(request.channel)?;
    let records: Vec<_> = config
        .suites
        .iter()
        .map(|suite| {
            CipherSuiteRecord::standard(
                suite.id(),
                suite.authentication() as u8,
                suite.integrity() as u8,
                suite.confidentiality() as u8,
            )
        })
        .collect();
    Ok(ChannelCipherSuites::window(
        LAN_CHANNEL,
        &request.listing.list(&records),
        request.index,
    ))
}

/// Set Session Privilege Level, §22.18.
fn set_privilege(
    request: &SetSessionPrivilegeLevel,
    slot: &mut Slot,
) -> Result<SessionPrivilegeLevel, CompletionCode> {
    /// "Requested level exceeds channel and/or user privilege limit."
    const EXCEEDS_LIMIT: CompletionCode = CompletionCode::CommandSpecific(0x81);
    let session = &mut slot.session;
    match request.level {
        Some(level) if level > session.limit => return Err(EXCEEDS_LIMIT),
        Some(level) => session.privilege = level,
        None => {}
    }
    Ok(SessionPrivilegeLevel(session.privilege))
}

/// Close Session, §22.19: gives the session to close. One's own always, others' with ADMINISTRATOR level.
fn close(
    request: &CloseSession,
    own: u32,
    privilege: Privilege,
    sessions: &Sessions,
) -> Result<u32, CompletionCode> {
    let id = match request {
        CloseSession::Id(id) => sessions.contains(*id).then_some(*id),
        CloseSession::Handle(handle) => sessions
            .iter()
            .find(|(known, _)| known == handle)
            .map(|(_, slot)| slot.session.id),
    };
    let code = match request {
        CloseSession::Id(_) => CloseSession::INVALID_ID,
        CloseSession::Handle(_) => CloseSession::INVALID_HANDLE,
    };
    let id = id.ok_or(CompletionCode::CommandSpecific(code))?;
    if id != own && privilege < Privilege::Administrator {
        return Err(CompletionCode::InsufficientPrivilege);
    }
    Ok(id)
}

/// Get Session Info, §22.20.
fn session_info(
    request: &GetSessionInfo,
    own: u32,
    sessions: &Sessions,
) -> Result<SessionInfo, CompletionCode> {
    let wanted = match request {
        GetSessionInfo::Current => sessions.iter().find(|(_, slot)| slot.session.id == own),
        GetSessionInfo::Index(index) => sessions.iter().nth(usize::from(index.saturating_sub(1))),
        GetSessionInfo::Handle(handle) => sessions.iter().find(|(known, _)| known == handle),
        GetSessionInfo::Id(id) => sessions.iter().find(|(_, slot)| slot.session.id == *id),
    };
    // A number with no session behind it is no error: that is how a client walks through all of them.
    if wanted.is_none() && !matches!(request, GetSessionInfo::Index(_)) {
        return Err(CompletionCode::NotPresent);
    }
    Ok(SessionInfo {
        handle: wanted.map_or(0, |(handle, _)| handle),
        slots: MAX_SESSIONS as u8,
        active: sessions.len() as u8,
        session: wanted.map(|(_, slot)| ActiveSession {
            user: slot.session.user,
            privilege: slot.session.privilege,
            protocol: match slot.session.link {
                Link::V20 { .. } => SessionProtocol::V20,
                Link::V15 { .. } => SessionProtocol::V15,
            },
            channel: LAN_CHANNEL,
            peer: Some(lan_peer(slot.peer)),
        }),
    })
}

/// Get IP/UDP/RMCP Statistics, §23.4. What is answered is what there was before it was cleared.
fn statistics(
    request: GetIpUdpRmcpStatistics,
    traffic: &mut Traffic,
) -> Result<LanStatistics, CompletionCode> {
    own_channel(request.channel)?;
    let statistics = traffic.statistics();
    if request.clear {
        traffic.clear();
    }
    Ok(statistics)
}

/// The fields are made for IPv4: an IPv6 console shows as 0.0.0.0. Its MAC address is not known here.
fn lan_peer(peer: SocketAddr) -> LanPeer {
    let address = match peer.ip().to_canonical() {
        IpAddr::V4(address) => address,
        IpAddr::V6(_) => Ipv4Addr::UNSPECIFIED,
    };
    LanPeer {
        address,
        mac: [0; 6],
        port: peer.port(),
    }
}
