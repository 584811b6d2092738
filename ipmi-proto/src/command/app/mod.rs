//! Application commands, NetFn 06h: the BMC itself, messaging, sessions, channels and users (§20, §22).

mod activate_payload;
mod activate_session;
mod auth_type;
mod channel_settings;
mod cipher_suite_record;
mod clear_message_flags;
mod close_session;
mod cold_reset;
mod deactivate_payload;
mod get_acpi_power_state;
mod get_bmc_global_enables;
mod get_channel_access;
mod get_channel_authentication_capabilities;
mod get_channel_cipher_suites;
mod get_channel_info;
mod get_channel_oem_payload_info;
mod get_channel_payload_support;
mod get_channel_payload_version;
mod get_device_guid;
mod get_device_id;
mod get_message;
mod get_message_flags;
mod get_payload_activation_status;
mod get_payload_instance_info;
mod get_self_test_results;
mod get_session_challenge;
mod get_session_info;
mod get_system_guid;
mod get_system_info_parameters;
mod get_user_access;
mod get_user_name;
mod get_user_payload_access;
mod get_watchdog_timer;
mod global_enables;
mod guid;
mod info_text;
mod message_flags;
mod payload;
mod read_event_message_buffer;
mod reset_watchdog_timer;
mod send_message;
mod set_acpi_power_state;
mod set_bmc_global_enables;
mod set_channel_access;
mod set_channel_security_keys;
mod set_session_privilege_level;
mod set_system_info_parameters;
mod set_user_access;
mod set_user_name;
mod set_user_password;
mod set_user_payload_access;
mod set_watchdog_timer;
mod suspend_resume_payload_encryption;
mod system_info_parameter;
mod user;
mod user_rights;
mod warm_reset;
mod watchdog;

pub use activate_payload::{
    ActivatePayload, ActivatedPayload, PayloadRequest, SerialAlerts, SolActivation,
};
pub use activate_session::{ActivateSession, ActivatedSession};
pub use auth_type::AuthType;
pub use channel_settings::{AccessMode, ChannelSettings, Storage, Write};
pub use cipher_suite_record::CipherSuiteRecord;
pub use clear_message_flags::ClearMessageFlags;
pub use close_session::CloseSession;
pub use cold_reset::ColdReset;
pub use deactivate_payload::DeactivatePayload;
pub use get_acpi_power_state::{
    AcpiDeviceState, AcpiPowerState, AcpiSystemState, GetAcpiPowerState,
};
pub use get_bmc_global_enables::GetBmcGlobalEnables;
pub use get_channel_access::{ChannelAccess, GetChannelAccess};
pub use get_channel_authentication_capabilities::{
    AuthTypes, ChannelAuthenticationCapabilities, ExtendedCapabilities,
    GetChannelAuthenticationCapabilities,
};
pub use get_channel_cipher_suites::{ChannelCipherSuites, CipherListing, GetChannelCipherSuites};
pub use get_channel_info::{
    ChannelInfo, ChannelMedium, ChannelProtocol, GetChannelInfo, SessionSupport,
};
pub use get_channel_oem_payload_info::{GetChannelOemPayloadInfo, OemPayload, OemPayloadInfo};
pub use get_channel_payload_support::{ChannelPayloadSupport, GetChannelPayloadSupport};
pub use get_channel_payload_version::{GetChannelPayloadVersion, PayloadVersion};
pub use get_device_guid::GetDeviceGuid;
pub use get_device_id::{DeviceId, DeviceSupport, GetDeviceId};
pub use get_message::{GetMessage, ReceivedMessage};
pub use get_message_flags::GetMessageFlags;
pub use get_payload_activation_status::{
    GetPayloadActivationStatus, PayloadActivationStatus, PayloadInstances,
};
pub use get_payload_instance_info::{GetPayloadInstanceInfo, PayloadInstanceInfo};
pub use get_self_test_results::{GetSelfTestResults, SelfTest};
pub use get_session_challenge::{GetSessionChallenge, SessionChallenge};
pub use get_session_info::{ActiveSession, GetSessionInfo, LanPeer, SessionInfo, SessionProtocol};
pub use get_system_guid::GetSystemGuid;
pub use get_system_info_parameters::GetSystemInfoParameters;
pub use get_user_access::{GetUserAccess, UserAccess};
pub use get_user_name::GetUserName;
pub use get_user_payload_access::{GetUserPayloadAccess, UserPayloadAccess};
pub use get_watchdog_timer::{GetWatchdogTimer, WatchdogTimer};
pub use global_enables::GlobalEnables;
pub use guid::Guid;
pub use info_text::{InfoText, TextBlock, TextEncoding};
pub use message_flags::MessageFlags;
pub use payload::{PayloadInstance, PayloadNumber, PayloadSet};
pub use read_event_message_buffer::{BufferedEvent, ReadEventMessageBuffer};
pub use reset_watchdog_timer::ResetWatchdogTimer;
pub use send_message::{SendMessage, SentMessage, Tracking};
pub use set_acpi_power_state::SetAcpiPowerState;
pub use set_bmc_global_enables::SetBmcGlobalEnables;
pub use set_channel_access::SetChannelAccess;
pub use set_channel_security_keys::{
    ChannelKey, ChannelSecurityKey, KeyLock, KeyOperation, SecurityKey, SetChannelSecurityKeys,
};
pub use set_session_privilege_level::{SessionPrivilegeLevel, SetSessionPrivilegeLevel};
pub use set_system_info_parameters::SetSystemInfoParameters;
pub use set_user_access::SetUserAccess;
pub use set_user_name::SetUserName;
pub use set_user_password::{PasswordOperation, SetUserPassword, SizedPassword};
pub use set_user_payload_access::SetUserPayloadAccess;
pub use set_watchdog_timer::SetWatchdogTimer;
pub use suspend_resume_payload_encryption::{PayloadEncryption, SuspendResumePayloadEncryption};
pub use system_info_parameter::{SystemInfoParameter, SystemInfoSelector};
pub use user::UserId;
pub use user_rights::UserRights;
pub use warm_reset::WarmReset;
pub use watchdog::{PreTimeoutInterrupt, TimeoutAction, TimerUse, TimerUses, WatchdogActions};
