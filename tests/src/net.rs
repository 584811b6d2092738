//! Loopback sockets.

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::ops::Range;
use std::process;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// Below the ports that the kernel gives to clients' sockets, which come and go, and within what FreeIPMI's ipmiconsole
/// takes.
const PORTS: Range<u16> = 10_000..32_767;

/// A UDP port that is free now on all IPv4 addresses, and that nobody else in this process is given.
///
/// # Panics
///
/// When none is.
#[must_use]
pub fn free_port() -> u16 {
    // A different place to start for each process, so that two do not meet.
    static NEXT: LazyLock<AtomicU32> =
        LazyLock::new(|| AtomicU32::new(process::id().wrapping_mul(1009)));
    let len = u32::from(PORTS.end - PORTS.start);
    (0..len)
        .map(|_| NEXT.fetch_add(1, Ordering::Relaxed) % len)
        .filter_map(|offset| PORTS.start.checked_add(u16::try_from(offset).ok()?))
        .find(|port| UdpSocket::bind((Ipv4Addr::UNSPECIFIED, *port)).is_ok())
        .expect("a free UDP port")
}

/// `count` different ones.
///
/// # Panics
///
/// When there aren't as many.
#[must_use]
pub fn free_ports(count: usize) -> Vec<u16> {
    (0..count).map(|_| free_port()).collect()
}

/// `port` on loopback.
#[must_use]
pub fn loopback(port: u16) -> SocketAddr {
    (Ipv4Addr::LOCALHOST, port).into()
}
