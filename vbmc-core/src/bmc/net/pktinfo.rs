//! Receiving and sending with the local address, for sockets that are bound to all addresses: `IP_PKTINFO` and
//! `IPV6_PKTINFO`. An IPv4 datagram on an IPv6 socket carries v4-mapped addresses in both directions.

use std::io::{self, IoSlice, IoSliceMut};
use std::net::{IpAddr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};
use std::os::fd::{AsFd, AsRawFd};

use nix::libc::{in_addr, in_pktinfo, in6_addr, in6_pktinfo};
use nix::sys::socket::{
    ControlMessage, ControlMessageOwned, MsgFlags, SockaddrIn, SockaddrIn6, SockaddrStorage,
    cmsg_space, recvmsg, sendmsg, setsockopt, sockopt,
};

use super::Route;

/// Room for the larger one of the two control messages, aligned as the kernel writes them.
#[repr(align(8))]
struct Control([u8; cmsg_space::<in6_pktinfo>()]);

/// Asks the kernel to tell the local address of every datagram.
pub(super) fn enable(socket: &impl AsFd, address: SocketAddr) -> io::Result<()> {
    if address.is_ipv6() {
        setsockopt(socket, sockopt::Ipv6RecvPacketInfo, &true)?;
    } else {
        setsockopt(socket, sockopt::Ipv4PacketInfo, &true)?;
    }
    Ok(())
}

/// Receives one datagram with the address that it was sent to.
pub(super) fn recv(socket: &impl AsRawFd, buffer: &mut [u8]) -> io::Result<(usize, Route)> {
    let mut control = Control([0; _]);
    let mut iov = [IoSliceMut::new(buffer)];
    let message = recvmsg::<SockaddrStorage>(
        socket.as_raw_fd(),
        &mut iov,
        Some(&mut control.0),
        MsgFlags::MSG_DONTWAIT,
    )?;
    let peer = message
        .address
        .as_ref()
        .and_then(socket_addr)
        .ok_or_else(|| io::Error::other("a datagram without a sender"))?;
    let local = message.cmsgs()?.find_map(|cmsg| match cmsg {
        ControlMessageOwned::Ipv4PacketInfo(info) => {
            Some(IpAddr::from(info.ipi_spec_dst.s_addr.to_ne_bytes()))
        }
        ControlMessageOwned::Ipv6PacketInfo(info) => Some(IpAddr::from(info.ipi6_addr.s6_addr)),
        _ => None,
    });
    let local = local.filter(|ip| !ip.is_multicast() && !ip.is_unspecified());
    Ok((message.bytes, Route { peer, local }))
}

/// Sends one datagram from the address `local`.
pub(super) fn send(
    socket: &impl AsRawFd,
    datagram: &[u8],
    peer: SocketAddr,
    local: IpAddr,
) -> io::Result<usize> {
    let fd = socket.as_raw_fd();
    let iov = [IoSlice::new(datagram)];
    let flags = MsgFlags::MSG_DONTWAIT;
    // The interface stays 0: routing chooses it, and the peer's scope id does for link-local addresses.
    let sent = match (local, peer) {
        (IpAddr::V4(local), SocketAddr::V4(peer)) => {
            let s_addr = u32::from_ne_bytes(local.octets());
            let info = in_pktinfo {
                ipi_ifindex: 0,
                ipi_spec_dst: in_addr { s_addr },
                ipi_addr: in_addr { s_addr: 0 },
            };
            let to = SockaddrIn::from(peer);
            sendmsg(
                fd,
                &iov,
                &[ControlMessage::Ipv4PacketInfo(&info)],
                flags,
                Some(&to),
            )?
        }
        (local, peer) => {
            let info = in6_pktinfo {
                ipi6_addr: in6_addr {
                    s6_addr: mapped(local).octets(),
                },
                ipi6_ifindex: 0,
            };
            let to = SockaddrIn6::from(match peer {
                SocketAddr::V4(v4) => SocketAddrV6::new(v4.ip().to_ipv6_mapped(), v4.port(), 0, 0),
                SocketAddr::V6(v6) => v6,
            });
            sendmsg(
                fd,
                &iov,
                &[ControlMessage::Ipv6PacketInfo(&info)],
                flags,
                Some(&to),
            )?
        }
    };
    Ok(sent)
}

fn mapped(ip: IpAddr) -> Ipv6Addr {
    match ip {
        IpAddr::V4(v4) => v4.to_ipv6_mapped(),
        IpAddr::V6(v6) => v6,
    }
}

fn socket_addr(address: &SockaddrStorage) -> Option<SocketAddr> {
    if let Some(v4) = address.as_sockaddr_in() {
        return Some(SocketAddrV4::from(*v4).into());
    }
    address
        .as_sockaddr_in6()
        .map(|v6| SocketAddrV6::from(*v6).into())
}
