//! One machine: [`Host`] over a shared hypervisor.

use std::sync::{Arc, Weak};

use virt::domain::Domain;

use super::error::host_error;
use super::ffi::stats;
use super::figures::Sampler;
use super::hypervisor::{Hypervisor, Shared};
use super::inventory::{self, BootCache};
use super::lane::Lane;
use super::operation::{self, Operation};
use super::supervisor::refresh;
use super::{boot, console, power, upkeep};
use crate::host::{
    BootOverride, Console, Figures, Guest, Host, HostError, Identity, Observer, PowerAction,
    PowerStatus, Reply,
};

/// A domain by its name. There may be thousands: it holds nothing but that and the hypervisor.
#[derive(Debug)]
pub(super) struct Machine {
    hypervisor: Arc<Hypervisor>,
    name: Arc<str>,
}

impl Machine {
    pub(super) fn new(hypervisor: Arc<Hypervisor>, name: &str) -> Self {
        Self {
            hypervisor,
            name: name.into(),
        }
    }

    fn shared(&self) -> &Arc<Shared> {
        self.hypervisor.shared()
    }

    /// The domain, if what is known of it can be relied upon.
    fn domain(&self) -> Result<Arc<inventory::Domain>, HostError> {
        self.shared().session()?;
        let domain = self.shared().inventory.named(&self.name);
        domain.ok_or_else(|| {
            HostError::NotFound(format!(
                "{} has no domain {:?}",
                self.shared().uri(),
                self.name
            ))
        })
    }

    fn operate(&self, operation: Operation) -> Reply<()> {
        let joined = self.domain().and_then(|domain| {
            let (outcome, ticket) = operation::join(&domain, operation)?;
            if let Some(ticket) = ticket {
                let name = Arc::clone(&self.name);
                let job = move |shared: &Shared| {
                    let result = Lane::take(shared)
                        .and_then(|lane| perform(shared, &lane, &domain, &name, operation));
                    ticket.finish(result);
                };
                self.shared().pool.submit(self.shared(), Box::new(job))?;
            }
            Ok(outcome)
        });
        match joined {
            Err(error) => Reply::Now(Err(error)),
            Ok(outcome) => Reply::later(async {
                outcome
                    .await
                    .unwrap_or_else(|_| Err(HostError::Failed("the operation was given up".into())))
            }),
        }
    }
}

impl Host for Machine {
    fn power(&self) -> Reply<PowerStatus> {
        Reply::Now(self.domain().map(|domain| domain.power()))
    }

    fn control(&self, action: PowerAction) -> Reply<()> {
        self.operate(Operation::Control(action))
    }

    fn boot(&self) -> Reply<Option<BootOverride>> {
        let domain = match self.domain() {
            Ok(domain) => domain,
            Err(error) => return Reply::Now(Err(error)),
        };
        if let BootCache::Known(boot) = domain.boot() {
            return Reply::Now(Ok(boot));
        }
        Reply::Later(self.shared().call(move |_, lane| {
            let _exclusive = domain.exclusive.lock();
            let boot = boot::settle(lane.connect(), &lookup(lane, &domain)?)?;
            domain.set_boot(BootCache::Known(boot));
            Ok(boot)
        }))
    }

    fn set_boot(&self, boot: Option<BootOverride>) -> Reply<()> {
        self.operate(Operation::Boot(boot))
    }

    fn identity(&self) -> Reply<Identity> {
        match self.domain() {
            Ok(domain) => Reply::Later(
                self.shared()
                    .call(move |_, lane| identity(&lookup(lane, &domain)?)),
            ),
            Err(error) => Reply::Now(Err(error)),
        }
    }

    fn figures(&self) -> Reply<Figures> {
        let domain = match self.domain() {
            Ok(domain) => domain,
            Err(error) => return Reply::Now(Err(error)),
        };
        match self.shared().figures.fresh(&domain) {
            Some(fresh) => Reply::Now(fresh),
            None => Reply::later(Sampler::sample(Arc::clone(self.shared()), domain)),
        }
    }

    fn guest(&self) -> Reply<Guest> {
        match self.domain() {
            Ok(domain) => Reply::Later(
                self.shared()
                    .call(move |_, lane| guest(&lookup(lane, &domain)?)),
            ),
            Err(error) => Reply::Now(Err(error)),
        }
    }

    fn console(&self) -> Reply<Box<dyn Console>> {
        match self.domain() {
            Ok(domain) => Reply::Later(
                self.shared()
                    .call(move |shared, _| console::open(shared, domain.uuid)),
            ),
            Err(error) => Reply::Now(Err(error)),
        }
    }

    fn observe(&self, observer: Weak<dyn Observer>) {
        self.shared().observers.add(&self.name, observer);
    }
}

/// Asks the guest's agent who the guest is.
fn guest(domain: &Domain) -> Result<Guest, HostError> {
    let mut guest = Guest::default();
    stats::of_guest(domain, |name, text| {
        let field = match name {
            "hostname" => &mut guest.hostname,
            "os.pretty-name" => &mut guest.os,
            "os.version-id" => &mut guest.os_version,
            _ => return,
        };
        *field = Some(text.to_owned());
    })
    .map_err(|error| host_error(&error))?;
    Ok(guest)
}

fn lookup(lane: &Lane, domain: &inventory::Domain) -> Result<Domain, HostError> {
    let found = Domain::lookup_by_uuid_string(lane.connect(), &domain.uuid.to_string());
    found.map_err(|error| host_error(&error))
}

/// Reads who a domain is from its description.
pub(super) fn identity(domain: &Domain) -> Result<Identity, HostError> {
    let xml = domain.get_xml_desc(0).map_err(|error| host_error(&error))?;
    super::xml::identity::parse(&xml).map_err(|error| HostError::Failed(error.to_string()))
}

fn perform(
    shared: &Shared,
    lane: &Lane,
    known: &inventory::Domain,
    name: &str,
    operation: Operation,
) -> Result<(), HostError> {
    let connect = lane.connect();
    let _exclusive = known.exclusive.lock();
    let domain = lookup(lane, known)?;
    let result = match operation {
        Operation::Control(action) => {
            let result = power::control(connect, &domain, action);
            // Before the answer, so that whoever asks for the state next gets the new one; after a failure too, which
            // may have come halfway. The action has happened even if the connection breaks just now.
            if let Err(error) = refresh(connect, &shared.inventory, known.uuid) {
                tracing::warn!(uri = shared.uri(), domain = name, %error, "reading the state after a power action");
            }
            // The event of the start will come to it too, but only after the answer. A domain that has gone with its
            // instance has nothing to settle.
            match upkeep::settle(connect, known, &domain) {
                Ok(()) | Err(HostError::NotFound(_)) => {}
                Err(error) => {
                    tracing::warn!(uri = shared.uri(), domain = name, %error, "putting the boot order back");
                }
            }
            result
        }
        Operation::Boot(boot) => {
            let result = boot::set(connect, &domain, boot);
            known.set_boot(if result.is_ok() {
                BootCache::Known(boot)
            } else {
                BootCache::Unknown
            });
            result
        }
    };
    lane.session().alive();
    match &result {
        Ok(()) => tracing::info!(uri = shared.uri(), domain = name, ?operation, "done"),
        Err(error) => {
            tracing::warn!(uri = shared.uri(), domain = name, ?operation, %error, "failed")
        }
    }
    result
}
