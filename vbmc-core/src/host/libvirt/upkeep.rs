//! What is done for a domain without being asked.

use super::hypervisor::Shared;
use super::inventory::Uuid;

/// Something to look after on one domain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Chore {
    /// Put the owner's boot order back if a one-shot override has had its start, and note what override is in force.
    Settle,
    /// The same, and see to it that a guest's own reboot does not boot from a one-shot override a second time.
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
pub(super) fn look_after(_shared: &Shared, _uuid: Uuid, _chore: Chore) -> bool {
    true
}

/// After a start.
pub(super) fn settle(
    _shared: &Shared,
    _session: &super::hypervisor::Session,
    _known: &super::inventory::Domain,
    _name: &str,
    _domain: &virt::domain::Domain,
) {
}
