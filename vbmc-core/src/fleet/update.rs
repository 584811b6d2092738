//! A BMC's settings changed by command: at once, whole, or not at all.
//!
//! A running BMC that is to listen somewhere else has its new address before anything is written. Where it cannot have
//! it, the one that runs goes on.

use std::net::SocketAddr;
use std::sync::Arc;

use super::slot::Slot;
use super::{BmcView, Fleet, FleetError, blocking};
use crate::bmc::Bmc;
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
                self.move_and_write(slot, &before, after, change).await?;
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

    /// Writes a change of a running BMC's address, once it listens there. If it cannot, or the disk refuses, it
    /// listens where it did.
    async fn move_and_write(
        &self,
        slot: &Arc<Slot>,
        before: &BmcConfig,
        after: BmcConfig,
        change: impl Fn(&mut BmcConfig) -> Result<(), Invalid> + Send + 'static,
    ) -> Result<(), FleetError> {
        let address = after.listen();
        // Two of its own addresses that exclude each other: the old one is free again before the new one is tried,
        // and stays reserved.
        let in_place = overlap(before.listen(), address);
        if in_place && let Some(running) = slot.take_running() {
            running.bmc.stop().await;
        }
        let moved = match self.bind(slot, &after) {
            Ok(bmc) => match self.write(slot, change).await {
                Ok(()) => Ok(bmc),
                Err(error) => {
                    self.abandon(bmc, address).await;
                    Err(error)
                }
            },
            Err(problem) => Err(FleetError::Move {
                name: slot.name.clone(),
                problem,
            }),
        };
        match moved {
            Ok(bmc) => {
                let old = slot.replace(after, bmc);
                if let Some(old) = old {
                    old.bmc.stop().await;
                }
                self.give_back(before.listen());
                tracing::info!(bmc = %slot.name, from = %before.listen(), to = %address, "moved");
                Ok(())
            }
            Err(error) => {
                if in_place {
                    self.launch(slot);
                }
                Err(error)
            }
        }
    }

    /// Stops a BMC that nobody was told of.
    async fn abandon(&self, bmc: Bmc, address: SocketAddr) {
        bmc.stop().await;
        self.give_back(address);
    }
}

/// Whether one machine's sockets cannot have both.
fn overlap(one: SocketAddr, other: SocketAddr) -> bool {
    one.port() == other.port() && (one.ip().is_unspecified() || other.ip().is_unspecified())
}
