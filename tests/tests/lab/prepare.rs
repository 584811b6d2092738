//! What `vbmc prepare` makes on a real libvirtd is the lab's: an interrupted run is gone on with, and `vbmc clean` removes
//! that and nothing else.

use std::fs;
use std::time::Duration;

use nix::sys::signal::Signal;
use vbmc_tests::build::binary;
use vbmc_tests::lab::LabDirectory;
use vbmc_tests::{Home, Libvirtd, Run, Vbmcd, wait_for};

const DOMAIN: &str = "<domain type='qemu'>
  <name>$NAME</name>
  <memory unit='MiB'>64</memory>
  <vcpu>1</vcpu>
  <os><type arch='x86_64' machine='pc'>hvm</type><boot dev='network'/><boot dev='hd'/></os>
  <devices>
    <disk type='file' device='disk'>
      <driver name='qemu' type='qcow2'/><source file='$IMAGES/$NAME.qcow2'/><target dev='vda' bus='virtio'/>
    </disk>
    <interface type='network'><source network='machines'/><model type='virtio'/></interface>
  </devices>
</domain>
";

const NETWORK: &str = "<network>
  <name>machines</name>
  <forward mode='open'/>
  <bridge name='machines0' stp='off' delay='0'/>
  <ip address='192.0.2.1' netmask='255.255.255.0'/>
</network>
";

/// A hypervisor with vbmcd, and a lab of two domains.
struct Host {
    daemon: Vbmcd,
    lab: LabDirectory,
    libvirtd: Libvirtd,
}

impl Host {
    fn start() -> Self {
        let libvirtd = Libvirtd::start();
        libvirtd.wait_for_qemu();
        let host = Self {
            daemon: Vbmcd::start_in(Home::new_in(libvirtd.place())),
            lab: LabDirectory::new(),
            libvirtd,
        };
        host.lab.write("lab.toml", host.toml());
        host.lab.write("networks/machines.xml", NETWORK);
        for name in ["one", "two"] {
            host.lab
                .write(&format!("domains/{name}/domain.xml"), DOMAIN);
        }
        host
    }

    fn toml(&self) -> String {
        format!(
            r#"name = "prepared"

[libvirt]
uri = "{}"
disks = "{}"

[bmcs]
listen = "127.0.0.1"
password = "password"

[images]
publish = "none"

[[image]]
name = "agent"
role = "deploy"
build = "sh -c 'echo building; echo kernel >agent.kernel; echo ramdisk >agent.initramfs'"
kernel = "agent.kernel"
ramdisk = "agent.initramfs"

[domains.one]
port = 6231
disks = ["$IMAGES/$NAME.qcow2=1G"]

[domains.two]
port = 6232
disks = ["$IMAGES/$NAME.qcow2=1G"]
"#,
            self.libvirtd.qemu_uri(),
            self.libvirtd.dir().join("disks").display(),
        )
    }

    fn vbmc<'a>(&self, args: impl IntoIterator<Item = &'a str>) -> Run {
        let run = self.daemon.home().run(binary("vbmc"));
        run.env("VBMC_LAB", self.lab.path()).args(args)
    }

    fn domains(&self) -> String {
        let uri = self.libvirtd.qemu_uri();
        self.libvirtd.virsh(&uri, ["list", "--all", "--name"]).ok()
    }
}

#[test]
fn what_is_made_is_removed_and_nothing_else() {
    let host = Host::start();
    let uri = host.libvirtd.qemu_uri();
    let foreign = "<domain type='qemu'><name>foreign</name><memory>65536</memory>\
                   <os><type arch='x86_64' machine='pc'>hvm</type></os></domain>";
    host.libvirtd.define(&uri, "foreign", foreign);
    let _ = host
        .daemon
        .vbmc(["add", "foreign", "--port", "6239", "--libvirt-uri", &uri])
        .ok();

    let _ = host.vbmc(["prepare"]).outcome().ok();
    for name in ["one", "two"] {
        assert!(host.domains().contains(name));
        host.daemon.wait_for_status(name, "running");
        assert!(
            host.libvirtd
                .dir()
                .join(format!("disks/{name}.qcow2"))
                .exists()
        );
    }
    let _ = host.vbmc(["clean", "--yes"]).outcome().ok();
    assert_eq!(host.domains().trim(), "foreign");
    let bmcs = host
        .daemon
        .vbmc(["list", "-f", "value", "-c", "Domain name"])
        .ok();
    assert_eq!(bmcs.trim(), "foreign");
    let networks = host
        .libvirtd
        .virsh(&uri, ["net-list", "--all", "--name"])
        .ok();
    assert_eq!(networks.trim(), "");
    assert!(!host.libvirtd.dir().join("disks/one.qcow2").exists());
}

#[test]
fn an_interrupted_run_is_gone_on_with() {
    let host = Host::start();
    let mut interrupted = 0;
    // After each of its first lines once; in turn politely and not.
    for (lines, signal) in (1..=10).zip([Signal::SIGINT, Signal::SIGKILL].into_iter().cycle()) {
        let mut run = host.vbmc(["prepare", "-f", "json"]).start();
        run.wait_for_lines(lines);
        run.signal(signal);
        let outcome = run.outcome();
        interrupted += usize::from(outcome.code != Some(0));
        let said = outcome.said();
        assert!(!said.contains("panicked"), "{said}");
        assert!(said.contains("\"event\""), "{said}");
    }
    assert_ne!(
        interrupted, 0,
        "all came to their end before they could be interrupted"
    );
    let said = host.vbmc(["prepare"]).outcome().ok();
    for name in ["one", "two"] {
        assert!(host.domains().contains(name), "{said}");
        host.daemon.wait_for_status(name, "running");
    }
    let again = host.vbmc(["prepare", "-f", "json"]).outcome().ok();
    assert!(!again.contains("\"outcome\":\"changed\""), "{again}");
    // What the interrupted runs had made belongs to the lab.
    let _ = host.vbmc(["clean", "--yes"]).outcome().ok();
    assert_eq!(host.domains().trim(), "");
    assert_eq!(host.daemon.vbmc(["list", "-f", "value"]).ok().trim(), "");
}

#[test]
fn a_disk_stays_that_a_domain_has_under_another_name() {
    let host = Host::start();
    let uri = host.libvirtd.qemu_uri();
    let _ = host.vbmc(["prepare"]).outcome().ok();
    let _ = host.libvirtd.virsh(&uri, ["domrename", "one", "kept"]).ok();
    let said = host.vbmc(["clean", "--yes"]).outcome().ok();
    assert!(
        said.contains("disks/one.qcow2: left alone: a domain that stays has it"),
        "{said}"
    );
    assert_eq!(host.domains().trim(), "kept");
    let disks = host.libvirtd.dir().join("disks");
    assert!(disks.join("one.qcow2").exists());
    assert!(!disks.join("two.qcow2").exists());
}

#[test]
fn what_a_run_has_started_ends_with_its_terminal() {
    let host = Host::start();
    let toml = host.toml();
    let builds = toml.find("build = ").expect("a build");
    let (before, rest) = toml.split_at(builds);
    let after = rest.split_once('\n').expect("more lines").1;
    let build = "build = \"sh -c 'echo $$$$ >$LAB/pid; sleep 600'\"";
    host.lab
        .write("lab.toml", format!("{before}{build}\n{after}"));
    let run = host.vbmc(["prepare"]).start();
    let pid = wait_for("the build", Duration::from_secs(60), || {
        fs::read_to_string(host.lab.file("pid"))
            .ok()
            .filter(|pid| pid.ends_with('\n'))
    });
    run.signal(Signal::SIGHUP);
    assert_eq!(run.outcome().code, Some(130));
    let ask = format!("kill -0 {}", pid.trim());
    let alive = Run::new_in(host.libvirtd.place(), "sh").args(["-c", &ask]);
    assert_ne!(alive.outcome().code, Some(0));
}
