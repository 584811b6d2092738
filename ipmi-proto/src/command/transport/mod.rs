//! Transport commands, NetFn 0Ch: LAN configuration (§23).

mod get_lan_configuration_parameters;
mod lan_parameter;

pub use get_lan_configuration_parameters::{GetLanConfigurationParameters, LanConfiguration};
pub use lan_parameter::{
    AddressSource, ArpControl, BadPasswordThreshold, CipherSuiteIds, CipherSuitePrivileges,
    Ipv4Header, LanParameter, LanSelector, VlanTag,
};
