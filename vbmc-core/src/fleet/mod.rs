//! Many BMCs of one registry: started, stopped, and kept in step with their files, whoever changes those.
//!
//! | File | What lives there |
//! |---|---|
//! | `mod.rs` | [`Fleet`] and its commands, with VirtualBMC's semantics |
//! | `update.rs` | a BMC's settings changed by command |
//! | `slot.rs` | one BMC's place: its settings, whether it runs, who may change it when |
//! | `follow.rs` | files that changed: read anew and put into effect |
//! | `listeners.rs` | which BMC has which address, and the words for an address that cannot be had |
//! | `store.rs` | what is set over IPMI, in a BMC's files |
//! | `events.rs` | an event log as lines of text |
//! | `salvage.rs` | what can be read of a damaged file |
//! | `error.rs` | [`FleetError`] |
//!
//! Every command on one BMC waits for its turn; commands on different BMCs run side by side. A BMC that cannot run is
//! [`Status::Error`] with the reason, and no other is touched by that.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use parking_lot::{Mutex, RwLock};
use tokio::task::{AbortHandle, spawn_blocking};

use crate::control::Status;
use crate::host::{CheckError, HostError, Hosts, Target};
use crate::registry::{BmcConfig, BmcName, Registry, RegistryError};

mod error;
mod events;
mod follow;
mod listeners;
mod salvage;
mod slot;
mod store;
mod update;

pub use error::FleetError;

use listeners::Listeners;
use slot::{Slot, State};

/// How many BMCs are started, stopped or read side by side.
const CONCURRENCY: usize = 64;

/// How long a delete waits for the hypervisor. Below the 5 s for which `vbmc` waits for its daemon.
const RELEASE: Duration = Duration::from_secs(3);

/// How long it waits before it asks a busy hypervisor again.
const AGAIN: Duration = Duration::from_millis(50);

/// What holds for all BMCs whose file does not say otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Options {
    /// The cipher suites that they accept.
    pub cipher_suites: Vec<u8>,
    /// How many bytes of console history they keep, see
    /// [`Settings::console_history`](crate::bmc::Settings::console_history).
    pub console_history: u32,
    /// The host's boot, see [`Settings::host_boot`](crate::bmc::Settings::host_boot).
    pub host_boot: Option<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            cipher_suites: vec![3, 17],
            console_history: 0,
            host_boot: None,
        }
    }
}

/// One BMC, as it is right now.
#[derive(Debug, Clone)]
pub struct BmcView {
    /// Its name.
    pub name: BmcName,
    /// What it is doing.
    pub status: Status,
    /// Why it cannot run, when `status` says so.
    pub problem: Option<String>,
    /// Its settings; none when its file is broken.
    pub config: Option<BmcConfig>,
    /// Where it really listens, when it runs.
    pub local_addr: Option<SocketAddr>,
}

/// All BMCs of a registry. Clones are the same fleet.
#[derive(Clone)]
pub struct Fleet(Arc<Inner>);

struct Inner {
    registry: Arc<Registry>,
    hosts: Arc<dyn Hosts>,
    options: RwLock<Options>,
    slots: Mutex<BTreeMap<BmcName, Arc<Slot>>>,
    listeners: Listeners,
    closing: AtomicBool,
    follower: Mutex<Option<AbortHandle>>,
}

impl Drop for Inner {
    fn drop(&mut self) {
        if let Some(follower) = self.follower.get_mut().take() {
            follower.abort();
        }
    }
}

impl std::fmt::Debug for Fleet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Fleet")
            .field("registry", &self.0.registry)
            .finish_non_exhaustive()
    }
}

impl Fleet {
    /// Reads all BMCs, starts those that are to run, and follows changes of their files from then on.
    ///
    /// # Errors
    ///
    /// When the registry's directory cannot be read. A BMC that cannot run is no error here; it is listed as one.
    pub async fn open(
        registry: Registry,
        hosts: Arc<dyn Hosts>,
        options: Options,
    ) -> Result<Self, RegistryError> {
        let fleet = Self(Arc::new(Inner {
            registry: Arc::new(registry),
            hosts,
            options: RwLock::new(options),
            slots: Mutex::default(),
            listeners: Listeners::default(),
            closing: AtomicBool::new(false),
            follower: Mutex::default(),
        }));
        // By name and one after the other: of two BMCs with one address, it is always the same that gets it.
        let opening = fleet.clone();
        blocking(move || {
            for (name, loaded) in opening.0.registry.load_all()? {
                let slot = opening.slot(&name);
                if slot.take_over(loaded, &opening.options()).starts() {
                    opening.launch(&slot);
                }
            }
            Ok(())
        })
        .await?;
        fleet.follow();
        Ok(fleet)
    }

    /// All BMCs, sorted by name.
    #[must_use]
    pub fn list(&self) -> Vec<BmcView> {
        let slots: Vec<_> = self.0.slots.lock().values().cloned().collect();
        slots.iter().filter_map(|slot| slot.view()).collect()
    }

    /// One BMC, as its file has it now.
    ///
    /// # Errors
    ///
    /// When there is none of that name.
    pub async fn show(&self, name: &BmcName) -> Result<BmcView, FleetError> {
        self.with_turn(name, async |slot| {
            self.refresh(slot, false).await;
            slot.view()
                .ok_or_else(|| FleetError::NotFound(name.clone()))
        })
        .await
    }

    /// Adds a BMC, once its hypervisor was reached and has the domain. It is not started.
    ///
    /// # Errors
    ///
    /// When a setting cannot be, the name is taken, the domain is not there, or the disk refused.
    pub async fn add(&self, config: BmcConfig) -> Result<BmcView, FleetError> {
        let name = BmcName::new(&config.domain_name)?;
        config.check()?;
        self.with_turn(&name, async |slot| {
            self.refresh(slot, false).await;
            if !slot.is_absent() {
                return Err(FleetError::Exists(name.clone()));
            }
            self.0.hosts.check(&config.target()).await?;
            let config = BmcConfig {
                active: false,
                ..config
            };
            let (fleet, slot_) = (self.clone(), Arc::clone(slot));
            blocking(move || {
                let _file = slot_.file.lock();
                fleet.0.registry.create(&slot_.name, &config)?;
                slot_.take_over(Ok(config), &fleet.options());
                Ok::<_, FleetError>(())
            })
            .await?;
            tracing::info!(bmc = %name, "added");
            slot.view().ok_or(FleetError::NotFound(name.clone()))
        })
        .await
    }

    /// Stops a BMC and deletes it. A boot override that it has in force goes with it, if the hypervisor lets us.
    ///
    /// # Errors
    ///
    /// When there is none of that name, or the disk refused; it goes on then, without its boot override.
    pub async fn delete(&self, name: &BmcName) -> Result<(), FleetError> {
        self.with_turn(name, async |slot| {
            self.refresh(slot, false).await;
            let running = slot.take_running();
            let was_running = running.is_some();
            if let Some(running) = running {
                self.stop_running(name, running).await;
            }
            // Before its file goes: after a crash in between, the BMC is still there to be deleted.
            if let Some(config) = slot.idle_config() {
                self.release(name, &config.target()).await;
            }
            let (fleet, slot_) = (self.clone(), Arc::clone(slot));
            let deleted = blocking(move || {
                let _file = slot_.file.lock();
                fleet.0.registry.delete(&slot_.name)
            })
            .await;
            if let Err(error) = deleted {
                if was_running {
                    self.launch(slot);
                }
                return Err(error.into());
            }
            slot.set(State::Absent);
            tracing::info!(bmc = %name, "deleted");
            Ok(())
        })
        .await
    }

    /// Puts the boot order of a machine's owner back, since nobody can take an override back once its BMC is gone.
    async fn release(&self, name: &BmcName, target: &Target) {
        let put_back = async {
            match self.0.hosts.check(target).await {
                Ok(_) => {}
                Err(CheckError::NoDomain { .. }) => return Ok(()),
                Err(error) => return Err(error.to_string()),
            }
            let host = self.0.hosts.host(target);
            loop {
                match host.set_boot(None).wait().await {
                    // A machine that cannot have an override has none.
                    Ok(()) | Err(HostError::Unsupported(_) | HostError::NotFound(_)) => {
                        return Ok(());
                    }
                    // Busy with the last command of the BMC that was stopped, most likely.
                    Err(HostError::Unavailable(_)) => tokio::time::sleep(AGAIN).await,
                    Err(error) => return Err(error.to_string()),
                }
            }
        };
        let problem = match tokio::time::timeout(RELEASE, put_back).await {
            Ok(Ok(())) => return,
            Ok(Err(problem)) => problem,
            Err(_) => format!(
                "the hypervisor was busy or silent for {} s",
                RELEASE.as_secs()
            ),
        };
        tracing::warn!(
            bmc = %name,
            domain = target.domain,
            problem,
            "deleting a BMC without a look at its domain's boot order; an override that it set stays"
        );
    }

    /// Starts a BMC, now and whenever the fleet is opened. For one that runs already, the log gets a warning.
    ///
    /// # Errors
    ///
    /// When there is none of that name, its file is broken, the disk refused, or its address cannot be had. In the
    /// last case it stays marked as one that is to run.
    pub async fn start(&self, name: &BmcName) -> Result<BmcView, FleetError> {
        self.with_turn(name, async |slot| {
            self.refresh(slot, false).await;
            let view = self.usable(slot)?;
            if view.status == Status::Running {
                tracing::warn!(bmc = %name, "already running, ignoring \"start\" command");
                return Ok(view);
            }
            self.set_active(slot, true).await?;
            // What is left of one that failed.
            self.halt(slot).await;
            self.launch(slot);
            let view = self.usable(slot)?;
            match view.problem {
                Some(problem) => Err(FleetError::Start {
                    name: name.clone(),
                    problem,
                }),
                None => Ok(view),
            }
        })
        .await
    }

    /// Stops a BMC, now and for good. One that is stopped already stays so.
    ///
    /// # Errors
    ///
    /// When there is none of that name, its file is broken, or the disk refused; it goes on as it was then.
    pub async fn stop(&self, name: &BmcName) -> Result<BmcView, FleetError> {
        self.with_turn(name, async |slot| {
            self.refresh(slot, false).await;
            self.usable(slot)?;
            self.set_active(slot, false).await?;
            self.halt(slot).await;
            tracing::info!(bmc = %name, "stopped");
            self.usable(slot)
        })
        .await
    }

    /// Reads all files anew, tries again what could not run, and takes over new options.
    pub async fn reload(&self, options: Options) {
        let changed = std::mem::replace(&mut *self.0.options.write(), options.clone()) != options;
        if changed {
            let slots: Vec<_> = self.0.slots.lock().values().cloned().collect();
            slots.iter().for_each(|slot| slot.update(&options));
        }
        self.refresh_all(true).await;
    }

    /// Stops answering. What is to run stays marked so, and every command fails from now on.
    pub async fn shutdown(&self) {
        self.0.closing.store(true, Ordering::Release);
        if let Some(follower) = self.0.follower.lock().take() {
            follower.abort();
        }
        let slots: Vec<_> = self.0.slots.lock().values().cloned().collect();
        stream::iter(slots)
            .for_each_concurrent(CONCURRENCY, async |slot| {
                let _turn = slot.turn.lock().await;
                self.halt(&slot).await;
            })
            .await;
    }

    /// What holds for all BMCs right now.
    #[must_use]
    pub fn options(&self) -> Options {
        self.0.options.read().clone()
    }

    /// The place of a BMC, which may be without one so far.
    fn slot(&self, name: &BmcName) -> Arc<Slot> {
        let mut slots = self.0.slots.lock();
        if let Some(slot) = slots.get(name) {
            return Arc::clone(slot);
        }
        let slot = Arc::new(Slot::new(name.clone()));
        slots.insert(name.clone(), Arc::clone(&slot));
        slot
    }

    /// Runs a command when it is the BMC's turn, and forgets the place if it is empty in the end.
    async fn with_turn<T>(
        &self,
        name: &BmcName,
        command: impl AsyncFnOnce(&Arc<Slot>) -> Result<T, FleetError>,
    ) -> Result<T, FleetError> {
        let slot = self.slot(name);
        let result = {
            let _turn = slot.turn.lock().await;
            if self.0.closing.load(Ordering::Acquire) {
                Err(FleetError::ShuttingDown)
            } else {
                command(&slot).await
            }
        };
        let mut slots = self.0.slots.lock();
        // Ours and the map's: nobody else waits for a turn.
        if slot.is_absent() && Arc::strong_count(&slot) == 2 {
            slots.remove(name);
        }
        result
    }

    fn usable(&self, slot: &Slot) -> Result<BmcView, FleetError> {
        let view = slot
            .view()
            .ok_or_else(|| FleetError::NotFound(slot.name.clone()))?;
        match (&view.config, &view.problem) {
            (None, Some(problem)) => Err(FleetError::Broken(problem.clone())),
            _ => Ok(view),
        }
    }

    async fn set_active(&self, slot: &Arc<Slot>, active: bool) -> Result<(), FleetError> {
        let (fleet, slot) = (self.clone(), Arc::clone(slot));
        blocking(move || {
            let _file = slot.file.lock();
            let config = fleet.0.registry.update(&slot.name, |config| {
                config.active = active;
                Ok::<_, RegistryError>(())
            })?;
            slot.set_active(config.active);
            Ok(())
        })
        .await
    }
}

/// Runs `work` where it may wait for the disk.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match spawn_blocking(work).await {
        Ok(result) => result,
        // Blocking work is not cancelled, so it panicked.
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}

#[cfg(test)]
mod tests;
