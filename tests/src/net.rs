//! Loopback sockets.

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};

/// A UDP port on 127.0.0.1 that is free now.
///
/// # Panics
///
/// When none is.
#[must_use]
pub fn free_port() -> u16 {
    free_ports(1)[0]
}

/// A UDP port on all IPv4 addresses that is free now, and that FreeIPMI's ipmiconsole takes: none above 32767.
///
/// # Panics
///
/// When none is.
#[must_use]
pub fn free_low_port() -> u16 {
    // A different place to start for each process, so that two do not meet.
    let start = 20_000 + std::process::id() as u16 % 10_000;
    (start..32_767)
        .find(|port| UdpSocket::bind((Ipv4Addr::UNSPECIFIED, *port)).is_ok())
        .expect("a free UDP port")
}

/// `count` different UDP ports on all IPv4 addresses that are free now.
///
/// # Panics
///
/// When there aren't as many.
#[must_use]
pub fn free_ports(count: usize) -> Vec<u16> {
    // All are held until the last is known, so that none comes twice.
    let sockets: Vec<_> = (0..count)
        .map(|_| UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).expect("a free UDP port"))
        .collect();
    let port = |socket: &UdpSocket| socket.local_addr().map(|address| address.port());
    sockets
        .iter()
        .map(|socket| port(socket).expect("the port of a bound socket"))
        .collect()
}

/// `port` on loopback.
#[must_use]
pub fn loopback(port: u16) -> SocketAddr {
    (Ipv4Addr::LOCALHOST, port).into()
}
