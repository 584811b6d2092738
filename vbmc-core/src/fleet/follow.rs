//! Files that changed: read anew and put into effect. Starting and stopping itself is here too.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use futures_util::{StreamExt as _, stream};

use super::slot::{Running, Slot, settings};
use super::store::FileStore;
use super::{CONCURRENCY, Fleet, blocking};
use crate::bmc::Bmc;
use crate::host::BoxFuture;
use crate::registry::{BmcConfig, BmcName, Change, Changes};

impl Fleet {
    /// Follows the files for as long as the fleet is there.
    pub(super) fn follow(&self) {
        let mut changes = Changes::watch(Arc::clone(&self.0.registry));
        let weak = Arc::downgrade(&self.0);
        let follower = tokio::spawn(async move {
            loop {
                let change = changes.next().await;
                let Some(inner) = weak.upgrade() else {
                    return;
                };
                let fleet = Self(inner);
                match change {
                    Change::All => fleet.refresh_all(false).await,
                    Change::Bmcs(names) => fleet.refresh_some(names, false).await,
                }
            }
        });
        *self.0.follower.lock() = Some(follower.abort_handle());
    }

    /// Reads all files anew and puts what changed into effect; with `retry`, also tries again what could not run.
    pub(super) async fn refresh_all(&self, retry: bool) {
        let fleet = self.clone();
        let names = blocking(move || fleet.outdated(retry)).await;
        self.refresh_some(names, retry).await;
    }

    /// The BMCs that are not as their files have it.
    fn outdated(&self, retry: bool) -> Vec<BmcName> {
        let loaded = match self.0.registry.load_all() {
            Ok(loaded) => loaded,
            Err(error) => {
                tracing::error!(%error, "cannot read the BMCs");
                return Vec::new();
            }
        };
        let mut slots = self.0.slots.lock().clone();
        let mut names = Vec::new();
        for (name, loaded) in loaded {
            let slot = slots.remove(&name);
            if slot.is_none_or(|slot| slot.differs(&loaded) || retry && slot.has_failed()) {
                names.push(name);
            }
        }
        // What is left has no file any more.
        names.extend(slots.into_keys());
        names
    }

    async fn refresh_some(&self, names: Vec<BmcName>, retry: bool) {
        stream::iter(names)
            .for_each_concurrent(CONCURRENCY, async |name| {
                // Fails only while shutting down.
                let _ = self
                    .with_turn(&name, async |slot| {
                        self.refresh(slot, retry).await;
                        Ok(())
                    })
                    .await;
            })
            .await;
    }

    /// Reads one BMC's file anew and puts what changed into effect. Its turn must be held.
    pub(super) async fn refresh(&self, slot: &Arc<Slot>, retry: bool) {
        let todo = {
            let (fleet, slot) = (self.clone(), Arc::clone(slot));
            blocking(move || {
                let _file = slot.file.lock();
                let loaded = fleet.0.registry.load(&slot.name);
                slot.take_over(loaded, &fleet.options())
            })
            .await
        };
        if let Some(running) = todo.stop {
            self.stop_running(&slot.name, running).await;
        }
        let again = retry && slot.has_failed();
        if again {
            self.halt(slot).await;
        }
        if todo.start || again {
            self.launch(slot);
        }
    }

    /// Starts a BMC that does not run. Its turn must be held.
    pub(super) fn launch(&self, slot: &Arc<Slot>) {
        let Some(config) = slot.idle_config() else {
            return;
        };
        let name = &slot.name;
        let result = self.bind(slot, &config);
        match &result {
            Ok(bmc) => {
                let address = bmc.local_addr();
                tracing::info!(bmc = %name, domain = config.domain_name, %address, "Started vBMC instance");
            }
            Err(problem) => {
                tracing::error!(bmc = %name, domain = config.domain_name, problem, "cannot run");
            }
        }
        slot.started(result);
    }

    /// Binds a BMC's address and answers there; nobody is told of it yet. Its turn must be held.
    pub(super) fn bind(&self, slot: &Arc<Slot>, config: &BmcConfig) -> Result<Bmc, String> {
        let (address, name) = (config.listen(), &slot.name);
        self.0.listeners.take(address, name)?;
        let store = FileStore {
            fleet: Arc::downgrade(&self.0),
            slot: Arc::downgrade(slot),
        };
        let host = self.0.hosts.host(&config.target());
        let settings = settings(name, config, &self.options());
        Bmc::start(settings, host, Arc::new(store))
            .map_err(|error| self.0.listeners.refused(address, name, &error))
    }

    /// Stops a BMC if it runs. Its turn must be held.
    pub(super) async fn halt(&self, slot: &Slot) {
        if let Some(running) = slot.take_running() {
            self.stop_running(&slot.name, running).await;
        }
    }

    pub(super) async fn stop_running(&self, name: &BmcName, running: Running) {
        running.bmc.stop().await;
        tracing::info!(bmc = %name, "Terminated vBMC instance");
        self.give_back(running.config.listen());
    }

    /// Lets others have an address that nobody listens on any more.
    pub(super) fn give_back(&self, address: SocketAddr) {
        let waiting = self.0.listeners.give_back(address);
        if waiting.is_empty() || self.0.closing.load(Ordering::Acquire) {
            return;
        }
        // On its own: whoever stopped this one does not wait for their turns.
        tokio::spawn(self.clone().retry(waiting.into_iter().collect()));
    }

    fn retry(self, names: Vec<BmcName>) -> BoxFuture<()> {
        Box::pin(async move { self.refresh_some(names, true).await })
    }
}
