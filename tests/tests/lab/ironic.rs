//! Ironic itself, as `scripts/ironic` starts it, drives our BMCs: with its own client, and nothing of the lab workflow.

use std::net::Ipv4Addr;

use vbmc_tests::lab::{Ironic, Site};
use vbmc_tests::{Libvirtd, Run};

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

#[test]
fn its_endpoint_is_the_same_before_and_after_the_nodes_network_is_there() {
    let libvirtd = Libvirtd::start();
    let place = libvirtd.place();
    let address = Ipv4Addr::new(192, 168, 24, 1);
    let mut ironic = Ironic::start_with(place, libvirtd.dir(), address.into(), &[], "");
    let before = endpoint(&ironic.start_again());
    let add = ["address", "add", "192.168.24.1/24", "dev", "lo"];
    let _ = Run::new_in(place, "ip").args(add).outcome().ok();
    ironic.stop();
    assert_eq!(endpoint(&ironic.start_again()), before);
    for host in ["127.0.0.1", "192.168.24.1"] {
        ironic.authorize(vec![
            ("OS_AUTH_TYPE", "none".to_owned()),
            ("OS_ENDPOINT", format!("http://{host}:6385")),
        ]);
        let _ = ironic.baremetal(["node", "list"]).ok();
    }
}

/// The line for lab.toml.
fn endpoint(said: &str) -> String {
    let line = said.lines().find(|line| line.starts_with("endpoint"));
    line.expect("an endpoint").to_owned()
}
