//! Administration of a hypervisor against libvirt's test driver, which runs inside this process: no daemon, no guest,
//! and no files. What needs those is in `tests/`.

use std::io::Write;
use std::path::Path;

use tempfile::NamedTempFile;

use vbmc_core::host::libvirt::admin::xml::{DomainOutline, Mark, Needs, NetworkOutline};
use vbmc_core::host::libvirt::admin::{Admin, AdminError, DiskFormat};

/// A hypervisor of the test's own, with nothing on it.
fn hypervisor() -> (NamedTempFile, Admin) {
    let mut node = NamedTempFile::new().unwrap();
    writeln!(node, "<node/>").unwrap();
    let admin = Admin::open(&format!("test://{}", node.path().display()), None).unwrap();
    (node, admin)
}

const DOMAIN: &str = "<domain type='test'>
  <memory unit='MiB'>64</memory>
  <os><type>hvm</type></os>
  <devices><interface type='network'><source network='lab'/></interface></devices>
</domain>";

#[test]
fn a_domain_is_made_found_and_removed() {
    let (_node, admin) = hypervisor();
    assert_eq!(admin.domain("node-0").unwrap(), None);

    let mark = Mark::new("lab-1");
    let needs = Needs {
        name: "node-0",
        mark: &mark,
        uefi: false,
        console_log: None,
    };
    let xml = needs.complete(DOMAIN).unwrap();
    let made = admin.define_domain(&xml).unwrap();
    assert_eq!(made.mark, Some(mark));
    assert!(made.persistent && !made.active && !made.autostart);
    assert_eq!(made.macs.len(), 1, "libvirt chooses one MAC");
    let found = admin.domain("node-0").unwrap().unwrap();
    assert_eq!(found, made, "the MAC too stays the same");

    let wanted = DomainOutline::read(&xml).unwrap();
    let here = DomainOutline::read(&found.xml).unwrap();
    assert_eq!(wanted.differences(&here), Vec::<String>::new());

    admin.set_domain_autostart("node-0", true).unwrap();
    assert!(admin.domain("node-0").unwrap().unwrap().autostart);
    admin.destroy_domain("node-0").unwrap();
    admin.undefine_domain("node-0").unwrap();
    assert_eq!(admin.domain("node-0").unwrap(), None);
    admin.undefine_domain("node-0").unwrap();
    admin.destroy_domain("node-0").unwrap();
}

#[test]
fn it_is_known_which_domain_has_which_disk() {
    let (_node, admin) = hypervisor();
    assert_eq!(admin.disks_of_domains().unwrap(), []);
    let disk = "<devices><disk type='file' device='disk'><source file='/d/a.qcow2'/><target dev='vda'/></disk>";
    let xml = DOMAIN.replace("<devices>", disk);
    let xml = xml.replace("<memory", "<name>a</name><memory");
    admin.define_domain(&xml).unwrap();
    let all = admin.disks_of_domains().unwrap();
    assert_eq!(all[0].0, "a");
    assert!(all[0].1.iter().all(|source| source == "/d/a.qcow2"));
    assert_eq!((all.len(), all[0].1.is_empty()), (1, false));
}

#[test]
fn a_network_is_made_found_and_removed() {
    let (_node, admin) = hypervisor();
    assert_eq!(admin.network("lab").unwrap(), None);
    let xml = Mark::new("lab-1")
        .put_in_network(
            "<network><name>lab</name><bridge name='brlab'/><ip address='10.9.0.1' prefix='24'/></network>",
        )
        .unwrap();
    let made = admin.define_network(&xml).unwrap();
    assert!(!made.active);
    admin.start_network("lab").unwrap();
    admin.start_network("lab").unwrap();
    admin.set_network_autostart("lab", true).unwrap();
    let found = admin.network("lab").unwrap().unwrap();
    assert!(found.active && found.autostart && found.persistent);
    let wanted = NetworkOutline::read(&xml).unwrap();
    let here = NetworkOutline::read(&found.xml).unwrap();
    assert_eq!(wanted.differences(&here), Vec::<String>::new());

    admin.undefine_network("lab").unwrap();
    assert_eq!(admin.network("lab").unwrap(), None);
    admin.undefine_network("lab").unwrap();
}

#[test]
fn a_pool_is_borrowed_and_given_back() {
    // All connections to this one see the same.
    let uri = "test:///default";
    let connect = virt::connect::Connect::open(Some(uri)).unwrap();
    let admin = Admin::open(uri, None).unwrap();
    let pools = || connect.list_all_storage_pools(0).unwrap().len();
    let before = pools();
    let path = Path::new("/vbmc-test/disk.qcow2");
    assert_eq!(admin.volume(path).unwrap(), None);
    assert_eq!(pools(), before);
    let held = admin.directory(Path::new("/vbmc-test")).unwrap();
    assert_eq!(pools(), before + 1);
    admin
        .create_volume(path, 5 << 30, DiskFormat::Qcow2)
        .unwrap();
    assert_eq!(admin.volume(path).unwrap().unwrap().capacity, 5 << 30);
    assert!(admin.delete_volume(path).unwrap());
    assert!(!admin.delete_volume(path).unwrap());
    drop(held);
    assert_eq!(pools(), before);
}

#[test]
fn errors_say_what_was_tried_where_and_what_libvirt_said() {
    let (_node, admin) = hypervisor();
    let error = admin.start_network("absent").unwrap_err().to_string();
    assert!(
        error.starts_with("libvirt at test:///")
            && error.contains("could not start the network \"absent\": ")
            && error.contains("Network not found"),
        "{error}"
    );
    let malformed = admin.define_domain("<domain").unwrap_err();
    assert!(
        matches!(malformed, AdminError::Description(_)),
        "{malformed}"
    );
    let other = admin.define_domain("<network/>").unwrap_err().to_string();
    assert_eq!(other, "it should be a <domain>, and is a <network>");
    let relative = admin.volume(Path::new("disk.qcow2")).unwrap_err();
    assert!(
        relative.to_string().contains("not an absolute path"),
        "{relative}"
    );
}
