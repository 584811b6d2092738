//! What is done for a domain without being asked.

use virt::connect::Connect;
use virt::domain::Domain;

use super::error::host_error;
use super::hypervisor::Shared;
use super::inventory::{self, BootCache, Uuid};
use super::lane::Lane;
use super::supervisor::refresh;
use super::{boot, power};
use crate::host::HostError;

/// Something to look after on one domain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Chore {
    /// Put the owner's boot order back if a one-shot override has had its start, and note what override is in force.
    Settle,
    /// The same, and see to it that a guest's own reboot boots as the next boot should: not from a one-shot override a
    /// second time.
    AfterReboot,
}

impl Chore {
    /// Both chores in one.
    pub(super) fn and(self, other: Self) -> Self {
        if self == other {
            self
        } else {
            Self::AfterReboot
        }
    }
}

/// Does `chore` for the domain. `false` when it failed and is worth another try.
pub(super) fn look_after(shared: &Shared, uuid: Uuid, chore: Chore) -> bool {
    // Without a session or the domain there is nothing to do: the next session begins with all domains.
    let (Ok(lane), Some((name, known))) = (Lane::take(shared), shared.inventory.get(uuid)) else {
        return true;
    };
    let _exclusive = known.exclusive.lock();
    match attempt(shared, &lane, &known, chore) {
        Ok(()) | Err(HostError::NotFound(_)) => true,
        Err(error) => {
            let again = matches!(error, HostError::Unavailable(_) | HostError::Failed(_));
            tracing::warn!(
                uri = shared.uri(),
                domain = &*name,
                ?chore,
                again,
                %error,
                "looking after a domain's boot order"
            );
            !again
        }
    }
}

fn attempt(
    shared: &Shared,
    lane: &Lane,
    known: &inventory::Domain,
    chore: Chore,
) -> Result<(), HostError> {
    let connect = lane.connect();
    let domain = Domain::lookup_by_uuid_string(connect, &known.uuid.to_string())
        .map_err(|error| host_error(&error))?;
    settle(connect, known, &domain)?;
    if chore == Chore::AfterReboot
        && domain.is_active().map_err(|error| host_error(&error))?
        && boot::needs_restart(&domain)?
    {
        tracing::info!(
            uri = shared.uri(),
            domain = domain.get_name().unwrap_or_default(),
            "a guest rebooted; starting it anew, since its boot order has changed"
        );
        let restarted = power::restart(connect, &domain);
        refresh(connect, &shared.inventory, known.uuid).map_err(|error| host_error(&error))?;
        settle(connect, known, &domain)?;
        restarted?;
    }
    Ok(())
}

/// Puts a spent one-shot override back and notes what is in force. The caller holds the domain.
pub(super) fn settle(
    connect: &Connect,
    known: &inventory::Domain,
    domain: &Domain,
) -> Result<(), HostError> {
    let settled = boot::settle(connect, domain);
    known.set_boot(
        settled
            .as_ref()
            .map_or(BootCache::Unknown, |boot| BootCache::Known(*boot)),
    );
    settled.map(drop)
}
