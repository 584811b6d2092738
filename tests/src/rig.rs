//! What tests with virtual machines of QEMU's begin with.

use std::time::Duration;

use crate::client::Bmc;
use crate::daemon::Vbmcd;
use crate::guest::Guest;
use crate::libvirtd::Libvirtd;
use crate::turn::{self, Turn};
use crate::wait_for;

/// For what a guest does under emulation on a loaded machine.
const BOUND: Duration = Duration::from_secs(60);

/// A hypervisor with vbmcd beside it; one such at a time, since emulation takes all that the machine has.
#[derive(Debug)]
pub struct Rig {
    /// vbmcd.
    pub daemon: Vbmcd,
    /// The hypervisor.
    pub libvirtd: Libvirtd,
    /// The hypervisor's address.
    pub uri: String,
    _turn: Turn,
}

impl Rig {
    /// Waits for its turn and starts both.
    ///
    /// # Panics
    ///
    /// When one of them doesn't come up.
    #[must_use]
    pub fn start() -> Self {
        let turn = turn::heavy();
        let libvirtd = Libvirtd::start();
        Self {
            daemon: Vbmcd::start(),
            uri: libvirtd.qemu_uri(),
            libvirtd,
            _turn: turn,
        }
    }

    /// A started BMC for `guest`.
    #[track_caller]
    #[must_use]
    pub fn bmc(&self, guest: &Guest) -> Bmc {
        self.daemon.bmc(guest.name(), &self.uri)
    }

    /// What libvirt says of `guest`: `running`, `shut off`.
    #[track_caller]
    #[must_use]
    pub fn state(&self, guest: &Guest) -> String {
        self.libvirtd.state(&self.uri, guest.name())
    }

    /// Waits until libvirt says `state` of `guest`.
    #[track_caller]
    pub fn wait_for_state(&self, guest: &Guest, state: &str) {
        wait_for(&format!("{} to be {state}", guest.name()), BOUND, || {
            (self.state(guest) == state).then_some(())
        });
    }

    /// Runs virsh.
    #[track_caller]
    pub fn virsh<'a>(&self, args: impl IntoIterator<Item = &'a str>) -> String {
        self.libvirtd.virsh(&self.uri, args).ok()
    }

    /// What `guest` would boot from at its next start: the `<boot>` elements, wherever they are.
    #[track_caller]
    #[must_use]
    pub fn boot_order(&self, guest: &Guest) -> Vec<String> {
        boot_elements(&self.libvirtd.inactive_xml(&self.uri, guest.name()))
    }
}

/// The `<boot>` elements of a domain's description.
#[must_use]
pub fn boot_elements(xml: &str) -> Vec<String> {
    let lines = xml.lines().map(str::trim);
    lines
        .filter(|line| line.starts_with("<boot "))
        .map(str::to_owned)
        .collect()
}
