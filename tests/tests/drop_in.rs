//! In VirtualBMC's place: its files, its outputs, its ways of being started and stopped.

use std::fs;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use vbmc_tests::net::free_port;
use vbmc_tests::virtualbmc::VirtualBmc;
use vbmc_tests::{Bmc, Home, Node, Vbmcd, build, wait_for};

const BOUND: Duration = Duration::from_secs(20);

/// How the original is reached: it knows suite 3 only.
#[track_caller]
fn assert_originals_power(bmc: &Bmc, state: &str) {
    bmc.ipmitool_with("-C 3", ["power", "status"])
        .says(&format!("Chassis Power is {state}"));
}

#[test]
fn an_installation_of_virtualbmc_serves_at_once_and_can_go_back() {
    let node = Node::new(["inherited", "idle"]);
    let uri = node.uri();
    let home = Home::new();
    let bmc = Bmc::new(free_port()).with_password("password");
    let port = bmc.port.to_string();

    let original = VirtualBmc::start_in(&home);
    let login = ["--username", &bmc.user, "--password", &bmc.password];
    let place = [
        "--port",
        &port,
        "--address",
        "127.0.0.1",
        "--libvirt-uri",
        &uri,
    ];
    let add = ["add", "inherited"].into_iter().chain(place).chain(login);
    let _ = original.vbmc(add).ok();
    let _ = original.vbmc(["add", "idle", "--libvirt-uri", &uri]).ok();
    let _ = original.vbmc(["start", "inherited"]).ok();
    original.wait_for_status("inherited", "running");
    assert_originals_power(&bmc, "on");
    original.stop();

    let file = fs::read(home.bmc_file("inherited")).expect("its file");
    let mut ours = Vbmcd::start_in(home);
    ours.wait_for_status("inherited", "running");
    ours.wait_for_status("idle", "down");
    bmc.ipmitool(["power", "status"])
        .says("Chassis Power is on");
    assert_eq!(ours.stop(), Some(0));
    let untouched = fs::read(ours.home().bmc_file("inherited")).expect("its file");
    assert_eq!(file, untouched, "serving writes nothing");

    ours.start_again();
    let _ = ours.vbmc(["stop", "inherited"]).ok();
    let _ = ours.vbmc(["start", "inherited"]).ok();
    let home = ours.into_home();
    let original = VirtualBmc::start_in(&home);
    original.wait_for_status("inherited", "running");
    original.wait_for_status("idle", "down");
    assert_originals_power(&bmc, "on");
}

#[test]
fn what_ours_writes_the_original_reads() {
    let node = Node::new(["written"]);
    let ours = Vbmcd::start();
    // With a percent sign and a space in its password.
    let bmc = ours.bmc("written", &node.uri());
    bmc.ipmitool(["power", "status"])
        .says("Chassis Power is on");
    let home = ours.into_home();
    let original = VirtualBmc::start_in(&home);
    original.wait_for_status("written", "running");
    assert_originals_power(&bmc, "on");
}

#[test]
fn listings_are_the_originals_byte_for_byte() {
    let file = |name: &str, port: u16| {
        format!(
            "[VirtualBMC]\nusername = admin\npassword = password\naddress = ::\nport = {port}\n\
             domain_name = {name}\nlibvirt_uri = qemu:///system\nactive = False\n"
        )
    };
    let homes = [Home::new(), Home::new()];
    for home in &homes {
        home.write_bmc("compute-0", &file("compute-0", 6231));
        home.write_bmc("openstack-controller", &file("openstack-controller", 6230));
    }
    let [home, originals_home] = homes;
    let ours = Vbmcd::start_in(home);
    let original = VirtualBmc::start_in(&originals_home);
    for command in [
        "list",
        "list -f json",
        "list -f csv",
        "list -f yaml",
        "list -f value",
        "list -c Port -c Status",
        "list -f value --sort-column Port",
        "list -f csv --quote all",
        "list -f json --noindent",
        "list --max-width 40",
        "show compute-0",
        "show compute-0 -f json",
        "show compute-0 -f yaml",
        "show compute-0 -f value",
        "show compute-0 -f shell",
        "show compute-0 -c Value -f value",
        "show nonexistent",
        "list --fit-width",
    ] {
        let expected = original.vbmc(command.split(' '));
        let got = ours.vbmc(command.split(' '));
        assert_eq!(got.code, expected.code, "{command}: {got}\n{expected}");
        assert_eq!(got.stdout, expected.stdout, "{command}");
    }
}

#[test]
fn sigterm_keeps_bmcs_active_and_a_restart_brings_them_back() {
    let node = Node::new(["up", "down"]);
    let mut daemon = Vbmcd::start();
    let up = daemon.bmc("up", &node.uri());
    let down = daemon.bmc("down", &node.uri());
    let _ = daemon.vbmc(["stop", "down"]).ok();
    assert_eq!(daemon.stop(), Some(0));
    let file = fs::read_to_string(daemon.home().bmc_file("up")).expect("its file");
    assert!(file.contains("active = True"), "{file}");

    daemon.start_again();
    daemon.wait_for_status("up", "running");
    daemon.wait_for_status("down", "down");
    up.ipmitool(["power", "status"]).says("Chassis Power is on");
    let _ = down.ipmitool_with("-N 1 -R 1", ["power", "status"]).fails();
}

#[test]
fn files_that_others_write_take_effect_at_once() {
    let node = Node::new(["written"]);
    let uri = node.uri();
    let daemon = Vbmcd::start();
    let file = |port: u16, active: &str| {
        format!(
            "[VirtualBMC]\nusername = operator\npassword = pass%%word 17\naddress = 127.0.0.1\nport = {port}\n\
             domain_name = written\nlibvirt_uri = {uri}\nactive = {active}\n"
        )
    };
    let [first, second] = [Bmc::new(free_port()), Bmc::new(free_port())];
    let answers = |bmc: &Bmc| {
        wait_for("the BMC to answer", BOUND, || {
            let said = bmc.ipmitool_with("-N 1 -R 1", ["power", "status"]).said();
            said.contains("Chassis Power is on").then_some(())
        });
    };
    daemon
        .home()
        .write_bmc("written", &file(first.port, "True"));
    daemon.wait_for_status("written", "running");
    answers(&first);
    daemon
        .home()
        .write_bmc("written", &file(second.port, "true"));
    answers(&second);
    let _ = first
        .ipmitool_with("-N 1 -R 1", ["power", "status"])
        .fails();
    daemon
        .home()
        .write_bmc("written", &file(second.port, "False"));
    daemon.wait_for_status("written", "down");
    fs::remove_dir_all(daemon.home().config_dir().join("written")).expect("removed");
    wait_for("the BMC to be gone", BOUND, || {
        daemon.vbmc(["list"]).ok().trim().is_empty().then_some(())
    });
}

#[test]
fn sighup_reads_the_configuration_again() {
    let node = Node::new(["shown"]);
    let daemon = Vbmcd::start();
    let bmc = daemon.bmc("shown", &node.uri());
    let shown = || daemon.vbmc(["show", "shown"]).ok();
    assert!(!shown().contains(&bmc.password));
    daemon
        .home()
        .configure("[default]\nshow_passwords = TRUE\n");
    daemon.reload();
    wait_for("the password to be shown", BOUND, || {
        shown().contains(&bmc.password).then_some(())
    });
    bmc.ipmitool(["power", "status"])
        .says("Chassis Power is on");
}

/// Ends the vbmcd whose pid file it is.
struct InBackground<'a>(&'a Home);

impl InBackground<'_> {
    fn pid(&self) -> Option<i32> {
        let file = fs::read_to_string(self.0.config_dir().join("master.pid")).ok()?;
        file.trim().parse().ok().filter(|pid| *pid > 1)
    }
}

impl Drop for InBackground<'_> {
    fn drop(&mut self) {
        if let Some(pid) = self.pid() {
            let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
        }
    }
}

#[test]
fn vbmcd_goes_to_the_background_and_leaves_a_true_pid_file() {
    let home = Home::new();
    let background = InBackground(&home);
    // A stale file, of before a reboot.
    fs::write(home.config_dir().join("master.pid"), "0").expect("a pid file");
    let vbmcd = || home.run(build::binary("vbmcd")).outcome();
    let _ = vbmcd().ok();
    // No waiting: it takes commands as soon as it has gone to the background.
    let _ = home.vbmc(["list"]).ok();
    let pid = background.pid().expect("a pid in its file");
    let name = fs::read_to_string(format!("/proc/{pid}/comm")).expect("the process");
    assert_eq!(name.trim(), "vbmcd");

    let said = vbmcd().fails_with(1);
    let running = format!("server PID #{pid} still running");
    assert!(said.contains(&running), "{said}");

    kill(Pid::from_raw(pid), Signal::SIGTERM).expect("the process");
    wait_for("vbmcd to end", BOUND, || {
        (!fs::exists(format!("/proc/{pid}")).unwrap_or(true)).then_some(())
    });
    let _ = vbmcd().ok();
    let _ = home.vbmc(["list"]).ok();
}
