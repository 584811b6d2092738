//! A machine that libvirt cannot start: Ironic only learns that a command failed, and vbmc still says why.

use std::time::Duration;

use vbmc_tests::build::binary;
use vbmc_tests::lab::{Ironic, LabDirectory};
use vbmc_tests::{Home, Libvirtd, Vbmcd};

/// Ironic tries the BMC again and again, twice.
const RUN: Duration = Duration::from_secs(240);

const DOMAIN: &str = "<domain type='qemu'>
  <memory unit='MiB'>64</memory>
  <os><type machine='q35'>hvm</type></os>
  <devices>
    <disk type='file' device='disk'>
      <driver name='qemu' type='qcow2'/>
      <source file='/nonexistent/gone.qcow2'/>
      <target dev='vda' bus='virtio'/>
    </disk>
    <interface type='user'><model type='virtio'/></interface>
  </devices>
</domain>
";

#[test]
fn libvirts_reason_for_a_machine_that_does_not_start_is_told() {
    let libvirtd = Libvirtd::start();
    libvirtd.wait_for_qemu();
    let ironic = Ironic::start(libvirtd.place(), libvirtd.dir());
    let home = Home::new_in(libvirtd.place());
    let log = home.path().join("vbmcd.log");
    home.configure(&format!("[log]\nlogfile = {}\n", log.display()));
    let daemon = Vbmcd::start_in(home);
    let lab = LabDirectory::new();
    lab.write("domains/node-0/domain.xml", DOMAIN);
    lab.write(
        "lab.toml",
        format!(
            "name = \"test\"\n[ironic]\nendpoint = \"{}\"\n[libvirt]\nuri = \"{}\"\n\
             [bmcs]\nlisten = \"127.0.0.1\"\npassword = \"a secret\"\n\
             [images]\npublish = \"none\"\ndeploy_images = \"conductor\"\n\
             [domains.node-0]\nport = 6230\n[introspection]\nattempts = 1\n",
            ironic.url(),
            libvirtd.qemu_uri()
        ),
    );
    let vbmc = |command: &str| {
        let run = daemon.home().run(binary("vbmc")).args([command]);
        run.env("VBMC_LAB", lab.path()).limit(RUN).outcome()
    };
    let _ = vbmc("prepare").ok();
    let said = vbmc("introspect").fails_with(3);
    assert!(
        said.contains("vbmcd could not do what Ironic asked of the machine"),
        "{said}"
    );
    assert!(said.contains("/nonexistent/gone.qcow2"), "{said}");
    let log = "workspace/results/domains/node-0/vbmcd.log";
    assert!(said.contains(log), "{said}");
    assert!(lab.read(log).contains("/nonexistent/gone.qcow2"));
}
