//! The main job, without a hypervisor: a BMC for a domain of libvirt's test driver, and each foreign client's way of
//! driving it.

use std::time::{Duration, Instant};

use vbmc_tests::net::free_port;
use vbmc_tests::{Bmc, Home, Node, Vbmcd, build, wait_for};

/// A vbmcd with a started BMC for a domain of its own, which is running.
struct Machine {
    daemon: Vbmcd,
    bmc: Bmc,
    _node: Node,
}

fn machine() -> Machine {
    let node = Node::new(["openstack-controller"]);
    let daemon = Vbmcd::start();
    let bmc = daemon.bmc("openstack-controller", &node.uri());
    Machine {
        daemon,
        bmc,
        _node: node,
    }
}

#[track_caller]
fn assert_power(bmc: &Bmc, state: &str) {
    bmc.ipmitool(["power", "status"])
        .says(&format!("Chassis Power is {state}"));
}

#[test]
fn the_commands_of_the_readme_with_their_defaults() {
    let node = Node::new(["openstack-controller"]);
    let daemon = Vbmcd::start();
    let vbmc = |args: &[&str]| {
        daemon
            .home()
            .run(build::binary("vbmc"))
            .env("LIBVIRT_DEFAULT_URI", node.uri())
            .args(args)
            .outcome()
    };
    let port = free_port();
    let shows = |status: &str| {
        let list = vbmc(&["list", "-f", "value"]).ok();
        assert_eq!(list, format!("openstack-controller {status} :: {port}\n"));
    };

    let port_text = port.to_string();
    let _ = vbmc(&["add", "openstack-controller", "--port", &port_text]).ok();
    shows("down");
    let _ = vbmc(&["start", "openstack-controller"]).ok();
    shows("running");

    let bmc = Bmc::new(port).with_user("admin").with_password("password");
    assert_power(&bmc, "on");
    let _ = bmc.ipmitool(["power", "off"]).ok();
    assert_power(&bmc, "off");
    let _ = bmc.ipmitool(["power", "on"]).ok();
    assert_power(&bmc, "on");

    let _ = vbmc(&["stop", "openstack-controller"]).ok();
    shows("down");
    let gone = bmc.ipmitool_with("-N 1 -R 1", ["power", "status"]).fails();
    assert!(gone.contains("Unable to establish"), "{gone}");
    let _ = vbmc(&["delete", "openstack-controller"]).ok();
    assert_eq!(vbmc(&["list"]).ok().trim(), "");
}

#[test]
fn ipmitool_controls_the_power_with_every_suite_it_may_choose() {
    let machine = machine();
    for suite in ["-C 3", "-C 17", ""] {
        let ipmitool = |args: &[&str]| machine.bmc.ipmitool_with(suite, args.iter().copied());
        let state = |state: &str| {
            ipmitool(&["power", "status"]).says(&format!("Chassis Power is {state}"));
        };
        state("on");
        ipmitool(&["power", "off"]).says("Chassis Power Control: Down/Off");
        state("off");
        ipmitool(&["power", "off"]).says("Chassis Power Control: Down/Off");
        for refused in ["cycle", "reset", "diag"] {
            let said = ipmitool(&["power", refused]).fails();
            assert!(said.contains("not supported in present state"), "{said}");
        }
        state("off");
        ipmitool(&["power", "on"]).says("Chassis Power Control: Up/On");
        state("on");
        ipmitool(&["power", "on"]).says("Chassis Power Control: Up/On");
        ipmitool(&["power", "cycle"]).says("Chassis Power Control: Cycle");
        state("on");
        ipmitool(&["power", "reset"]).says("Chassis Power Control: Reset");
        state("on");
        ipmitool(&["power", "diag"]).says("Chassis Power Control: Diag");
        state("on");
        ipmitool(&["power", "soft"]).says("Chassis Power Control: Soft");
        state("off");
        ipmitool(&["power", "on"]).says("Chassis Power Control: Up/On");
    }
}

#[test]
fn ipmitool_sets_and_reads_the_boot_device() {
    let machine = machine();
    let bmc = &machine.bmc;
    let boot = |device: &str, options: &str| {
        let command = ["chassis", "bootdev", device];
        let options = Some(options).filter(|options| !options.is_empty());
        let _ = bmc.ipmitool(command.into_iter().chain(options)).ok();
        bmc.ipmitool(["chassis", "bootparam", "get", "5"]).ok()
    };
    for (device, shown) in [
        ("pxe", "Force PXE"),
        ("disk", "Force Boot from default Hard-Drive"),
        ("cdrom", "Force Boot from CD/DVD"),
        ("bios", "Force Boot into BIOS Setup"),
    ] {
        let once = boot(device, "");
        assert!(once.contains(shown), "{device}: {once}");
        assert!(once.contains("Options apply to only next boot"), "{once}");
        let persistent = boot(device, "options=persistent");
        assert!(persistent.contains(shown), "{device}: {persistent}");
        assert!(
            persistent.contains("Options apply to all future boots"),
            "{persistent}"
        );
    }
    let uefi = boot("pxe", "options=efiboot,persistent");
    assert!(uefi.contains("BIOS EFI boot"), "{uefi}");
    let none = boot("none", "");
    assert!(none.contains("No override"), "{none}");
}

#[test]
fn ipmitool_reads_all_that_a_bmc_knows_of_itself() {
    let machine = machine();
    let bmc = &machine.bmc;
    for (command, shown) in [
        ("chassis status", "System Power         : on"),
        ("chassis policy list", "Supported chassis power policy"),
        ("chassis poh", "POH Counter"),
        ("chassis restart_cause", "System restart cause"),
        ("chassis identify 1", "Chassis identify interval"),
        ("chassis selftest", "Self Test Results"),
        ("mc info", "IPMI Version              : 2.0"),
        ("mc guid", "System GUID"),
        ("mc selftest", "Selftest: passed"),
        ("mc getenables", "Event Message Buffer"),
        ("channel info 1", "Channel Medium Type"),
        ("channel getciphers ipmi", "17"),
        ("lan print", "Cipher Suite"),
        ("user list", "operator"),
    ] {
        bmc.ipmitool(command.split(' ')).says(shown);
    }
    // ipmitool's exit code is 1 whatever it is answered.
    let sessions = bmc.ipmitool(["session", "info", "all"]).said();
    assert!(
        sessions.contains("privilege level               : ADMINISTRATOR"),
        "{sessions}"
    );
    let _ = bmc.ipmitool("raw 0x00 0x08 0x03 0x08".split(' ')).ok();
}

#[test]
fn a_user_at_user_level_may_look_but_not_switch() {
    let machine = machine();
    let bmc = &machine.bmc;
    for level in ["-L USER", "-L USER -C 3", "-L USER -C 17"] {
        bmc.ipmitool_with(level, ["power", "status"])
            .says("Chassis Power is on");
        let said = bmc.ipmitool_with(level, ["power", "off"]).fails();
        assert!(said.contains("Insufficient privilege level"), "{said}");
        let bootdev = ["chassis", "bootdev", "pxe"];
        let said = bmc.ipmitool_with(level, bootdev).said();
        assert!(said.contains("Insufficient privilege level"), "{said}");
    }
    assert_power(bmc, "on");
    let _ = bmc.ipmitool_with("-L OPERATOR", ["power", "off"]).ok();
    assert_power(bmc, "off");
}

#[test]
fn who_must_not_come_in_is_refused_quickly() {
    /// A silent BMC makes ipmitool wait for 20 s and more.
    const QUICKLY: Duration = Duration::from_secs(15);
    let machine = machine();
    let bmc = &machine.bmc;
    for (options, who) in [
        ("-C 3", bmc.with_password("wrong")),
        ("-C 17", bmc.with_password("wrong")),
        ("-C 3", bmc.with_user("nobody")),
        ("-C 17", bmc.with_user("nobody")),
        ("-C 0", bmc.clone()),
        ("-C 1", bmc.clone()),
        ("-C 2", bmc.clone()),
    ] {
        let started = Instant::now();
        let said = who.ipmitool_with(options, ["power", "off"]).fails();
        assert!(started.elapsed() < QUICKLY, "{options}: {said}");
        assert!(said.contains("Unable to establish"), "{options}: {said}");
    }
    assert_power(bmc, "on");
    let log = machine.daemon.log();
    assert!(!log.contains(&bmc.password), "{log}");
}

/// ipmitool and FreeIPMI leave without a word when RAKP 2 shows that they have another password.
#[test]
fn a_wrong_password_is_in_the_logs_also_of_a_client_that_keeps_silent() {
    let machine = machine();
    let wrong = machine.bmc.with_password("guess");
    let _ = wrong.ipmitool(["power", "status"]).fails();
    wait_for("the login to be given up", Duration::from_secs(60), || {
        let log = machine.daemon.log();
        log.contains("the console gave up").then_some(())
    });
    let log = machine.daemon.log();
    assert!(log.contains("username=operator"), "{log}");
    let events = machine.bmc.ipmitool(["sel", "list"]);
    assert_eq!(events.ok().matches("Session Audit").count(), 1);
}

#[test]
fn freeipmi_controls_the_power() {
    let machine = machine();
    let bmc = &machine.bmc;
    let ipmipower = |args: &[&str]| bmc.freeipmi("ipmipower", args.iter().copied());
    let state = |state: &str| {
        let said = ipmipower(&["--stat"]).ok();
        assert!(said.trim_end().ends_with(&format!(": {state}")), "{said}");
    };
    let does = |args: &[&str]| {
        let said = ipmipower(args).ok();
        assert!(said.trim_end().ends_with(": ok"), "{args:?}: {said}");
    };
    state("on");
    does(&["--off", "--wait-until-off"]);
    state("off");
    does(&["--cycle", "--on-if-off", "--wait-until-on"]);
    state("on");
    for action in ["--cycle", "--reset", "--pulse"] {
        does(&[action]);
        state("on");
    }
    does(&["--soft"]);
    state("off");
    does(&["--on"]);
    state("on");
    // As MAAS calls it.
    for suite in ["3", "17"] {
        does(&[
            "-W",
            "opensesspriv",
            "-I",
            suite,
            "-l",
            "OPERATOR",
            "--cycle",
            "--on-if-off",
        ]);
    }
    let said = ipmipower(&["-l", "USER", "--off"]).said();
    assert!(!said.contains(": ok"), "{said}");
    state("on");
}

#[test]
fn freeipmi_reads_and_configures() {
    let machine = machine();
    let bmc = &machine.bmc;
    bmc.freeipmi("ipmi-chassis", ["--get-chassis-status"])
        .says("System Power");
    bmc.freeipmi("ipmi-chassis", ["--get-chassis-capabilities"])
        .says("Diagnostic Interrupt    : provided");
    bmc.freeipmi("bmc-info", []).says("IPMI Version");

    // As MAAS calls it before it installs a machine.
    let set = |value: &str| {
        let pair = format!("Chassis_Boot_Flags:Boot_Device={value}");
        let _ = bmc
            .freeipmi(
                "ipmi-config",
                [
                    "-W",
                    "opensesspriv",
                    "-l",
                    "OPERATOR",
                    "--category=chassis",
                    "--commit",
                    "--key-pair",
                    "Chassis_Boot_Flags:Boot_Flags_Persistent=No",
                    "--key-pair",
                    &pair,
                ],
            )
            .ok();
    };
    // It exits with 1 when a BMC lacks anything that a BMC may have, serial ports for instance.
    let checkout = |category: &str| {
        let category = format!("--category={category}");
        let options = [category.as_str(), "--checkout"];
        bmc.freeipmi("ipmi-config", options).said()
    };
    for device in ["PXE", "HARD-DRIVE", "CD-DVD"] {
        set(device);
        let shown = checkout("chassis");
        let line = shown
            .lines()
            .find(|line| line.trim_start().starts_with("Boot_Device"));
        assert!(line.is_some_and(|line| line.contains(device)), "{shown}");
        bmc.ipmitool(["chassis", "bootparam", "get", "5"])
            .says("Options apply to only next boot");
    }
    let core = checkout("core");
    for (key, value) in [("Username", "operator"), ("IP_Address", "127.0.0.1")] {
        let mut lines = core.lines().map(str::split_whitespace).map(Vec::from_iter);
        assert!(lines.any(|words| words == [key, value]), "{key}: {core}");
    }
}

#[test]
fn pyghmi_controls_power_and_boot_device() {
    let machine = machine();
    let said = machine
        .bmc
        .pyghmi(
            "
assert bmc.get_power()['powerstate'] == 'on'
bmc.set_power('off', wait=20)
assert bmc.get_power()['powerstate'] == 'off'
bmc.set_power('on', wait=20)
assert bmc.get_power()['powerstate'] == 'on'
bmc.set_power('reset')
bmc.set_power('diag')
bmc.set_power('boot')
assert bmc.get_power()['powerstate'] == 'on'
for device in 'network', 'hd', 'optical', 'setup':
    bmc.set_bootdev(device, persist=True, uefiboot=True)
    got = bmc.get_bootdev()
    assert (got['bootdev'], got['persistent'], got['uefimode']) == (device, True, True), got
    bmc.set_bootdev(device)
    got = bmc.get_bootdev()
    assert (got['bootdev'], got['persistent'], got['uefimode']) == (device, False, False), got
bmc.set_bootdev('default')
assert bmc.get_bootdev()['bootdev'] == 'default', bmc.get_bootdev()
bmc.set_power('shutdown', wait=20)
assert bmc.get_power()['powerstate'] == 'off'
print('done')
",
        )
        .ok();
    assert!(said.contains("done"), "{said}");
}

#[test]
fn the_command_lines_of_ironic() {
    let machine = machine();
    let bmc = &machine.bmc;
    for suite in ["", "-C 3", "-C 17"] {
        let options = format!("-L ADMINISTRATOR {suite} -v -R 1 -N 5");
        let ironic = |command: &str| bmc.ipmitool_with(&options, command.split(' ')).ok();
        let state = |state: &str| {
            // Ironic compares the whole line.
            let said = ironic("power status");
            assert_eq!(said.trim(), format!("Chassis Power is {state}"));
        };
        state("on");
        let _ = ironic("mc info");
        let _ = ironic("power off");
        state("off");
        for boot in [
            "chassis bootdev pxe",
            "chassis bootdev disk options=persistent",
            "raw 0x00 0x08 0x05 0xa0 0x04 0x00 0x00 0x00",
            "raw 0x00 0x08 0x05 0xe0 0x08 0x00 0x00 0x00",
        ] {
            let _ = ironic("raw 0x00 0x08 0x03 0x08");
            let _ = ironic(boot);
        }
        let shown = ironic("chassis bootparam get 5");
        assert!(
            shown.contains("Force Boot from default Hard-Drive"),
            "{shown}"
        );
        let _ = ironic("power on");
        state("on");
        let _ = ironic("power soft");
        state("off");
        let _ = ironic("power on");
        let _ = ironic("power diag");
        let _ = ironic("raw 0x06 0x01");
    }
}

#[test]
fn a_bmc_answers_on_every_address_of_both_families() {
    let node = Node::new(["both"]);
    let daemon = Vbmcd::start_in(Home::new());
    let port = free_port();
    let port_text = port.to_string();
    let uri = node.uri();
    let _ = daemon
        .vbmc(["add", "both", "--port", &port_text, "--libvirt-uri", &uri])
        .ok();
    let _ = daemon.vbmc(["start", "both"]).ok();
    let bmc = Bmc::new(port).with_user("admin").with_password("password");
    for address in ["127.0.0.1", "127.0.0.2", "::1"] {
        if address == "::1" && std::net::UdpSocket::bind("[::1]:0").is_err() {
            continue; // A machine without IPv6.
        }
        bmc.ipmitool_with(&format!("-H {address}"), ["power", "status"])
            .says("Chassis Power is on");
    }
}
