//! The columns of `docs/compatibility.md` that are vbmcd's: what every command of the foreign clients comes to.
//!
//! `VBMC_BLESS=1 scripts/test -p vbmc-tests --test compatibility` writes them anew.

use vbmc_tests::matrix::{self, Page};
use vbmc_tests::{Bmc, Guest, Libvirtd, Node, Vbmcd, turn};

#[track_caller]
fn compare(column: &str, bmc: &Bmc) {
    let found = matrix::run(bmc);
    let page = Page::read();
    if std::env::var_os("VBMC_BLESS").is_some() {
        page.write(column, &found);
        return;
    }
    let kept = page.column(column);
    let differ = kept
        .iter()
        .zip(&found)
        .filter(|(kept, found)| kept != found);
    let differ: Vec<_> = differ
        .map(|((row, kept), (_, found))| format!("{row}: {found}, was {kept}"))
        .collect();
    assert!(
        differ.is_empty(),
        "docs/compatibility.md has other results; VBMC_BLESS=1 writes it anew:\n{}",
        differ.join("\n")
    );
}

/// IPMI 1.5 is off unless it is switched on.
fn with_v15(daemon: &Vbmcd, domain: &str) {
    let _ = daemon.vbmc(["set", domain, "--ipmi-1-5", "md5"]).ok();
}

#[test]
fn on_libvirts_test_driver() {
    let node = Node::new(["machine"]);
    let daemon = Vbmcd::start();
    let bmc = daemon.bmc("machine", &node.uri());
    with_v15(&daemon, "machine");
    compare("vbmcd, `test:///`", &bmc);
}

#[test]
fn on_qemu() {
    let _turn = turn::heavy();
    let libvirtd = Libvirtd::start();
    let uri = libvirtd.qemu_uri();
    let daemon = Vbmcd::start();
    let guest = Guest::login(&libvirtd, "machine");
    let bmc = daemon.bmc(guest.name(), &uri);
    with_v15(&daemon, guest.name());
    compare("vbmcd, QEMU", &bmc);
}
