//! Power actions, on a thread that may block.

use virt::connect::Connect;
use virt::domain::Domain;
use virt::error::{Error, ErrorNumber};
use virt::sys;

use super::error::host_error;
use super::{boot, ffi};
use crate::host::{HostError, PowerAction};

/// Does `action` to the domain; returns after libvirt has said that it is done.
pub(super) fn control(
    connect: &Connect,
    domain: &Domain,
    action: PowerAction,
) -> Result<(), HostError> {
    let on = is_on(domain)?;
    match action {
        PowerAction::On if on => Ok(()),
        PowerAction::On => forgive(domain, true, domain.create().map(drop)),
        PowerAction::Off if on => forgive(domain, false, domain.destroy()),
        PowerAction::Off => Ok(()),
        // Asking a machine that is off to shut down is refused like the others: nobody will ever see it done.
        _ if !on => Err(HostError::WrongState("the machine is off".into())),
        PowerAction::Cycle => restart(connect, domain),
        PowerAction::Reset if boot::needs_restart(domain)? => restart(connect, domain),
        PowerAction::Reset => reset(domain).map_err(|error| host_error(&error)),
        PowerAction::Nmi => ffi::inject_nmi(domain).map_err(|error| host_error(&error)),
        PowerAction::Shutdown => shut_down(domain).map_err(|error| host_error(&error)),
    }
}

/// Resets the machine. One that has come to a halt runs again: QEMU alone would let it stand at its first instruction. One
/// that somebody paused stays so.
fn reset(domain: &Domain) -> Result<(), Error> {
    let (state, reason) = domain.get_state()?;
    let reason = reason.cast_unsigned();
    let halted = match state {
        sys::VIR_DOMAIN_CRASHED => true,
        sys::VIR_DOMAIN_PAUSED => matches!(
            reason,
            sys::VIR_DOMAIN_PAUSED_CRASHED
                | sys::VIR_DOMAIN_PAUSED_IOERROR
                | sys::VIR_DOMAIN_PAUSED_WATCHDOG
        ),
        _ => false,
    };
    domain.reset()?;
    if halted {
        domain.resume()?;
    }
    Ok(())
}

fn is_on(domain: &Domain) -> Result<bool, HostError> {
    domain.is_active().map_err(|error| host_error(&error))
}

/// Turns a refusal for the state into success, where the state is the one that was asked for: somebody was faster.
fn forgive(domain: &Domain, on: bool, result: Result<(), Error>) -> Result<(), HostError> {
    match result {
        Err(error) if error.code() == ErrorNumber::OperationInvalid && is_on(domain)? == on => {
            Ok(())
        }
        result => result.map_err(|error| host_error(&error)),
    }
}

/// Off and on. A domain that exists only while it runs is created again from its description.
pub(super) fn restart(connect: &Connect, domain: &Domain) -> Result<(), HostError> {
    let persistent = domain.is_persistent().map_err(|error| host_error(&error))?;
    if persistent {
        forgive(domain, false, domain.destroy())?;
        return forgive(domain, true, domain.create().map(drop));
    }
    // Inactive: without what belongs to the running instance alone, such as the names of its sockets.
    let flags = sys::VIR_DOMAIN_XML_INACTIVE | sys::VIR_DOMAIN_XML_SECURE;
    let xml = domain
        .get_xml_desc(flags)
        .map_err(|error| host_error(&error))?;
    domain.destroy().map_err(|error| host_error(&error))?;
    let Err(error) = Domain::create_xml(connect, &xml, 0) else {
        return Ok(());
    };
    // Better a domain that is defined than none.
    match Domain::define_xml(connect, &xml) {
        Ok(_) => {
            tracing::warn!(%error, "a transient domain could not be started again; it is kept as a defined one")
        }
        Err(lost) => {
            tracing::error!(%error, %lost, "a transient domain could not be started again and is lost")
        }
    }
    Err(host_error(&error))
}

/// Presses the power button, or asks in the only way that the driver knows.
fn shut_down(domain: &Domain) -> Result<(), Error> {
    match domain.shutdown_flags(sys::VIR_DOMAIN_SHUTDOWN_ACPI_POWER_BTN) {
        Err(error)
            if matches!(
                error.code(),
                ErrorNumber::ArgumentUnsupported | ErrorNumber::InvalidArg
            ) =>
        {
            domain.shutdown().map(drop)
        }
        result => result.map(drop),
    }
}
