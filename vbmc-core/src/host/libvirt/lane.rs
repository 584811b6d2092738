//! Connections for calls: on each of them one thread at a time.
//!
//! libvirt's client lets threads share a connection, and a thread that joins one in use interrupts the thread that
//! reads from it. Until libvirt 10.3 the interrupted one leaves an event source behind that points into its stack
//! (CVE-2024-4418): when the connection then breaks with calls in flight, as that to a frozen libvirtd does, the whole
//! process crashes. So the supervisor keeps the session's own connection to itself, and each call takes another one.
//! Drivers inside this process have no such client, and may have their state in the one connection: they share it.

use std::sync::Arc;

use virt::connect::Connect;
use virt::error::Error;

use super::ffi::Link;
use super::hypervisor::{Session, Shared};
use super::pool::THREADS;
use crate::host::HostError;

/// libvirt's own keepalive, which breaks calls off that hang: a probe each second, two may stay unanswered.
const KEEPALIVE: (i32, u32) = (1, 2);

/// A session, and a connection of it that nobody else uses until this is dropped.
#[derive(Debug)]
pub(super) struct Lane {
    session: Arc<Session>,
    /// None: calls go over the session's own connection.
    link: Option<Link>,
}

impl Lane {
    /// Takes a connection that is free, or opens one. Blocks.
    ///
    /// # Errors
    ///
    /// [`HostError::Unavailable`] when the hypervisor is not connected.
    pub(super) fn take(shared: &Shared) -> Result<Self, HostError> {
        let session = shared.session()?;
        if !session.remote {
            return Ok(Self {
                session,
                link: None,
            });
        }
        if let Some(link) = session.spare.take() {
            return Ok(Self {
                session,
                link: Some(link),
            });
        }
        let link =
            open(shared).map_err(|error| HostError::Unavailable(error.message().to_owned()))?;
        // That may have taken long. Whoever asked has been told so, and nothing may happen now.
        if !Arc::ptr_eq(&session, &shared.session()?) {
            return Err(HostError::Unavailable(
                "the connection was lost meanwhile".into(),
            ));
        }
        Ok(Self {
            session,
            link: Some(link),
        })
    }

    /// The connection.
    pub(super) fn connect(&self) -> &Connect {
        self.link.as_ref().unwrap_or(&self.session.link).connect()
    }

    pub(super) fn session(&self) -> &Session {
        &self.session
    }
}

impl Drop for Lane {
    fn drop(&mut self) {
        if let Some(link) = self.link.take() {
            self.session.spare.put(link);
        }
    }
}

/// A session's connections that nobody uses right now. They are opened early: opening one to a hypervisor that has
/// frozen hangs for as long as that lasts, and a call does not.
#[derive(Debug, Default)]
pub(super) struct Spare(parking_lot::Mutex<Vec<Link>>);

impl Spare {
    /// With one connection, where they are needed.
    pub(super) fn open(shared: &Shared, remote: bool) -> Result<Self, Error> {
        let spare = Self::default();
        if remote {
            spare.put(open(shared)?);
        }
        Ok(spare)
    }

    fn take(&self) -> Option<Link> {
        // Those that broke are closed here.
        std::iter::from_fn(|| self.0.lock().pop())
            .find(|link| link.connect().is_alive().unwrap_or(false))
    }

    fn put(&self, link: Link) {
        self.0.lock().push(link);
    }
}

/// Opens the connections of a new session that its first calls can do without.
pub(super) fn open_others(shared: &Shared) {
    let Ok(session) = shared.session() else {
        return;
    };
    let wanted = if session.remote { THREADS } else { 1 };
    for _ in 1..wanted {
        match open(shared) {
            Ok(link) => session.spare.put(link),
            Err(error) => {
                tracing::info!(uri = shared.uri(), %error, "opening another connection to libvirt");
                return;
            }
        }
    }
}

fn open(shared: &Shared) -> Result<Link, Error> {
    let link = shared.open()?;
    keep_alive(&link);
    Ok(link)
}

/// Turns keepalive on. Whether there is such a thing: drivers inside this process have no connection that could break.
pub(super) fn keep_alive(link: &Link) -> bool {
    link.connect()
        .set_keep_alive(KEEPALIVE.0, KEEPALIVE.1)
        .is_ok()
}
