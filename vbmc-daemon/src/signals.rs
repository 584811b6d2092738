//! What a signal asks for.

use anyhow::{Context as _, Result};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// What the daemon is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Request {
    /// Read all files anew and reopen the log (SIGHUP).
    Reload,
    /// Stop (SIGTERM, SIGINT).
    Stop,
}

/// The signals that the daemon listens to.
#[derive(Debug)]
pub(crate) struct Signals {
    hangup: Signal,
    terminate: Signal,
    interrupt: Signal,
    /// Caught and not acted upon: a write beyond the limit of a file's size fails like one on a full disk, and must
    /// not end the process.
    _file_size: Signal,
}

impl Signals {
    /// Listens from now on. Must be called within the runtime.
    pub(crate) fn listen() -> Result<Self> {
        let listen = |kind| signal(kind).context("listening to signals");
        Ok(Self {
            hangup: listen(SignalKind::hangup())?,
            terminate: listen(SignalKind::terminate())?,
            interrupt: listen(SignalKind::interrupt())?,
            _file_size: listen(SignalKind::from_raw(nix::libc::SIGXFSZ))?,
        })
    }

    /// Waits for the next request.
    pub(crate) async fn next(&mut self) -> Request {
        tokio::select! {
            _ = self.terminate.recv() => Request::Stop,
            _ = self.interrupt.recv() => Request::Stop,
            _ = self.hangup.recv() => Request::Reload,
        }
    }
}
