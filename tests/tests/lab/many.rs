//! Several machines at once, of which some don't do what they should.

use vbmc_tests::lab::Site;

#[test]
fn two_of_three_become_available_and_the_silent_one_is_reported() {
    let mut site = Site::start(&["compute-0", "compute-1", "silent"]);
    site.answer("compute-0");
    site.answer("compute-1");
    site.lab().edit(&[("timeout", "60")]);

    let said = site.vbmc(["introspect"]).outcome().fails_with(3);

    for answering in ["compute-0", "compute-1"] {
        let state = site.ironic.field(answering, "provision_state");
        assert_eq!(state, "available", "{answering}: {said}");
        assert!(site.result(answering).contains(&site.mac(answering)));
    }
    let told = said.lines().filter(|line| line.contains("silent"));
    let told: Vec<_> = told.collect();
    assert!(
        told.iter().any(|line| line.contains("fail")),
        "it should say that it failed: {said}"
    );
    let state = site.ironic.field("silent", "provision_state");
    assert_ne!(state, "available", "{said}");
    let uri = site.libvirtd().test_uri();
    assert_eq!(site.libvirtd().state(&uri, "silent"), "shut off");
}

#[test]
fn a_bmc_that_does_not_answer_is_told_from_the_others() {
    let mut site = Site::start(&["compute", "unreachable"]);
    site.answer("compute");
    let _ = site.daemon.vbmc(["stop", "unreachable"]).ok();

    let said = site.vbmc(["introspect"]).outcome().fails_with(3);

    assert_eq!(site.ironic.field("compute", "provision_state"), "available");
    assert_eq!(
        site.ironic.field("unreachable", "provision_state"),
        "enroll"
    );
    let about = said
        .lines()
        .find(|it| it.contains("unreachable") && it.contains("fail"));
    assert!(about.is_some(), "it should say that it failed: {said}");

    // The operator mends it, and runs the same again.
    let _ = site.daemon.vbmc(["start", "unreachable"]).ok();
    site.answer("unreachable");
    let _ = site.vbmc(["introspect"]).outcome().ok();
    assert_eq!(
        site.ironic.field("unreachable", "provision_state"),
        "available"
    );
}

#[test]
fn the_operator_is_told_to_switch_a_machine_without_a_bmc() {
    let mut site = Site::start(&["by-hand"]);
    let node = format!(
        "nodes:
  - name: by-hand
    pm_type: manual-management
    mac: [\"{}\"]
",
        site.mac("by-hand")
    );
    site.lab().write("nodes.yaml", node);
    let mut run = site.vbmc(["introspect"]).start();
    run.wait_until_it_says("switch");
    // The operator does.
    site.answer("by-hand");
    let said = run.outcome().ok();
    assert!(
        said.lines()
            .any(|line| line.contains("by-hand") && line.contains("switch")),
        "{said}"
    );
    assert_eq!(site.ironic.field("by-hand", "provision_state"), "available");
}
