//! The step against libvirt's test driver. It forgets what was made when its last connection closes, and the files in a
//! directory when its pool goes down.

use std::path::Path;

use vbmc_core::host::libvirt::admin::Admin;

use super::prepare;
use crate::lab::testing::{Told, run, write};

const URI: &str = "test:///default";

/// A lab with one domain; `name` is not another test's.
fn lab(name: &str) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    write(
        dir.path(),
        "lab.toml",
        &format!(
            "name = \"{name}\"\n[libvirt]\nuri = \"{URI}\"\ndisks = \"/{name}\"\n[domains.{name}]\nbmc = false\n"
        ),
    );
    write(
        dir.path(),
        &format!("domains/{name}/domain.xml"),
        "<domain type='test'><name>$NAME</name><memory unit='MiB'>64</memory><os><type>hvm</type></os><devices>
         <disk type='file'><source file='$IMAGES/$NAME.qcow2'/><target dev='vda'/></disk>
         <interface type='bridge'><source bridge='br0'/></interface></devices></domain>",
    );
    write(
        dir.path(),
        &format!("domains/{name}/images"),
        "$IMAGES/$NAME.qcow2=5G\n",
    );
    dir
}

async fn prepared(dir: &Path, dry_run: bool) -> Vec<String> {
    let (mut run, told): (_, Told) = run(dir, dry_run);
    prepare(&mut run).await.unwrap();
    told.take()
}

#[tokio::test]
async fn a_second_run_changes_nothing_and_says_so() {
    let admin = Admin::open(URI, None).unwrap();
    let lab = lab("again");
    let _pool = admin.directory(Path::new("/again")).unwrap();
    let dry = prepared(lab.path(), true).await;
    assert_eq!(
        dry,
        [
            "disk /again/again.qcow2: WouldChange: would be made: 5 GiB qcow2",
            "domain again: WouldChange: would be defined: 1 vCPU, 64 MiB, BIOS",
        ]
    );
    assert!(!lab.path().join("workspace").exists());
    assert_eq!(admin.domain("again").unwrap(), None);

    let first = prepared(lab.path(), false).await;
    let there = admin.domain("again").unwrap().unwrap();
    assert!(there.autostart);
    assert_eq!(
        first,
        [
            "disk /again/again.qcow2: Changed: made: 5 GiB qcow2".to_owned(),
            format!(
                "domain again: Changed: defined: 1 vCPU, 64 MiB, BIOS, MAC {}",
                there.macs[0]
            ),
        ]
    );
    let manifest = std::fs::read_to_string(lab.path().join("workspace/manifest.json")).unwrap();
    assert!(manifest.contains("/again/again.qcow2"), "{manifest}");

    let second = prepared(lab.path(), false).await;
    assert_eq!(
        second,
        [
            "disk /again/again.qcow2: Unchanged: up to date",
            "domain again: Unchanged: up to date",
        ]
    );
    assert_eq!(admin.domain("again").unwrap().unwrap(), there);
}

#[tokio::test]
async fn what_differs_is_told_and_left() {
    let admin = Admin::open(URI, None).unwrap();
    let lab = lab("differs");
    let _pool = admin.directory(Path::new("/differs")).unwrap();
    prepared(lab.path(), false).await;
    let there = admin.domain("differs").unwrap();
    write(
        lab.path(),
        "domains/differs/images",
        "$IMAGES/$NAME.qcow2=6G\n",
    );
    let file = lab.path().join("domains/differs/domain.xml");
    let xml = std::fs::read_to_string(&file).unwrap().replace("64", "128");
    std::fs::write(&file, xml).unwrap();
    let told = prepared(lab.path(), false).await;
    assert_eq!(
        told[..3],
        [
            "disk /differs/differs.qcow2: warning: size: 6 GiB as described, 5 GiB as it is",
            "disk /differs/differs.qcow2: Unchanged: differs, and stays so, since it may hold data",
            "domain differs: warning: memory: 128 MiB as described, 64 MiB as it is",
        ]
    );
    assert!(
        told[3].starts_with("domain differs: Unchanged: differs from"),
        "{told:?}"
    );
    assert_eq!(admin.domain("differs").unwrap(), there);
}

#[tokio::test]
async fn an_interrupted_run_is_finished() {
    let admin = Admin::open(URI, None).unwrap();
    let lab = lab("half");
    prepared(lab.path(), false).await;
    // As if the run had ended between the definition and what follows it.
    admin.set_domain_autostart("half", false).unwrap();
    std::fs::remove_file(lab.path().join("workspace/manifest.json")).unwrap();
    let told = prepared(lab.path(), false).await;
    assert_eq!(
        told.last().unwrap(),
        "domain half: Changed: set to start with the hypervisor"
    );
    assert!(admin.domain("half").unwrap().unwrap().autostart);
    let (run, _) = run(lab.path(), false);
    assert_eq!(
        run.manifest.contents().domains.len(),
        1,
        "it is known again"
    );
}

#[tokio::test]
async fn what_is_not_this_labs_is_never_touched() {
    let admin = Admin::open(URI, None).unwrap();
    let lab = lab("foreign");
    let foreign = "<domain type='test'><name>foreign</name><memory unit='MiB'>64</memory>
        <os><type>hvm</type></os></domain>";
    let before = admin.define_domain(foreign).unwrap();
    let told = prepared(lab.path(), false).await;
    let last = told.last().unwrap();
    assert!(
        last.contains("Unchanged: was here before this lab"),
        "{told:?}"
    );
    assert_eq!(admin.domain("foreign").unwrap().unwrap(), before);
    let (run, _) = run(lab.path(), false);
    assert_eq!(run.manifest.contents().domains.len(), 0);

    let others = foreign.replace(
        "<memory",
        "<metadata><vbmc:lab xmlns:vbmc='urn:vbmc:lab:1' name='other'/></metadata><memory",
    );
    admin.undefine_domain("foreign").unwrap();
    admin.define_domain(&others).unwrap();
    let told = prepared(lab.path(), false).await;
    assert!(
        told.last()
            .unwrap()
            .contains("Failed: belongs to the lab \"other\""),
        "{told:?}"
    );
}
