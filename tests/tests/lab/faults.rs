//! Faults in the middle of introspection: the run rides them out and ends well.

use std::time::Duration;

use nix::sys::signal::Signal;
use vbmc_tests::lab::{Cut, Site};

/// How long the network is cut.
const CUT: Duration = Duration::from_secs(20);

#[track_caller]
fn assert_available(site: &Site) {
    let state = site.ironic.field("controller", "provision_state");
    assert_eq!(state, "available");
    let mac = site.mac("controller");
    assert!(site.result("controller").contains(&mac));
}

/// Has a run under way until Ironic says `state`, then lets `fault` happen, and the machine answer; the run ends well.
#[track_caller]
fn introspect_through(state: &str, fault: impl FnOnce(&mut Site)) {
    let mut site = Site::start(&["controller"]);
    let run = site.vbmc(["introspect"]).start();
    site.ironic.wait_for_state("controller", state);
    fault(&mut site);
    site.answer("controller");
    let _ = run.outcome().ok();
    assert_available(&site);
}

fn kill_ironic(site: &mut Site) {
    site.ironic.kill();
    let _ = site.ironic.start_again();
}

#[test]
fn ironic_is_killed_while_it_waits_for_the_ramdisk() {
    introspect_through("inspect wait", kill_ironic);
}

#[test]
fn ironic_is_killed_while_it_switches_the_power() {
    introspect_through("inspecting", kill_ironic);
}

#[test]
fn the_network_is_cut() {
    introspect_through("inspect wait", |site| {
        Cut::new(site.libvirtd().place()).hold(CUT);
    });
}

#[test]
fn vbmcd_is_killed_and_started_again() {
    introspect_through("inspecting", |site| {
        site.daemon.kill();
        site.daemon.start_again();
    });
}

#[test]
fn another_has_the_node_locked() {
    let mut site = Site::start(&["controller"]);
    site.answer("controller");
    let _ = site.vbmc(["introspect"]).outcome().ok();
    let _ = site
        .ironic
        .baremetal(["node", "manage", "controller", "--wait=120"]);
    site.ironic.lock("controller");
    let mut run = site.vbmc(["introspect"]).start();
    run.wait_until_it_says("to let go of it");
    site.ironic.unlock("controller");
    let _ = run.outcome().ok();
    assert_available(&site);
}

#[test]
fn what_fails_at_first_is_inspected_once_more() {
    let mut site = Site::start(&["controller"]);
    site.fail("controller", "no disk to be seen");
    let mut run = site.vbmc(["introspect"]).start();
    run.wait_until_it_says("continue_inspection failed");
    site.silence();
    site.answer("controller");
    let _ = run.outcome().ok();
    assert_available(&site);
}

#[test]
fn introspection_is_interrupted_and_run_again() {
    let mut site = Site::start(&["controller"]);
    let run = site.vbmc(["introspect"]).start();
    site.ironic.wait_for_state("controller", "inspect wait");
    run.signal(Signal::SIGINT);
    let said = run.outcome().fails();
    assert!(!said.contains("panicked"), "{said}");
    site.answer("controller");
    let _ = site.vbmc(["introspect"]).outcome().ok();
    assert_available(&site);
}
