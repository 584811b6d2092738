//! One BMC: its socket, the protocol endpoint, the commands' behaviour and the host, put together.
//!
//! | Module | What lives there |
//! |---|---|
//! | `net` | the UDP socket; answers leave from the address that was asked |
//! | `task` | the loop of one BMC: datagrams, ended calls, timeouts, orders |
//! | `mailbox` | what reaches that loop beside datagrams |
//! | `behaviour` | what each command does, one file for each group |
//! | `console` | the machine's serial console, kept open while somebody uses it |
//! | `settings` | what a BMC is told, and its limits |
//! | `state`, `store` | what was set over IPMI and is kept, and where |
//!
//! An embedder implements [`Host`] and [`Store`] and calls [`Bmc::start`]; `examples/embed.rs` does that.

mod behaviour;
mod console;
mod mailbox;
mod net;
mod settings;
mod state;
mod store;
mod task;

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Weak};

use tokio::sync::oneshot;

use self::behaviour::{Behaviour, Loaded};
use self::mailbox::{Mailbox, Message, mailbox};
use self::net::Socket;
use self::task::Task;
use crate::host::{Change, Host, Observer};

pub use settings::{Settings, SettingsError};
pub use state::{
    ChannelState, ChassisState, InfoState, LanState, PefState, RestorePolicy, SelState,
    SensorSettings, SolState, State,
};
pub use store::{EventRecord, Store};

/// A running BMC. Dropping it stops it.
#[derive(Debug)]
pub struct Bmc {
    local: SocketAddr,
    mailbox: Mailbox,
    /// The host holds them weakly: they hear for as long as the BMC runs.
    _ears: Arc<Ears>,
}

/// An address that a running BMC may move to. Dropping it gives the address back.
#[derive(Debug)]
pub struct NewAddress(Socket);

/// Passes on what happens to the machine.
#[derive(Debug)]
struct Ears(Mailbox);

impl Observer for Ears {
    fn happened(&self, change: Change) {
        self.0.send(Message::Happened(change));
    }
}

impl Bmc {
    /// Binds the socket and starts answering, on the tokio runtime that this is called in.
    ///
    /// # Errors
    ///
    /// [`io::ErrorKind::InvalidInput`] with a [`SettingsError`]; otherwise what the system said when the socket was
    /// bound, with the address and the port.
    pub fn start(
        settings: Settings,
        host: Arc<dyn Host>,
        store: Arc<dyn Store>,
    ) -> io::Result<Self> {
        let (mailbox, inbox) = mailbox();
        let state = store.load_state().unwrap_or_else(|error| {
            tracing::error!(bmc = settings.name, %error, "what was set over IPMI cannot be read; the defaults are in force");
            State::default()
        });
        let events = store.load_events().unwrap_or_else(|error| {
            tracing::error!(bmc = settings.name, %error, "the event log cannot be read, and starts empty");
            Vec::new()
        });
        let ears = Arc::new(Ears(mailbox.clone()));
        let observer: Weak<Ears> = Arc::downgrade(&ears);
        host.observe(observer);
        let mut behaviour = Behaviour::new(
            settings,
            Loaded { state, events },
            host,
            store,
            mailbox.clone(),
        );
        let settings = behaviour.settings();
        let config = behaviour
            .endpoint_config()
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
        settings::warn_of_weakness(&settings.name, &config);
        let socket = Socket::bind(settings.listen)?;
        let local = socket.local_addr();
        behaviour.mains_on();
        behaviour.keep_history();
        tokio::spawn(Task::new(socket, config, behaviour, inbox).run());
        Ok(Self {
            local,
            mailbox,
            _ears: ears,
        })
    }

    /// The address that it really listens on.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.local
    }

    /// Whether it ended without being stopped: by a fault of its own.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.mailbox.is_closed()
    }

    /// Binds an address for [`Bmc::move_to`]. The BMC goes on where it is meanwhile.
    ///
    /// # Errors
    ///
    /// What the system said, with the address and the port.
    pub fn bind(
        &self,
        listen: SocketAddr,
    ) -> impl Future<Output = io::Result<NewAddress>> + Send + use<> {
        let (bind, bound) = oneshot::channel();
        self.mailbox.send(Message::Bind(listen, bind));
        async move {
            // An error means that the task has ended.
            let socket = bound.await.map_err(io::Error::other)??;
            Ok(NewAddress(socket))
        }
    }

    /// Goes on at another address: with all that it holds, but for sessions that were opened at one that it has no more.
    /// What is returned ends when the old address is free.
    pub fn move_to(
        &mut self,
        address: NewAddress,
        settings: Settings,
    ) -> impl Future<Output = ()> + Send + use<> {
        self.local = address.0.local_addr();
        let (moved, free) = oneshot::channel();
        self.mailbox.send(Message::Move(address.0, settings, moved));
        // An error means that the task has ended.
        async move { free.await.unwrap_or_default() }
    }

    /// Takes over changed settings other than `listen`. Sessions of users who were changed end. Settings that no BMC
    /// can have are logged and not taken.
    pub fn update(&self, settings: Settings) {
        self.mailbox.send(Message::Update(settings));
    }

    /// Stops answering, and returns once the socket is closed. Calls to the host that are in flight run on.
    pub async fn stop(self) {
        let (stopped, closed) = oneshot::channel();
        self.mailbox.send(Message::Stop(stopped));
        // An error means that the task had ended before, and its socket with it.
        let _ = closed.await;
    }
}

impl Drop for Bmc {
    fn drop(&mut self) {
        let (stopped, _) = oneshot::channel();
        self.mailbox.send(Message::Stop(stopped));
    }
}

#[cfg(test)]
mod tests;
