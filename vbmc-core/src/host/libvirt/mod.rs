//! Machines on libvirt.
//!
//! | Module | What lives there |
//! |---|---|
//! | `hypervisor` | one hypervisor: what its users share, and how its answers are known to be fresh |
//! | `supervisor` | the thread that connects, listens to events and reconnects |
//! | `lane` | a connection for each call |
//! | `pool` | the threads that make calls, behind a bounded queue |
//! | `inventory` | the domains as last seen; no libvirt in it |
//! | `machine` | [`Host`] for one domain |
//! | `operation` | one operation at a time on a domain |
//! | `power`, `boot` | what the operations do |
//! | `console` | a serial console as a tokio stream |
//! | `figures` | what all domains do at present, from one call |
//! | `observers` | who is told what happens to which domain |
//! | `upkeep` | what is done unasked: boot orders put back after their one start |
//! | `xml` | domain descriptions read and edited; no libvirt in it |
//! | `error` | what a libvirt error means |
//! | [`admin`] | domains, networks and disk images made and removed: nothing a BMC needs |
//! | `ffi` | all unsafe code |
//!
//! libvirt's event loop is one for the whole process. It is started before the first connection: a program that
//! embeds this crate and uses libvirt by itself must not register an event loop of its own.

pub mod admin;
mod boot;
mod console;
mod error;
mod ffi;
mod figures;
mod hypervisor;
mod inventory;
mod lane;
mod line_break;
mod machine;
mod observers;
mod operation;
mod pool;
mod power;
mod supervisor;
mod upkeep;
mod xml;

use std::collections::HashMap;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use virt::domain::Domain;

use self::error::host_error;
use self::hypervisor::{Ended, Hypervisor, redacted};
use self::inventory::Uuid;
use self::machine::Machine;
use super::{BoxFuture, CheckError, Host, HostError, Hosts, Identity, Target};
use crate::Secret;

/// How long a hypervisor may take to answer a check. Below the 5 s for which `vbmc` waits for its daemon, so that the
/// reason arrives.
const CHECK: Duration = Duration::from_millis(4500);

/// How long the end of unused connections is waited for. One to a frozen hypervisor takes longer to close.
const PARTING: Duration = Duration::from_secs(1);

/// libvirt's hypervisors: one session for each URI and credentials, shared by all machines there. It has a connection of
/// its own and, unless the driver is part of this process, one more for each call that is made at the same time.
///
/// A session is made when the first machine of a hypervisor is asked for, made again whenever it breaks, and closed
/// when the last machine is dropped.
#[derive(Debug, Default)]
pub struct Hypervisors {
    known: Mutex<HashMap<String, Vec<Known>>>,
}

#[derive(Debug)]
struct Known {
    sasl: Option<(String, Secret)>,
    hypervisor: Weak<Hypervisor>,
    end: Arc<Ended>,
}

impl Hypervisors {
    /// No connection yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn hypervisor(&self, target: &Target) -> Arc<Hypervisor> {
        let mut known = self.known.lock();
        let known = known.entry(target.uri.clone()).or_default();
        // Those that are being closed stay until they are, for `drop` to wait for.
        known
            .retain(|known| known.hypervisor.strong_count() > 0 || !known.end.wait(Instant::now()));
        let found = known
            .iter()
            .filter(|known| known.sasl == target.sasl)
            .find_map(|known| known.hypervisor.upgrade());
        found.unwrap_or_else(|| {
            let hypervisor = Arc::new(Hypervisor::connect(&target.uri, target.sasl.clone()));
            known.push(Known {
                sasl: target.sasl.clone(),
                hypervisor: Arc::downgrade(&hypervisor),
                end: hypervisor.end(),
            });
            hypervisor
        })
    }
}

impl Drop for Hypervisors {
    /// Waits a moment for the connections that nobody uses any more. A program that ends while one is in the middle of
    /// a TLS or SASL handshake crashes at times: those libraries clean up at exit while they are at work.
    fn drop(&mut self) {
        let deadline = Instant::now() + PARTING;
        let known: Vec<Known> = self
            .known
            .lock()
            .drain()
            .flat_map(|(_, known)| known)
            .collect();
        for known in &known {
            if let Some(hypervisor) = known.hypervisor.upgrade() {
                hypervisor.shared().end_linger();
            }
        }
        for known in known
            .iter()
            .filter(|known| known.hypervisor.strong_count() == 0)
        {
            known.end.wait(deadline);
        }
    }
}

impl Hosts for Hypervisors {
    fn host(&self, target: &Target) -> Arc<dyn Host> {
        Arc::new(Machine::new(self.hypervisor(target), &target.domain))
    }

    fn check(&self, target: &Target) -> BoxFuture<Result<Identity, CheckError>> {
        let hypervisor = self.hypervisor(target);
        hypervisor.linger();
        let (uri, name) = (redacted(&target.uri), target.domain.clone());
        Box::pin(async move {
            let answer = tokio::time::timeout(CHECK, look_up(&hypervisor, name.clone())).await;
            match answer {
                Ok(Ok(identity)) => Ok(identity),
                Ok(Err(HostError::NotFound(_))) => {
                    let domain = name;
                    Err(CheckError::NoDomain { domain, uri })
                }
                Ok(Err(HostError::Unavailable(reason))) => {
                    Err(CheckError::Connection { uri, reason })
                }
                Ok(Err(error)) => Err(CheckError::Connection {
                    uri,
                    reason: error.to_string(),
                }),
                Err(_) => {
                    let reason = format!(
                        "the hypervisor did not answer within {} s",
                        CHECK.as_secs_f32()
                    );
                    Err(CheckError::Connection { uri, reason })
                }
            }
        })
    }
}

/// Asks the hypervisor itself, since a domain may be newer than the last event that was seen.
async fn look_up(hypervisor: &Hypervisor, name: String) -> Result<Identity, HostError> {
    hypervisor
        .connected()
        .await
        .map_err(HostError::Unavailable)?;
    let answer = hypervisor.shared().call(move |shared, lane| {
        let connect = lane.connect();
        let domain = Domain::lookup_by_name(connect, &name).map_err(|error| host_error(&error))?;
        let uuid = Uuid(
            domain
                .get_uuid()
                .map_err(|error| host_error(&error))?
                .into_bytes(),
        );
        supervisor::refresh(connect, &shared.inventory, uuid)
            .map_err(|error| host_error(&error))?;
        machine::identity(&domain)
    });
    answer.await
}
