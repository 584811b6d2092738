//! `add`, `delete`, `start` and `stop`.

use vbmc_core::control::Status;

use crate::daemon::Daemon;
use crate::run::{command, finish, vbmc, vbmc_with_input};

#[test]
fn add_asks_for_what_the_options_say() {
    let daemon = Daemon::start();
    let args = [
        "add",
        "node-0",
        "--username",
        "ironic",
        "--password",
        "s3cret",
        "--port",
        "6230",
        "--address",
        "127.0.0.1",
        "--libvirt-uri",
        "qemu:///session",
        "--libvirt-sasl-username",
        "u",
        "--libvirt-sasl-password",
        "p",
    ];
    assert_eq!(vbmc(daemon.home(), &args).ok(), "");
    let bmc = daemon.bmc("node-0").unwrap();
    assert_eq!(
        (bmc.username.as_str(), bmc.password.as_str()),
        ("ironic", "s3cret")
    );
    assert_eq!((bmc.address.as_str(), bmc.port), ("127.0.0.1", 6230));
    assert_eq!(bmc.libvirt_uri, "qemu:///session");
    assert_eq!(bmc.libvirt_sasl_username.as_deref(), Some("u"));
    assert_eq!(bmc.libvirt_sasl_password.as_deref(), Some("p"));
}

#[test]
fn add_takes_the_hypervisor_from_the_environment() {
    let daemon = Daemon::start();
    let mut add = command(daemon.home(), &["add", "node-0"]);
    finish(add.env("LIBVIRT_DEFAULT_URI", "test:///default")).ok();
    assert_eq!(daemon.bmc("node-0").unwrap().libvirt_uri, "test:///default");
}

#[test]
fn add_reads_passwords_that_never_stand_in_the_process_list() {
    let daemon = Daemon::start();
    let file = daemon.home().join("sasl");
    std::fs::write(&file, "from a file\n").unwrap();
    let args = [
        "add",
        "node-0",
        "--password-file",
        "-",
        "--libvirt-sasl-username",
        "u",
        "--libvirt-sasl-password-file",
        file.to_str().unwrap(),
    ];
    vbmc_with_input(daemon.home(), &args, "from stdin\n").ok();
    let bmc = daemon.bmc("node-0").unwrap();
    assert_eq!(bmc.password, "from stdin");
    assert_eq!(bmc.libvirt_sasl_password.as_deref(), Some("from a file"));
}

#[test]
fn passwords_are_in_no_message() {
    let daemon = Daemon::start();
    let log = daemon.home().join("log");
    let args = [
        "-vv",
        "--debug",
        "--log-file",
        log.to_str().unwrap(),
        "add",
        "node-0",
        "--password",
        "s3cret",
    ];
    let outcome = vbmc(daemon.home(), &args);
    assert_eq!(outcome.code, Some(0));
    assert!(
        outcome.stderr.contains("POST /v1/bmcs"),
        "{}",
        outcome.stderr
    );
    assert!(!outcome.stderr.contains("s3cret"), "{}", outcome.stderr);
    let log = std::fs::read_to_string(log).unwrap();
    assert!(
        log.contains("] DEBUG    vbmc ") && !log.contains("s3cret"),
        "{log}"
    );
}

#[test]
fn an_existing_name_is_refused() {
    let daemon = Daemon::start();
    daemon.insert("node-0", Status::Down, 623);
    assert_eq!(
        vbmc(daemon.home(), &["add", "node-0"]).failed(),
        "Domain node-0 already exists"
    );
}

#[test]
fn start_stop_and_delete_take_many_names_and_try_each() {
    let daemon = Daemon::start();
    for (name, port) in [("a", 1), ("b b", 2), ("c", 3)] {
        daemon.insert(name, Status::Down, port);
    }
    assert_eq!(vbmc(daemon.home(), &["start", "a", "b b", "a"]).ok(), "");
    assert!(daemon.bmc("a").unwrap().active && daemon.bmc("b b").unwrap().active);

    let said = vbmc(daemon.home(), &["stop", "x", "a", "y", "b b", "x"]).failed();
    assert_eq!(
        said,
        "No domain with matching name x was found\nNo domain with matching name y was found"
    );
    assert!(!daemon.bmc("a").unwrap().active && !daemon.bmc("b b").unwrap().active);

    vbmc(daemon.home(), &["delete", "x", "a", "c", "c"]).failed();
    assert_eq!((daemon.bmc("a"), daemon.bmc("c")), (None, None));
    assert!(daemon.bmc("b b").is_some());
}
