//! The parts that LAN parameters consist of, table 23-4.

use alloc::vec::Vec;
use core::net::{Ipv4Addr, Ipv6Addr};

use crate::Privilege;
use crate::command::bits::{bit, is_set};
use crate::wire::{DecodeError, Reader};

/// LAN parameter 4: where the address came from.
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

impl AddressSource {
    pub(super) const fn from_bits(bits: u8) -> Result<Self, DecodeError> {
        Ok(match bits & 0x0F {
            0 => Self::Unspecified,
            1 => Self::Static,
            2 => Self::Dhcp,
            3 => Self::Bios,
            4 => Self::Other,
            _ => return Err(DecodeError::Invalid("address source")),
        })
    }
}

/// LAN parameter 7: how outgoing packets are marked.
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

impl Ipv4Header {
    pub(super) const fn bytes(self) -> [u8; 3] {
        [
            self.ttl,
            self.flags << 5,
            self.precedence << 5 | (self.type_of_service & 0x0F) << 1,
        ]
    }

    pub(super) const fn from_bytes([ttl, flags, service]: [u8; 3]) -> Self {
        Self {
            ttl,
            flags: flags >> 5,
            precedence: service >> 5,
            type_of_service: service >> 1 & 0x0F,
        }
    }
}

/// LAN parameter 10: what the BMC does about ARP by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ArpControl {
    /// The BMC answers ARP requests.
    pub responses: bool,
    /// The BMC sends gratuitous ARPs.
    pub gratuitous: bool,
}

impl ArpControl {
    pub(super) const fn bits(self) -> u8 {
        bit(1, self.responses) | bit(0, self.gratuitous)
    }

    pub(super) const fn from_bits(bits: u8) -> Self {
        Self {
            responses: is_set(bits, 1),
            gratuitous: is_set(bits, 0),
        }
    }
}

/// LAN parameter 18: how one destination of alerts is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DestinationType {
    /// Which destination, 0 to 15; 0 is the volatile one.
    pub destination: u8,
    /// Whether an alert counts as delivered only once it is acknowledged.
    pub acknowledged: bool,
    /// What is sent.
    pub alert: AlertType,
    /// Seconds between two attempts, or until the acknowledgement must be there.
    pub timeout: u8,
    /// How often an alert is sent again, 0 to 7.
    pub retries: u8,
}

/// What an alert is sent as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum AlertType {
    /// A platform event trap (SNMP).
    Trap = 0,
    /// A manufacturer's first type.
    Oem1 = 6,
    /// A manufacturer's second type.
    Oem2 = 7,
}

impl DestinationType {
    pub(super) const fn bytes(self) -> [u8; 4] {
        [
            self.destination & 0x0F,
            bit(7, self.acknowledged) | self.alert as u8,
            self.timeout,
            self.retries & 0x07,
        ]
    }

    pub(super) const fn from_bytes(
        [destination, kind, timeout, retries]: [u8; 4],
    ) -> Result<Self, DecodeError> {
        Ok(Self {
            destination: destination & 0x0F,
            acknowledged: is_set(kind, 7),
            alert: match kind & 0x07 {
                0 => AlertType::Trap,
                6 => AlertType::Oem1,
                7 => AlertType::Oem2,
                _ => return Err(DecodeError::Invalid("alert destination type")),
            },
            timeout,
            retries: retries & 0x07,
        })
    }
}

/// LAN parameter 19: where one destination of alerts is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DestinationAddress {
    /// Which destination, 0 to 15; 0 is the volatile one.
    pub destination: u8,
    /// Its address.
    pub address: AlertAddress,
}

/// The address of a destination.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AlertAddress {
    /// IPv4.
    V4 {
        /// Whether it is reached over the backup gateway, otherwise over the default one.
        backup_gateway: bool,
        /// Its address.
        address: Ipv4Addr,
        /// Its MAC address.
        mac: [u8; 6],
    },
    /// IPv6.
    V6(Ipv6Addr),
}

impl DestinationAddress {
    pub(super) fn encode(self, out: &mut Vec<u8>) {
        out.push(self.destination & 0x0F);
        match self.address {
            AlertAddress::V4 {
                backup_gateway,
                address,
                mac,
            } => {
                out.extend([0, bit(0, backup_gateway)]);
                out.extend(address.octets());
                out.extend(mac);
            }
            AlertAddress::V6(address) => {
                out.push(1 << 4);
                out.extend(address.octets());
            }
        }
    }

    pub(super) fn read(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let [destination, format] = r.array()?;
        Ok(Self {
            destination: destination & 0x0F,
            address: match format >> 4 {
                0 => AlertAddress::V4 {
                    backup_gateway: is_set(r.u8()?, 0),
                    address: r.array::<4>()?.into(),
                    mac: r.array()?,
                },
                1 => AlertAddress::V6(r.array::<16>()?.into()),
                _ => return Err(DecodeError::Invalid("alert address format")),
            },
        })
    }
}

/// LAN parameter 20. The id is kept while VLANs are off: clients set the two one after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct VlanId {
    /// Whether the BMC takes and sends only packets of this VLAN.
    pub enabled: bool,
    /// The VLAN, 0 to 4095.
    pub id: u16,
}

impl VlanId {
    pub(super) const fn bytes(self) -> [u8; 2] {
        let [low, high] = self.id.to_le_bytes();
        [low, bit(7, self.enabled) | high & 0x0F]
    }

    pub(super) const fn from_bytes([low, high]: [u8; 2]) -> Self {
        Self {
            enabled: is_set(high, 7),
            id: u16::from_le_bytes([low, high & 0x0F]),
        }
    }
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

    /// The ids.
    #[must_use]
    pub fn as_slice(&self) -> &[u8] {
        &self.0
    }

    pub(super) fn from_bytes(ids: &[u8]) -> Result<Self, DecodeError> {
        if ids.len() > SUITES {
            return Err(DecodeError::Trailing);
        }
        Ok(Self(ids.to_vec()))
    }
}

/// LAN parameter 24. A suite without a level cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CipherSuitePrivileges(pub [Option<Privilege>; SUITES]);

/// How many cipher suites the parameters have room for.
const SUITES: usize = 16;

impl CipherSuitePrivileges {
    pub(super) fn encode(self, out: &mut Vec<u8>) {
        // Two suites to a byte, the first one in the low nibble.
        let (pairs, _) = self.0.as_chunks::<2>();
        out.extend(pairs.iter().map(|pair| {
            let [low, high] = pair.map(|level| level.map_or(0, Privilege::bits));
            low | high << 4
        }));
    }

    pub(super) fn from_bytes(bytes: [u8; SUITES / 2]) -> Result<Self, DecodeError> {
        let nibbles = bytes.iter().flat_map(|byte| [byte & 0x0F, byte >> 4]);
        let mut levels = [None; SUITES];
        for (level, nibble) in levels.iter_mut().zip(nibbles) {
            if nibble != 0 {
                *level = Some(Privilege::from_bits(nibble)?);
            }
        }
        Ok(Self(levels))
    }
}

/// LAN parameter 25: the VLAN of one destination of alerts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DestinationVlan {
    /// Which destination, 0 to 15.
    pub destination: u8,
    /// Its VLAN; none where its packets have no tag.
    pub tag: Option<VlanTag>,
}

/// A VLAN with a priority.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VlanTag {
    /// The VLAN, 0 to 4095.
    pub id: u16,
    /// The packets' priority, 0 to 7.
    pub priority: u8,
}

impl DestinationVlan {
    pub(super) fn bytes(self) -> [u8; 4] {
        let tag = self
            .tag
            .map_or(0, |tag| tag.id & 0x0FFF | u16::from(tag.priority) << 13);
        let [low, high] = tag.to_le_bytes();
        [
            self.destination & 0x0F,
            bit(4, self.tag.is_some()),
            low,
            high,
        ]
    }

    pub(super) const fn from_bytes(
        [destination, format, low, high]: [u8; 4],
    ) -> Result<Self, DecodeError> {
        Ok(Self {
            destination: destination & 0x0F,
            tag: match format >> 4 {
                0 => None,
                1 => Some(VlanTag {
                    id: u16::from_le_bytes([low, high & 0x0F]),
                    priority: high >> 5,
                }),
                _ => return Err(DecodeError::Invalid("VLAN tag format")),
            },
        })
    }
}

/// LAN parameter 26: what happens after wrong passwords.
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

impl BadPasswordThreshold {
    pub(super) fn encode(self, out: &mut Vec<u8>) {
        out.extend([bit(0, self.event), self.attempts]);
        out.extend(self.reset_interval.to_le_bytes());
        out.extend(self.lockout_interval.to_le_bytes());
    }

    pub(super) fn read(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            event: is_set(r.u8()?, 0),
            attempts: r.u8()?,
            reset_interval: r.u16()?,
            lockout_interval: r.u16()?,
        })
    }
}
