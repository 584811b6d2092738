//! Somebody on the way between a client and a BMC, who hears all that the client sends and can say it again.

use std::io::ErrorKind;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::net::loopback;

/// How soon it notices that it is to end.
const PATIENCE: Duration = Duration::from_millis(20);

/// A relay for one client at a time; ends when dropped.
#[derive(Debug)]
pub struct Relay {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    front: UdpSocket,
    back: UdpSocket,
    client: Mutex<Option<SocketAddr>>,
    heard: Mutex<Vec<Vec<u8>>>,
    ending: AtomicBool,
    /// How many datagrams in a thousand are lost.
    loss: AtomicU64,
    lost: AtomicU64,
}

impl Relay {
    /// Starts one in front of `bmc`.
    ///
    /// # Panics
    ///
    /// When there are no sockets.
    #[must_use]
    pub fn start(bmc: SocketAddr) -> Self {
        Self::start_at(loopback(0), bmc)
    }

    /// Starts one in front of `bmc` that has the same port, so that a BMC may name it: at another loopback address.
    ///
    /// # Panics
    ///
    /// When there are no sockets.
    #[must_use]
    pub fn beside(bmc: SocketAddr) -> Self {
        Self::start_at((Ipv4Addr::new(127, 0, 0, 2), bmc.port()).into(), bmc)
    }

    fn start_at(address: SocketAddr, bmc: SocketAddr) -> Self {
        let front = UdpSocket::bind(address).expect("a socket");
        let back = UdpSocket::bind(loopback(0)).expect("a socket");
        back.connect(bmc).expect("a socket");
        for socket in [&front, &back] {
            socket.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        }
        let shared = Arc::new(Shared {
            front,
            back,
            client: Mutex::default(),
            heard: Mutex::default(),
            ending: AtomicBool::new(false),
            loss: AtomicU64::new(0),
            lost: AtomicU64::new(0),
        });
        let ways: [fn(&Shared); 2] = [Shared::to_bmc, Shared::to_client];
        let threads = ways.map(|way| {
            let shared = Arc::clone(&shared);
            thread::spawn(move || way(&shared))
        });
        Self {
            shared,
            threads: threads.into(),
        }
    }

    /// Where the client is to send.
    ///
    /// # Panics
    ///
    /// Never: the socket is bound.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.shared.front.local_addr().expect("a bound socket")
    }

    /// Loses so many datagrams in a thousand from now on, each way.
    pub fn lose(&self, per_mille: u64) {
        self.shared.loss.store(per_mille, Ordering::Relaxed);
    }

    /// How many it has lost.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.shared.lost.load(Ordering::Relaxed)
    }

    /// All that the client has sent since this was asked last.
    #[must_use]
    pub fn heard(&self) -> Vec<Vec<u8>> {
        std::mem::take(&mut self.shared.heard())
    }

    /// Sends `datagram` to the BMC from the address that the client has for it.
    ///
    /// # Panics
    ///
    /// When it can't be sent.
    pub fn say(&self, datagram: &[u8]) {
        self.shared.back.send(datagram).expect("a datagram sent");
    }
}

impl Shared {
    fn to_bmc(&self) {
        self.pass_on(&self.front, |from, datagram| {
            *self.client.lock().unwrap_or_else(PoisonError::into_inner) = Some(from);
            self.heard().push(datagram.to_vec());
            let _ = self.back.send(datagram);
        });
    }

    fn to_client(&self) {
        self.pass_on(&self.back, |_, datagram| {
            let client = *self.client.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(client) = client {
                let _ = self.front.send_to(datagram, client);
            }
        });
    }

    fn pass_on(&self, from: &UdpSocket, mut pass: impl FnMut(SocketAddr, &[u8])) {
        let mut buffer = [0; 1500];
        // The same losses at every run, as far as the programs are the same.
        let mut random = 0x9E37_79B9_7F4A_7C15_u64;
        while !self.ending.load(Ordering::Relaxed) {
            match from.recv_from(&mut buffer) {
                Ok((len, peer)) => {
                    random ^= random << 13;
                    random ^= random >> 7;
                    random ^= random << 17;
                    if random % 1000 < self.loss.load(Ordering::Relaxed) {
                        self.lost.fetch_add(1, Ordering::Relaxed);
                    } else {
                        pass(peer, &buffer[..len]);
                    }
                }
                Err(error) => assert!(
                    // Loopback reports a BMC that has gone.
                    [ErrorKind::WouldBlock, ErrorKind::ConnectionRefused].contains(&error.kind()),
                    "the relay cannot receive: {error}"
                ),
            }
        }
    }

    fn heard(&self) -> std::sync::MutexGuard<'_, Vec<Vec<u8>>> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.shared.ending.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}
