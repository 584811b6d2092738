//! Real virtual machines: QEMU under software emulation, behind a libvirtd of the test's own.

use std::time::Duration;

use vbmc_tests::guest::{self, FROM_DISK, FROM_NETWORK, NMI, POWER_BUTTON, READY};
use vbmc_tests::turn::{self, Turn};
use vbmc_tests::{Bmc, Guest, Libvirtd, Vbmcd, wait_for};

/// For what a guest does under emulation on a loaded machine.
const BOUND: Duration = Duration::from_secs(60);

/// A hypervisor with vbmcd beside it; one such at a time, since emulation takes all that the machine has.
struct Lab {
    daemon: Vbmcd,
    libvirtd: Libvirtd,
    uri: String,
    _turn: Turn,
}

impl Lab {
    fn start() -> Self {
        let turn = turn::heavy();
        let libvirtd = Libvirtd::start();
        Self {
            daemon: Vbmcd::start(),
            uri: libvirtd.qemu_uri(),
            libvirtd,
            _turn: turn,
        }
    }

    fn bmc(&self, guest: &Guest) -> Bmc {
        self.daemon.bmc(guest.name(), &self.uri)
    }

    #[track_caller]
    fn assert_state(&self, guest: &Guest, state: &str) {
        assert_eq!(self.libvirtd.state(&self.uri, guest.name()), state);
    }

    #[track_caller]
    fn wait_for_state(&self, guest: &Guest, state: &str) {
        wait_for(&format!("{} to be {state}", guest.name()), BOUND, || {
            (self.libvirtd.state(&self.uri, guest.name()) == state).then_some(())
        });
    }

    /// QEMU's id: another one after each start.
    #[track_caller]
    fn id(&self, guest: &Guest) -> String {
        self.libvirtd
            .virsh(&self.uri, ["domid", guest.name()])
            .ok()
            .trim()
            .to_owned()
    }

    /// What the guest would boot from at its next start: the `<boot>` elements, wherever they are.
    #[track_caller]
    fn boot_order(&self, guest: &Guest) -> Vec<String> {
        boot_elements(&self.libvirtd.inactive_xml(&self.uri, guest.name()))
    }
}

fn boot_elements(xml: &str) -> Vec<String> {
    let lines = xml.lines().map(str::trim);
    lines
        .filter(|line| line.starts_with("<boot "))
        .map(str::to_owned)
        .collect()
}

#[track_caller]
fn assert_power(bmc: &Bmc, state: &str) {
    bmc.ipmitool(["power", "status"])
        .says(&format!("Chassis Power is {state}"));
}

#[test]
fn an_operating_system_is_switched_shut_down_and_interrupted() {
    let lab = Lab::start();
    let guest = Guest::linux(&lab.libvirtd, "linux");
    let bmc = lab.bmc(&guest);

    assert_power(&bmc, "off");
    let _ = bmc.ipmitool_with("-C 17", ["power", "on"]).ok();
    assert_power(&bmc, "on");
    lab.assert_state(&guest, "running");
    guest.wait_until_it_says(READY, 1);

    let _ = bmc.ipmitool_with("-C 3", ["power", "diag"]).ok();
    guest.wait_until_it_says(NMI, 1);

    // A reset leaves the same QEMU in place.
    let first = lab.id(&guest);
    let _ = bmc.freeipmi("ipmipower", ["--reset"]).ok();
    guest.wait_until_it_says(READY, 2);
    assert_eq!(lab.id(&guest), first);

    // A cycle doesn't.
    let _ = bmc.ipmitool(["power", "cycle"]).ok();
    assert_ne!(lab.id(&guest), first);
    guest.wait_until_it_says(READY, 3);
    assert_power(&bmc, "on");

    let _ = bmc.ipmitool(["power", "soft"]).ok();
    guest.wait_until_it_says(POWER_BUTTON, 1);
    lab.wait_for_state(&guest, "shut off");
    assert_power(&bmc, "off");

    let said = bmc.pyghmi("bmc.set_power('on', wait=30)\nprint(bmc.get_power()['powerstate'])");
    assert_eq!(said.ok().trim(), "on");
    let _ = bmc.ipmitool(["power", "off"]).ok();
    lab.assert_state(&guest, "shut off");
    assert_power(&bmc, "off");
}

#[test]
fn a_guest_without_an_operating_system_stays_on_when_asked_softly() {
    let lab = Lab::start();
    let guest = Guest::bootable(&lab.libvirtd, "firmware");
    guest::boot_server(&lab.libvirtd);
    let bmc = lab.bmc(&guest);
    let _ = bmc.ipmitool(["power", "on"]).ok();
    guest.wait_until_it_says(FROM_DISK, 1);
    let _ = bmc.ipmitool(["power", "soft"]).ok();
    assert_power(&bmc, "on");
    lab.assert_state(&guest, "running");
}

#[test]
fn a_guest_boots_from_the_network_once_and_then_from_its_disk_again() {
    let lab = Lab::start();
    let guest = Guest::bootable(&lab.libvirtd, "once");
    guest::boot_server(&lab.libvirtd);
    let bmc = lab.bmc(&guest);
    let owners = lab.boot_order(&guest);
    let _ = bmc.ipmitool(["power", "on"]).ok();
    guest.wait_until_it_says(FROM_DISK, 1);

    // QEMU reads its order at its start alone: the reset has to be a new start.
    let _ = bmc.ipmitool(["chassis", "bootdev", "pxe"]).ok();
    bmc.ipmitool(["chassis", "bootparam", "get", "5"])
        .says("Force PXE");
    let _ = bmc.ipmitool(["power", "reset"]).ok();
    guest.wait_until_it_says(FROM_NETWORK, 1);
    wait_for("the owner's boot order to be back", BOUND, || {
        (lab.boot_order(&guest) == owners).then_some(())
    });
    bmc.ipmitool(["chassis", "bootparam", "get", "5"])
        .says("No override");

    let _ = bmc.ipmitool(["power", "cycle"]).ok();
    guest.wait_until_it_says(FROM_DISK, 2);
    assert_eq!(guest.console().matches(FROM_NETWORK).count(), 1);

    // Switched on by somebody else, it still boots from the network once.
    let _ = bmc.ipmitool(["power", "off"]).ok();
    let _ = bmc.ipmitool(["chassis", "bootdev", "pxe"]).ok();
    let _ = lab.libvirtd.virsh(&lab.uri, ["start", "once"]).ok();
    guest.wait_until_it_says(FROM_NETWORK, 2);
    wait_for("the owner's boot order to be back", BOUND, || {
        (lab.boot_order(&guest) == owners).then_some(())
    });
}

#[test]
fn a_persistent_boot_device_stays_until_it_is_taken_back() {
    let lab = Lab::start();
    let guest = Guest::ordered_by_device(&lab.libvirtd, "persistent");
    let bmc = lab.bmc(&guest);
    let owners = lab.libvirtd.inactive_xml(&lab.uri, guest.name());

    let _ = bmc
        .ipmitool(["chassis", "bootdev", "pxe", "options=persistent"])
        .ok();
    let network_first = lab.boot_order(&guest);
    assert_eq!(network_first.len(), 2, "both devices keep their places");
    assert_ne!(network_first, boot_elements(&owners));
    for _ in 0..2 {
        let _ = bmc.ipmitool(["power", "on"]).ok();
        let live = lab.libvirtd.live_xml(&lab.uri, guest.name());
        assert_eq!(boot_elements(&live), network_first);
        let _ = bmc.ipmitool(["power", "off"]).ok();
        assert_eq!(lab.boot_order(&guest), network_first);
    }
    bmc.ipmitool(["chassis", "bootparam", "get", "5"])
        .says("Options apply to all future boots");

    let _ = bmc.ipmitool(["chassis", "bootdev", "none"]).ok();
    assert_eq!(lab.boot_order(&guest), boot_elements(&owners));
}

#[test]
fn bios_setup_waits_at_the_firmwares_menu_once() {
    let lab = Lab::start();
    let guest = Guest::ordered_by_device(&lab.libvirtd, "setup");
    let bmc = lab.bmc(&guest);
    let owners = lab.libvirtd.inactive_xml(&lab.uri, guest.name());
    assert!(!owners.contains("bootmenu"), "{owners}");

    let _ = bmc.ipmitool(["chassis", "bootdev", "bios"]).ok();
    let _ = bmc.ipmitool(["power", "on"]).ok();
    guest.wait_until_it_says("for boot menu", 1);
    wait_for("the boot menu to be off again", BOUND, || {
        let xml = lab.libvirtd.inactive_xml(&lab.uri, guest.name());
        (!xml.contains("bootmenu")).then_some(())
    });
    let _ = bmc.ipmitool(["power", "off"]).ok();
    let boots = guest.console().matches(FROM_DISK).count();
    let _ = bmc.ipmitool(["power", "on"]).ok();
    guest.wait_until_it_says(FROM_DISK, boots + 1);
    assert_eq!(guest.console().matches("for boot menu").count(), 1);
}

#[test]
fn a_uefi_guest_takes_uefi_boot_overrides() {
    let lab = Lab::start();
    let guest = Guest::uefi(&lab.libvirtd, "uefi");
    let bmc = lab.bmc(&guest);
    let owners = lab.boot_order(&guest);
    let _ = bmc
        .ipmitool(["chassis", "bootdev", "pxe", "options=efiboot"])
        .ok();
    bmc.ipmitool(["chassis", "bootparam", "get", "5"])
        .says("BIOS EFI boot");
    let _ = bmc.ipmitool(["power", "on"]).ok();
    let live = boot_elements(&lab.libvirtd.live_xml(&lab.uri, guest.name()));
    assert!(live[0].contains("network"), "{live:?}");
    wait_for("the owner's boot order to be back", BOUND, || {
        (lab.boot_order(&guest) == owners).then_some(())
    });
    let _ = bmc.ipmitool(["power", "off"]).ok();
    assert_power(&bmc, "off");
}
