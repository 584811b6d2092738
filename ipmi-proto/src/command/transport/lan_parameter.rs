//! The LAN parameters that Get LAN Configuration Parameters reads, table 23-4.

use alloc::vec::Vec;
use core::net::Ipv4Addr;

use crate::Privilege;
use crate::command::app::AuthTypes;
use crate::command::bits::bit;
use crate::wire::Encode;

/// A LAN parameter's number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LanSelector(pub u8);

impl LanSelector {
    /// [`LanParameter::SetComplete`].
    pub const SET_IN_PROGRESS: Self = Self(0);
    /// [`LanParameter::AuthSupport`].
    pub const AUTH_SUPPORT: Self = Self(1);
    /// [`LanParameter::AuthEnables`].
    pub const AUTH_ENABLES: Self = Self(2);
    /// [`LanParameter::Address`].
    pub const ADDRESS: Self = Self(3);
    /// [`LanParameter::AddressSource`].
    pub const ADDRESS_SOURCE: Self = Self(4);
    /// [`LanParameter::Mac`].
    pub const MAC: Self = Self(5);
    /// [`LanParameter::SubnetMask`].
    pub const SUBNET_MASK: Self = Self(6);
    /// [`LanParameter::Ipv4Header`].
    pub const IPV4_HEADER: Self = Self(7);
    /// [`LanParameter::ArpControl`].
    pub const ARP_CONTROL: Self = Self(10);
    /// [`LanParameter::ArpInterval`].
    pub const ARP_INTERVAL: Self = Self(11);
    /// [`LanParameter::Gateway`].
    pub const GATEWAY: Self = Self(12);
    /// [`LanParameter::GatewayMac`].
    pub const GATEWAY_MAC: Self = Self(13);
    /// [`LanParameter::BackupGateway`].
    pub const BACKUP_GATEWAY: Self = Self(14);
    /// [`LanParameter::BackupGatewayMac`].
    pub const BACKUP_GATEWAY_MAC: Self = Self(15);
    /// [`LanParameter::Community`].
    pub const COMMUNITY: Self = Self(16);
    /// [`LanParameter::VlanId`].
    pub const VLAN_ID: Self = Self(20);
    /// [`LanParameter::VlanPriority`].
    pub const VLAN_PRIORITY: Self = Self(21);
    /// [`LanParameter::CipherSuiteCount`].
    pub const CIPHER_SUITE_COUNT: Self = Self(22);
    /// [`LanParameter::CipherSuites`].
    pub const CIPHER_SUITES: Self = Self(23);
    /// [`LanParameter::CipherSuitePrivileges`].
    pub const CIPHER_SUITE_PRIVILEGES: Self = Self(24);
    /// [`LanParameter::DestinationVlan`].
    pub const DESTINATION_VLAN: Self = Self(25);
    /// [`LanParameter::BadPasswordThreshold`].
    pub const BAD_PASSWORD_THRESHOLD: Self = Self(26);
}

/// A LAN parameter's value. It has a form on the wire, but no way back: an answer does not name its parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LanParameter {
    /// 0: nobody is writing parameters. There is no other state while none can be written.
    SetComplete,
    /// 1: the authentication types of IPMI 1.5 that there are.
    AuthSupport(AuthTypes),
    /// 2: those that are enabled, for Callback, User, Operator, Administrator and OEM.
    AuthEnables([AuthTypes; 5]),
    /// 3: the IPv4 address.
    Address(Ipv4Addr),
    /// 4: where it came from.
    AddressSource(AddressSource),
    /// 5: the MAC address.
    Mac([u8; 6]),
    /// 6: the subnet mask.
    SubnetMask(Ipv4Addr),
    /// 7: how outgoing packets are marked.
    Ipv4Header(Ipv4Header),
    /// 10: what the BMC does about ARP by itself.
    ArpControl(ArpControl),
    /// 11: the time between two gratuitous ARPs, in steps of 500 ms.
    ArpInterval(u8),
    /// 12: the default gateway.
    Gateway(Ipv4Addr),
    /// 13: its MAC address.
    GatewayMac([u8; 6]),
    /// 14: the backup gateway.
    BackupGateway(Ipv4Addr),
    /// 15: its MAC address.
    BackupGatewayMac([u8; 6]),
    /// 16: the community string of SNMP traps, padded with zeros.
    Community([u8; 18]),
    /// 20: the VLAN that the BMC is in, 0 to 4095; none where VLANs are switched off.
    VlanId(Option<u16>),
    /// 21: the priority of its packets, 0 to 7.
    VlanPriority(u8),
    /// 22: how many cipher suites there are, 0 to 16.
    CipherSuiteCount(u8),
    /// 23: their ids.
    CipherSuites(CipherSuiteIds),
    /// 24: the highest level for each of them, in the same order.
    CipherSuitePrivileges(CipherSuitePrivileges),
    /// 25: the VLAN of an alert's destination.
    DestinationVlan {
        /// Which destination, 0 to 15.
        destination: u8,
        /// Its VLAN; none where its packets have no tag.
        tag: Option<VlanTag>,
    },
    /// 26: what happens after wrong passwords.
    BadPasswordThreshold(BadPasswordThreshold),
}

/// LAN parameter 4.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum AddressSource {
    /// Unspecified.
    Unspecified = 0,
    /// Set by hand.
    Static = 1,
    /// DHCP.
    Dhcp = 2,
    /// Set by the BIOS or the operating system.
    Bios = 3,
    /// Another protocol.
    Other = 4,
}

/// LAN parameter 7.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ipv4Header {
    /// Time to live.
    pub ttl: u8,
    /// The header's three flags, 0 to 7; 2 is "don't fragment".
    pub flags: u8,
    /// Precedence, 0 to 7.
    pub precedence: u8,
    /// Type of service, 0 to 15.
    pub type_of_service: u8,
}

impl Default for Ipv4Header {
    /// What table 23-4 recommends.
    fn default() -> Self {
        Self {
            ttl: 0x40,
            flags: 2,
            precedence: 0,
            type_of_service: 8,
        }
    }
}

/// LAN parameter 10.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ArpControl {
    /// The BMC answers ARP requests.
    pub responses: bool,
    /// The BMC sends gratuitous ARPs.
    pub gratuitous: bool,
}

/// LAN parameter 23: at most 16 ids.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CipherSuiteIds(Vec<u8>);

impl CipherSuiteIds {
    /// The list of these ids; the ones behind the 16th are dropped, since the parameter has no place for them.
    #[must_use]
    pub fn new(ids: &[u8]) -> Self {
        Self(ids.iter().copied().take(SUITES).collect())
    }
}

/// LAN parameter 24. A suite without a level cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CipherSuitePrivileges(pub [Option<Privilege>; SUITES]);

/// How many cipher suites the parameters have room for.
const SUITES: usize = 16;

/// A VLAN with a priority.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VlanTag {
    /// The VLAN, 0 to 4095.
    pub id: u16,
    /// The packets' priority, 0 to 7.
    pub priority: u8,
}

/// LAN parameter 26.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BadPasswordThreshold {
    /// Whether a user who is disabled by it leads to an event.
    pub event: bool,
    /// Wrong passwords until the user is disabled; 0 for ever so many.
    pub attempts: u8,
    /// Steps of 10 s until the count starts again; 0 for never.
    pub reset_interval: u16,
    /// Steps of 10 s until the user is enabled again; 0 for never.
    pub lockout_interval: u16,
}

impl LanParameter {
    /// Which parameter it is.
    #[must_use]
    pub const fn selector(&self) -> LanSelector {
        match self {
            Self::SetComplete => LanSelector::SET_IN_PROGRESS,
            Self::AuthSupport(_) => LanSelector::AUTH_SUPPORT,
            Self::AuthEnables(_) => LanSelector::AUTH_ENABLES,
            Self::Address(_) => LanSelector::ADDRESS,
            Self::AddressSource(_) => LanSelector::ADDRESS_SOURCE,
            Self::Mac(_) => LanSelector::MAC,
            Self::SubnetMask(_) => LanSelector::SUBNET_MASK,
            Self::Ipv4Header(_) => LanSelector::IPV4_HEADER,
            Self::ArpControl(_) => LanSelector::ARP_CONTROL,
            Self::ArpInterval(_) => LanSelector::ARP_INTERVAL,
            Self::Gateway(_) => LanSelector::GATEWAY,
            Self::GatewayMac(_) => LanSelector::GATEWAY_MAC,
            Self::BackupGateway(_) => LanSelector::BACKUP_GATEWAY,
            Self::BackupGatewayMac(_) => LanSelector::BACKUP_GATEWAY_MAC,
            Self::Community(_) => LanSelector::COMMUNITY,
            Self::VlanId(_) => LanSelector::VLAN_ID,
            Self::VlanPriority(_) => LanSelector::VLAN_PRIORITY,
            Self::CipherSuiteCount(_) => LanSelector::CIPHER_SUITE_COUNT,
            Self::CipherSuites(_) => LanSelector::CIPHER_SUITES,
            Self::CipherSuitePrivileges(_) => LanSelector::CIPHER_SUITE_PRIVILEGES,
            Self::DestinationVlan { .. } => LanSelector::DESTINATION_VLAN,
            Self::BadPasswordThreshold(_) => LanSelector::BAD_PASSWORD_THRESHOLD,
        }
    }
}

impl Encode for LanParameter {
    fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Self::SetComplete => out.push(0),
            Self::AuthSupport(types) => out.push(types.bits()),
            Self::AuthEnables(levels) => out.extend(levels.map(AuthTypes::bits)),
            Self::Address(address)
            | Self::SubnetMask(address)
            | Self::Gateway(address)
            | Self::BackupGateway(address) => out.extend(address.octets()),
            Self::AddressSource(source) => out.push(*source as u8),
            Self::Mac(mac) | Self::GatewayMac(mac) | Self::BackupGatewayMac(mac) => out.extend(mac),
            Self::Ipv4Header(header) => out.extend([
                header.ttl,
                header.flags << 5,
                header.precedence << 5 | (header.type_of_service & 0x0F) << 1,
            ]),
            Self::ArpControl(arp) => out.push(bit(1, arp.responses) | bit(0, arp.gratuitous)),
            Self::ArpInterval(interval) => out.push(*interval),
            Self::Community(community) => out.extend(community),
            Self::VlanId(vlan) => {
                let [low, high] = vlan.unwrap_or(0).to_le_bytes();
                out.extend([low, bit(7, vlan.is_some()) | high & 0x0F]);
            }
            Self::VlanPriority(priority) => out.push(priority & 0x07),
            Self::CipherSuiteCount(count) => out.push(count & 0x1F),
            Self::CipherSuites(CipherSuiteIds(ids)) => {
                out.push(0);
                out.extend(ids);
            }
            Self::CipherSuitePrivileges(CipherSuitePrivileges(levels)) => {
                out.push(0);
                // Two suites to a byte, the first one in the low nibble.
                let (pairs, _) = levels.as_chunks::<2>();
                out.extend(pairs.iter().map(|pair| {
                    let [low, high] = pair.map(|level| level.map_or(0, Privilege::bits));
                    low | high << 4
                }));
            }
            Self::DestinationVlan { destination, tag } => {
                out.push(destination & 0x0F);
                out.push(bit(4, tag.is_some()));
                let tag = tag.map_or(0, |tag| tag.id & 0x0FFF | u16::from(tag.priority) << 13);
                out.extend(tag.to_le_bytes());
            }
            Self::BadPasswordThreshold(threshold) => {
                out.extend([bit(0, threshold.event), threshold.attempts]);
                out.extend(threshold.reset_interval.to_le_bytes());
                out.extend(threshold.lockout_interval.to_le_bytes());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn encoded(parameter: LanParameter, number: u8, bytes: &[u8]) {
        let mut out = Vec::new();
        parameter.encode(&mut out);
        assert_eq!(parameter.selector(), LanSelector(number));
        assert_eq!(out, bytes);
    }

    #[test]
    fn addresses_have_the_most_significant_byte_first() {
        let address = Ipv4Addr::new(192, 0, 2, 1);
        let mac = [2, 0, 0, 0, 0, 9];
        encoded(LanParameter::Address(address), 3, &[192, 0, 2, 1]);
        encoded(LanParameter::AddressSource(AddressSource::Static), 4, &[1]);
        encoded(LanParameter::Mac(mac), 5, &mac);
        encoded(LanParameter::SubnetMask(address), 6, &[192, 0, 2, 1]);
        encoded(LanParameter::Gateway(address), 12, &[192, 0, 2, 1]);
        encoded(LanParameter::GatewayMac(mac), 13, &mac);
        encoded(LanParameter::BackupGateway(address), 14, &[192, 0, 2, 1]);
        encoded(LanParameter::BackupGatewayMac(mac), 15, &mac);
    }

    #[test]
    fn authentication_types_and_the_community() {
        let md5 = AuthTypes::new(AuthTypes::MD5);
        encoded(LanParameter::SetComplete, 0, &[0]);
        encoded(LanParameter::AuthSupport(md5), 1, &[4]);
        encoded(LanParameter::AuthEnables([md5; 5]), 2, &[4; 5]);
        let community = *b"public\0\0\0\0\0\0\0\0\0\0\0\0";
        encoded(LanParameter::Community(community), 16, &community);
    }

    #[test]
    fn packets_and_arp() {
        let header = Ipv4Header::default();
        encoded(LanParameter::Ipv4Header(header), 7, &[0x40, 0x40, 0x10]);
        let arp = ArpControl {
            responses: true,
            gratuitous: false,
        };
        encoded(LanParameter::ArpControl(arp), 10, &[2]);
        encoded(LanParameter::ArpInterval(4), 11, &[4]);
    }

    #[test]
    fn vlans() {
        encoded(LanParameter::VlanId(None), 20, &[0, 0]);
        encoded(LanParameter::VlanId(Some(0x123)), 20, &[0x23, 0x81]);
        encoded(LanParameter::VlanPriority(5), 21, &[5]);
        let untagged = LanParameter::DestinationVlan {
            destination: 1,
            tag: None,
        };
        encoded(untagged, 25, &[1, 0, 0, 0]);
        let tagged = LanParameter::DestinationVlan {
            destination: 1,
            tag: Some(VlanTag {
                id: 0x123,
                priority: 5,
            }),
        };
        encoded(tagged, 25, &[1, 0x10, 0x23, 0xA1]);
    }

    #[test]
    fn cipher_suites() {
        encoded(LanParameter::CipherSuiteCount(2), 22, &[2]);
        let ids = CipherSuiteIds::new(&[3, 17]);
        encoded(LanParameter::CipherSuites(ids), 23, &[0, 3, 17]);
        assert_eq!(CipherSuiteIds::new(&[1; 17]), CipherSuiteIds::new(&[1; 16]));
        let mut levels = [None; 16];
        levels[0] = Some(Privilege::Administrator);
        levels[1] = Some(Privilege::User);
        levels[15] = Some(Privilege::Oem);
        let privileges = LanParameter::CipherSuitePrivileges(CipherSuitePrivileges(levels));
        encoded(privileges, 24, &[0, 0x24, 0, 0, 0, 0, 0, 0, 0x50]);
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
        encoded(LanParameter::BadPasswordThreshold(threshold), 26, &bytes);
    }
}
