//! Ironic itself, as `scripts/ironic` starts it, drives our BMCs: with its own client, and nothing of the lab workflow.

use vbmc_tests::lab::Site;

#[test]
fn ironic_takes_a_machine_from_enroll_to_available() {
    let mut site = Site::start(&["controller"]);
    site.answer("controller");
    let ironic = &site.ironic;
    let (bmc, mac) = (site.bmc("controller"), site.mac("controller"));
    let infos = [
        "ipmi_address=127.0.0.1".to_owned(),
        format!("ipmi_port={}", bmc.port),
        format!("ipmi_username={}", bmc.user),
        format!("ipmi_password={}", bmc.password),
    ];
    let mut create = vec!["node", "create", "--name", "controller", "--driver", "ipmi"];
    create.extend(infos.iter().flat_map(|info| ["--driver-info", info]));
    create.extend(["-f", "value", "-c", "uuid"]);
    let uuid = ironic.baremetal(create).ok();
    let port = ["port", "create", &mac, "--node", uuid.trim()];
    let _ = ironic.baremetal(port).ok();
    for (verb, state) in [
        ("manage", "manageable"),
        ("inspect", "manageable"),
        ("clean", "manageable"),
        ("provide", "available"),
    ] {
        let mut command = vec!["node", verb, "controller"];
        if verb == "clean" {
            let steps = r#"[{"interface": "deploy", "step": "erase_devices_metadata"}]"#;
            command.extend(["--clean-steps", steps]);
        }
        command.push("--wait=300");
        let _ = ironic.baremetal(command).ok();
        assert_eq!(ironic.field("controller", "provision_state"), state);
    }
    ironic
        .baremetal(["node", "inventory", "save", "controller"])
        .says(&mac);
    let uri = site.libvirtd().test_uri();
    assert_eq!(site.libvirtd().state(&uri, "controller"), "shut off");
}
