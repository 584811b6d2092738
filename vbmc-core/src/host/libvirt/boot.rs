//! Boot overrides, on a thread that may block: set, put back once spent, and whether one wants a fresh start.
//!
//! An override and the record of what was before it are written by one call, so that a crash leaves either the old
//! description or the whole new one. An instance's own copy of the record tells which override it was started with:
//! nothing has to be remembered outside of libvirt.

use virt::connect::Connect;
use virt::domain::Domain;
use virt::error::ErrorNumber;
use virt::sys;

use super::error::host_error;
use super::xml::record::{NAMESPACE, Record};
use super::xml::{XmlError, overrides};
use crate::host::{BootOverride, HostError};

/// Which of a domain's two descriptions: that of the running instance, or that of the next start.
#[derive(Clone, Copy)]
enum Of {
    Instance,
    NextStart,
}

/// Puts `boot` in force, or with `None` the owner's order.
pub(super) fn set(
    connect: &Connect,
    domain: &Domain,
    boot: Option<BootOverride>,
) -> Result<(), HostError> {
    if !domain.is_persistent().map_err(|error| host_error(&error))? {
        return Err(HostError::Unsupported(
            "the domain exists only while it runs, so that it has no next start to boot differently; define it \
             (virsh define)"
                .into(),
        ));
    }
    let owners = description(domain)?;
    let Some(boot) = boot else {
        return put_back(connect, &owners);
    };
    let token = format!("{:016x}", rand::random::<u64>());
    let changed = overrides::put_in(&owners, boot, token.clone()).map_err(xml_error)?;
    define(connect, &changed)?;
    if record(domain, Of::NextStart)?.is_some_and(|record| record.token == token) {
        return Ok(());
    }
    // Without the record nobody would put the owner's order back.
    define(connect, &owners)?;
    Err(HostError::Unsupported(
        "this hypervisor keeps no metadata of its domains".into(),
    ))
}

/// Puts the owner's order back if the running instance was started with the one-shot override that is on record.
/// Returns the override that is still in force.
pub(super) fn settle(
    connect: &Connect,
    domain: &Domain,
) -> Result<Option<BootOverride>, HostError> {
    let Some(record) = record(domain, Of::NextStart)? else {
        return Ok(None);
    };
    let spent = !record.boot.persistent
        && self::record(domain, Of::Instance)?.is_some_and(|started| started.token == record.token);
    if !spent {
        return Ok(Some(record.boot));
    }
    put_back(connect, &description(domain)?)?;
    Ok(None)
}

/// Whether the next boot takes a new instance: QEMU reads the boot order when it starts, and a reset or a guest's own
/// reboot would boot from whatever this instance was started with.
pub(super) fn needs_restart(domain: &Domain) -> Result<bool, HostError> {
    let started = record(domain, Of::Instance)?;
    let next = record(domain, Of::NextStart)?;
    let once = started
        .as_ref()
        .is_some_and(|record| !record.boot.persistent);
    Ok(once || started.map(|record| record.token) != next.map(|record| record.token))
}

fn record(domain: &Domain, of: Of) -> Result<Option<Record>, HostError> {
    let flags = match of {
        Of::Instance => sys::VIR_DOMAIN_AFFECT_LIVE,
        Of::NextStart => sys::VIR_DOMAIN_AFFECT_CONFIG,
    };
    let kind = sys::VIR_DOMAIN_METADATA_ELEMENT.cast_signed();
    match domain.get_metadata(kind, Some(NAMESPACE), flags) {
        Ok(xml) => Ok(Record::parse(&xml)
            .inspect_err(|error| tracing::warn!(%error, "ignoring a boot override"))
            .ok()),
        Err(error) => match error.code() {
            ErrorNumber::NoDomainMetadata
            // It does not run, or exists only while it runs, and so has no such description.
            | ErrorNumber::OperationInvalid
            // A hypervisor that keeps no metadata has none of ours.
            | ErrorNumber::NoSupport
            | ErrorNumber::OperationUnsupported
            | ErrorNumber::ArgumentUnsupported => Ok(None),
            _ => Err(host_error(&error)),
        },
    }
}

/// What the next start will be made from, passwords and all: they would be lost otherwise. The text goes nowhere but
/// back to libvirt.
fn description(domain: &Domain) -> Result<String, HostError> {
    let flags = sys::VIR_DOMAIN_XML_INACTIVE | sys::VIR_DOMAIN_XML_SECURE;
    domain
        .get_xml_desc(flags)
        .map_err(|error| host_error(&error))
}

fn define(connect: &Connect, xml: &str) -> Result<(), HostError> {
    Domain::define_xml(connect, xml)
        .map(drop)
        .map_err(|error| host_error(&error))
}

fn put_back(connect: &Connect, xml: &str) -> Result<(), HostError> {
    match overrides::take_out(xml).map_err(xml_error)? {
        Some(owners) => define(connect, &owners),
        None => Ok(()),
    }
}

fn xml_error(error: XmlError) -> HostError {
    match error {
        XmlError::NoDevice(_) => HostError::Unsupported(error.to_string()),
        XmlError::Malformed(_) => HostError::Failed(error.to_string()),
    }
}
