//! A BMC's UDP socket. It answers from the address that it was asked at.
//!
//! Nothing here knows IPMI, and nothing that a datagram or an ICMP error does to the socket ends the BMC.

mod interface;
mod pktinfo;

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use socket2::{Domain, Protocol, SockRef, Socket as RawSocket, Type};
use tokio::io::Interest;
use tokio::net::UdpSocket;

pub(super) use self::interface::Interface;

/// The largest datagram that is taken. IPMI messages have 255 bytes at most, and the headers, trailers and
/// padding around them stay under 100; console output comes in payloads of the same size. What fills the whole
/// buffer has been cut, and is dropped.
pub(super) const BUFFER: usize = 1024;

/// Where a datagram came from, and where it was sent to: the way back for its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Route {
    /// Who sent it.
    pub(super) peer: SocketAddr,
    /// The address of ours that it was sent to. None for broadcasts.
    pub(super) local: Option<IpAddr>,
}

/// A bound socket.
#[derive(Debug)]
pub(super) struct Socket {
    io: UdpSocket,
    local: SocketAddr,
}

impl Socket {
    /// Binds `listen`. `[::]` takes IPv4 too, and becomes `0.0.0.0` on a machine without IPv6.
    ///
    /// # Errors
    ///
    /// What the system said, with the address and the port. Must be called within a tokio runtime.
    pub(super) fn bind(listen: SocketAddr) -> io::Result<Self> {
        Self::bind_as(listen, false)
    }

    fn bind_as(listen: SocketAddr, share: bool) -> io::Result<Self> {
        match open(listen, share) {
            Err(error) if listen.is_ipv6() && listen.ip().is_unspecified() && no_ipv6(&error) => {
                let v4 = SocketAddr::from((Ipv4Addr::UNSPECIFIED, listen.port()));
                tracing::info!(%listen, instead = %v4, %error, "this machine has no IPv6");
                open(v4, share).map_err(|error| explain(v4, &error))
            }
            other => other.map_err(|error| explain(listen, &error)),
        }
    }

    /// Binds another address while this one goes on. They may overlap, as all addresses and one of them do.
    ///
    /// # Errors
    ///
    /// As [`Socket::bind`].
    pub(super) fn bind_another(&self, listen: SocketAddr) -> io::Result<Self> {
        if !overlap(self.local, listen) {
            return Self::bind(listen);
        }
        // Sharing is asked for only as long as binding takes: what others have stays refused.
        let ours = SockRef::from(&self.io);
        ours.set_reuse_address(true)?;
        let another = Self::bind_as(listen, true);
        ours.set_reuse_address(false)?;
        let another = another?;
        SockRef::from(&another.io).set_reuse_address(false)?;
        Ok(another)
    }

    /// The address that it is bound to, with the real port.
    pub(super) fn local_addr(&self) -> SocketAddr {
        self.local
    }

    /// Waits until there is something to receive.
    pub(super) async fn readable(&self) -> io::Result<()> {
        self.io.readable().await
    }

    /// Receives the next datagram, if there is one.
    ///
    /// # Errors
    ///
    /// [`io::ErrorKind::WouldBlock`] when there is none. Any other error belongs to one datagram or to one earlier
    /// answer (ICMP), not to the socket.
    pub(super) fn try_recv(&self, buffer: &mut [u8; BUFFER]) -> io::Result<(usize, Route)> {
        if self.local.ip().is_unspecified() {
            return self
                .io
                .try_io(Interest::READABLE, || pktinfo::recv(&self.io, buffer));
        }
        let (len, peer) = self.io.try_recv_from(buffer)?;
        let local = Some(self.local.ip());
        Ok((len, Route { peer, local }))
    }

    /// Sends an answer back along `route`.
    ///
    /// # Errors
    ///
    /// The answer is lost then, as on the way it might be: the console asks again.
    pub(super) fn try_send(&self, datagram: &[u8], route: Route) -> io::Result<()> {
        let sent = match route.local {
            Some(local) if self.local.ip().is_unspecified() => {
                self.io.try_io(Interest::WRITABLE, || {
                    pktinfo::send(&self.io, datagram, route.peer, local)
                })
            }
            _ => self.io.try_send_to(datagram, route.peer),
        };
        sent.map(drop)
    }
}

/// An address as people write it: IPv4 as IPv4, also where it came over a socket of both families.
pub(super) fn shown(peer: SocketAddr) -> SocketAddr {
    SocketAddr::new(peer.ip().to_canonical(), peer.port())
}

/// Whether two sockets of one machine cannot have both, unless they share.
pub(super) fn overlap(one: SocketAddr, other: SocketAddr) -> bool {
    one.port() == other.port()
        && (one.ip() == other.ip() || one.ip().is_unspecified() || other.ip().is_unspecified())
}

fn open(address: SocketAddr, share: bool) -> io::Result<Socket> {
    let raw = RawSocket::new(
        Domain::for_address(address),
        Type::DGRAM,
        Some(Protocol::UDP),
    )?;
    raw.set_nonblocking(true)?;
    if address.is_ipv6() {
        raw.set_only_v6(!address.ip().is_unspecified())?;
    }
    if address.ip().is_unspecified() {
        pktinfo::enable(&raw, address)?;
    }
    if share {
        raw.set_reuse_address(true)?;
    }
    raw.bind(&address.into())?;
    let io = UdpSocket::from_std(raw.into())?;
    let local = io.local_addr()?;
    Ok(Socket { io, local })
}

/// Whether binding `[::]` failed since there is no IPv6: not compiled in, or switched off by sysctl.
fn no_ipv6(error: &io::Error) -> bool {
    use nix::libc::{EADDRNOTAVAIL, EAFNOSUPPORT};
    matches!(error.raw_os_error(), Some(EAFNOSUPPORT | EADDRNOTAVAIL))
}

/// The same error with the address in it, and the way out where there is one.
fn explain(address: SocketAddr, error: &io::Error) -> io::Error {
    let hint = match error.kind() {
        io::ErrorKind::AddrInUse => ": another program or BMC has it; choose another port",
        io::ErrorKind::AddrNotAvailable => ": no interface of this machine has that address",
        io::ErrorKind::PermissionDenied => {
            ": ports below 1024 need the capability CAP_NET_BIND_SERVICE"
        }
        _ => "",
    };
    let message = format!("cannot listen on UDP {address}: {error}{hint}");
    io::Error::new(error.kind(), message)
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn recv(socket: &Socket, buffer: &mut [u8; BUFFER]) -> (usize, Route) {
        loop {
            socket.readable().await.unwrap();
            match socket.try_recv(buffer) {
                Ok(received) => return received,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => panic!("{error}"),
            }
        }
    }

    /// Asks `socket` at `to` from a socket that is bound to `from`, and returns where the answer came from.
    async fn answered_from(socket: &Socket, from: &str, to: SocketAddr) -> SocketAddr {
        let client = UdpSocket::bind(from).await.unwrap();
        client.send_to(b"ask", to).await.unwrap();
        let mut buffer = [0; BUFFER];
        let (len, route) = recv(socket, &mut buffer).await;
        assert_eq!(&buffer[..len], b"ask");
        socket.try_send(b"answer", route).unwrap();
        let (len, peer) = client.recv_from(&mut buffer).await.unwrap();
        assert_eq!(&buffer[..len], b"answer");
        peer
    }

    #[tokio::test]
    async fn answers_come_from_the_address_that_was_asked() {
        for listen in ["0.0.0.0:0", "[::]:0"] {
            let socket = Socket::bind(listen.parse().unwrap()).unwrap();
            for asked in ["127.0.0.1", "127.0.0.2", "127.1.2.3"] {
                let to = SocketAddr::new(asked.parse().unwrap(), socket.local_addr().port());
                assert_eq!(answered_from(&socket, "127.0.0.1:0", to).await, to);
            }
        }
    }

    #[tokio::test]
    async fn ipv6_where_there_is_one() {
        let Ok(socket) = Socket::bind("[::1]:0".parse().unwrap()) else {
            return; // a container without IPv6
        };
        let to = socket.local_addr();
        assert_eq!(answered_from(&socket, "[::1]:0", to).await, to);
        let wildcard = Socket::bind("[::]:0".parse().unwrap()).unwrap();
        let to = SocketAddr::new("::1".parse().unwrap(), wildcard.local_addr().port());
        assert_eq!(answered_from(&wildcard, "[::1]:0", to).await, to);
    }

    #[test]
    fn ipv4_is_shown_as_such() {
        let shown = |address: &str| shown(address.parse().unwrap()).to_string();
        assert_eq!(shown("[::ffff:192.0.2.1]:623"), "192.0.2.1:623");
        assert_eq!(shown("[2001:db8::1]:623"), "[2001:db8::1]:623");
    }

    #[tokio::test]
    async fn a_port_in_use_is_named() {
        let first = Socket::bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let error = Socket::bind(first.local_addr()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AddrInUse);
        assert!(
            error.to_string().contains(&first.local_addr().to_string()),
            "{error}"
        );
    }

    #[tokio::test]
    async fn all_addresses_and_one_of_them_take_turns_and_others_keep_theirs() {
        let one = Socket::bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let all = SocketAddr::from((Ipv4Addr::UNSPECIFIED, one.local_addr().port()));
        let other = SocketAddr::from(([127, 0, 0, 2], all.port()));
        let theirs = std::net::UdpSocket::bind(other).unwrap();
        let error = one.bind_another(all).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AddrInUse);
        drop(theirs);
        let all = one.bind_another(all).unwrap();
        let error = std::net::UdpSocket::bind(other).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AddrInUse, "shared for good");
        drop(one);
        assert_eq!(
            answered_from(&all, "127.0.0.1:0", other).await,
            other,
            "the one that is left serves"
        );
    }

    #[tokio::test]
    async fn an_address_that_is_not_ours_is_named() {
        let error = Socket::bind("192.0.2.1:6230".parse().unwrap()).unwrap_err();
        assert!(error.to_string().contains("192.0.2.1:6230"), "{error}");
    }
}
