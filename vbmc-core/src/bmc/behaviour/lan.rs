//! LAN configuration parameters, §23.2: what `ipmitool lan print` and ipmi-config show.
//!
//! The network belongs to the machine that we run on. What is reported is its configuration, and none of it is set here: a
//! value that is there already is accepted, since clients write back what they have read, and another one is refused as
//! read-only. What can be set are the privilege limits of cipher suites and the community string.

use std::net::{IpAddr, Ipv4Addr};

use ipmi_proto::bmc::Answer;
use ipmi_proto::command::ParameterData;
use ipmi_proto::command::app::AuthTypes;
use ipmi_proto::command::transport::{
    AddressSource, AlertAddress, AlertType, ArpControl, BadPasswordThreshold, CipherSuiteIds,
    CipherSuitePrivileges, DestinationAddress, DestinationType, GetLanConfigurationParameters,
    Ipv4Header, LanParameter, LanSelector, SetLanConfigurationParameters, VlanId,
};
use ipmi_proto::{CompletionCode, Privilege};

use super::calls::Asker;
use super::{Behaviour, Effect, Outcome, answer, channel, ok, refuse};
use crate::bmc::net::Interface;
use crate::bmc::{State, settings};

/// The community string of SNMP traps. None are sent; this is the customary one.
const COMMUNITY: &str = "public";

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
        let of_a_destination = [
            LanSelector::DESTINATION_TYPE,
            LanSelector::DESTINATION_ADDRESS,
        ];
        if request.set != 0 && of_a_destination.contains(&request.selector) {
            return refuse(CompletionCode::ParameterOutOfRange);
        }
        match self.lan_value(request.selector, asker.route.local) {
            Some(parameter) => ok(ParameterData::from(&parameter)),
            None => refuse(GetLanConfigurationParameters::NOT_SUPPORTED.into()),
        }
    }

    /// Set LAN Configuration Parameters, §23.1.
    pub(super) fn set_lan_parameter(
        &mut self,
        request: &SetLanConfigurationParameters,
        asker: &Asker,
    ) -> Outcome {
        if let Err(code) = channel::check(request.channel) {
            return refuse(code);
        }
        if !self.lan_turn.admits(asker) {
            return refuse(SetLanConfigurationParameters::SET_IN_PROGRESS.into());
        }
        match &request.parameter {
            LanParameter::SetInProgress(state) => {
                self.lan_turn.set(*state, asker);
                ok(())
            }
            LanParameter::Community(community) => {
                let end = community.iter().position(|byte| *byte == 0);
                let bytes = &community[..end.unwrap_or(community.len())];
                let Ok(text) = std::str::from_utf8(bytes) else {
                    return refuse(CompletionCode::InvalidDataField);
                };
                let text = Some(text.to_owned()).filter(|text| text != COMMUNITY);
                self.change_state(asker, |state| state.lan.community = text, done)
            }
            LanParameter::CipherSuitePrivileges(levels) => self.set_suite_limits(levels, asker),
            parameter => match self.lan_value(parameter.selector(), asker.route.local) {
                Some(present) if present == *parameter => ok(()),
                Some(_) => refuse(SetLanConfigurationParameters::READ_ONLY.into()),
                None => refuse(SetLanConfigurationParameters::NOT_SUPPORTED.into()),
            },
        }
    }

    /// The limits come in the order of the suites that there are.
    fn set_suite_limits(&mut self, levels: &CipherSuitePrivileges, asker: &Asker) -> Outcome {
        let suites = self.settings.cipher_suites.clone();
        // Limits of suites that there are not. FreeIPMI sends such, as it takes a suite's id for its place here.
        if levels.0.iter().skip(suites.len()).any(Option::is_some) {
            return refuse(CompletionCode::ParameterOutOfRange);
        }
        // Every suite without a limit would be a lock that nobody can open again. CCh would say so too, but ipmitool
        // repeats what it gets that for, for half a minute and more.
        let mut usable = levels.0.iter().zip(&suites);
        if !usable.any(|(level, _)| *level >= Some(Privilege::Administrator)) {
            return refuse(CompletionCode::NotSupportedInState);
        }
        self.effects.push(Effect::ConfigChanged);
        let levels = levels.0;
        let change = move |state: &mut State| {
            for (suite, level) in suites.iter().zip(levels) {
                let level = level.map_or(0, Privilege::bits);
                state.lan.suite_limits.insert(*suite, level);
            }
        };
        self.change_state(asker, change, done)
    }

    fn suite_limit(&self, suite: u8) -> Option<Privilege> {
        match self.kept.now().lan.suite_limits.get(&suite) {
            Some(limit) => Privilege::from_bits(*limit).ok(),
            None => Some(self.limit()),
        }
    }

    /// A parameter's value, for a client that reached us at `local`.
    fn lan_value(&self, selector: LanSelector, local: Option<IpAddr>) -> Option<LanParameter> {
        let local = local.map(|local| local.to_canonical());
        let interface = || local.and_then(Interface::with).unwrap_or_default();
        let suites = &self.settings.cipher_suites;
        Some(match selector {
            LanSelector::SET_IN_PROGRESS => LanParameter::SetInProgress(self.lan_turn.state()),
            // These are IPMI 1.5's.
            LanSelector::AUTH_SUPPORT => {
                LanParameter::AuthSupport(settings::auth_types(&self.settings))
            }
            LanSelector::AUTH_ENABLES => {
                let types = settings::auth_types(&self.settings);
                // There is no level above ADMINISTRATOR for manufacturers here.
                let none = AuthTypes::default();
                LanParameter::AuthEnables([types, types, types, types, none])
            }
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
            LanSelector::PRIMARY_PORT => LanParameter::PrimaryPort(self.settings.listen.port()),
            LanSelector::ARP_CONTROL => LanParameter::ArpControl(ArpControl {
                responses: true,
                gratuitous: false,
            }),
            LanSelector::ARP_INTERVAL => LanParameter::ArpInterval(0),
            LanSelector::GATEWAY => {
                let gateway = interface().gateway.map(|gateway| gateway.address);
                LanParameter::Gateway(gateway.unwrap_or(Ipv4Addr::UNSPECIFIED))
            }
            LanSelector::GATEWAY_MAC => {
                let gateway = interface().gateway.and_then(|gateway| gateway.mac);
                LanParameter::GatewayMac(gateway.unwrap_or_default())
            }
            LanSelector::BACKUP_GATEWAY => LanParameter::BackupGateway(Ipv4Addr::UNSPECIFIED),
            LanSelector::BACKUP_GATEWAY_MAC => LanParameter::BackupGatewayMac([0; 6]),
            LanSelector::COMMUNITY => {
                let community = self.kept.now().lan.community.as_deref();
                LanParameter::Community(padded(community.unwrap_or(COMMUNITY)))
            }
            LanSelector::DESTINATION_COUNT => LanParameter::DestinationCount(0),
            // The volatile one is always there, as nobody.
            LanSelector::DESTINATION_TYPE => LanParameter::DestinationType(DestinationType {
                destination: 0,
                acknowledged: false,
                alert: AlertType::Trap,
                timeout: 0,
                retries: 0,
            }),
            LanSelector::DESTINATION_ADDRESS => {
                LanParameter::DestinationAddress(DestinationAddress {
                    destination: 0,
                    address: AlertAddress::V4 {
                        backup_gateway: false,
                        address: Ipv4Addr::UNSPECIFIED,
                        mac: [0; 6],
                    },
                })
            }
            LanSelector::VLAN_ID => LanParameter::VlanId(VlanId::default()),
            LanSelector::VLAN_PRIORITY => LanParameter::VlanPriority(0),
            LanSelector::CIPHER_SUITE_COUNT => {
                LanParameter::CipherSuiteCount(suites.len().try_into().unwrap_or(u8::MAX))
            }
            LanSelector::CIPHER_SUITES => LanParameter::CipherSuites(CipherSuiteIds::new(suites)),
            LanSelector::CIPHER_SUITE_PRIVILEGES => {
                let mut levels = CipherSuitePrivileges::default();
                for (level, suite) in levels.0.iter_mut().zip(suites) {
                    *level = self.suite_limit(*suite);
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

fn done(_: &Behaviour) -> Answer {
    answer(Ok(()))
}

fn padded(community: &str) -> [u8; 18] {
    let mut padded = [0; 18];
    for (to, from) in padded.iter_mut().zip(community.bytes()) {
        *to = from;
    }
    padded
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bmc::behaviour::testing::Bench;
    use crate::bmc::behaviour::turn::HOLD;
    use ipmi_proto::command::Channel;
    use ipmi_proto::command::SetInProgress;
    use ipmi_proto::crypto::CipherSuite;

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

    fn set(parameter: LanParameter) -> SetLanConfigurationParameters {
        SetLanConfigurationParameters {
            channel: channel::LAN,
            parameter,
        }
    }

    #[tokio::test]
    async fn the_network_cannot_be_changed_but_may_be_written_back() {
        let mut bench = Bench::new();
        let same = LanParameter::Address(Ipv4Addr::LOCALHOST);
        assert_eq!(bench.ask(set(same)), Ok(()));
        let other = LanParameter::Address(Ipv4Addr::new(192, 0, 2, 1));
        let refused = Err(SetLanConfigurationParameters::READ_ONLY.into());
        assert_eq!(bench.ask(set(other)), refused);
        let unknown = LanParameter::Other {
            selector: LanSelector(200),
            data: vec![1],
        };
        let refused = Err(SetLanConfigurationParameters::NOT_SUPPORTED.into());
        assert_eq!(bench.ask(set(unknown)), refused);
    }

    #[tokio::test]
    async fn suites_get_their_limits_and_one_of_them_stays_usable() {
        let mut bench = Bench::new();
        let limits = |three, seventeen| {
            let mut levels = CipherSuitePrivileges::default();
            levels.0[..2].copy_from_slice(&[three, seventeen]);
            set(LanParameter::CipherSuitePrivileges(levels))
        };
        let administrator = Some(Privilege::Administrator);
        let refused = Err(CompletionCode::NotSupportedInState);
        assert_eq!(bench.ask(limits(None, Some(Privilege::User))), refused);
        let mut of_none = CipherSuitePrivileges::default();
        of_none.0[..3].copy_from_slice(&[administrator; 3]);
        let of_none = set(LanParameter::CipherSuitePrivileges(of_none));
        let refused = Err(CompletionCode::ParameterOutOfRange);
        assert_eq!(bench.ask(of_none), refused, "there are two suites");
        let changed = bench.change(limits(None, administrator)).await;
        assert_eq!(changed, Ok(()));
        let config = bench.behaviour.endpoint_config().unwrap();
        assert_eq!(config.suite_limits.of(CipherSuite::SUITE_3), None);
        assert_eq!(config.suite_limits.of(CipherSuite::SUITE_17), administrator);
        let levels = get(&mut bench.restart(), LanSelector::CIPHER_SUITE_PRIVILEGES);
        assert_eq!(levels.unwrap()[..3], [0, 0x40, 0]);
    }

    #[tokio::test(start_paused = true)]
    async fn one_session_writes_at_a_time() {
        let mut bench = Bench::new();
        let begin = set(LanParameter::SetInProgress(SetInProgress::InProgress));
        bench.ask(begin.clone()).unwrap();
        bench.session = 2;
        let held = Err(SetLanConfigurationParameters::SET_IN_PROGRESS.into());
        assert_eq!(bench.ask(begin.clone()), held);
        tokio::time::advance(HOLD).await;
        assert_eq!(bench.ask(begin.clone()), Ok(()));
        bench.session = 1;
        assert_eq!(bench.ask(begin.clone()), held);
        bench.sessions.ended.push(2);
        assert_eq!(bench.ask(begin), Ok(()), "the other one is gone");
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
