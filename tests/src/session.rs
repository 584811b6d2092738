//! A session of our own, held open for as long as a test likes: what foreign clients, which log in and out for every
//! command, can't do.

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use ipmi_proto::Time;
use ipmi_proto::command::{Command, NetFn};
use ipmi_proto::console::{Config, Console, Event, Response};
use ipmi_proto::crypto::Password;
use ipmi_proto::handshake::Username;

use crate::client::Bmc;

/// An open session with one BMC.
pub struct Session {
    socket: UdpSocket,
    console: Console,
    origin: Instant,
}

impl Session {
    /// Logs in as Administrator.
    ///
    /// # Panics
    ///
    /// When the BMC lets nobody in.
    #[must_use]
    #[track_caller]
    pub fn open(bmc: &Bmc) -> Self {
        Self::open_through(bmc, bmc.address())
    }

    /// Logs in through a relay at `address`.
    ///
    /// # Panics
    ///
    /// When the BMC lets nobody in.
    #[must_use]
    #[track_caller]
    pub fn open_through(bmc: &Bmc, address: SocketAddr) -> Self {
        let user = Username::new(bmc.user.as_bytes()).expect("a short user name");
        let password = Password::new(bmc.password.as_bytes()).expect("a short password");
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a socket");
        socket.connect(address).expect("a socket");
        let mut session = Self {
            socket,
            console: Console::new(Config::new(user, password)),
            origin: Instant::now(),
        };
        session.run_until("the session to be open", |event| {
            matches!(event, Event::Established(_)).then_some(())
        });
        session
    }

    /// Sends a request and waits for the answer.
    ///
    /// # Panics
    ///
    /// When there is none.
    #[track_caller]
    pub fn ask<C: Command>(&mut self, command: &C) -> Response {
        let id = self.console.request(command);
        self.answer(id)
    }

    /// Sends a request that may be of no known command, and waits for the answer.
    ///
    /// # Panics
    ///
    /// When there is none.
    #[track_caller]
    pub fn ask_raw(&mut self, netfn: NetFn, command: u8, data: &[u8]) -> Response {
        let id = self.console.raw_request(netfn, command, data);
        self.answer(id)
    }

    /// Logs out.
    ///
    /// # Panics
    ///
    /// When the session ended before.
    #[track_caller]
    pub fn close(mut self) {
        self.console.close();
        self.run_until("the session to be closed", |event| {
            matches!(event, Event::Closed).then_some(())
        });
    }

    #[track_caller]
    fn answer(&mut self, wanted: ipmi_proto::console::RequestId) -> Response {
        self.run_until("an answer", |event| match event {
            Event::Response { id, result } if *id == wanted => Some(result.clone()),
            _ => None,
        })
        .expect("an answer")
    }

    /// Lets the session run until `wanted` is among its events.
    #[track_caller]
    fn run_until<T>(&mut self, what: &str, wanted: impl Fn(&Event) -> Option<T>) -> T {
        let mut rng = rand::rng();
        let (mut out, mut buffer) = (Vec::new(), [0; 1024]);
        loop {
            while let Some(event) = self.console.poll_event() {
                if let Some(found) = wanted(&event) {
                    return found;
                }
                if let Event::Failed(error) = &event {
                    panic!("waited for {what}, in vain: {error}");
                }
            }
            // The console bounds the time: it gives a BMC up that doesn't answer.
            assert!(!self.console.is_ended(), "the session ended before {what}");
            while self.console.poll_transmit(self.now(), &mut rng, &mut out) {
                // Loopback reports a port that nobody listens on; the console finds out by itself.
                let _ = self.socket.send(&out);
                out.clear();
            }
            let due = self.console.poll_timeout();
            let wait = due.map_or(Duration::from_secs(1), |due| due.since(self.now()));
            let wait = wait.max(Duration::from_millis(1));
            self.socket.set_read_timeout(Some(wait)).expect("a timeout");
            match self.socket.recv(&mut buffer) {
                Ok(len) => {
                    let now = self.now();
                    // What it drops is none of this session's.
                    let _ = self.console.handle(now, &mut buffer[..len], &mut rng);
                }
                Err(_) => {
                    let now = self.now();
                    self.console.handle_timeout(now);
                }
            }
        }
    }

    fn now(&self) -> Time {
        Time::from_origin(self.origin.elapsed())
    }
}
