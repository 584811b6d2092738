//! One BMC: its socket, the protocol endpoint, the commands' behaviour and the host, put together.
//!
//! Placeholder: these are the agreed signatures.

mod behaviour;
mod mailbox;
mod net;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use crate::Secret;
use crate::host::Host;
use crate::registry::UserRecord;

/// What a BMC needs to know beside its host.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Its name, for the log.
    pub name: String,
    /// The name of the machine behind it, for the log.
    pub domain: String,
    /// Where it listens. `[::]` falls back to `0.0.0.0` on a machine without IPv6.
    pub listen: SocketAddr,
    /// All users; the first one of VirtualBMC's form is user 2, an administrator.
    pub users: Vec<UserRecord>,
    /// The BMC key K_g.
    pub kg: Option<Secret>,
    /// The cipher suites that it accepts.
    pub cipher_suites: Vec<u8>,
    /// After how long without a chassis control a boot override that was set is taken back (§28.13: 60 s). None:
    /// never, since virtual machines are slow to be scheduled.
    pub boot_flags_expiry: Option<Duration>,
}

impl Settings {
    /// The defaults for a BMC that listens on `listen`: no user yet, cipher suites 3 and 17.
    #[must_use]
    pub fn new(name: impl Into<String>, listen: SocketAddr) -> Self {
        let name = name.into();
        Self {
            domain: name.clone(),
            name,
            listen,
            users: Vec::new(),
            kg: None,
            cipher_suites: vec![3, 17],
            boot_flags_expiry: None,
        }
    }
}

/// Keeps what was set over IPMI.
pub trait Store: Send + Sync + 'static {
    /// Saves the users. Blocking; called off the BMC's task. The command is answered after it returned.
    ///
    /// # Errors
    ///
    /// What the disk said; the change is undone then, and the command fails.
    fn save_users(&self, users: &[UserRecord]) -> io::Result<()>;
}

/// A running BMC. Dropping it stops it.
#[derive(Debug)]
pub struct Bmc {
    local: SocketAddr,
}

impl Bmc {
    /// Binds the socket and starts answering.
    ///
    /// # Errors
    ///
    /// What the system said when the socket was bound.
    pub fn start(
        settings: Settings,
        host: Arc<dyn Host>,
        store: Arc<dyn Store>,
    ) -> io::Result<Self> {
        let _ = (host, store);
        Ok(Self {
            local: settings.listen,
        })
    }

    /// The address that it really listens on.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.local
    }

    /// Takes over changed settings other than `listen`. Sessions of users whose password changed end.
    pub fn update(&self, settings: Settings) {
        let _ = settings;
    }

    /// Stops answering, and returns once the socket is closed.
    pub async fn stop(self) {}
}
