//! One BMC: its socket, the protocol endpoint, the commands' behaviour and the host, put together.
//!
//! Placeholder: these are the agreed signatures.

mod behaviour;
mod mailbox;
mod net;
mod settings;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use crate::host::Host;
use crate::registry::UserRecord;

pub use settings::{Settings, SettingsError};

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
