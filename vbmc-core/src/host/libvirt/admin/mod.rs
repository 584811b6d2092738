//! Administration of a hypervisor: domains, networks and disk images made, looked at and removed.
//!
//! | Module | What lives there |
//! |---|---|
//! | `domain` | domains as libvirt has them |
//! | `network` | virtual networks as libvirt has them |
//! | `volume` | disk images, through libvirt's storage pools |
//! | `ability` | what the hypervisor can do: KVM, and which user runs QEMU |
//! | [`xml`] | descriptions of domains and networks: completed and compared; no libvirt in it |
//! | `error` | what went wrong, in sentences |
//!
//! Everything here blocks for as long as libvirt takes. It is for programs that set machines up; a BMC never comes
//! here. What belongs to a lab carries the lab's name in its `<metadata>`, see [`xml::Mark`].

mod ability;
mod domain;
mod error;
mod network;
mod volume;
pub mod xml;

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use parking_lot::Mutex;
use virt::connect::Connect;
use virt::error::{Error, ErrorNumber};

pub use self::domain::DomainFacts;
pub use self::error::{AdminError, DescriptionError};
pub use self::network::NetworkFacts;
pub use self::volume::{Directory, DiskFormat, VolumeFacts};
use super::ffi::Link;
use super::hypervisor::redacted;
use crate::Secret;

/// How long a connection may take to come about: one over ssh asks several machines.
const PATIENCE: Duration = Duration::from_secs(30);

/// libvirt's own keepalive, which breaks calls off that hang: seconds between probes, and how many may stay unanswered.
const KEEPALIVE: (i32, u32) = (5, 3);

/// A connection to a hypervisor for its administration. Closed on drop.
#[derive(Debug)]
pub struct Admin {
    /// As it may be shown.
    uri: String,
    /// Whether the hypervisor is this machine.
    local: bool,
    // One thread at a time: libvirt's client may crash when several share a connection that breaks.
    link: Mutex<Link>,
}

impl Admin {
    /// Connects, with SASL user name and password where the hypervisor asks for them.
    ///
    /// # Errors
    ///
    /// [`AdminError::Connection`] when that fails or takes more than 30 s.
    pub fn open(uri: &str, sasl: Option<(String, Secret)>) -> Result<Self, AdminError> {
        let shown = redacted(uri);
        let failed = |reason: String, hint| AdminError::Connection {
            uri: shown.clone(),
            reason,
            hint,
        };
        // On a thread of its own, since nothing ends an attempt to connect to a libvirtd that has frozen.
        let (sender, opened) = mpsc::sync_channel(1);
        let address = uri.to_owned();
        thread::Builder::new()
            .name("libvirt-open".into())
            .spawn(move || {
                // Whoever stopped waiting does not need it.
                let _ = sender.send(Link::open(&address, sasl.as_ref()));
            })
            .map_err(|error| failed(format!("no thread could be started: {error}"), ""))?;
        let link = match opened.recv_timeout(PATIENCE) {
            Ok(Ok(link)) => link,
            Ok(Err(error)) => {
                return Err(failed(error.message().to_owned(), error::hint(&error)));
            }
            Err(_) => {
                let reason = format!("no answer within {} s", PATIENCE.as_secs());
                return Err(failed(reason, ""));
            }
        };
        // Drivers inside this process have no connection that could break.
        let _ = link.connect().set_keep_alive(KEEPALIVE.0, KEEPALIVE.1);
        Ok(Self {
            local: is_local(uri),
            uri: shown,
            link: Mutex::new(link),
        })
    }

    /// The URI, without a password.
    #[must_use]
    pub fn uri(&self) -> &str {
        &self.uri
    }

    /// Whether the hypervisor is this machine, so that its files are ours.
    #[must_use]
    pub fn is_local(&self) -> bool {
        self.local
    }

    /// Makes calls on the connection. `attempt` says what for: it completes "libvirt could not".
    fn call<T>(
        &self,
        attempt: impl FnOnce() -> String,
        act: impl FnOnce(&Connect) -> Result<T, Error>,
    ) -> Result<T, AdminError> {
        act(self.link.lock().connect()).map_err(|error| self.refused(attempt(), &error))
    }

    fn refused(&self, attempt: String, error: &Error) -> AdminError {
        AdminError::Refused {
            uri: self.uri.clone(),
            attempt,
            reason: error.message().to_owned(),
        }
    }
}

/// What was looked up, or nothing if the error says that there is none.
fn found<T>(looked_up: Result<T, Error>, absent: ErrorNumber) -> Result<Option<T>, Error> {
    match looked_up {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.code() == absent => Ok(None),
        Err(error) => Err(error),
    }
}

/// Whether a URI names no other machine: `qemu:///system`, `qemu+unix:///system?socket=..`.
fn is_local(uri: &str) -> bool {
    uri.split_once("://")
        .is_some_and(|(_, rest)| rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uri_with_a_host_is_another_machine() {
        for uri in [
            "qemu:///system",
            "qemu:///session",
            "qemu+unix:///system?socket=/run/x",
            "test:///default",
        ] {
            assert!(is_local(uri), "{uri}");
        }
        for uri in ["qemu+ssh://me@host/system", "qemu+tcp://10.0.0.1/system"] {
            assert!(!is_local(uri), "{uri}");
        }
    }

    #[test]
    fn a_connection_that_fails_says_where_and_how_to_go_on() {
        let uri = "qemu+unix:///system?socket=/nonexistent/libvirt-sock";
        let error = Admin::open(uri, None).unwrap_err().to_string();
        assert!(error.contains(uri), "{error}");
        assert!(
            error.ends_with(". Is libvirtd installed and running there?"),
            "{error}"
        );
    }
}
