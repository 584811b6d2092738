//! The network interface that has one of our addresses.

use std::net::{IpAddr, Ipv4Addr};

use nix::ifaddrs::{InterfaceAddress, getifaddrs};

/// An interface, as far as IPMI's LAN parameters show it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::bmc) struct Interface {
    /// The mask that goes with the address; none for an IPv6 one.
    pub(in crate::bmc) netmask: Option<Ipv4Addr>,
    /// Its MAC address; zeros where it has none, as the loopback one.
    pub(in crate::bmc) mac: [u8; 6],
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
    fn an_address_that_is_not_ours_has_none() {
        assert_eq!(Interface::with("192.0.2.1".parse().unwrap()), None);
    }
}
