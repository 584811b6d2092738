//! A libvirtd that is stopped, frozen and killed under vbmcd, and a vbmcd that is killed at any moment.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use ipmi_proto::CompletionCode;
use ipmi_proto::command::chassis::{ChassisControl, GetChassisStatus};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use rand::RngExt as _;
use vbmc_tests::build::binary;
use vbmc_tests::net::free_port;
use vbmc_tests::node::domain;
use vbmc_tests::{Bmc, Home, Libvirtd, Node, Run, Session, Vbmcd, wait_for};

/// The deadline of the BMC's answers.
const DEADLINE: Duration = Duration::from_secs(3);
/// What a loaded machine may add to it, and far less than what a hang would.
const OVERHEAD: Duration = Duration::from_secs(2);
/// Recovery includes the back-off before a new connection is tried.
const RECOVERY: Duration = Duration::from_secs(60);

/// A remote test driver with one domain, and its BMC; beside it a BMC of another hypervisor, which must notice nothing.
struct Lab {
    daemon: Vbmcd,
    libvirtd: Libvirtd,
    uri: String,
    bmc: Bmc,
    other: Bmc,
    _node: Node,
}

impl Lab {
    fn start() -> Self {
        let libvirtd = Libvirtd::start();
        let node = Node::new(["healthy"]);
        let daemon = Vbmcd::start();
        let uri = libvirtd.test_uri();
        let bmc = daemon.bmc("test", &uri);
        let other = daemon.bmc("healthy", &node.uri());
        let lab = Self {
            daemon,
            libvirtd,
            uri,
            bmc,
            other,
            _node: node,
        };
        lab.assert_recovers();
        lab
    }

    #[track_caller]
    fn assert_recovers(&self) {
        let mut session = Session::open(&self.bmc);
        wait_for("true answers again", RECOVERY, || {
            let answer = session.ask(&GetChassisStatus);
            (answer.completion == CompletionCode::Ok).then_some(())
        });
    }

    /// While the hypervisor is gone: refusals in time instead of old states, and the other hypervisor's BMC as ever.
    #[track_caller]
    fn assert_honest(&self) {
        let mut session = Session::open(&self.bmc);
        wait_for("the loss to be noticed", RECOVERY, || {
            let answer = in_time(|| session.ask(&GetChassisStatus));
            (answer.completion != CompletionCode::Ok).then_some(())
        });
        for command in [ChassisControl::PowerDown, ChassisControl::PowerUp] {
            let answer = in_time(|| session.ask(&command));
            assert_ne!(answer.completion, CompletionCode::Ok, "{command:?}");
        }
        let boot = in_time(|| session.ask_raw(BOOT.0, BOOT.1, &BOOT.2));
        assert_ne!(boot.completion, CompletionCode::Ok, "the boot device");
        let said = self.bmc.ipmitool(["power", "status"]).fails();
        assert!(!said.contains("Chassis Power is"), "{said}");
        self.other
            .ipmitool(["power", "status"])
            .says("Chassis Power is on");
    }
}

/// Set System Boot Options, parameter 5: PXE once.
const BOOT: (ipmi_proto::command::NetFn, u8, [u8; 6]) = (
    ipmi_proto::command::NetFn::CHASSIS,
    0x08,
    [0x05, 0x80, 0x04, 0, 0, 0],
);

#[track_caller]
fn in_time<T>(ask: impl FnOnce() -> T) -> T {
    let started = Instant::now();
    let answer = ask();
    let taken = started.elapsed();
    assert!(taken < DEADLINE + OVERHEAD, "it took {taken:?}");
    answer
}

#[test]
fn a_stopped_libvirtd() {
    let mut lab = Lab::start();
    lab.libvirtd.stop();
    lab.assert_honest();
    lab.libvirtd.start_again();
    lab.assert_recovers();
    let _ = lab.bmc.ipmitool(["power", "off"]).ok();
    assert_eq!(lab.libvirtd.state(&lab.uri, "test"), "shut off");
}

#[test]
fn a_frozen_libvirtd() {
    let mut lab = Lab::start();
    lab.libvirtd.freeze();
    lab.assert_honest();
    // Adding a BMC for another hypervisor is possible meanwhile, and for the frozen one refused.
    let node = Node::new(["another"]);
    let another = lab.daemon.bmc("another", &node.uri());
    another
        .ipmitool(["power", "status"])
        .says("Chassis Power is on");
    lab.libvirtd.thaw();
    lab.assert_recovers();
    lab.bmc
        .ipmitool(["power", "status"])
        .says("Chassis Power is");
}

#[test]
fn a_killed_libvirtd() {
    let mut lab = Lab::start();
    lab.libvirtd.kill();
    lab.assert_honest();
    lab.libvirtd.start_again();
    lab.assert_recovers();
}

#[test]
fn a_libvirtd_that_is_killed_again_and_again_while_commands_run() {
    let mut lab = Lab::start();
    let (stop, stopped) = mpsc::channel::<()>();
    let bmc = lab.bmc.clone();
    let asking = thread::spawn(move || {
        let mut session = Session::open(&bmc);
        let mut answers = 0;
        while stopped.try_recv() == Err(mpsc::TryRecvError::Empty) {
            let _ = in_time(|| session.ask(&ChassisControl::PowerUp));
            let _ = in_time(|| session.ask(&GetChassisStatus));
            answers += 1;
        }
        answers
    });
    for _ in 0..5 {
        lab.libvirtd.kill();
        lab.libvirtd.start_again();
        lab.assert_recovers();
    }
    drop(stop);
    assert!(asking.join().expect("every answer came in time") > 0);
    assert!(lab.daemon.is_alive());
}

#[test]
fn a_hypervisor_that_comes_up_after_vbmcd() {
    let mut libvirtd = Libvirtd::start();
    let mut daemon = Vbmcd::start();
    let bmc = daemon.bmc("test", &libvirtd.test_uri());
    daemon.stop();
    libvirtd.stop();
    daemon.start_again();
    daemon.wait_for_status("test", "running");
    let said = bmc.ipmitool(["power", "status"]).fails();
    assert!(!said.contains("Chassis Power is"), "{said}");
    libvirtd.start_again();
    wait_for("the BMC to answer", RECOVERY, || {
        let said = bmc.ipmitool(["power", "status"]).said();
        said.contains("Chassis Power is on").then_some(())
    });
}

/// Does one thing after the other, starting anew as often as needed, until vbmcd is killed in the middle of it.
fn killed_while(daemon: &mut Vbmcd, latest: Duration, mut things: impl FnMut()) {
    let pid = daemon.pid();
    let moment = latest.mul_f64(rand::rng().random_range(0.0..1.0));
    let dead = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            let started = Instant::now();
            wait_for("its moment", RECOVERY, || {
                (started.elapsed() >= moment).then_some(())
            });
            kill_9(pid);
            dead.store(true, Ordering::Relaxed);
        });
        while !dead.load(Ordering::Relaxed) {
            things();
        }
    });
    daemon.kill();
    daemon.start_again();
}

fn kill_9(pid: u32) {
    let pid = i32::try_from(pid).expect("a process id");
    kill(Pid::from_raw(pid), Signal::SIGKILL).expect("vbmcd is there to be killed");
}

#[test]
fn kill_9_while_bmcs_are_added_and_changed_loses_none() {
    const ROUNDS: usize = 8;
    let names: Vec<_> = (0..100).map(|n| format!("node-{n}")).collect();
    let node = Node::new(&names);
    let uri = node.uri();
    let home = Home::new();
    // Who asks a vbmcd that has just been killed shouldn't wait for it.
    home.configure("[default]\nserver_response_timeout = 300\n");
    let mut daemon = Vbmcd::start_in(home);
    let mut acknowledged = Vec::new();
    let mut waiting = names.iter().map(String::as_str);
    for _ in 0..ROUNDS {
        let vbmc = vbmc_in(daemon.home());
        killed_while(&mut daemon, Duration::from_millis(1500), || {
            let Some(name) = waiting.next() else { return };
            let port = free_port().to_string();
            let add = ["add", name, "--port", &port, "--address", "127.0.0.1"];
            if vbmc(&[add.as_slice(), &["--libvirt-uri", &uri]].concat()) {
                acknowledged.push(name);
            }
            // Each writes the file once more.
            let _ = vbmc(&["start", name]);
            let _ = vbmc(&["stop", name]);
        });
        let listed = daemon
            .vbmc(["list", "-f", "value", "-c", "Domain name"])
            .ok();
        let listed: Vec<_> = listed.lines().collect();
        for name in &acknowledged {
            assert!(listed.contains(name), "{name} is lost: {listed:?}");
        }
        for name in &listed {
            let shown = daemon.vbmc(["show", name, "-f", "value"]).ok();
            assert!(!shown.contains("status error"), "{shown}");
        }
    }
    assert!(!acknowledged.is_empty(), "some were added in time");
}

/// Runs `vbmc` in `home` as often as is asked; whether it succeeds.
fn vbmc_in(home: &Home) -> impl Fn(&[&str]) -> bool + use<> {
    let path = home.path().to_owned();
    move |args| {
        let vbmc = Run::new(binary("vbmc")).env("HOME", &path);
        vbmc.args(args).outcome().code == Some(0)
    }
}

#[test]
fn kill_9_leaves_no_domain_with_a_foreign_boot_order() {
    const ROUNDS: usize = 8;
    let libvirtd = Libvirtd::start();
    let uri = libvirtd.test_uri();
    let _keeps_the_domain = libvirtd.connection(&uri);
    libvirtd.define(&uri, "booting", &domain("booting"));
    let mut daemon = Vbmcd::start();
    let bmc = daemon.bmc("booting", &uri);
    let order = || {
        let xml = libvirtd.inactive_xml(&uri, "booting");
        let lines = xml.lines().map(str::trim);
        let boots = lines.filter(|line| line.starts_with("<boot "));
        boots.map(str::to_owned).collect::<Vec<_>>()
    };
    let owners = order();
    assert_eq!(owners.len(), 2);
    for _ in 0..ROUNDS {
        killed_while(&mut daemon, Duration::from_millis(300), || {
            for command in ["chassis bootdev pxe", "power on", "power cycle"] {
                let _ = bmc.ipmitool_with("-C 3 -N 1 -R 1", command.split(' '));
            }
        });
        wait_for("the BMC to answer", RECOVERY, || {
            let said = bmc.ipmitool(["power", "status"]).said();
            said.contains("Chassis Power is").then_some(())
        });
        // One boot, and nothing of an override is left.
        let _ = bmc.ipmitool(["power", "off"]).ok();
        let _ = bmc.ipmitool(["power", "on"]).ok();
        wait_for("the owner's boot order to be back", RECOVERY, || {
            (order() == owners).then_some(())
        });
    }
}
