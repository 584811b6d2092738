//! Transport commands, NetFn 0Ch: LAN and serial over LAN (§23, §26).

mod get_ip_udp_rmcp_statistics;
mod get_lan_configuration_parameters;
mod get_sol_configuration_parameters;
mod lan_fields;
mod lan_parameter;
mod lan_selector;
mod set_lan_configuration_parameters;
mod set_sol_configuration_parameters;
mod sol_parameter;
mod suspend_bmc_arps;

pub use get_ip_udp_rmcp_statistics::{GetIpUdpRmcpStatistics, LanStatistics};
pub use get_lan_configuration_parameters::GetLanConfigurationParameters;
pub use get_sol_configuration_parameters::GetSolConfigurationParameters;
pub use lan_fields::{
    AddressSource, AlertAddress, AlertType, ArpControl, BadPasswordThreshold, CipherSuiteIds,
    CipherSuitePrivileges, DestinationAddress, DestinationType, DestinationVlan, Ipv4Header,
    VlanId, VlanTag,
};
pub use lan_parameter::LanParameter;
pub use lan_selector::LanSelector;
pub use set_lan_configuration_parameters::SetLanConfigurationParameters;
pub use set_sol_configuration_parameters::SetSolConfigurationParameters;
pub use sol_parameter::{
    BitRate, SolAccumulation, SolAuthentication, SolParameter, SolRetry, SolSelector,
};
pub use suspend_bmc_arps::{ArpActivity, SuspendBmcArps};
