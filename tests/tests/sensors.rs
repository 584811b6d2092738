//! What a machine does and who it is, as the foreign clients read it: sensors, inventory data, system info, and the events
//! and event filters around them.

use std::time::Duration;

use vbmc_tests::net::free_port;
use vbmc_tests::turn::{self, Turn};
use vbmc_tests::{Bmc, Guest, Libvirtd, Node, Outcome, Vbmcd, wait_for};

/// For what a guest does under emulation on a loaded machine, and for the interval at which thresholds are looked at.
const BOUND: Duration = Duration::from_secs(60);

const UUID: &str = "12345678-9abc-def0-1234-56789abcdef0";

/// A domain that says much about itself.
const DESCRIBED: &str = "
<domain type='test'>
  <name>described</name>
  <uuid>12345678-9abc-def0-1234-56789abcdef0</uuid>
  <title>The first one</title>
  <memory unit='MiB'>64</memory>
  <vcpu>1</vcpu>
  <os><type>hvm</type><smbios mode='sysinfo'/></os>
  <sysinfo type='smbios'>
    <bios><entry name='vendor'>Example</entry><entry name='version'>7.1</entry></bios>
    <system>
      <entry name='manufacturer'>Example Machines</entry>
      <entry name='product'>Shelf 9</entry>
      <entry name='serial'>SN-0815</entry>
    </system>
  </sysinfo>
  <devices>
    <interface type='network'><mac address='52:54:00:11:22:33'/><source network='default'/></interface>
    <interface type='network'><mac address='52:54:00:11:22:44'/><source network='default'/></interface>
  </devices>
</domain>";

/// A vbmcd with a started BMC for a domain of the test driver, which is running and does not tell what it does.
struct Machine {
    daemon: Vbmcd,
    bmc: Bmc,
    node: Node,
}

fn machine() -> Machine {
    let node = Node::described(DESCRIBED);
    let daemon = Vbmcd::start();
    let bmc = daemon.bmc("described", &node.uri());
    Machine { daemon, bmc, node }
}

impl Machine {
    /// FreeIPMI keeps the records that it has read: not where another test would find them.
    #[track_caller]
    fn freeipmi(&self, tool: &str, options: &str) -> Outcome {
        freeipmi(&self.bmc, self.node.directory(), tool, options)
    }
}

#[track_caller]
fn freeipmi(bmc: &Bmc, cache: &std::path::Path, tool: &str, options: &str) -> Outcome {
    let cache = format!("--sdr-cache-directory={}", cache.display());
    let options = options.split_whitespace();
    bmc.freeipmi(tool, [cache.as_str()].into_iter().chain(options))
}

/// What the line about a sensor of `ipmitool sensor list` has in its columns: reading, unit, state, and the thresholds.
#[track_caller]
fn columns(bmc: &Bmc, sensor: &str) -> Vec<String> {
    let list = bmc.ipmitool(["sensor", "list"]).ok();
    let line = list.lines().find(|line| line.starts_with(sensor));
    let line = line.unwrap_or_else(|| panic!("{sensor} in {list}"));
    line.split('|').skip(1).map(|it| it.trim().into()).collect()
}

#[test]
fn every_client_lists_the_sensors_of_a_machine_that_does_not_tell_what_it_does() {
    let machine = machine();
    let bmc = &machine.bmc;
    for sensor in ["CPU Use", "Memory Use", "Disk Read", "Net Send"] {
        assert_eq!(columns(bmc, sensor)[0], "na");
    }
    let list = bmc.ipmitool(["sdr", "elist", "all"]).ok();
    assert!(list.contains("S0/G0: working"), "{list}");
    assert!(list.contains("Logical FRU @00h"), "{list}");
    let _ = bmc.ipmitool(["power", "off"]).ok();
    let list = bmc.ipmitool(["sdr", "elist"]).ok();
    assert!(list.contains("S5/G2: soft-off"), "{list}");
    assert!(list.contains("Power off/down"), "{list}");

    for _ in 0..2 {
        let list = machine.freeipmi("ipmi-sensors", "--quiet-cache").ok();
        assert!(list.contains("CPU Use"), "{list}");
        assert!(list.contains("S5/G2"), "{list}");
    }
    let said = bmc.pyghmi("for s in bmc.get_sensor_data(): print(s.name, s.units)");
    let said = said.ok();
    assert!(said.contains("CPU Use %"), "{said}");
}

#[test]
fn a_threshold_outlives_a_restart_and_a_cold_reset_forgets_it() {
    let mut machine = machine();
    let thresh = ["sensor", "thresh", "CPU Use", "ucr", "90"];
    let _ = machine.bmc.ipmitool(thresh).ok();
    let thresh = [
        "sensor",
        "thresh",
        "Disk Read",
        "upper",
        "500",
        "600",
        "700",
    ];
    let _ = machine.bmc.ipmitool(thresh).ok();
    assert_eq!(machine.daemon.stop(), Some(0));
    machine.daemon.start_again();
    machine.daemon.wait_for_status("described", "running");
    let bmc = &machine.bmc;
    assert_eq!(
        columns(bmc, "CPU Use")[3..],
        ["na", "na", "na", "na", "90.000", "na"]
    );
    let throughput = columns(bmc, "Disk Read");
    assert_eq!(
        throughput[3..],
        ["na", "na", "na", "500.000", "600.000", "700.000"]
    );
    let details = machine.freeipmi(
        "ipmi-sensors",
        "--quiet-cache -v -t Other_Units_Based_Sensor",
    );
    let details = details.ok();
    assert!(
        details.contains("Upper Critical Threshold: 600.000000 MB / s"),
        "{details}"
    );
    let _ = bmc.ipmitool(["mc", "reset", "cold"]).ok();
    assert_eq!(columns(bmc, "CPU Use")[7], "na");
}

#[test]
fn every_client_reads_who_the_machine_is() {
    let machine = machine();
    let bmc = &machine.bmc;
    let fru = bmc.ipmitool(["fru", "print"]).ok();
    for (name, value) in [
        ("Product Manufacturer", "Example Machines"),
        ("Product Name", "Shelf 9"),
        ("Product Serial", "SN-0815"),
        ("Product Asset Tag", "The first one"),
        ("Product Extra", &format!("UUID: {UUID}")),
        ("Board Product", "described"),
        ("Board Serial", UUID),
        ("Board Extra", "MAC: 52:54:00:11:22:33"),
        ("Board Extra", "MAC: 52:54:00:11:22:44"),
    ] {
        let line = format!(" {name:<22}: {value}\n");
        assert!(fru.contains(&line), "{line} in {fru}");
    }
    let fru = machine.freeipmi("ipmi-fru", "--quiet-cache").ok();
    assert!(fru.contains("FRU Product Serial Number: SN-0815"), "{fru}");
    let said = bmc
        .pyghmi("print(dict(bmc.get_inventory())['System']['board_extra'])")
        .ok();
    assert!(said.contains("MAC: 52:54:00:11:22:44"), "{said}");
    let file = machine.node.directory().join("fru.bin");
    let file = file.to_string_lossy();
    let _ = bmc.ipmitool(["fru", "read", "0", &file]).ok();
    let said = bmc.ipmitool(["fru", "write", "0", &file]).said();
    let again = bmc.ipmitool(["fru", "print"]).ok();
    assert!(again.contains("SN-0815"), "{said} {again}");
}

#[test]
fn system_info_is_read_and_set() {
    let machine = machine();
    let bmc = &machine.bmc;
    let get = |name: &str| {
        let said = bmc.ipmitool(["mc", "getsysinfo", name]).ok();
        said.trim_end().to_owned()
    };
    assert_eq!(get("system_name"), "described");
    assert_eq!(get("system_fw_version"), "Example 7.1");
    let name = "a name that takes more than one block";
    let _ = bmc
        .ipmitool(["mc", "setsysinfo", "primary_os_name", name])
        .ok();
    assert_eq!(get("primary_os_name"), name);
    let info = bmc.freeipmi("bmc-info", ["--get-system-info"]).ok();
    assert!(
        info.contains(&format!("Primary Operating System Name : {name}")),
        "{info}"
    );
}

#[test]
fn platform_events_are_logged_and_event_filters_kept() {
    let machine = machine();
    let bmc = &machine.bmc;
    let _ = bmc.ipmitool(["event", "1"]).ok();
    let _ = bmc.ipmitool(["event", "CPU Use", "unr"]).ok();
    let _ = bmc.freeipmi(
        "bmc-device",
        ["--platform-event=41 02 04 01 30 01 59 00 00"],
    );
    let list = bmc.ipmitool(["sel", "elist"]).ok();
    assert!(
        list.contains("Temperature #0x30 | Upper Critical going high"),
        "{list}"
    );
    assert!(list.contains("Upper Non-recoverable going high"), "{list}");

    for (command, shown) in [
        ("pef info", "0x51 | 16 | 4"),
        ("pef status", "0x0000"),
        ("pef filter list", " 16 | disabled, configurable"),
        ("pef policy list", " 4 | 0 | disabled | Match-always"),
        (
            "mc getenables",
            "System Event Logging                     : enabled",
        ),
    ] {
        bmc.ipmitool(command.split(' ')).says(shown);
    }
    let file = machine.node.directory().join("pef.conf");
    let name = format!("--filename={}", file.display());
    let pef = |options: [&str; 2]| {
        bmc.freeipmi("ipmi-config", ["--category=pef"].into_iter().chain(options))
    };
    let _ = pef(["--checkout", &name]).ok();
    let text = std::fs::read_to_string(&file).expect("the configuration");
    assert!(text.contains("Section Event_Filter_16"), "{text}");
    let text = text.replacen(
        "Enable_Filter                                 No",
        "Enable_Filter Yes",
        1,
    );
    std::fs::write(&file, text).expect("the configuration");
    let _ = pef(["--commit", &name]).ok();
    bmc.ipmitool(["pef", "filter", "list"]).says(" 1 | enabled");
}

/// A hypervisor with vbmcd beside it; one such at a time, since emulation takes all that the machine has.
struct Lab {
    daemon: Vbmcd,
    libvirtd: Libvirtd,
    _turn: Turn,
}

impl Lab {
    fn start() -> Self {
        let turn = turn::heavy();
        let libvirtd = Libvirtd::start();
        Self {
            daemon: Vbmcd::start(),
            libvirtd,
            _turn: turn,
        }
    }
}

#[track_caller]
fn number(text: &str) -> f64 {
    text.parse()
        .unwrap_or_else(|_| panic!("{text} is a number"))
}

#[track_caller]
fn wait_for_log(bmc: &Bmc, texts: &[&str]) {
    wait_for(&format!("the log to tell of {texts:?}"), BOUND, || {
        let list = bmc.ipmitool(["sel", "elist"]).ok();
        let tells = |line: &str| texts.iter().all(|text| line.contains(text));
        list.lines().any(tells).then_some(())
    });
}

#[test]
fn a_real_machine_s_figures_are_read_and_the_crossing_of_a_threshold_is_logged() {
    let lab = Lab::start();
    let guest = Guest::ordered_by_device(&lab.libvirtd, "busy");
    let bmc = Bmc::new(free_port());
    let uri = lab.libvirtd.qemu_uri();
    lab.daemon.add(guest.name(), &uri, &bmc);
    let _ = lab.daemon.vbmc(["start", guest.name()]).ok();
    assert_eq!(columns(&bmc, "CPU Use")[0], "na", "it is off");

    let _ = bmc.ipmitool(["power", "on"]).ok();
    // Whoever asks first is told: there was a sample a moment ago, but of no run of this machine.
    let [cpu, memory, disk] =
        ["CPU Use", "Memory Use", "Disk Read"].map(|sensor| number(&columns(&bmc, sensor)[0]));
    assert!((0.0..=100.0).contains(&cpu), "{cpu}");
    assert!((1.0..=100.0).contains(&memory), "{memory}");
    assert!((0.0..=1275.0).contains(&disk), "{disk}");
    let said = bmc
        .pyghmi("print(bmc.get_sensor_reading('Memory Use').value)")
        .ok();
    assert!((1.0..=100.0).contains(&number(said.trim())), "{said}");

    // A machine that runs has always something in memory.
    let _ = bmc
        .ipmitool(["sensor", "thresh", "Memory Use", "unc", "1"])
        .ok();
    wait_for_log(
        &bmc,
        &["Memory Use", "Upper Non-critical going high", "Asserted"],
    );
    assert_eq!(columns(&bmc, "Memory Use")[2], "nc");
    let _ = bmc
        .ipmitool(["sensor", "thresh", "Memory Use", "unc", "200"])
        .ok();
    wait_for_log(
        &bmc,
        &["Memory Use", "Upper Non-critical going high", "Deasserted"],
    );
}
