//! LAN configuration parameters, §23.2: what `ipmitool lan print` and ipmi-config show.
//!
//! The network belongs to the machine that we run on. What is reported is its configuration, and none of it is set here.

use std::net::{IpAddr, Ipv4Addr};

use ipmi_proto::command::app::AuthTypes;
use ipmi_proto::command::transport::{
    AddressSource, ArpControl, BadPasswordThreshold, CipherSuiteIds, CipherSuitePrivileges,
    GetLanConfigurationParameters, Ipv4Header, LanParameter, LanSelector, VlanId,
};
use ipmi_proto::command::{ParameterData, SetInProgress};

use super::calls::Asker;
use super::{Behaviour, Outcome, channel, ok, refuse};
use crate::bmc::net::Interface;

/// The community string of SNMP traps. None are sent; this is the customary one.
const COMMUNITY: [u8; 18] = *b"public\0\0\0\0\0\0\0\0\0\0\0\0";

/// How Linux sends UDP: 64 hops, not fragmented, no class of service.
const HEADER: Ipv4Header = Ipv4Header {
    ttl: 64,
    flags: 2,
    precedence: 0,
    type_of_service: 0,
};

impl Behaviour {
    /// Get LAN Configuration Parameters, §23.2.
    pub(super) fn lan_parameter(
        &self,
        request: &GetLanConfigurationParameters,
        asker: &Asker,
    ) -> Outcome {
        if let Err(code) = channel::check(request.channel) {
            return refuse(code);
        }
        if request.revision_only {
            return ok(ParameterData::REVISION);
        }
        match self.lan_value(request.selector, asker.route.local) {
            Some(parameter) => ok(ParameterData::from(&parameter)),
            None => refuse(GetLanConfigurationParameters::NOT_SUPPORTED.into()),
        }
    }

    /// A parameter's value, for a client that reached us at `local`.
    fn lan_value(&self, selector: LanSelector, local: Option<IpAddr>) -> Option<LanParameter> {
        let local = local.map(|local| local.to_canonical());
        let interface = || local.and_then(Interface::with).unwrap_or_default();
        let suites = &self.settings.cipher_suites;
        Some(match selector {
            LanSelector::SET_IN_PROGRESS => LanParameter::SetInProgress(SetInProgress::Complete),
            // These are IPMI 1.5's.
            LanSelector::AUTH_SUPPORT => LanParameter::AuthSupport(AuthTypes::default()),
            LanSelector::AUTH_ENABLES => LanParameter::AuthEnables([AuthTypes::default(); 5]),
            LanSelector::ADDRESS => LanParameter::Address(match local {
                Some(IpAddr::V4(address)) => address,
                _ => Ipv4Addr::UNSPECIFIED,
            }),
            LanSelector::ADDRESS_SOURCE => LanParameter::AddressSource(AddressSource::Static),
            LanSelector::MAC => LanParameter::Mac(interface().mac),
            LanSelector::SUBNET_MASK => {
                LanParameter::SubnetMask(interface().netmask.unwrap_or(Ipv4Addr::UNSPECIFIED))
            }
            LanSelector::IPV4_HEADER => LanParameter::Ipv4Header(HEADER),
            LanSelector::ARP_CONTROL => LanParameter::ArpControl(ArpControl {
                responses: true,
                gratuitous: false,
            }),
            LanSelector::COMMUNITY => LanParameter::Community(COMMUNITY),
            LanSelector::VLAN_ID => LanParameter::VlanId(VlanId::default()),
            LanSelector::VLAN_PRIORITY => LanParameter::VlanPriority(0),
            LanSelector::CIPHER_SUITE_COUNT => {
                LanParameter::CipherSuiteCount(suites.len().try_into().unwrap_or(u8::MAX))
            }
            LanSelector::CIPHER_SUITES => LanParameter::CipherSuites(CipherSuiteIds::new(suites)),
            LanSelector::CIPHER_SUITE_PRIVILEGES => {
                let mut levels = CipherSuitePrivileges::default();
                for (level, _) in levels.0.iter_mut().zip(suites) {
                    *level = Some(self.limit());
                }
                LanParameter::CipherSuitePrivileges(levels)
            }
            // Wrong passwords slow their sender down, and lock nobody out.
            LanSelector::BAD_PASSWORD_THRESHOLD => {
                LanParameter::BadPasswordThreshold(BadPasswordThreshold::default())
            }
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bmc::behaviour::testing::Bench;
    use ipmi_proto::CompletionCode;
    use ipmi_proto::command::Channel;

    fn get(bench: &mut Bench, selector: LanSelector) -> Result<Vec<u8>, CompletionCode> {
        let request = GetLanConfigurationParameters {
            channel: channel::LAN,
            revision_only: false,
            selector,
            set: 0,
            block: 0,
        };
        bench.ask(request).map(|answer| answer.data)
    }

    #[tokio::test]
    async fn the_address_is_the_one_that_was_asked() {
        let mut bench = Bench::new();
        let address = get(&mut bench, LanSelector::ADDRESS);
        assert_eq!(address, Ok(vec![127, 0, 0, 1]));
        let mask = get(&mut bench, LanSelector::SUBNET_MASK);
        assert_eq!(mask, Ok(vec![255, 0, 0, 0]));
        assert_eq!(get(&mut bench, LanSelector::MAC), Ok(vec![0; 6]));
    }

    #[tokio::test]
    async fn the_cipher_suites_are_the_configured_ones() {
        let mut bench = Bench::with(|settings| settings.cipher_suites = vec![3, 8, 17]);
        assert_eq!(
            get(&mut bench, LanSelector::CIPHER_SUITE_COUNT),
            Ok(vec![3])
        );
        let suites = get(&mut bench, LanSelector::CIPHER_SUITES).unwrap();
        assert_eq!(suites, [0, 3, 8, 17]);
        let levels = get(&mut bench, LanSelector::CIPHER_SUITE_PRIVILEGES).unwrap();
        assert_eq!(levels, [0, 0x44, 0x04, 0, 0, 0, 0, 0, 0]);
    }

    #[tokio::test]
    async fn what_lan_print_asks_for_is_answered_or_80() {
        let mut bench = Bench::new();
        for number in [
            0, 1, 2, 4, 3, 6, 5, 16, 7, 10, 11, 12, 13, 14, 15, 20, 21, 22, 23, 24, 26,
        ] {
            let unsupported = Err(GetLanConfigurationParameters::NOT_SUPPORTED.into());
            let answer = get(&mut bench, LanSelector(number));
            assert!(answer.is_ok() || answer == unsupported, "{number}");
        }
    }

    #[tokio::test]
    async fn other_channels_have_no_lan() {
        let mut bench = Bench::new();
        let request = GetLanConfigurationParameters {
            channel: Channel::new(2),
            revision_only: true,
            selector: LanSelector(0),
            set: 0,
            block: 0,
        };
        let refused = bench.ask(request).map(drop);
        assert_eq!(refused, Err(CompletionCode::InvalidDataField));
    }
}
