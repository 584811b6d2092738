//! Boot overrides: to come.
use crate::host::*;
use virt::{connect::Connect, domain::Domain};
pub(super) fn needs_restart(_d: &Domain) -> Result<bool, HostError> {
    Ok(false)
}
pub(super) fn set(_c: &Connect, _d: &Domain, _b: Option<BootOverride>) -> Result<(), HostError> {
    Ok(())
}
pub(super) fn settle(_c: &Connect, _d: &Domain) -> Result<Option<BootOverride>, HostError> {
    Ok(None)
}
