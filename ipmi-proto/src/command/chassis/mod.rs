//! Chassis commands, NetFn 00h: power, boot options and what the front panel shows (§28).

mod boot_flags;
mod boot_parameter;
mod chassis_capabilities;
mod chassis_control;
mod chassis_identify;
mod get_chassis_capabilities;
mod get_chassis_status;
mod get_poh_counter;
mod get_system_boot_options;
mod get_system_restart_cause;
mod set_chassis_capabilities;
mod set_front_panel_enables;
mod set_power_cycle_interval;
mod set_power_restore_policy;
mod set_system_boot_options;

pub use super::SetInProgress;
pub use boot_flags::{BootDevice, BootFlags, OtherBootFlags};
pub use boot_parameter::{
    BootParameter, BootSelector, InfoAcknowledge, InitiatorInfo, MailboxBlock,
    ServicePartitionScan, ValidBitClearing,
};
pub use chassis_capabilities::ChassisCapabilities;
pub use chassis_control::ChassisControl;
pub use chassis_identify::ChassisIdentify;
pub use get_chassis_capabilities::GetChassisCapabilities;
pub use get_chassis_status::{
    Button, ChassisStatus, FrontPanelButtons, GetChassisStatus, IdentifyState, LastPowerEvent,
    MiscChassisState, PowerState,
};
pub use get_poh_counter::{GetPohCounter, PohCounter};
pub use get_system_boot_options::{BootOptions, GetSystemBootOptions};
pub use get_system_restart_cause::{GetSystemRestartCause, RestartCause, SystemRestart};
pub use set_chassis_capabilities::SetChassisCapabilities;
pub use set_front_panel_enables::SetFrontPanelEnables;
pub use set_power_cycle_interval::SetPowerCycleInterval;
pub use set_power_restore_policy::{PowerRestorePolicy, SetPowerRestorePolicy, SupportedPolicies};
pub use set_system_boot_options::{BootChange, SetSystemBootOptions};
