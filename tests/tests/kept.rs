//! What is set of a BMC, over IPMI or with `vbmc set` and `vbmc user`: in force at once, and kept over restarts of vbmcd.

use ipmi_proto::command::chassis::GetChassisStatus;
use vbmc_tests::{Bmc, Node, Outcome, Session, Vbmcd, build};

const DOMAIN: &str = "node-0";

/// A vbmcd with a started BMC for a domain of its own, which is running.
struct Machine {
    daemon: Vbmcd,
    bmc: Bmc,
    _node: Node,
}

fn machine() -> Machine {
    let node = Node::new([DOMAIN]);
    let daemon = Vbmcd::start();
    let bmc = daemon.bmc(DOMAIN, &node.uri());
    Machine {
        daemon,
        bmc,
        _node: node,
    }
}

impl Machine {
    fn restart(&mut self) {
        self.daemon.stop();
        self.daemon.start_again();
        self.daemon.wait_for_status(DOMAIN, "running");
    }

    fn vbmc(&self, line: &str) -> Outcome {
        self.daemon.vbmc(line.split_whitespace())
    }

    fn vbmc_with_secret(&self, line: &str, secret: &str) -> Outcome {
        let run = self.daemon.home().run(build::binary("vbmc"));
        run.args(line.split_whitespace()).input(secret).outcome()
    }
}

fn user(bmc: &Bmc, name: &str, password: &str) -> Bmc {
    bmc.with_user(name).with_password(password)
}

#[track_caller]
fn gets_in(bmc: &Bmc) {
    bmc.ipmitool(["power", "status"])
        .says("Chassis Power is on");
}

#[track_caller]
fn stays_out(bmc: &Bmc) {
    let refused = bmc.ipmitool_with("-N 1 -R 1", ["power", "status"]);
    let said = refused.fails();
    assert!(said.contains("Unable to establish"), "{said}");
}

#[test]
fn a_user_added_over_ipmi_logs_in_after_a_restart() {
    let mut machine = machine();
    for command in [
        "user set name 3 ops",
        "user set password 3 s3cret",
        "channel setaccess 1 3 ipmi=on privilege=4",
        "user enable 3",
    ] {
        let _ = machine.bmc.ipmitool(command.split(' ')).ok();
    }
    let ops = user(&machine.bmc, "ops", "s3cret");
    gets_in(&ops);
    machine.restart();
    gets_in(&ops);
    let list = machine.vbmc("user list node-0 -f value").ok();
    let expected = "2 operator True administrator True True\n3 ops True administrator True True\n";
    assert_eq!(list, expected);
}

#[test]
fn a_user_of_vbmcs_is_in_force_at_once_and_its_sessions_end_with_it() {
    let mut machine = machine();
    let set = "user set node-0 5 --name ops --privilege admin --password-file -";
    let _ = machine.vbmc_with_secret(set, "first\n").ok();
    let first = user(&machine.bmc, "ops", "first");
    gets_in(&first);
    let mut session = Session::open(&first);
    session.ask(&GetChassisStatus);
    let mut other = Session::open(&machine.bmc);
    let sessions = || machine.bmc.ipmitool(["session", "info", "all"]).said();
    let of_user_5 = "user id                       : 5\n";
    assert!(sessions().contains(of_user_5), "{}", sessions());

    let _ = machine
        .vbmc_with_secret("user set node-0 5 --password-file -", "second\n")
        .ok();
    stays_out(&first);
    let second = user(&machine.bmc, "ops", "second");
    gets_in(&second);
    other.ask(&GetChassisStatus);
    other.close();
    assert!(!sessions().contains(of_user_5), "{}", sessions());

    machine.restart();
    gets_in(&second);
    let _ = machine.vbmc("user set node-0 5 --disable").ok();
    stays_out(&second);
    let _ = machine.vbmc("user set node-0 5 --enable").ok();
    gets_in(&second);
    let _ = machine.vbmc("user delete node-0 5").ok();
    stays_out(&second);
    let said = machine.vbmc("user delete node-0 5").fails_with(1);
    assert!(said.contains("has no user 5"), "{said}");
    let said = machine.vbmc("user delete node-0 2").fails_with(1);
    assert!(said.contains("cannot be deleted"), "{said}");
    let said = machine.vbmc("user set node-0 6 --name new").ok();
    assert_eq!(said, "");
    let log = machine.daemon.log();
    assert!(!log.contains("second"), "{log}");
}

#[test]
fn the_first_users_password_changes_for_everybody_at_once() {
    let machine = machine();
    let _ = machine
        .vbmc_with_secret("set node-0 --password-file -", "other\n")
        .ok();
    stays_out(&machine.bmc);
    let changed = machine.bmc.with_password("other");
    gets_in(&changed);
    // And over IPMI.
    let _ = changed
        .ipmitool(["user", "set", "password", "2", "third"])
        .ok();
    stays_out(&changed);
    gets_in(&machine.bmc.with_password("third"));
}

#[test]
fn ipmi_1_5_is_there_when_it_is_switched_on_and_gone_when_it_is_off() {
    let mut machine = machine();
    let lan = |machine: &Machine| {
        let options = "-I lan -N 1 -R 1 -L ADMINISTRATOR";
        machine.bmc.ipmitool_with(options, ["power", "status"])
    };
    let _ = lan(&machine).fails();
    let on = machine.vbmc("set node-0 --ipmi-1-5 md5");
    assert!(on.stderr.contains("encrypt nothing"), "{on}");
    lan(&machine).says("Chassis Power is on");
    machine.restart();
    lan(&machine).says("Chassis Power is on");
    machine.vbmc("show node-0 -f value").says("ipmi_1_5 md5\n");
    let _ = machine.vbmc("set node-0 --ipmi-1-5 off").ok();
    let _ = lan(&machine).fails();
    gets_in(&machine.bmc);
    let shown = machine.vbmc("show node-0 -f value").ok();
    assert!(!shown.contains("ipmi_1_5"), "{shown}");
}

#[test]
fn keys_and_suites_are_asked_for_once_they_are_set() {
    let machine = machine();
    let _ = machine
        .vbmc_with_secret("set node-0 --cipher-suites 17 --kg-file -", "a BMC key\n")
        .ok();
    let shown = machine.vbmc("show node-0 -f value").ok();
    assert!(
        shown.contains("cipher_suites 17\n") && shown.contains("kg ***\n"),
        "{shown}"
    );
    let status = |options: &str, key: Option<&str>| {
        let options = format!("-N 1 -R 1 {options}");
        let key = key.map(|key| ["-k", key]).into_iter().flatten();
        machine
            .bmc
            .ipmitool_with(&options, key.chain(["power", "status"]))
    };
    status("-C 17", Some("a BMC key")).says("Chassis Power is on");
    let _ = status("-C 3", Some("a BMC key")).fails();
    let _ = status("-C 17", None).fails();
    let _ = machine
        .vbmc("set node-0 --cipher-suites default --no-kg")
        .ok();
    status("-C 3", None).says("Chassis Power is on");
}

#[test]
fn nothing_that_was_set_or_logged_is_lost_by_a_restart() {
    let mut machine = machine();
    let ipmitool = |machine: &Machine, line: &str| machine.bmc.ipmitool(line.split(' ')).ok();
    let _ = ipmitool(&machine, "chassis policy always-on");
    let _ = ipmitool(&machine, "chassis bootdev pxe options=persistent");
    let _ = ipmitool(&machine, "power reset");
    let _ = ipmitool(&machine, "power cycle");
    let log = ipmitool(&machine, "sel list");
    assert!(log.lines().count() >= 2, "{log}");
    machine.daemon.kill();
    machine.daemon.start_again();
    machine.daemon.wait_for_status(DOMAIN, "running");
    let status = ipmitool(&machine, "chassis status");
    assert!(
        status.contains("Power Restore Policy : always-on"),
        "{status}"
    );
    let again = ipmitool(&machine, "sel list");
    assert!(again.starts_with(&log), "{log}\n{again}");
}
