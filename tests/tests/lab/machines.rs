//! The machines that `vbmc prepare` makes: by the real virt-install and from XML, with UEFI, on a real QEMU.

use std::time::Duration;

use vbmc_tests::build::binary;
use vbmc_tests::lab::LabDirectory;
use vbmc_tests::{Home, Libvirtd, Run, Vbmcd};

/// Under emulation, on a loaded machine.
const RUN: Duration = Duration::from_secs(180);

/// The arguments that the lab which this workflow comes from has for its controller, word by word.
const ARGUMENTS: &str = r#"# CLI arguments for "virt-install"
# Run "osinfo-query os" to see options for "--os-variant"

--virt-type kvm
--graphics none
--noautoconsole
--pxe

# eth0 on OpenStack control plane
--network bridge=openstack,model=virtio

--os-type linux
--os-variant centos7.0
--disk "path=$IMAGES/$NAME.qcow2,device=disk,bus=virtio"

--vcpus 4
# In MB:
--ram 16000
"#;

const DOMAIN: &str = "<domain type='$VIRT_TYPE'>
  <memory unit='MiB'>64</memory>
  <os><type machine='q35'>hvm</type></os>
  <devices>
    <disk type='file' device='disk'>
      <driver name='qemu' type='qcow2'/>
      <source file='$IMAGES/$NAME.qcow2'/>
      <target dev='vda' bus='virtio'/>
    </disk>
    <interface type='network'><source network='provisioning'/><model type='virtio'/></interface>
  </devices>
</domain>
";

const NETWORK: &str = "<network>
  <name>$NAME</name>
  <forward mode='open'/>
  <bridge name='virbr-test'/>
  <ip address='192.168.24.1' prefix='24'/>
</network>
";

/// A hypervisor, vbmcd beside it, and a lab for it that nobody has prepared yet.
struct Ground {
    daemon: Vbmcd,
    lab: LabDirectory,
    uri: String,
    libvirtd: Libvirtd,
}

impl Ground {
    fn start() -> Self {
        let libvirtd = Libvirtd::start();
        libvirtd.wait_for_qemu();
        let ground = Self {
            daemon: Vbmcd::start_in(Home::new_in(libvirtd.place())),
            lab: LabDirectory::new(),
            uri: libvirtd.qemu_uri(),
            libvirtd,
        };
        ground.lab.write(
            "lab.toml",
            format!(
                "name = \"test\"\n\
                 [ironic]\nendpoint = \"http://127.0.0.1:6385\"\n\
                 [libvirt]\nuri = \"{}\"\ndisks = \"{}/disks\"\n\
                 [bmcs]\nlisten = \"127.0.0.1\"\npassword = \"a secret\"\n\
                 [images]\npublish = \"none\"\n\
                 [domains.node-0]\nport = 6230\nuefi = true\n",
                ground.uri,
                ground.libvirtd.dir().display()
            ),
        );
        let lab = &ground.lab;
        lab.write("networks/provisioning.xml", NETWORK);
        lab.write("domains/node-0/domain.xml", DOMAIN);
        lab.write("domains/node-0/images", "$IMAGES/$NAME.qcow2=1G\n");
        ground
    }

    fn prepare<'a>(&self, args: impl IntoIterator<Item = &'a str>) -> Run {
        let run = self.daemon.home().run(binary("vbmc")).args(["prepare"]);
        run.args(args).env("VBMC_LAB", self.lab.path()).limit(RUN)
    }

    #[track_caller]
    fn virsh<'a>(&self, args: impl IntoIterator<Item = &'a str>) -> String {
        self.libvirtd.virsh(&self.uri, args).ok()
    }
}

/// The lines of a run that say that something was or would be made.
fn changes(said: &str) -> Vec<&str> {
    said.lines()
        .filter(|line| line.starts_with("changed") || line.starts_with("would change"))
        .collect()
}

#[test]
fn a_lab_is_made_once_and_found_complete_from_then_on() {
    let ground = Ground::start();
    let lab = &ground.lab;
    lab.write(
        "domains/openstack-controller/virt-install.arguments",
        ARGUMENTS,
    );
    lab.write(
        "domains/openstack-controller/images",
        "$IMAGES/$NAME.qcow2=80G\n",
    );
    lab.write(
        "lab.toml",
        lab.read("lab.toml") + "[domains.openstack-controller]\nport = 6231\n",
    );

    let dry = ground.prepare(["--dry-run"]).outcome().ok();
    assert_eq!(changes(&dry).len(), 7, "{dry}");
    assert!(!lab.file("workspace").exists());
    assert_eq!(ground.virsh(["list", "--all", "--name"]).trim(), "");

    let first = ground.prepare([]).outcome().ok();
    assert_eq!(changes(&first).len(), 7, "{first}");
    for said in [
        "network provisioning: defined and started",
        "node-0.qcow2: made: 1 GiB qcow2",
        "domain node-0: defined: 1 vCPU, 64 MiB, UEFI, emulated in software, MAC 52:54:00:",
        "openstack-controller: wants KVM, which this hypervisor has not",
        "domain openstack-controller: defined: 4 vCPUs, 16000 MiB, BIOS",
        "BMC openstack-controller: added on 127.0.0.1 port 6231; at 127.0.0.1 port 6231 the power is off",
    ] {
        assert!(first.contains(said), "{said}\n{first}");
    }
    let xml = ground.libvirtd.inactive_xml(&ground.uri, "node-0");
    assert!(xml.contains("<os firmware='efi'>"), "{xml}");
    assert!(xml.contains("<boot dev='network'/>"), "{xml}");
    assert!(xml.contains("<serial type='pty'>"), "{xml}");
    assert!(xml.contains("urn:vbmc:lab:1"), "{xml}");
    assert!(
        ground
            .virsh(["dominfo", "node-0"])
            .contains("Autostart:      enable")
    );
    assert_eq!(
        ground.virsh(["pool-list", "--all", "--name"]).trim(),
        "",
        "neither we nor virt-install leave a storage pool behind"
    );

    let second = ground.prepare([]).outcome().ok();
    assert_eq!(changes(&second), Vec::<&str>::new());
    assert!(second.contains("7 unchanged"), "{second}");
    assert!(!second.contains("WARNING"), "{second}");
    assert_eq!(ground.libvirtd.inactive_xml(&ground.uri, "node-0"), xml);
    // It starts with all of that, log of its console and all.
    ground.virsh(["start", "node-0"]);
}

#[test]
fn what_can_be_said_at_once_is_said_before_anything_is_done() {
    let mut ground = Ground::start();
    let lab = &ground.lab;
    lab.write("networks/a.xml", "<network><name>b</name></network>");
    lab.write("domains/node-0/domain.xml", DOMAIN.replace("64", "$NOPE"));
    lab.write("domains/node-1/virt-install.arguments", "--ram 64\n");
    lab.write(
        "lab.toml",
        lab.read("lab.toml")
            + "[domains.node-1]\nport = 6231\n[[image]]\nname = \"x\"\ndisk = \"x\"\nbuild = \"touch x\"\n",
    );
    ground.daemon.stop();
    ground.libvirtd.stop();
    // In an environment without a virt-install.
    let vbmc = binary("vbmc");
    let run = ground
        .daemon
        .home()
        .run("env")
        .args(["PATH=/nonexistent".as_ref(), vbmc.as_os_str()]);
    let run = run.args(["prepare"]).env("VBMC_LAB", ground.lab.path());
    let said = run.outcome().fails_with(1);
    for problem in [
        "5 problems",
        "call the file b.xml",
        "domain.xml:2: $NOPE is not defined",
        "apt install virtinst",
        "cannot connect to libvirt at qemu+unix:///",
        "Failed to connect to the vbmcd server",
    ] {
        assert!(said.contains(problem), "{problem}\n{said}");
    }
    assert!(!said.contains("==>"), "{said}");
}

#[test]
fn a_description_that_asks_for_kvm_is_told_what_to_write() {
    let ground = Ground::start();
    let kvm = DOMAIN.replace("$VIRT_TYPE", "kvm");
    ground.lab.write("domains/node-0/domain.xml", kvm);
    let only = ["--only", "networks,domains"];
    let said = ground.prepare(only).outcome().fails_with(3);
    assert!(
        said.contains("could not define the domain \"node-0\""),
        "{said}"
    );
    assert!(said.contains("write <domain type='$VIRT_TYPE'>"), "{said}");
    ground.lab.write("domains/node-0/domain.xml", DOMAIN);
    let said = ground.prepare(only).outcome().ok();
    assert_eq!(
        changes(&said).len(),
        1,
        "the disk and the network are there: {said}"
    );
}
