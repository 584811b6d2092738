//! The LAN parameters' exact bytes, both ways.

use alloc::vec::Vec;
use core::net::{Ipv4Addr, Ipv6Addr};

use super::*;
use crate::Privilege;
use crate::command::transport::{AlertAddress, AlertType, VlanTag};

#[track_caller]
fn both_ways(parameter: LanParameter, number: u8, bytes: &[u8]) {
    let mut out = Vec::new();
    parameter.encode(&mut out);
    assert_eq!(parameter.selector(), LanSelector(number));
    assert_eq!(out, bytes);
    let decoded = LanParameter::decode_value(LanSelector(number), bytes);
    assert_eq!(decoded, Ok(parameter));
}

#[track_caller]
fn refused(number: u8, bytes: &[u8], error: DecodeError) {
    let decoded = LanParameter::decode_value(LanSelector(number), bytes);
    assert_eq!(decoded, Err(error));
}

#[test]
fn addresses_have_the_most_significant_byte_first() {
    let address = Ipv4Addr::new(192, 0, 2, 1);
    let mac = [2, 0, 0, 0, 0, 9];
    both_ways(LanParameter::Address(address), 3, &[192, 0, 2, 1]);
    both_ways(LanParameter::AddressSource(AddressSource::Static), 4, &[1]);
    both_ways(LanParameter::Mac(mac), 5, &mac);
    both_ways(LanParameter::SubnetMask(address), 6, &[192, 0, 2, 1]);
    both_ways(LanParameter::Gateway(address), 12, &[192, 0, 2, 1]);
    both_ways(LanParameter::GatewayMac(mac), 13, &mac);
    both_ways(LanParameter::BackupGateway(address), 14, &[192, 0, 2, 1]);
    both_ways(LanParameter::BackupGatewayMac(mac), 15, &mac);
}

#[test]
fn authentication_types_and_the_community() {
    let md5 = AuthTypes::new(AuthTypes::MD5);
    let in_progress = LanParameter::SetInProgress(SetInProgress::InProgress);
    both_ways(in_progress, 0, &[1]);
    both_ways(LanParameter::AuthSupport(md5), 1, &[4]);
    both_ways(LanParameter::AuthEnables([md5; 5]), 2, &[4; 5]);
    let community = *b"public\0\0\0\0\0\0\0\0\0\0\0\0";
    both_ways(LanParameter::Community(community), 16, &community);
}

#[test]
fn packets_and_arp() {
    let header = Ipv4Header::default();
    both_ways(LanParameter::Ipv4Header(header), 7, &[0x40, 0x40, 0x10]);
    both_ways(LanParameter::PrimaryPort(623), 8, &[0x6F, 0x02]);
    both_ways(LanParameter::SecondaryPort(664), 9, &[0x98, 0x02]);
    let arp = ArpControl {
        responses: true,
        gratuitous: false,
    };
    both_ways(LanParameter::ArpControl(arp), 10, &[2]);
    both_ways(LanParameter::ArpInterval(4), 11, &[4]);
}

#[test]
fn destinations_of_alerts() {
    both_ways(LanParameter::DestinationCount(4), 17, &[4]);
    let trap = LanParameter::DestinationType(DestinationType {
        destination: 1,
        acknowledged: true,
        alert: AlertType::Trap,
        timeout: 3,
        retries: 7,
    });
    both_ways(trap, 18, &[1, 0x80, 3, 7]);
    let v4 = LanParameter::DestinationAddress(DestinationAddress {
        destination: 1,
        address: AlertAddress::V4 {
            backup_gateway: true,
            address: Ipv4Addr::new(192, 0, 2, 7),
            mac: [2, 0, 0, 0, 0, 7],
        },
    });
    both_ways(v4, 19, &[1, 0, 1, 192, 0, 2, 7, 2, 0, 0, 0, 0, 7]);
    let v6 = LanParameter::DestinationAddress(DestinationAddress {
        destination: 2,
        address: AlertAddress::V6(Ipv6Addr::LOCALHOST),
    });
    let bytes = [2, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
    both_ways(v6, 19, &bytes);
    let untagged = LanParameter::DestinationVlan(DestinationVlan {
        destination: 1,
        tag: None,
    });
    both_ways(untagged, 25, &[1, 0, 0, 0]);
    let tagged = LanParameter::DestinationVlan(DestinationVlan {
        destination: 1,
        tag: Some(VlanTag {
            id: 0x123,
            priority: 5,
        }),
    });
    both_ways(tagged, 25, &[1, 0x10, 0x23, 0xA1]);
}

#[test]
fn a_vlan_keeps_its_id_while_it_is_off() {
    let vlan = |enabled, id| LanParameter::VlanId(VlanId { enabled, id });
    both_ways(vlan(false, 0), 20, &[0, 0]);
    both_ways(vlan(false, 0x123), 20, &[0x23, 0x01]);
    both_ways(vlan(true, 0x123), 20, &[0x23, 0x81]);
    both_ways(LanParameter::VlanPriority(5), 21, &[5]);
}

#[test]
fn cipher_suites() {
    both_ways(LanParameter::CipherSuiteCount(2), 22, &[2]);
    let ids = CipherSuiteIds::new(&[3, 17]);
    both_ways(LanParameter::CipherSuites(ids), 23, &[0, 3, 17]);
    assert_eq!(CipherSuiteIds::new(&[1; 17]), CipherSuiteIds::new(&[1; 16]));
    let mut levels = [None; 16];
    levels[0] = Some(Privilege::Administrator);
    levels[1] = Some(Privilege::User);
    levels[15] = Some(Privilege::Oem);
    let privileges = LanParameter::CipherSuitePrivileges(CipherSuitePrivileges(levels));
    both_ways(privileges, 24, &[0, 0x24, 0, 0, 0, 0, 0, 0, 0x50]);
}

#[test]
fn wrong_passwords() {
    let threshold = BadPasswordThreshold {
        event: true,
        attempts: 3,
        reset_interval: 0x0102,
        lockout_interval: 0x0304,
    };
    let bytes = [1, 3, 2, 1, 4, 3];
    both_ways(LanParameter::BadPasswordThreshold(threshold), 26, &bytes);
}

#[test]
fn other_parameters_are_kept_as_they_are() {
    let other = LanParameter::Other {
        selector: LanSelector(192),
        data: [1, 2].to_vec(),
    };
    both_ways(other, 192, &[1, 2]);
}

#[test]
fn what_ipmi_sim_has_in_the_reserved_byte_of_parameter_24_is_ignored() {
    let decoded = LanParameter::decode_value(LanSelector::CIPHER_SUITE_PRIVILEGES, &[0x44; 9]);
    let levels = CipherSuitePrivileges([Some(Privilege::Administrator); 16]);
    assert_eq!(decoded, Ok(LanParameter::CipherSuitePrivileges(levels)));
}

#[test]
fn wrong_values_and_lengths_are_refused() {
    refused(0, &[3], DecodeError::Invalid("set in progress"));
    refused(4, &[5], DecodeError::Invalid("address source"));
    let alert = DecodeError::Invalid("alert destination type");
    refused(18, &[1, 1, 0, 0], alert);
    refused(19, &[1, 0x20], DecodeError::Invalid("alert address format"));
    let level = DecodeError::Invalid("privilege level");
    refused(24, &[0, 0x60, 0, 0, 0, 0, 0, 0, 0], level);
    refused(23, &[0; 18], DecodeError::Trailing);
    refused(
        25,
        &[1, 0x20, 0, 0],
        DecodeError::Invalid("VLAN tag format"),
    );
    refused(3, &[192, 0, 2], DecodeError::Truncated);
    refused(3, &[192, 0, 2, 1, 0], DecodeError::Trailing);
}
