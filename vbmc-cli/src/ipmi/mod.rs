//! Our own IPMI console: a session with a BMC over UDP, and requests in it.
//!
//! | File | What lives there |
//! |---|---|
//! | `mod.rs` | [`Console`]: log in, ask, log out |
//! | `line.rs` | [`Line`]: the machine's serial port |
//! | `log.rs` | the event log |
//! | `repository.rs` | sensors' records and inventories |
//! | `error.rs` | [`Error`]: why there is no answer, in a sentence with the way out |
//!
//! The protocol is [`ipmi_proto::console`]'s, commands and answers are [`ipmi_proto::command`]'s. Here are socket and
//! clock, and nothing that knows of vbmcd or of a lab: it talks to any BMC.

mod error;
mod line;
mod log;
mod repository;
#[cfg(test)]
mod tests;

use std::fmt;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use ipmi_proto::command::Command;
use ipmi_proto::command::chassis::{ChassisStatus, GetChassisStatus};
use ipmi_proto::console::{Config, Console as Protocol, Event, Response, Session, SuiteChoice};
use ipmi_proto::crypto::{BmcKey, CipherSuite, Password};
use ipmi_proto::handshake::{RequestedPrivilege, Username};
use ipmi_proto::session::MAX_DATAGRAM_LEN;
use ipmi_proto::{Privilege, Time};
use tokio::net::{UdpSocket, lookup_host};
use tokio::time::{Instant, timeout_at};
use vbmc_core::Secret;

use error::Cause;
pub(crate) use error::Error;
pub(crate) use line::{Heard, Line, NoLine, Opened};
pub(crate) use log::Logged;

/// How long a port may answer that nobody listens there: a BMC that is just being started again does.
const REFUSALS: Duration = Duration::from_secs(2);

/// How long the BMC may take to take note that a session ends.
const FAREWELL: Duration = Duration::from_secs(1);

/// Where a BMC is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Address {
    /// A name or an IP address.
    pub(crate) host: String,
    pub(crate) port: u16,
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} port {}", self.host, self.port)
    }
}

/// Who logs in.
#[derive(Debug, Clone)]
pub(crate) struct Login {
    pub(crate) username: String,
    pub(crate) password: Secret,
    /// The BMC's own key, where it has one.
    pub(crate) kg: Option<Secret>,
    /// The cipher suite; none: the better one of those that are safe, as far as the BMC has them.
    pub(crate) suite: Option<CipherSuite>,
    /// The privilege level to have.
    pub(crate) privilege: RequestedPrivilege,
}

impl Login {
    pub(crate) fn new(username: impl Into<String>, password: Secret) -> Self {
        Self {
            username: username.into(),
            password,
            kg: None,
            suite: None,
            privilege: RequestedPrivilege::UpTo(Privilege::Administrator),
        }
    }
}

/// A session with one BMC.
#[derive(Debug)]
pub(crate) struct Console {
    bmc: Address,
    socket: UdpSocket,
    protocol: Protocol,
    origin: Instant,
    /// For logging in, and for each answer.
    limit: Duration,
    /// Whether anything has ever come from there.
    heard: bool,
    session: Option<Session>,
}

impl Console {
    /// Logs in. `limit` holds for that, and for each
    /// request afterwards.
    pub(crate) async fn connect(
        bmc: &Address,
        login: &Login,
        limit: Duration,
    ) -> Result<Self, Error> {
        let wrong = |cause| Error::new(bmc, cause);
        let config = config(login).map_err(wrong)?;
        let socket = open(bmc).await.map_err(wrong)?;
        let mut console = Self {
            bmc: bmc.clone(),
            socket,
            protocol: Protocol::new(config),
            origin: Instant::now(),
            limit,
            heard: false,
            session: None,
        };
        let session = console.until(|event| match event {
            Event::Established(session) => Some(*session),
            _ => None,
        });
        console.session = Some(session.await?);
        Ok(console)
    }

    /// What was agreed on at login.
    pub(crate) fn session(&self) -> Option<&Session> {
        self.session.as_ref()
    }

    /// Sends one request and waits for its answer.
    pub(crate) async fn request<C: Command>(&mut self, command: &C) -> Result<C::Response, Error> {
        let wanted = self.protocol.request(command);
        let answer = self
            .until(|event| match event {
                Event::Response { id, result } if *id == wanted => Some(result.clone()),
                _ => None,
            })
            .await?;
        answer
            .map_err(Cause::from)
            .and_then(|response: Response| Ok(response.decode::<C>()?))
            .map_err(|cause| Error::new(&self.bmc, cause))
    }

    /// What the chassis reports.
    pub(crate) async fn chassis_status(&mut self) -> Result<ChassisStatus, Error> {
        self.request(&GetChassisStatus).await
    }

    /// Whether the machine is on.
    pub(crate) async fn power_state(&mut self) -> Result<Power, Error> {
        let status = self.chassis_status().await?;
        Ok(if status.power.on {
            Power::On
        } else {
            Power::Off
        })
    }

    /// Logs out. A BMC that does not take note ends the session by itself, later.
    pub(crate) async fn close(mut self) {
        self.limit = FAREWELL;
        self.protocol.close();
        // Nothing follows that an error could spoil.
        let _ = self
            .until(|event| matches!(event, Event::Closed).then_some(()))
            .await;
    }

    /// Runs the session until `wanted` is among its events.
    async fn until<T>(&mut self, wanted: impl Fn(&Event) -> Option<T>) -> Result<T, Error> {
        match self.drive(wanted).await {
            Ok(found) => Ok(found),
            Err(cause) => Err(Error::new(&self.bmc, cause)),
        }
    }

    async fn drive<T>(&mut self, wanted: impl Fn(&Event) -> Option<T>) -> Result<T, Cause> {
        let start = Instant::now();
        let deadline = start + self.limit;
        let mut refused_since = None;
        let (mut out, mut buffer) = (Vec::new(), [0; MAX_DATAGRAM_LEN]);
        loop {
            self.transmit(&mut out).await;
            while let Some(event) = self.protocol.poll_event() {
                if let Some(found) = wanted(&event) {
                    // What is left to send tells the BMC, as a farewell does.
                    self.transmit(&mut out).await;
                    return Ok(found);
                }
                if let Event::Failed(error) = event {
                    self.transmit(&mut out).await;
                    return Err(Cause::session(error, start.elapsed()));
                }
            }
            if self.protocol.is_ended() {
                return Err(Cause::Closed);
            }
            let due = self.protocol.poll_timeout();
            let due = due.map_or(deadline, |due| {
                Instant::now() + due.since(self.now()).max(Duration::from_millis(1))
            });
            match timeout_at(due.min(deadline), self.socket.recv(&mut buffer)).await {
                Ok(Ok(len)) => {
                    refused_since = None;
                    self.heard = true;
                    let now = self.now();
                    // What it drops is none of this session's.
                    let _ = self
                        .protocol
                        .handle(now, &mut buffer[..len], &mut rand::rng());
                }
                Ok(Err(error)) if error.kind() == io::ErrorKind::ConnectionRefused => {
                    let since = *refused_since.get_or_insert_with(Instant::now);
                    if since.elapsed() >= REFUSALS {
                        return Err(Cause::NobodyListens);
                    }
                }
                Ok(Err(error)) => return Err(Cause::Socket(error)),
                Err(_) if Instant::now() >= deadline => {
                    return Err(match refused_since {
                        Some(_) => Cause::NobodyListens,
                        None if !self.heard => Cause::Silent(self.limit),
                        None => Cause::Late(self.limit),
                    });
                }
                Err(_) => {}
            }
            self.protocol.handle_timeout(self.now());
        }
    }

    async fn transmit(&mut self, out: &mut Vec<u8>) {
        while self
            .protocol
            .poll_transmit(self.now(), &mut rand::rng(), out)
        {
            // One that cannot be sent is as good as lost: it is sent again.
            let _ = self.socket.send(out).await;
            out.clear();
        }
    }

    fn now(&self) -> Time {
        Time::from_origin(self.origin.elapsed())
    }
}

/// Whether a machine is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Power {
    On,
    Off,
}

impl fmt::Display for Power {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::On => "on",
            Self::Off => "off",
        })
    }
}

fn config(login: &Login) -> Result<Config, Cause> {
    let username = Username::new(login.username.as_bytes())
        .map_err(|error| Cause::Login("user name", error.to_string()))?;
    let password = Password::new(login.password.reveal().as_bytes())
        .map_err(|error| Cause::Login("password", error.to_string()))?;
    let kg = login.kg.as_ref();
    let kg = kg
        .map(|kg| BmcKey::new(kg.reveal().as_bytes()))
        .transpose()
        .map_err(|error| Cause::Login("key K_g", error.to_string()))?;
    Ok(Config {
        kg,
        suite: login
            .suite
            .map_or_else(SuiteChoice::default, SuiteChoice::Exactly),
        privilege: login.privilege,
        ..Config::new(username, password)
    })
}

/// A socket that hears this BMC and nobody else.
async fn open(bmc: &Address) -> Result<UdpSocket, Cause> {
    // An IPv6 address may be typed as in a URL.
    let host = bmc
        .host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'));
    let host = host.unwrap_or(&bmc.host);
    let mut addresses = lookup_host((host, bmc.port))
        .await
        .map_err(Cause::UnknownHost)?;
    let Some(address) = addresses.next() else {
        return Err(Cause::UnknownHost(io::ErrorKind::NotFound.into()));
    };
    let any: SocketAddr = match address {
        SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
        SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
    };
    let socket = UdpSocket::bind(any).await.map_err(Cause::Socket)?;
    socket.connect(address).await.map_err(Cause::Socket)?;
    Ok(socket)
}
