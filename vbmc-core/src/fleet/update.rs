//! A BMC's settings changed by command: at once, whole, or not at all.
//!
//! A running BMC that is to listen somewhere else has its new address before anything is written. Where it cannot have
//! it, nothing has happened to it. Where it can, it is the same BMC: its watchdog timer runs on.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use super::slot::Slot;
use super::{BmcView, Fleet, FleetError, blocking};
use crate::bmc::NewAddress;
use crate::control::Status;
use crate::registry::{BmcConfig, BmcName, Invalid};

impl Fleet {
    /// Changes a BMC's settings, as they stand in its file. What `change` leaves as it is stays as it is, sessions
    /// included. `change` may be called more than once.
    ///
    /// One that is stopped stays so; one that should run and cannot is tried again if something changed.
    ///
    /// # Errors
    ///
    /// When there is none of that name, its file is broken, a setting cannot be, another hypervisor does not have the
    /// domain, the new address cannot be had, or the disk refused. It goes on as it was then.
    pub async fn update(
        &self,
        name: &BmcName,
        change: impl Fn(&mut BmcConfig) -> Result<(), Invalid> + Send + 'static,
    ) -> Result<BmcView, FleetError> {
        self.with_turn(name, async |slot| {
            self.refresh(slot, false).await;
            let view = self.usable(slot)?;
            let Some(before) = view.config.clone() else {
                return Ok(view);
            };
            let mut after = before.clone();
            change(&mut after)?;
            after.check()?;
            if after == before {
                return Ok(view);
            }
            if after.target() != before.target() {
                self.0.hosts.check(&after.target()).await?;
            }
            if view.status == Status::Running && after.listen() != before.listen() {
                self.move_and_write(slot, &before, &after, change).await?;
            } else {
                self.write(slot, change).await?;
            }
            // Whatever was written, and whatever else became different meanwhile, takes effect.
            self.refresh(slot, false).await;
            tracing::info!(bmc = %name, "changed");
            self.usable(slot)
        })
        .await
    }

    /// Writes a change, to the file as it is by now: users may have been set over IPMI.
    async fn write(
        &self,
        slot: &Arc<Slot>,
        change: impl Fn(&mut BmcConfig) -> Result<(), Invalid> + Send + 'static,
    ) -> Result<(), FleetError> {
        let (fleet, slot) = (self.clone(), Arc::clone(slot));
        blocking(move || {
            let _file = slot.file.lock();
            fleet.0.registry.update(&slot.name, |config| {
                change(config).map_err(FleetError::from)
            })
        })
        .await
        .map(drop)
    }

    /// Writes a change of a running BMC's address, once it can listen there. If it cannot, or the disk refuses, it has
    /// never stopped listening where it did.
    async fn move_and_write(
        &self,
        slot: &Arc<Slot>,
        before: &BmcConfig,
        after: &BmcConfig,
        change: impl Fn(&mut BmcConfig) -> Result<(), Invalid> + Send + 'static,
    ) -> Result<(), FleetError> {
        let address = after.listen();
        let bound = self.bind_another(slot, address).await.map_err(|problem| {
            let name = slot.name.clone();
            FleetError::Move { name, problem }
        })?;
        if let Err(error) = self.write(slot, change).await {
            drop(bound);
            self.give_back(address);
            return Err(error);
        }
        if let Some(free) = slot.move_to(address, bound, &self.options()) {
            free.await;
        }
        self.give_back(before.listen());
        tracing::info!(bmc = %slot.name, from = %before.listen(), to = %address, "moved");
        Ok(())
    }

    /// Binds another address for a running BMC.
    async fn bind_another(&self, slot: &Slot, address: SocketAddr) -> Result<NewAddress, String> {
        let listeners = &self.0.listeners;
        listeners.take(address, &slot.name)?;
        let bound = match slot.bind(address) {
            Some(bound) => bound.await,
            None => Err(io::Error::other("it has just stopped")),
        };
        bound.map_err(|error| listeners.refused(address, &slot.name, &error))
    }
}
