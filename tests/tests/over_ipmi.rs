//! vbmc's commands that go over IPMI: to BMCs of vbmcd's, and to those that others wrote, OpenIPMI's `ipmi_sim` and VirtualBMC.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use ipmi_proto::fru::{Field, Inventory, ProductInfo};
use ipmi_proto::wire::Encode as _;
use tempfile::TempDir;
use vbmc_tests::net::free_port;
use vbmc_tests::virtualbmc::VirtualBmc;
use vbmc_tests::{Home, Node, Outcome, Vbmcd, build, wait_for};

const DOMAIN: &str = "node-0";

struct Machine {
    daemon: Vbmcd,
    _node: Node,
}

fn machine() -> Machine {
    let node = Node::new([DOMAIN]);
    let daemon = Vbmcd::start();
    let _ = daemon.bmc(DOMAIN, &node.uri());
    Machine {
        daemon,
        _node: node,
    }
}

impl Machine {
    #[track_caller]
    fn vbmc(&self, line: &str) -> Outcome {
        self.daemon.vbmc(line.split_whitespace())
    }

    #[track_caller]
    fn json(&self, line: &str) -> serde_json::Value {
        let text = self.vbmc(&format!("{line} -f json")).ok();
        serde_json::from_str(&text).expect("JSON")
    }

    #[track_caller]
    fn is(&self, power: &str) {
        let said = self.vbmc("power node-0 -f value -c Power").ok();
        assert_eq!(said, format!("{power}\n"));
    }
}

#[test]
fn a_machine_is_switched_and_waited_for() {
    let machine = machine();
    machine.is("on");
    for (action, state) in [
        ("off --wait", "off"),
        ("on --wait", "on"),
        ("cycle --wait=30", "on"),
        ("reset", "on"),
        ("nmi", "on"),
        ("soft --wait", "off"),
    ] {
        let _ = machine.vbmc(&format!("power node-0 {action}")).ok();
        machine.is(state);
    }
    let said = machine.vbmc("power node-0 reset").fails_with(1);
    assert!(said.contains("Chassis Control failed"), "{said}");
    assert!(said.contains("see whether it is on"), "{said}");
    for line in [
        "power",
        "power node-0 up",
        "power node-0 on --host 127.0.0.1",
    ] {
        let _ = machine.vbmc(line).fails_with(2);
    }
    let _ = machine.vbmc("stop node-0").ok();
    let said = machine.vbmc("power node-0").fails_with(1);
    assert!(said.contains("vbmc start node-0"), "{said}");
}

#[test]
fn several_machines_are_switched_at_once() {
    let names = ["node-0", "node-1", "node-2"];
    let node = Node::new(names);
    let daemon = Vbmcd::start();
    let _bmcs = names.map(|name| daemon.bmc(name, &node.uri()));
    let vbmc = |line: &str| daemon.vbmc(line.split(' '));
    let power = "power node-0 node-1 node-2 -f value";
    let _ = vbmc("power node-0 node-2 node-0 off --wait").ok();
    vbmc(power).says("node-0 off\nnode-1 on\nnode-2 off\n");
    // Whatever becomes of one, the others are done with.
    let said = vbmc("power node-0 nobody node-2 on").fails_with(1);
    assert_eq!(
        said,
        "nobody: No domain with matching name nobody was found: there is no such BMC (`vbmc list`); `vbmc add nobody` \
         makes one\n"
    );
    vbmc(power).says("node-0 on\nnode-1 on\nnode-2 on\n");
    let _ = vbmc("boot node-0 node-1 pxe").ok();
    vbmc("boot node-0 node-1 node-2 -f value -c Device").says("pxe\npxe\nnone\n");
    let _ = vbmc("identify node-0 node-1 on").ok();
    // Perhaps it was meant as an action: nothing is done.
    let said = vbmc("power node-0 node-1 of").fails_with(2);
    assert!(said.contains("`of` is neither"), "{said}");
}

#[test]
fn the_event_log_is_written_to_by_hand() {
    let machine = machine();
    let _ = machine.vbmc("sel node-0 clear").ok();
    let _ = machine.vbmc("sel node-0 add --text replaced").ok();
    let _ = machine.vbmc("sel node-0 add --event memory").ok();
    machine
        .vbmc("sel node-0 --long -f value -c Type -c Event")
        .says("OEM replaced\nMemory Correctable ECC\n");
    let _ = machine.vbmc("sel node-0 add").fails_with(2);
}

#[test]
fn other_users_log_in_with_what_they_may() {
    let machine = machine();
    let home = machine.daemon.home();
    let with_password = |line: &str| {
        let run = home.run(build::binary("vbmc")).args(line.split(' '));
        run.env("IPMI_PASSWORD", "s3cret")
            .input("s3cret\n")
            .outcome()
    };
    let set = "user set node-0 3 --name ops --privilege operator --password-file -";
    let _ = with_password(set).ok();
    let said = with_password("power node-0 --user ops").fails_with(1);
    assert!(said.contains("privilege level"), "{said}");
    with_password("power node-0 --user ops --privilege operator -f value").says("node-0 on\n");
    let reset = "power node-0 reset --user ops --privilege user";
    let said = with_password(reset).fails_with(1);
    assert!(
        said.contains("(D4h)") && said.contains("--privilege"),
        "{said}"
    );
    assert!(!said.contains("s3cret"), "{said}");
}

#[test]
fn boot_devices_are_set_and_shown() {
    let machine = machine();
    let is = |device: &str, persistent: bool, efi: bool| {
        let shown = machine.json("boot node-0");
        let expected = serde_json::json!([
            {"BMC": DOMAIN, "Device": device, "Persistent": persistent, "EFI": efi}
        ]);
        assert_eq!(shown, expected);
    };
    is("none", false, false);
    for (words, persistent, efi) in [("pxe", false, false), ("disk --persistent", true, false)] {
        let _ = machine.vbmc(&format!("boot node-0 {words}")).ok();
        is(words.split(' ').next().expect("a device"), persistent, efi);
    }
    let _ = machine.vbmc("boot node-0 none").ok();
    is("none", false, false);
    let _ = machine.vbmc("boot node-0 --persistent").fails_with(2);
}

#[test]
fn the_event_log_says_who_did_what() {
    let machine = machine();
    let _ = machine.vbmc("power node-0 off --wait").ok();
    let events = machine.json("sel node-0");
    let off = events
        .as_array()
        .and_then(|events| {
            events
                .iter()
                .find(|event| event["Event"] == "Power off or down")
        })
        .unwrap_or_else(|| panic!("the power off: {events}"));
    assert_eq!(off["Details"], "by user 2");
    assert_eq!(off["Sensor"], "Power Unit");

    let home = machine.daemon.home();
    let follow = home
        .run(build::binary("vbmc"))
        .args("sel node-0 --follow".split(' '));
    let mut follow = follow.start();
    follow.wait_until_it_says("Power off or down");
    let _ = machine.vbmc("power node-0 on").ok();
    follow.wait_until_it_says("Initiated by power up (by user 2)");
    drop(follow);

    let _ = machine.vbmc("sel node-0 clear").ok();
    machine.vbmc("sel node-0 info -f value").says("entries 0\n");
    assert_eq!(machine.json("sel node-0"), serde_json::json!([]));
}

#[test]
fn sensors_inventory_and_the_bmc_itself_are_shown() {
    let machine = machine();
    let sensors = machine.json("sensors node-0 --long");
    let states = sensors.as_array().expect("rows").iter();
    let state = states.clone().find(|row| row["Name"] == "ACPI State");
    assert_eq!(state.expect("its row")["State"], "S0/G0: working");
    let cpu = states.clone().find(|row| row["Name"] == "CPU Use");
    assert_eq!(cpu.expect("its row")["Unit"], "%");
    machine.vbmc("fru node-0 -f value").says(DOMAIN);
    let _ = machine.vbmc("identify node-0 on").ok();
    let bmc = machine.vbmc("bmc node-0 -f value").ok();
    for line in ["identify on\n", "power on\n", "cipher_suite 17\n"] {
        assert!(bmc.contains(line), "{line} in {bmc}");
    }
    let _ = machine.vbmc("identify node-0 off").ok();
    machine.vbmc("bmc node-0 -f value").says("identify off\n");
}

/// A running `ipmi_sim`; ends with the test.
struct Foreign {
    home: Home,
    process: Child,
    port: u16,
    directory: TempDir,
}

impl Drop for Foreign {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Foreign {
    fn start() -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let port = free_port();
        configure(&directory, port);
        let process = Command::new("ipmi_sim")
            .current_dir(directory.path())
            .args(["-c", "lan.conf", "-f", "bmc.emu", "-s", "state", "-n"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("ipmi_sim, of Debian's package openipmi");
        let foreign = Self {
            home: Home::new(),
            process,
            port,
            directory,
        };
        wait_for("ipmi_sim to answer", Duration::from_secs(30), || {
            let outcome = foreign.vbmc("admin", "password", "power");
            (outcome.code == Some(0)).then_some(())
        });
        foreign
    }

    fn vbmc(&self, user: &str, password: &str, line: &str) -> Outcome {
        let file = self.directory.path().join("password");
        fs::write(&file, password).expect("the password file");
        let mut words = line.split_whitespace();
        let port = self.port.to_string();
        self.home
            .run(build::binary("vbmc"))
            .args(words.next())
            .args(["--host", "127.0.0.1", "--port", &port, "--user", user])
            .args(["--password-file".as_ref(), file.as_os_str()])
            .args(words)
            .outcome()
    }

    fn admin(&self, line: &str) -> Outcome {
        self.vbmc("admin", "password", line)
    }
}

fn configure(directory: &TempDir, port: u16) {
    let write = |name: &str, text: &[u8]| {
        fs::write(directory.path().join(name), text).expect("a writable directory");
    };
    let path = directory.path().display();
    let lan = format!(
        r#"
name "foreign"
set_working_mc 0x20
  startlan 1
    addr 127.0.0.1 {port}
    priv_limit admin
    allowed_auths_user md2 md5 straight
    allowed_auths_operator md2 md5 straight
    allowed_auths_admin md2 md5 straight
    guid 00112233445566778899aabbccddeeff
  endlan
  chassis_control "{path}/chassis 0x20"
  user 2 true  "admin"  "password" admin    60 none md2 md5 straight
"#
    );
    write("lan.conf", lan.as_bytes());
    // Keeps the power state in a file: "0x20 get power" and "0x20 set power N".
    let chassis = r#"#!/bin/sh
state=$(dirname "$0")/power
case $2 in
get) echo "$3:$(cat "$state" 2>/dev/null || echo 1)" ;;
set) echo "$4" >"$state" ;;
esac
"#;
    write("chassis", chassis.as_bytes());
    let executable = Permissions::from_mode(0o755);
    fs::set_permissions(directory.path().join("chassis"), executable).expect("our own file");
    let inventory = Inventory {
        product: Some(ProductInfo {
            manufacturer: Field::new("ACME"),
            name: Field::new("Server 42"),
            ..ProductInfo::default()
        }),
        ..Inventory::default()
    };
    let mut image = Vec::new();
    inventory.encode(&mut image);
    write("inventory", &image);
    let size = image.len();
    let emulation = format!(
        "mc_setbmc 0x20\n\
         mc_add 0x20 0x20 no-device-sdrs 1 2 0x34 0x9f 0x000157 0x0042\n\
         sel_enable 0x20 1000 0x0a\n\
         mc_add_fru_data 0x20 0 {size} file 0 \"{path}/inventory\"\n\
         mc_enable 0x20\n"
    );
    write("bmc.emu", emulation.as_bytes());
    fs::create_dir(directory.path().join("state")).expect("a new directory");
}

#[test]
fn a_foreign_bmc_is_driven_as_well() {
    let foreign = Foreign::start();
    let power = |state: &str| {
        let said = foreign.admin("power -f value -c Power").ok();
        assert_eq!(said, format!("{state}\n"));
    };
    power("on");
    let _ = foreign.admin("power off --wait").ok();
    power("off");
    let _ = foreign.admin("power on --cipher-suite 3").ok();
    power("on");
    let bmc = foreign.admin("bmc -f value").ok();
    for line in [
        "manufacturer_id 343\n",
        "product_id 66\n",
        "cipher_suite 3\n",
        "power on\n",
    ] {
        assert!(bmc.contains(line), "{line} in {bmc}");
    }
    foreign
        .admin("fru -f value")
        .says("product_name Server 42\n");
    foreign.admin("sel info -f value").says("entries ");
    let _ = foreign.admin("sel clear").ok();
    let _ = foreign.admin("sensors").ok();
}

#[test]
fn what_a_foreign_bmc_refuses_is_said_with_the_way_out() {
    let foreign = Foreign::start();
    for (user, password) in [("admin", "guess"), ("nobody", "s3cret")] {
        let said = foreign.vbmc(user, password, "power").fails_with(1);
        assert!(said.contains("user name"), "{said}");
        assert!(!said.contains(password), "{said}");
    }
    let said = foreign
        .admin("power --timeout 3 --cipher-suite 17")
        .fails_with(1);
    assert!(said.contains("cipher suite"), "{said}");
}

#[test]
fn virtualbmc_tells_what_it_can() {
    let node = Node::new([DOMAIN]);
    let home = Home::new();
    let original = VirtualBmc::start_in(&home);
    let (port, uri) = (free_port().to_string(), node.uri());
    let place = ["--port", &port, "--address", "127.0.0.1"];
    let add = ["add", DOMAIN, "--libvirt-uri", &uri];
    let _ = original.vbmc(add.into_iter().chain(place)).ok();
    let _ = original.vbmc(["start", DOMAIN]).ok();
    original.wait_for_status(DOMAIN, "running");
    let vbmc = |line: &str| {
        let run = home.run(build::binary("vbmc")).args(line.split(' '));
        let run = run.args(["--host", "127.0.0.1", "--port", &port]);
        run.env("IPMI_PASSWORD", "password").outcome()
    };
    vbmc("power -f value -c Power").says("on\n");
    // Its answer to Get Device ID has a byte too many in the middle.
    let bmc = vbmc("bmc -f value").ok();
    assert!(bmc.contains("\npower on\n"), "{bmc}");
    let said = vbmc("sel").fails_with(1);
    assert!(said.contains("does not have the command"), "{said}");
}
