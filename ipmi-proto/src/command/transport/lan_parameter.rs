//! The LAN parameters that Set and Get LAN Configuration Parameters write and read, table 23-4.

use alloc::vec::Vec;
use core::net::Ipv4Addr;

use super::{
    AddressSource, ArpControl, BadPasswordThreshold, CipherSuiteIds, CipherSuitePrivileges,
    DestinationAddress, DestinationType, DestinationVlan, Ipv4Header, LanSelector, VlanId,
};
use crate::command::app::AuthTypes;
use crate::command::{ParameterData, SetInProgress};
use crate::wire::{DecodeError, Encode, Reader};

/// A LAN parameter with its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LanParameter {
    /// 0: whether someone is writing parameters that belong together.
    SetInProgress(SetInProgress),
    /// 1, read-only: the authentication types of IPMI 1.5 that there are.
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
    /// 8: the UDP port for RMCP, 623 if nobody changed it.
    PrimaryPort(u16),
    /// 9: the UDP port for secured RMCP, 664 if nobody changed it.
    SecondaryPort(u16),
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
    /// 17, read-only: how many destinations of alerts there are besides the volatile one, 0 to 15.
    DestinationCount(u8),
    /// 18: how a destination of alerts is told. A set for each destination.
    DestinationType(DestinationType),
    /// 19: where a destination of alerts is. A set for each destination.
    DestinationAddress(DestinationAddress),
    /// 20: the VLAN that the BMC is in.
    VlanId(VlanId),
    /// 21: the priority of its packets, 0 to 7.
    VlanPriority(u8),
    /// 22, read-only: how many cipher suites there are, 0 to 16.
    CipherSuiteCount(u8),
    /// 23, read-only: their ids.
    CipherSuites(CipherSuiteIds),
    /// 24: the highest level for each of them, in the same order.
    CipherSuitePrivileges(CipherSuitePrivileges),
    /// 25: the VLAN of a destination of alerts. A set for each destination.
    DestinationVlan(DestinationVlan),
    /// 26: what happens after wrong passwords.
    BadPasswordThreshold(BadPasswordThreshold),
    /// Any other: IPv6 settings, a manufacturer's (192 to 255) or a reserved one.
    Other {
        /// Which one; not one of those above.
        selector: LanSelector,
        /// Its value.
        data: Vec<u8>,
    },
}

impl LanParameter {
    /// Which parameter it is.
    #[must_use]
    pub const fn selector(&self) -> LanSelector {
        match self {
            Self::SetInProgress(_) => LanSelector::SET_IN_PROGRESS,
            Self::AuthSupport(_) => LanSelector::AUTH_SUPPORT,
            Self::AuthEnables(_) => LanSelector::AUTH_ENABLES,
            Self::Address(_) => LanSelector::ADDRESS,
            Self::AddressSource(_) => LanSelector::ADDRESS_SOURCE,
            Self::Mac(_) => LanSelector::MAC,
            Self::SubnetMask(_) => LanSelector::SUBNET_MASK,
            Self::Ipv4Header(_) => LanSelector::IPV4_HEADER,
            Self::PrimaryPort(_) => LanSelector::PRIMARY_PORT,
            Self::SecondaryPort(_) => LanSelector::SECONDARY_PORT,
            Self::ArpControl(_) => LanSelector::ARP_CONTROL,
            Self::ArpInterval(_) => LanSelector::ARP_INTERVAL,
            Self::Gateway(_) => LanSelector::GATEWAY,
            Self::GatewayMac(_) => LanSelector::GATEWAY_MAC,
            Self::BackupGateway(_) => LanSelector::BACKUP_GATEWAY,
            Self::BackupGatewayMac(_) => LanSelector::BACKUP_GATEWAY_MAC,
            Self::Community(_) => LanSelector::COMMUNITY,
            Self::DestinationCount(_) => LanSelector::DESTINATION_COUNT,
            Self::DestinationType(_) => LanSelector::DESTINATION_TYPE,
            Self::DestinationAddress(_) => LanSelector::DESTINATION_ADDRESS,
            Self::VlanId(_) => LanSelector::VLAN_ID,
            Self::VlanPriority(_) => LanSelector::VLAN_PRIORITY,
            Self::CipherSuiteCount(_) => LanSelector::CIPHER_SUITE_COUNT,
            Self::CipherSuites(_) => LanSelector::CIPHER_SUITES,
            Self::CipherSuitePrivileges(_) => LanSelector::CIPHER_SUITE_PRIVILEGES,
            Self::DestinationVlan(_) => LanSelector::DESTINATION_VLAN,
            Self::BadPasswordThreshold(_) => LanSelector::BAD_PASSWORD_THRESHOLD,
            Self::Other { selector, .. } => *selector,
        }
    }

    /// Reads the value of this parameter.
    ///
    /// # Errors
    ///
    /// [`DecodeError`], also where bytes follow the value.
    pub fn decode_value(selector: LanSelector, input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        let parameter = match selector {
            LanSelector::SET_IN_PROGRESS => Self::SetInProgress(SetInProgress::from_bits(r.u8()?)?),
            LanSelector::AUTH_SUPPORT => Self::AuthSupport(AuthTypes::new(r.u8()?)),
            LanSelector::AUTH_ENABLES => Self::AuthEnables(r.array()?.map(AuthTypes::new)),
            LanSelector::ADDRESS => Self::Address(address(&mut r)?),
            LanSelector::ADDRESS_SOURCE => Self::AddressSource(AddressSource::from_bits(r.u8()?)?),
            LanSelector::MAC => Self::Mac(r.array()?),
            LanSelector::SUBNET_MASK => Self::SubnetMask(address(&mut r)?),
            LanSelector::IPV4_HEADER => Self::Ipv4Header(Ipv4Header::from_bytes(r.array()?)),
            LanSelector::PRIMARY_PORT => Self::PrimaryPort(r.u16()?),
            LanSelector::SECONDARY_PORT => Self::SecondaryPort(r.u16()?),
            LanSelector::ARP_CONTROL => Self::ArpControl(ArpControl::from_bits(r.u8()?)),
            LanSelector::ARP_INTERVAL => Self::ArpInterval(r.u8()?),
            LanSelector::GATEWAY => Self::Gateway(address(&mut r)?),
            LanSelector::GATEWAY_MAC => Self::GatewayMac(r.array()?),
            LanSelector::BACKUP_GATEWAY => Self::BackupGateway(address(&mut r)?),
            LanSelector::BACKUP_GATEWAY_MAC => Self::BackupGatewayMac(r.array()?),
            LanSelector::COMMUNITY => Self::Community(r.array()?),
            LanSelector::DESTINATION_COUNT => Self::DestinationCount(r.u8()? & 0x0F),
            LanSelector::DESTINATION_TYPE => {
                Self::DestinationType(DestinationType::from_bytes(r.array()?)?)
            }
            LanSelector::DESTINATION_ADDRESS => {
                Self::DestinationAddress(DestinationAddress::read(&mut r)?)
            }
            LanSelector::VLAN_ID => Self::VlanId(VlanId::from_bytes(r.array()?)),
            LanSelector::VLAN_PRIORITY => Self::VlanPriority(r.u8()? & 0x07),
            LanSelector::CIPHER_SUITE_COUNT => Self::CipherSuiteCount(r.u8()? & 0x1F),
            LanSelector::CIPHER_SUITES => {
                let _reserved = r.u8()?;
                Self::CipherSuites(CipherSuiteIds::from_bytes(r.rest())?)
            }
            LanSelector::CIPHER_SUITE_PRIVILEGES => {
                let _reserved = r.u8()?;
                Self::CipherSuitePrivileges(CipherSuitePrivileges::from_bytes(r.array()?)?)
            }
            LanSelector::DESTINATION_VLAN => {
                Self::DestinationVlan(DestinationVlan::from_bytes(r.array()?)?)
            }
            LanSelector::BAD_PASSWORD_THRESHOLD => {
                Self::BadPasswordThreshold(BadPasswordThreshold::read(&mut r)?)
            }
            selector => Self::Other {
                selector,
                data: r.rest().to_vec(),
            },
        };
        r.finish()?;
        Ok(parameter)
    }
}

fn address(r: &mut Reader<'_>) -> Result<Ipv4Addr, DecodeError> {
    r.array::<4>().map(Ipv4Addr::from)
}

/// The value alone: the number stands elsewhere in a request, and nowhere in an answer.
impl Encode for LanParameter {
    fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Self::SetInProgress(state) => out.push(*state as u8),
            Self::AuthSupport(types) => out.push(types.bits()),
            Self::AuthEnables(levels) => out.extend(levels.map(AuthTypes::bits)),
            Self::Address(address)
            | Self::SubnetMask(address)
            | Self::Gateway(address)
            | Self::BackupGateway(address) => out.extend(address.octets()),
            Self::AddressSource(source) => out.push(*source as u8),
            Self::Mac(mac) | Self::GatewayMac(mac) | Self::BackupGatewayMac(mac) => out.extend(mac),
            Self::Ipv4Header(header) => out.extend(header.bytes()),
            Self::PrimaryPort(port) | Self::SecondaryPort(port) => out.extend(port.to_le_bytes()),
            Self::ArpControl(arp) => out.push(arp.bits()),
            Self::ArpInterval(interval) => out.push(*interval),
            Self::Community(community) => out.extend(community),
            Self::DestinationCount(count) => out.push(count & 0x0F),
            Self::DestinationType(destination) => out.extend(destination.bytes()),
            Self::DestinationAddress(destination) => destination.encode(out),
            Self::VlanId(vlan) => out.extend(vlan.bytes()),
            Self::VlanPriority(priority) => out.push(priority & 0x07),
            Self::CipherSuiteCount(count) => out.push(count & 0x1F),
            Self::CipherSuites(ids) => {
                out.push(0);
                out.extend(ids.as_slice());
            }
            Self::CipherSuitePrivileges(levels) => {
                out.push(0);
                levels.encode(out);
            }
            Self::DestinationVlan(destination) => out.extend(destination.bytes()),
            Self::BadPasswordThreshold(threshold) => threshold.encode(out),
            Self::Other { data, .. } => out.extend(data),
        }
    }
}

impl From<&LanParameter> for ParameterData {
    fn from(parameter: &LanParameter) -> Self {
        Self::of(parameter)
    }
}

#[cfg(test)]
mod tests;
