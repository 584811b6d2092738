//! Pacemaker's fence agent for IPMI, as a cluster calls it: with its options on its standard input.

use std::time::Duration;

use vbmc_tests::{Bmc, Node, Outcome, Run, Vbmcd, wait_for};

const DOMAIN: &str = "node-0";

/// What `status` ends with, and `monitor` does of a device that answers.
const ON: i32 = 0;
const OFF: i32 = 2;

#[track_caller]
fn fence(bmc: &Bmc, way: &str, action: &str) -> Outcome {
    let Bmc {
        host,
        port,
        user,
        password,
    } = bmc;
    let options = format!(
        "ip={host}\nipport={port}\nusername={user}\npassword={password}\naction={action}\n{way}"
    );
    Run::new("fence_ipmilan").input(options).outcome()
}

#[track_caller]
fn assert_power(bmc: &Bmc, way: &str, state: i32) {
    let status = fence(bmc, way, "status");
    assert_eq!(status.code, Some(state), "{way:?}: {status}");
}

/// Neither of those: what makes a cluster try again, or something else.
#[track_caller]
fn assert_failed(outcome: &Outcome) {
    let told = [Some(ON), Some(OFF)].contains(&outcome.code);
    assert!(!told && outcome.code.is_some(), "{outcome}");
}

/// A machine that is on, and a BMC that takes IPMI 1.5 too.
struct Machine {
    daemon: Vbmcd,
    bmc: Bmc,
    _node: Node,
}

fn machine() -> Machine {
    let node = Node::new([DOMAIN]);
    let daemon = Vbmcd::start();
    let bmc = daemon.bmc(DOMAIN, &node.uri());
    let methods = ["set", DOMAIN, "--ipmi-1-5", "md5,password"];
    let _ = daemon.vbmc(methods).ok();
    Machine {
        daemon,
        bmc,
        _node: node,
    }
}

#[track_caller]
fn assert_fences(way: &str) {
    let machine = machine();
    let bmc = &machine.bmc;
    let _ = fence(bmc, way, "monitor").ok();
    assert_power(bmc, way, ON);
    let _ = fence(bmc, way, "off").ok();
    assert_power(bmc, way, OFF);
    // Fencing what is off already is a success, or a cluster would never go on.
    let _ = fence(bmc, way, "off").ok();
    let _ = fence(bmc, way, "on").ok();
    assert_power(bmc, way, ON);
    // A refusal is never a success.
    assert_failed(&fence(&bmc.with_password("guess"), way, "off"));
    bmc.ipmitool(["power", "status"])
        .says("Chassis Power is on");
}

#[test]
fn over_ipmi_1_5_as_by_default() {
    assert_fences("");
}

#[test]
fn over_ipmi_1_5_with_the_password_in_the_clear() {
    assert_fences("auth=password\n");
}

#[test]
fn over_rmcp_plus() {
    assert_fences("lanplus=1\n");
}

#[test]
fn ipmi_1_5_has_to_be_switched_on() {
    let machine = machine();
    let off = ["set", DOMAIN, "--ipmi-1-5", "off"];
    let _ = machine.daemon.vbmc(off).ok();
    assert_failed(&fence(&machine.bmc, "", "status"));
}

#[test]
fn a_machine_is_rebooted_by_either_method() {
    let machine = machine();
    let bmc = &machine.bmc;
    let starts = || bmc.ipmitool(["sel", "elist"]).ok().matches("S0/G0").count();
    for way in ["lanplus=1\n", "lanplus=1\nmethod=cycle\n"] {
        let before = starts();
        let _ = fence(bmc, way, "reboot").ok();
        wait_for("its start in the log", Duration::from_secs(20), || {
            (starts() == before + 1).then_some(())
        });
        assert_power(bmc, way, ON);
    }
    let _ = fence(bmc, "lanplus=1\n", "diag").ok();
}
