//! The network interface that has one of our addresses.

use std::fs;
use std::net::{IpAddr, Ipv4Addr};

use nix::ifaddrs::{InterfaceAddress, getifaddrs};

/// An interface, as far as IPMI's LAN parameters show it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::bmc) struct Interface {
    /// The mask that goes with the address; none for an IPv6 one.
    pub(in crate::bmc) netmask: Option<Ipv4Addr>,
    /// Its MAC address; zeros where it has none, as the loopback one.
    pub(in crate::bmc) mac: [u8; 6],
    /// Where its packets to other networks go, if they do.
    pub(in crate::bmc) gateway: Option<Gateway>,
}

/// A router.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::bmc) struct Gateway {
    pub(in crate::bmc) address: Ipv4Addr,
    /// Its MAC address, where it was spoken to of late.
    pub(in crate::bmc) mac: Option<[u8; 6]>,
}

impl Gateway {
    /// The default gateway of an interface, from Linux's own tables.
    fn of(interface: &str) -> Option<Self> {
        let routes = fs::read_to_string("/proc/net/route").ok()?;
        let address = default_route(&routes, interface)?;
        let neighbours = fs::read_to_string("/proc/net/arp").unwrap_or_default();
        let mac = neighbour(&neighbours, address);
        Some(Self { address, mac })
    }
}

/// The gateway of the interface's default route in `/proc/net/route`: address and mask are hexadecimal numbers in the
/// machine's own byte order.
fn default_route(routes: &str, interface: &str) -> Option<Ipv4Addr> {
    routes.lines().find_map(|line| {
        let fields: Vec<_> = line.split_whitespace().collect();
        match fields[..] {
            [name, "00000000", gateway, _, _, _, _, "00000000", ..] if name == interface => {
                let gateway = u32::from_str_radix(gateway, 16).ok()?;
                (gateway != 0).then(|| Ipv4Addr::from(gateway.to_ne_bytes()))
            }
            _ => None,
        }
    })
}

/// A neighbour's MAC address in `/proc/net/arp`.
fn neighbour(neighbours: &str, address: Ipv4Addr) -> Option<[u8; 6]> {
    neighbours.lines().find_map(|line| {
        let mut fields = line.split_whitespace();
        if fields.next()?.parse() != Ok(address) {
            return None;
        }
        let mac: Option<Vec<u8>> = fields
            .nth(2)?
            .split(':')
            .map(|byte| u8::from_str_radix(byte, 16).ok())
            .collect();
        mac?.try_into().ok()
    })
}

impl Interface {
    /// The interface with the address `ip`; none if there is none any more.
    pub(in crate::bmc) fn with(ip: IpAddr) -> Option<Self> {
        let all: Vec<_> = getifaddrs().ok()?.collect();
        // 127.0.0.0/8 is ours as a whole, but only 127.0.0.1 is listed.
        let listed = |entry: &&InterfaceAddress| {
            let address = address_of(entry);
            address == Some(ip)
                || ip.is_loopback() && address.is_some_and(|address| address.is_loopback())
        };
        let found = all.iter().find(listed)?;
        let netmask = found
            .netmask
            .as_ref()
            .and_then(|mask| mask.as_sockaddr_in());
        let mac = all
            .iter()
            .filter(|entry| entry.interface_name == found.interface_name)
            .find_map(|entry| entry.address.as_ref()?.as_link_addr()?.addr());
        Some(Self {
            netmask: netmask.filter(|_| ip.is_ipv4()).map(|mask| mask.ip()),
            mac: mac.unwrap_or_default(),
            gateway: Gateway::of(&found.interface_name),
        })
    }
}

fn address_of(entry: &InterfaceAddress) -> Option<IpAddr> {
    let address = entry.address.as_ref()?;
    if let Some(v4) = address.as_sockaddr_in() {
        return Some(v4.ip().into());
    }
    address.as_sockaddr_in6().map(|v6| v6.ip().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_has_a_mask_and_no_mac() {
        for ours in ["127.0.0.1", "127.0.0.2"] {
            let interface = Interface::with(ours.parse().unwrap()).unwrap();
            assert_eq!(interface.netmask, Some(Ipv4Addr::new(255, 0, 0, 0)));
            assert_eq!(interface.mac, [0; 6]);
        }
    }

    #[test]
    fn the_default_route_is_found_in_linux_s_tables() {
        let gateway = Ipv4Addr::new(192, 0, 2, 1);
        let number = u32::from_ne_bytes(gateway.octets());
        let routes = format!(
            "Iface Destination Gateway Flags RefCnt Use Metric Mask MTU Window IRTT\n\
             eth0 000200C0 00000000 0001 0 0 0 00FFFFFF 0 0 0\n\
             eth0 00000000 {number:08X} 0003 0 0 0 00000000 0 0 0\n"
        );
        assert_eq!(default_route(&routes, "eth0"), Some(gateway));
        assert_eq!(default_route(&routes, "eth1"), None);
        let neighbours = "IP address HW type Flags HW address Mask Device\n\
                          192.0.2.1 0x1 0x2 52:54:00:0a:0b:0c * eth0\n";
        let mac = [0x52, 0x54, 0, 0x0a, 0x0b, 0x0c];
        assert_eq!(neighbour(neighbours, gateway), Some(mac));
        assert_eq!(neighbour(neighbours, Ipv4Addr::LOCALHOST), None);
    }

    #[test]
    fn an_address_that_is_not_ours_has_none() {
        assert_eq!(Interface::with("192.0.2.1".parse().unwrap()), None);
    }
}
