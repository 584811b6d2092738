//! A newcomer's way, as README's second chapter tells it, with nothing played: a lab directory from `vbmc lab init`, a real
//! libvirt and QEMU, a real Ironic, and a real ramdisk, which the machine boots over the network.

use std::fs;
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::time::Duration;

use vbmc_tests::build::binary;
use vbmc_tests::lab::{Ironic, LabDirectory, ramdisk};
use vbmc_tests::{Home, Libvirtd, Outcome, Vbmcd, turn};

/// Where the example's network has this machine.
const ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 168, 24, 1));

/// A machine boots three times, under emulation: some minutes altogether, and several times that on a loaded machine.
const RUN: Duration = Duration::from_secs(2400);

const NODE: &str = "openstack-controller";

struct Host {
    daemon: Vbmcd,
    ironic: Ironic,
    lab: LabDirectory,
    libvirtd: Libvirtd,
}

impl Host {
    fn start() -> Self {
        let libvirtd = Libvirtd::start();
        libvirtd.wait_for_qemu();
        let place = libvirtd.place();
        Self {
            daemon: Vbmcd::start_in(Home::new_in(place)),
            ironic: Ironic::start_with(place, libvirtd.dir(), ADDRESS, &[], ""),
            lab: LabDirectory::new(),
            libvirtd,
        }
    }

    fn vbmc<'a>(&self, args: impl IntoIterator<Item = &'a str>) -> Outcome {
        let run = self.daemon.home().run(binary("vbmc"));
        let run = run.env("VBMC_LAB", self.lab.path()).args(args);
        run.limit(RUN).outcome()
    }

    /// The three lines that a newcomer edits, and those by which this test keeps to itself: its own libvirtd, and a ramdisk
    /// that the recipe has built before.
    fn edit(&self, ramdisk: &Path) {
        let quoted = |text: &dyn std::fmt::Display| format!("\"{text}\"");
        let files = ["kernel", "initramfs"]
            .map(|kind| ramdisk.join(format!("ironic-python-agent.{kind}")))
            .map(|file| file.display().to_string());
        self.lab.edit(&[
            ("endpoint", &quoted(&self.ironic.url())),
            ("http_root", &quoted(&self.ironic.http_root().display())),
            ("http_url", &quoted(&format!("http://{ADDRESS}:8088"))),
            ("uri", &quoted(&self.libvirtd.qemu_uri())),
            (
                "disks",
                &quoted(&self.libvirtd.dir().join("disks").display()),
            ),
            ("build", &quoted(&format!("cp {} .", files.join(" ")))),
            ("clean", "true"),
        ]);
    }
}

/// The outcomes of a run's JSON events, a line each: what, and what became of it.
fn outcomes(events: &str) -> Vec<String> {
    let events = events.lines().map(|line| {
        serde_json::from_str::<serde_json::Value>(line)
            .unwrap_or_else(|error| panic!("an event should be JSON: {error}: {line}"))
    });
    let outcomes = events.filter(|event| event["event"] == "outcome");
    outcomes
        .map(|event| format!("{} {} {}", event["kind"], event["name"], event["outcome"]))
        .collect()
}

#[test]
fn from_nothing_to_an_available_node_and_back() {
    let _turn = turn::heavy();
    let ramdisk = ramdisk();
    let host = Host::start();
    let uri = host.libvirtd.qemu_uri();
    let foreign = "<domain type='qemu'><name>foreign</name><memory>65536</memory>\
                   <os><type arch='x86_64' machine='pc'>hvm</type></os></domain>";
    host.libvirtd.define(&uri, "foreign", foreign);
    let _ = host.ironic.baremetal([
        "node",
        "create",
        "--driver",
        "fake-hardware",
        "--name",
        "foreign",
    ]);

    let _ = host
        .vbmc(["lab", "init", &host.lab.path().to_string_lossy()])
        .ok();
    host.edit(&ramdisk);
    let _ = host.vbmc(["lab", "check"]).ok();
    let _ = host.vbmc(["prepare"]).ok();
    host.daemon.wait_for_status(NODE, "running");
    assert_eq!(host.libvirtd.state(&uri, NODE), "shut off");

    let again = host.vbmc(["prepare", "-f", "json"]).ok();
    let told = outcomes(&again);
    assert!(told.len() >= 5, "{again}");
    for outcome in told {
        assert!(outcome.ends_with("\"unchanged\""), "{outcome} in {again}");
    }

    let _ = host.vbmc(["introspect"]).ok();
    assert_eq!(host.ironic.field(NODE, "provision_state"), "available");
    let result = host
        .lab
        .read(&format!("workspace/results/introspection/{NODE}.json"));
    let xml = host.libvirtd.inactive_xml(&uri, NODE);
    let mac = xml
        .split("mac address='")
        .nth(1)
        .and_then(|rest| rest.split('\'').next());
    let mac = mac.expect("a MAC address in the domain");
    // What only the machine itself can know: its card, its disk, its firmware.
    for found in [mac, "/dev/vda", "QEMU", "SeaBIOS"] {
        assert!(
            result.contains(found),
            "the inventory should have {found}: {result}"
        );
    }
    let bytes = (80_u64 << 30).to_string();
    assert!(
        result.contains(&bytes),
        "the inventory should have the disk's size: {result}"
    );

    let again = host.vbmc(["introspect", "-f", "json"]).ok();
    for outcome in outcomes(&again) {
        assert!(
            !outcome.contains("\"changed\"") || outcome.starts_with("\"results\""),
            "{again}"
        );
    }
    assert_eq!(host.ironic.field(NODE, "provision_state"), "available");

    let nodes = host.vbmc(["nodes"]).ok();
    assert!(
        nodes.contains(NODE) && nodes.contains("available"),
        "{nodes}"
    );
    let profiles = host.vbmc(["profiles"]).ok();
    assert!(
        profiles.contains(NODE) && profiles.contains("control"),
        "{profiles}"
    );

    let _ = host.vbmc(["clean", "--yes"]).ok();
    assert_eq!(
        host.libvirtd
            .virsh(&uri, ["list", "--all", "--name"])
            .ok()
            .trim(),
        "foreign"
    );
    let left = host
        .ironic
        .baremetal(["node", "list", "-f", "value", "-c", "Name"])
        .ok();
    assert_eq!(left.trim(), "foreign");
    assert_eq!(host.daemon.vbmc(["list", "-f", "value"]).ok().trim(), "");
    let published = fs::read_dir(host.ironic.http_root()).expect("the web server's directory");
    for entry in published.flatten() {
        let name = entry.file_name();
        assert!(
            !name.to_string_lossy().contains("python-agent"),
            "{name:?} is left"
        );
    }
}
