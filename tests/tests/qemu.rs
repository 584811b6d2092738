//! Real virtual machines: QEMU under software emulation, behind a libvirtd of the test's own.

use std::time::Duration;

use vbmc_tests::guest::{self, FROM_DISK, FROM_NETWORK, NMI, POWER_BUTTON, READY};
use vbmc_tests::rig::boot_elements;
use vbmc_tests::{Bmc, Guest, Rig, wait_for};

/// For what a guest does under emulation on a loaded machine.
const BOUND: Duration = Duration::from_secs(60);

/// QEMU's id: another one after each start.
#[track_caller]
fn id(rig: &Rig, guest: &Guest) -> String {
    rig.virsh(["domid", guest.name()]).trim().to_owned()
}

#[track_caller]
fn assert_power(bmc: &Bmc, state: &str) {
    bmc.ipmitool(["power", "status"])
        .says(&format!("Chassis Power is {state}"));
}

#[test]
fn an_operating_system_is_switched_shut_down_and_interrupted() {
    let rig = Rig::start();
    let guest = Guest::linux(&rig.libvirtd, "linux");
    let bmc = rig.bmc(&guest);

    assert_power(&bmc, "off");
    let _ = bmc.ipmitool_with("-C 17", ["power", "on"]).ok();
    assert_power(&bmc, "on");
    assert_eq!(rig.state(&guest), "running");
    guest.wait_until_it_says(READY, 1);

    let _ = bmc.ipmitool_with("-C 3", ["power", "diag"]).ok();
    guest.wait_until_it_says(NMI, 1);

    // A reset leaves the same QEMU in place.
    let first = id(&rig, &guest);
    let _ = bmc.freeipmi("ipmipower", ["--reset"]).ok();
    guest.wait_until_it_says(READY, 2);
    assert_eq!(id(&rig, &guest), first);

    // A cycle doesn't.
    let _ = bmc.ipmitool(["power", "cycle"]).ok();
    assert_ne!(id(&rig, &guest), first);
    guest.wait_until_it_says(READY, 3);
    assert_power(&bmc, "on");

    let _ = bmc.ipmitool(["power", "soft"]).ok();
    guest.wait_until_it_says(POWER_BUTTON, 1);
    rig.wait_for_state(&guest, "shut off");
    assert_power(&bmc, "off");

    let said = bmc.pyghmi("bmc.set_power('on', wait=30)\nprint(bmc.get_power()['powerstate'])");
    assert_eq!(said.ok().trim(), "on");
    let _ = bmc.ipmitool(["power", "off"]).ok();
    assert_eq!(rig.state(&guest), "shut off");
    assert_power(&bmc, "off");
}

#[test]
fn a_guest_without_an_operating_system_stays_on_when_asked_softly() {
    let rig = Rig::start();
    let guest = Guest::bootable(&rig.libvirtd, "firmware");
    guest::boot_server(&rig.libvirtd);
    let bmc = rig.bmc(&guest);
    let _ = bmc.ipmitool(["power", "on"]).ok();
    guest.wait_until_it_says(FROM_DISK, 1);
    let _ = bmc.ipmitool(["power", "soft"]).ok();
    assert_power(&bmc, "on");
    assert_eq!(rig.state(&guest), "running");
}

#[test]
fn a_guest_boots_from_the_network_once_and_then_from_its_disk_again() {
    let rig = Rig::start();
    let guest = Guest::bootable(&rig.libvirtd, "once");
    guest::boot_server(&rig.libvirtd);
    let bmc = rig.bmc(&guest);
    let owners = rig.boot_order(&guest);
    let _ = bmc.ipmitool(["power", "on"]).ok();
    guest.wait_until_it_says(FROM_DISK, 1);

    // QEMU reads its order at its start alone: the reset has to be a new start.
    let _ = bmc.ipmitool(["chassis", "bootdev", "pxe"]).ok();
    bmc.ipmitool(["chassis", "bootparam", "get", "5"])
        .says("Force PXE");
    let _ = bmc.ipmitool(["power", "reset"]).ok();
    guest.wait_until_it_says(FROM_NETWORK, 1);
    wait_for("the owner's boot order to be back", BOUND, || {
        (rig.boot_order(&guest) == owners).then_some(())
    });
    bmc.ipmitool(["chassis", "bootparam", "get", "5"])
        .says("No override");

    let _ = bmc.ipmitool(["power", "cycle"]).ok();
    guest.wait_until_it_says(FROM_DISK, 2);
    assert_eq!(guest.console().matches(FROM_NETWORK).count(), 1);

    // Switched on by somebody else, it still boots from the network once.
    let _ = bmc.ipmitool(["power", "off"]).ok();
    let _ = bmc.ipmitool(["chassis", "bootdev", "pxe"]).ok();
    let _ = rig.virsh(["start", "once"]);
    guest.wait_until_it_says(FROM_NETWORK, 2);
    wait_for("the owner's boot order to be back", BOUND, || {
        (rig.boot_order(&guest) == owners).then_some(())
    });
}

#[test]
fn a_persistent_boot_device_stays_until_it_is_taken_back() {
    let rig = Rig::start();
    let guest = Guest::ordered_by_device(&rig.libvirtd, "persistent");
    let bmc = rig.bmc(&guest);
    let owners = rig.libvirtd.inactive_xml(&rig.uri, guest.name());

    let _ = bmc
        .ipmitool(["chassis", "bootdev", "pxe", "options=persistent"])
        .ok();
    let network_first = rig.boot_order(&guest);
    assert_eq!(network_first.len(), 2, "both devices keep their places");
    assert_ne!(network_first, boot_elements(&owners));
    for _ in 0..2 {
        let _ = bmc.ipmitool(["power", "on"]).ok();
        let live = rig.libvirtd.live_xml(&rig.uri, guest.name());
        assert_eq!(boot_elements(&live), network_first);
        let _ = bmc.ipmitool(["power", "off"]).ok();
        assert_eq!(rig.boot_order(&guest), network_first);
    }
    bmc.ipmitool(["chassis", "bootparam", "get", "5"])
        .says("Options apply to all future boots");

    let _ = bmc.ipmitool(["chassis", "bootdev", "none"]).ok();
    assert_eq!(rig.boot_order(&guest), boot_elements(&owners));
}

#[test]
fn bios_setup_waits_at_the_firmwares_menu_once() {
    let rig = Rig::start();
    let guest = Guest::ordered_by_device(&rig.libvirtd, "setup");
    let bmc = rig.bmc(&guest);
    let owners = rig.libvirtd.inactive_xml(&rig.uri, guest.name());
    assert!(!owners.contains("bootmenu"), "{owners}");

    let _ = bmc.ipmitool(["chassis", "bootdev", "bios"]).ok();
    let _ = bmc.ipmitool(["power", "on"]).ok();
    guest.wait_until_it_says("for boot menu", 1);
    wait_for("the boot menu to be off again", BOUND, || {
        let xml = rig.libvirtd.inactive_xml(&rig.uri, guest.name());
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
    let rig = Rig::start();
    let guest = Guest::uefi(&rig.libvirtd, "uefi");
    let bmc = rig.bmc(&guest);
    let owners = rig.boot_order(&guest);
    let _ = bmc
        .ipmitool(["chassis", "bootdev", "pxe", "options=efiboot"])
        .ok();
    bmc.ipmitool(["chassis", "bootparam", "get", "5"])
        .says("BIOS EFI boot");
    let _ = bmc.ipmitool(["power", "on"]).ok();
    let live = boot_elements(&rig.libvirtd.live_xml(&rig.uri, guest.name()));
    assert!(live[0].contains("network"), "{live:?}");
    wait_for("the owner's boot order to be back", BOUND, || {
        (rig.boot_order(&guest) == owners).then_some(())
    });
    let _ = bmc.ipmitool(["power", "off"]).ok();
    assert_power(&bmc, "off");
}

#[test]
fn nothing_that_was_set_is_lost_when_vbmcd_is_killed() {
    let mut rig = Rig::start();
    let guest = Guest::ordered_by_device(&rig.libvirtd, "kept");
    let bmc = rig.bmc(&guest);
    let owners = rig.boot_order(&guest);
    let ipmi = |line: &str| bmc.ipmitool(line.split(' ')).ok();
    let override_is = |text: &str| {
        let said = ipmi("chassis bootparam get 5");
        assert!(said.contains(text), "{said}");
    };
    let live_order = |rig: &Rig| boot_elements(&rig.libvirtd.live_xml(&rig.uri, guest.name()));
    let wait_for_owners_order = |rig: &Rig| {
        wait_for("the owner's boot order to be back", BOUND, || {
            (rig.boot_order(&guest) == owners).then_some(())
        });
        override_is("No override");
    };
    let kill_and_restart = |rig: &mut Rig| {
        rig.daemon.kill();
        rig.daemon.start_again();
        rig.daemon.wait_for_status(guest.name(), "running");
    };

    for command in [
        "user set name 3 ops",
        "user set password 3 s3cret",
        "channel setaccess 1 3 ipmi=on privilege=4",
        "user enable 3",
        "chassis policy previous",
        "power on",
        "power off",
        "chassis bootdev pxe",
    ] {
        let _ = ipmi(command);
    }
    let log = ipmi("sel elist");
    kill_and_restart(&mut rig);
    let ops = bmc.with_user("ops").with_password("s3cret");
    assert_power(&ops, "off");
    let status = ipmi("chassis status");
    assert!(status.contains("Restore Policy : previous"), "{status}");
    let again = ipmi("sel elist");
    assert!(again.starts_with(&log), "{log}\n{again}");
    override_is("Force PXE");

    // What was set before is for the one start after.
    let _ = ipmi("power on");
    assert_ne!(live_order(&rig), owners);
    kill_and_restart(&mut rig);
    wait_for_owners_order(&rig);
    let _ = ipmi("power off");

    // Also if nobody was there when it came.
    let _ = ipmi("chassis bootdev pxe");
    rig.daemon.kill();
    let _ = rig.virsh(["start", guest.name()]);
    assert_ne!(live_order(&rig), owners);
    rig.daemon.start_again();
    rig.daemon.wait_for_status(guest.name(), "running");
    wait_for_owners_order(&rig);
    let _ = ipmi("power off");

    let _ = ipmi("chassis bootdev pxe options=persistent");
    for _ in 0..2 {
        kill_and_restart(&mut rig);
        override_is("Options apply to all future boots");
        let _ = ipmi("power on");
        assert_ne!(live_order(&rig), owners);
        let _ = ipmi("power off");
    }
    let _ = ipmi("chassis bootdev none");
    assert_eq!(rig.boot_order(&guest), owners);
}
