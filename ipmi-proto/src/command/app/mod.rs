//! Application commands, NetFn 06h: the BMC itself, messaging, sessions, channels and users (§20, §22).

mod cipher_suite_record;
mod close_session;
mod cold_reset;
mod get_channel_authentication_capabilities;
mod get_channel_cipher_suites;
mod get_device_id;
mod get_session_info;
mod set_session_privilege_level;
mod user;

pub use cipher_suite_record::CipherSuiteRecord;
pub use close_session::CloseSession;
pub use cold_reset::ColdReset;
pub use get_channel_authentication_capabilities::{
    AuthTypes, ChannelAuthenticationCapabilities, ExtendedCapabilities,
    GetChannelAuthenticationCapabilities,
};
pub use get_channel_cipher_suites::{ChannelCipherSuites, CipherListing, GetChannelCipherSuites};
pub use get_device_id::{DeviceId, DeviceSupport, GetDeviceId};
pub use get_session_info::{ActiveSession, GetSessionInfo, LanPeer, SessionInfo, SessionProtocol};
pub use set_session_privilege_level::{SessionPrivilegeLevel, SetSessionPrivilegeLevel};
pub use user::{UserId, UserName};
