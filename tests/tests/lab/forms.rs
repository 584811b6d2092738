//! A lab in the forms that TripleO's users have, `examples/tripleo-lab`: its `nodes.yaml`, `images` and
//! `virt-install.arguments` are taken as they are.

use std::fs;

use nix::sys::signal::Signal;
use vbmc_tests::build::{binary, repository};
use vbmc_tests::lab::{Ironic, LabDirectory};
use vbmc_tests::{Home, Libvirtd, Run, Vbmcd};

const AS_THEY_ARE: [&str; 3] = [
    "nodes.yaml",
    "domains/openstack-controller/images",
    "domains/openstack-controller/virt-install.arguments",
];

/// What depends on the place: another Ironic, another hypervisor, no images.
fn lab_toml(example: &str, ironic: &Ironic, libvirtd: &Libvirtd) -> String {
    let tables = example.split("\n\n").filter(|it| !it.contains("[[image]]"));
    let toml: Vec<_> = tables.collect();
    toml.join("\n\n")
        .replace(
            "cloud = \"undercloud\"",
            &format!("endpoint = \"{}\"", ironic.url()),
        )
        .replace(
            "publish = \"glance\"",
            "publish = \"none\"\ndeploy_images = \"conductor\"",
        )
        .replace("192.168.122.1", "127.0.0.1")
        .replace(
            "disks = \"/home/manager/libvirt/images\"",
            &format!(
                "uri = \"{}\"\ndisks = \"{}\"",
                libvirtd.qemu_uri(),
                libvirtd.dir().join("images").display()
            ),
        )
}

#[test]
fn a_lab_of_tripleos_is_taken_as_it_is() {
    let libvirtd = Libvirtd::start();
    libvirtd.wait_for_qemu();
    let place = libvirtd.place();
    for bridge in ["openstack", "public"] {
        let add = Run::new_in(place, "ip").args(["link", "add", bridge, "type", "bridge"]);
        let _ = add.outcome().ok();
    }
    let daemon = Vbmcd::start_in(Home::new_in(place));
    let ironic = Ironic::start(place, libvirtd.dir());
    let lab = LabDirectory::new();
    let example = repository().join("examples/tripleo-lab");
    for name in AS_THEY_ARE {
        lab.write(
            name,
            fs::read(example.join(name)).expect("a file of the example"),
        );
    }
    let toml = fs::read_to_string(example.join("lab.toml")).expect("the example's lab.toml");
    lab.write("lab.toml", lab_toml(&toml, &ironic, &libvirtd));
    let vbmc = |command: &str| {
        let run = daemon.home().run(binary("vbmc"));
        run.env("VBMC_LAB", lab.path()).args([command])
    };

    let _ = vbmc("prepare").outcome().ok();
    let xml = libvirtd.inactive_xml(&libvirtd.qemu_uri(), "openstack-controller");
    let mac = xml
        .split("mac address='")
        .nth(1)
        .and_then(|rest| rest.split('\'').next());
    daemon.wait_for_status("openstack-controller", "running");
    // Its machines would have nothing to boot: this is about how they are registered.
    let mut run = vbmc("introspect").start();
    run.wait_until_it_says("Inspecting nodes");
    run.signal(Signal::SIGINT);
    let _ = run.outcome().fails();

    let ports = ironic
        .baremetal(["port", "list", "-f", "value", "-c", "Address"])
        .ok();
    let mut ports: Vec<_> = ports.lines().collect();
    ports.sort_unstable();
    assert_eq!(
        ports,
        ["18:31:bf:ce:9d:5f", mac.expect("the domain's MAC address")]
    );
    assert_eq!(ironic.field("compute", "driver"), "manual-management");
    let controller = ironic.field("controller", "driver_info");
    assert!(controller.contains("'ipmi_port': 6230"), "{controller}");
    let properties = ironic.field("controller", "properties");
    assert!(properties.contains("profile:control"), "{properties}");
}
