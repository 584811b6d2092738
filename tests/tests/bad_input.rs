//! What operators get wrong: the error names the thing and the way out, the exit code is the contract's, and nothing
//! is half done.

use std::fs;
use std::net::UdpSocket;
use std::os::unix::fs::PermissionsExt;

use vbmc_tests::net::{free_port, loopback};
use vbmc_tests::{Bmc, Home, Libvirtd, Node, SmallDisk, Vbmcd, build};

/// Checks that `text` contains each of `parts`.
#[track_caller]
fn assert_names(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "it should name {part:?}: {text}");
    }
}

/// The names of the BMCs that there are.
fn names(daemon: &Vbmcd) -> Vec<String> {
    let list = daemon
        .vbmc(["list", "-f", "value", "-c", "Domain name"])
        .ok();
    let lines = list.lines().filter(|line| !line.is_empty());
    lines.map(str::to_owned).collect()
}

#[test]
fn an_unknown_domain_or_bmc() {
    let node = Node::new(["known"]);
    let daemon = Vbmcd::start();
    let uri = node.uri();
    let said = daemon
        .vbmc(["add", "unknown", "--libvirt-uri", &uri])
        .fails_with(1);
    let found = "No domain with matching name unknown was found";
    assert_names(&said, &[found, &uri]);
    for command in ["delete", "start", "stop", "show"] {
        let said = daemon.vbmc([command, "unknown"]).fails_with(1);
        assert_names(&said, &[found, "`vbmc add unknown`"]);
    }
    assert!(names(&daemon).is_empty());
    assert!(!daemon.home().bmc_file("unknown").exists());
}

#[test]
fn a_dead_libvirt_uri() {
    let daemon = Vbmcd::start();
    for uri in [
        "qemu+unix:///system?socket=/nonexistent/libvirt-sock",
        "nonsense:///system",
        "not a uri",
    ] {
        let said = daemon
            .vbmc(["add", "domain", "--libvirt-uri", uri])
            .fails_with(1);
        assert_names(
            &said,
            &["Fail to establish a connection with libvirt URI", uri],
        );
    }
    assert!(names(&daemon).is_empty());
}

#[test]
fn a_frozen_libvirt() {
    let mut libvirtd = Libvirtd::start();
    libvirtd.freeze();
    let daemon = Vbmcd::start();
    let uri = libvirtd.test_uri();
    let said = daemon
        .vbmc(["add", "test", "--libvirt-uri", &uri])
        .fails_with(1);
    assert!(!said.is_empty());
    assert!(names(&daemon).is_empty());
    libvirtd.thaw();
}

#[test]
fn a_port_in_use_and_an_address_that_is_not_ours() {
    let node = Node::new(["first", "second", "elsewhere"]);
    let uri = node.uri();
    let daemon = Vbmcd::start();
    let bmc = daemon.bmc("first", &uri);

    daemon.add("second", &uri, &bmc);
    let said = daemon.vbmc(["start", "second"]).fails_with(1);
    assert_names(&said, &["second", &bmc.port.to_string(), "in use"]);

    let free = free_port().to_string();
    let elsewhere = [
        "--address",
        "192.0.2.77",
        "--port",
        &free,
        "--libvirt-uri",
        &uri,
    ];
    let _ = daemon
        .vbmc(["add", "elsewhere"].into_iter().chain(elsewhere))
        .ok();
    let said = daemon.vbmc(["start", "elsewhere"]).fails_with(1);
    assert_names(&said, &["elsewhere", "192.0.2.77"]);

    bmc.ipmitool(["power", "status"])
        .says("Chassis Power is on");
}

#[test]
fn a_foreign_program_on_the_port_goes_away_again() {
    let node = Node::new(["patient"]);
    let daemon = Vbmcd::start();
    let bmc = Bmc::new(free_port());
    let occupant = UdpSocket::bind(loopback(bmc.port)).expect("the port");
    daemon.add("patient", &node.uri(), &bmc);
    let said = daemon.vbmc(["start", "patient"]).fails_with(1);
    assert_names(&said, &["patient", &bmc.port.to_string()]);
    drop(occupant);
    let _ = daemon.vbmc(["start", "patient"]).ok();
    bmc.ipmitool(["power", "status"])
        .says("Chassis Power is on");
}

#[test]
fn a_name_that_exists_or_cannot_be_one() {
    let node = Node::new(["twice"]);
    let uri = node.uri();
    let daemon = Vbmcd::start();
    let add = |name: &str| daemon.vbmc(["add", name, "--libvirt-uri", &uri]);
    let _ = add("twice").ok();
    let before = fs::read(daemon.home().bmc_file("twice")).expect("its file");
    let said = add("twice").fails_with(1);
    assert_names(&said, &["twice", "already exists"]);
    let after = fs::read(daemon.home().bmc_file("twice")).expect("its file");
    assert_eq!(before, after);

    for name in ["../twice", "a/b", ".", "..", ".hidden", "/etc", ""] {
        assert!(!add(name).fails().is_empty(), "{name:?}");
    }
    assert_eq!(names(&daemon), ["twice"]);
    assert!(!daemon.home().path().join("twice").exists());
}

#[test]
fn a_user_or_password_that_ipmi_cannot_carry() {
    let node = Node::new(["domain"]);
    let uri = node.uri();
    let daemon = Vbmcd::start();
    let long = "123456789-123456789-1";
    let said = daemon
        .vbmc(["add", "domain", "--password", long, "--libvirt-uri", &uri])
        .fails();
    assert_names(&said, &["password", "20"]);
    assert!(
        !said.contains(long),
        "a password must not be printed: {said}"
    );
    let said = daemon
        .vbmc(["add", "domain", "--username", long, "--libvirt-uri", &uri])
        .fails();
    assert_names(&said, &["user", "16"]);
    assert!(names(&daemon).is_empty());
    assert!(!daemon.log().contains(long));
}

#[test]
fn half_of_the_sasl_credentials() {
    let daemon = Vbmcd::start();
    let said = daemon
        .vbmc(["add", "domain", "--libvirt-sasl-username", "somebody"])
        .fails_with(1);
    assert_names(
        &said,
        &["A password and username are required to use Libvirt's SASL authentication"],
    );
}

#[test]
fn wrong_usage() {
    let home = Home::new();
    for args in [
        vec!["nonsense"],
        vec!["add"],
        vec!["add", "domain", "--port", "70000"],
        vec!["add", "domain", "--port", "many"],
        vec!["list", "--nonsense"],
        vec!["start"],
    ] {
        let said = home.vbmc(args.iter().copied()).fails_with(2);
        assert!(!said.is_empty(), "{args:?}");
    }
}

#[test]
fn no_daemon() {
    let home = Home::new();
    home.configure("[default]\nserver_response_timeout = 200\n");
    let said = home.vbmc(["list"]).fails_with(1);
    let socket = home.socket();
    assert_names(
        &said,
        &[
            "Failed to connect to the vbmcd server",
            &socket.to_string_lossy(),
            "vbmcd",
        ],
    );
}

#[test]
fn a_second_daemon() {
    let daemon = Vbmcd::start();
    let second = |args: &[&str]| {
        let vbmcd = daemon.home().run(build::binary("vbmcd")).args(args);
        vbmcd.outcome().fails_with(1)
    };
    let running = format!("server PID #{} still running", daemon.pid());
    assert_names(&second(&["--foreground"]), &[&running]);
    assert_names(&second(&[]), &[&running]);
    let _ = daemon.vbmc(["list"]).ok();
}

#[test]
fn a_broken_configuration_file() {
    for (text, named) in [
        ("[default\nshow_passwords = true\n", "line 1"),
        (
            "[default]\nserver_response_timeout = soon\n",
            "server_response_timeout",
        ),
        ("[default]\nshow_passwords = perhaps\n", "show_passwords"),
    ] {
        let home = Home::new();
        home.configure(text);
        let vbmcd = home.run(build::binary("vbmcd")).args(["--foreground"]);
        let said = vbmcd.outcome().fails_with(1);
        assert_names(&said, &["virtualbmc.conf", named]);
    }
}

#[test]
fn an_unknown_key_is_only_warned_of() {
    let home = Home::new();
    home.configure("[ipmi]\nsession_timout = 10\n");
    let daemon = Vbmcd::start_in(home);
    let _ = daemon.vbmc(["list"]).ok();
    assert_names(&daemon.log(), &["session_timout"]);
}

#[test]
fn a_broken_bmc_file_stops_no_other_bmc() {
    let node = Node::new(["good", "broken"]);
    let uri = node.uri();
    let mut daemon = Vbmcd::start();
    let bmc = daemon.bmc("good", &uri);
    daemon.stop();
    daemon
        .home()
        .write_bmc("broken", "[VirtualBMC]\nport = many\nactive = True\n");
    daemon.start_again();
    bmc.ipmitool(["power", "status"])
        .says("Chassis Power is on");
    let file = daemon.home().bmc_file("broken");
    assert_names(&daemon.log(), &[&file.to_string_lossy()]);
}

#[test]
fn a_full_disk_while_saving() {
    let node = Node::new(["kept", "added"]);
    let uri = node.uri();
    let disk = SmallDisk::mount();
    let home = Home::new();
    home.configure(&format!(
        "[default]\nconfig_dir = {}\ncontrol_socket = {}\n",
        disk.path().display(),
        home.socket().display()
    ));
    let daemon = Vbmcd::start_in(home);
    let _ = daemon.vbmc(["add", "kept", "--libvirt-uri", &uri]).ok();
    let file = disk.path().join("kept/config");
    let before = fs::read(&file).expect("its file");
    disk.fill();

    let said = daemon
        .vbmc(["add", "added", "--libvirt-uri", &uri])
        .fails_with(1);
    assert_names(&said, &["added", "No space left"]);
    // `start` would write active=True.
    let said = daemon.vbmc(["start", "kept"]).fails_with(1);
    assert_names(&said, &["kept", "No space left"]);
    assert_eq!(fs::read(&file).expect("its file"), before);
    assert_eq!(names(&daemon), ["kept"]);
}

#[test]
fn passwords_are_kept_from_others() {
    let node = Node::new(["secret"]);
    let daemon = Vbmcd::start();
    let bmc = daemon.bmc("secret", &node.uri());
    let file = daemon.home().bmc_file("secret");
    let mode = fs::metadata(file).expect("its file").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let socket = fs::metadata(daemon.home().socket()).expect("the socket");
    assert_eq!(socket.permissions().mode() & 0o777, 0o600);
    let shown = daemon.vbmc(["show", "secret"]).ok();
    assert!(!shown.contains(&bmc.password), "{shown}");
    assert!(!daemon.log().contains(&bmc.password));
}
