//! The control API, asked over its socket.
#![allow(
    missing_docs,
    dead_code,
    reason = "tests, and helpers that other tests use"
)]

mod support;

use std::fs;
use std::net::UdpSocket;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;

use rustix::process::{Resource, Rlimit, prlimit};
use support::{Daemon, Home, ask, free_port, new_bmc, wait_for};

/// Names the socket to the process that plays a stranger.
const STRANGER: &str = "VBMCD_TEST_STRANGER_SOCKET";

/// A user whom nobody knows.
const NOBODY: u32 = 65534;

#[test]
fn a_bmc_lives_through_all_requests() {
    let home = Home::new();
    let daemon = Daemon::start(&home);
    assert_eq!(home.ask("GET", "/v1/bmcs", ""), (200, "[]".into()));
    let port = free_port();
    let (status, body) = home.add("test", port);
    assert_eq!(status, 201, "{body}");
    let bmc: serde_json::Value = serde_json::from_str(&body).unwrap();
    assert_eq!(
        (&bmc["status"], &bmc["active"], &bmc["password"]),
        (&"down".into(), &false.into(), &"***".into())
    );
    let (status, body) = home.ask("POST", "/v1/bmcs/test/start", "");
    assert_eq!(status, 200, "{body}");
    assert_eq!(home.ask("POST", "/v1/bmcs/test/start", "").0, 200);
    let (_, list) = home.ask("GET", "/v1/bmcs", "");
    let expected = format!(
        r#"[{{"domain_name":"test","status":"running","address":"127.0.0.1","port":{port}}}]"#
    );
    assert_eq!(list, expected);
    assert_eq!(home.ask("POST", "/v1/bmcs/test/stop", "").0, 200);
    assert_eq!(
        home.ask("DELETE", "/v1/bmcs/test", ""),
        (204, String::new())
    );
    assert!(!home.vbmc("test").exists());
    let log = fs::read_to_string(home.path().join("stderr")).unwrap();
    assert!(!log.contains("password"), "{log}");
    assert_eq!(daemon.stop(), Some(0));
}

#[test]
fn refusals_say_what_and_why() {
    let home = Home::new();
    let daemon = Daemon::start(&home);
    let port = free_port();
    assert_eq!(home.add("test", port).0, 201);
    let add = |change: &dyn Fn(&mut serde_json::Value)| {
        let mut new: serde_json::Value = serde_json::from_str(&new_bmc("other", 6230)).unwrap();
        change(&mut new);
        home.ask("POST", "/v1/bmcs", &new.to_string())
    };
    for (change, status, said) in [
        (
            (&|new: &mut serde_json::Value| new["domain_name"] = "test".into())
                as &dyn Fn(&mut serde_json::Value),
            409,
            "Domain test already exists",
        ),
        (&|_| {}, 404, "No domain with matching name other was found"),
        (
            &|new| new["libvirt_uri"] = "test:///no/such/file".into(),
            502,
            "Fail to establish a connection with libvirt URI \\\"test:///no/such/file\\\". Error: ",
        ),
        (
            &|new| new["libvirt_sasl_username"] = "me".into(),
            400,
            "A password and username are required to use Libvirt's SASL authentication",
        ),
        (
            &|new| new["password"] = "p".repeat(21).into(),
            400,
            "password is 21 bytes long; IPMI allows 20 at most",
        ),
        (&|new| new["domain_name"] = "../up".into(), 400, "../up"),
        (
            &|new| new["address"] = "here".into(),
            400,
            "is not an IP address",
        ),
        (
            &|new| new["port"] = 0.into(),
            400,
            "port must be 1 to 65535",
        ),
        (&|new| new["port"] = 70000.into(), 422, "70000"),
    ] {
        let (got, body) = add(change);
        assert!(got == status && body.contains(said), "{got} {body}");
    }
    for (method, path) in [
        ("GET", "/v1/bmcs/other"),
        ("GET", "/v1/bmcs/other/credentials"),
        ("DELETE", "/v1/bmcs/other"),
        ("POST", "/v1/bmcs/other/start"),
        ("POST", "/v1/bmcs/other/stop"),
    ] {
        let expected = r#"{"message":"No domain with matching name other was found: there is no such BMC (`vbmc list`); `vbmc add other` makes one"}"#;
        assert_eq!(home.ask(method, path, ""), (404, expected.into()));
    }
    assert_eq!(
        fs::read_dir(home.vbmc("")).unwrap().count(),
        3,
        "pid, socket, test"
    );

    let taken = UdpSocket::bind(("127.0.0.1", port)).unwrap();
    let (status, body) = home.ask("POST", "/v1/bmcs/test/start", "");
    assert_eq!(status, 409, "{body}");
    assert!(
        body.contains("127.0.0.1") && body.contains(&port.to_string()),
        "{body}"
    );
    assert_eq!(home.status("test").as_deref(), Some("error"));
    drop(taken);
    assert_eq!(home.ask("POST", "/v1/bmcs/test/start", "").0, 200);
    assert_eq!(daemon.stop(), Some(0));
}

#[test]
fn a_running_bmc_is_changed_and_its_login_told() {
    let home = Home::new();
    let daemon = Daemon::start(&home);
    let (port, other) = (free_port(), free_port());
    assert_eq!(home.add("test", port).0, 201);
    assert_eq!(home.ask("POST", "/v1/bmcs/test/start", "").0, 200);
    let path = "/v1/bmcs/test";
    let change = |body: serde_json::Value| home.ask("PATCH", path, &body.to_string());
    let login = || home.ask("GET", "/v1/bmcs/test/credentials", "");
    let expected = |port: u16, user: &str, password: &str| {
        let json = format!(
            r#"{{"address":"127.0.0.1","port":{port},"username":"{user}","password":"{password}"}}"#
        );
        (200, json)
    };
    assert_eq!(login(), expected(port, "admin", "password"));
    let (status, body) =
        change(serde_json::json!({"port": other, "username": "ops", "password": "s3cret word"}));
    assert_eq!(status, 200, "{body}");
    assert!(
        body.contains("\"running\"") && body.contains("***"),
        "{body}"
    );
    assert_eq!(login(), expected(other, "ops", "s3cret word"));
    UdpSocket::bind(("127.0.0.1", port)).expect("it left its old port");
    let saved = home.read_bmc("test");
    assert!(saved.contains("s3cret word") && saved.contains("active = True"));

    let taken = UdpSocket::bind(("127.0.0.1", port)).unwrap();
    let (status, body) = change(serde_json::json!({"port": port}));
    assert!(
        status == 409 && body.contains("goes on as it was") && body.contains("another program"),
        "{status} {body}"
    );
    drop(taken);
    for (body, status, said) in [
        (serde_json::json!({"address": "here"}), 400, "IP address"),
        (serde_json::json!({"port": 0}), 400, "1 to 65535"),
        (
            serde_json::json!({"libvirt_sasl_username": "me"}),
            400,
            "SASL",
        ),
        (
            serde_json::json!({"libvirt_uri": "test:///no/such/file"}),
            502,
            "no/such/file",
        ),
        (serde_json::json!({"colour": "red"}), 422, "colour"),
    ] {
        let (got, answer) = change(body);
        assert!(got == status && answer.contains(said), "{got} {answer}");
    }
    assert_eq!(login(), expected(other, "ops", "s3cret word"));
    assert_eq!(home.read_bmc("test"), saved);
    assert_eq!(home.status("test").as_deref(), Some("running"));
    home.write_bmc("broken", "no INI file");
    wait_for("the broken one", || home.status("broken").is_some());
    assert_eq!(home.ask("GET", "/v1/bmcs/broken/credentials", "").0, 409);
    let log = fs::read_to_string(home.path().join("stderr")).unwrap();
    assert!(!log.contains("s3cret"), "{log}");
    assert_eq!(daemon.stop(), Some(0));
}

#[test]
fn every_request_is_answered_in_json() {
    let home = Home::new();
    let daemon = Daemon::start(&home);
    let huge = format!("\"{}\"", "x".repeat(100_000));
    for (method, path, body, status) in [
        ("POST", "/v1/bmcs", "{", 400),
        ("POST", "/v1/bmcs", "{}", 422),
        ("POST", "/v1/bmcs", huge.as_str(), 413),
        ("GET", "/", "", 404),
        ("GET", "/v1/bmcs/%ff", "", 400),
        ("PUT", "/v1/bmcs", "", 405),
    ] {
        let (got, answer) = home.ask(method, path, body);
        assert_eq!(got, status, "{method} {path}: {answer}");
        let problem: serde_json::Value = serde_json::from_str(&answer).unwrap();
        assert!(problem["message"].is_string(), "{answer}");
    }
    let (status, document) = home.ask("GET", "/v1/openapi.json", "");
    assert!(status == 200 && document.contains("/v1/bmcs/{name}/start"));
    assert_eq!(daemon.stop(), Some(0));
}

#[test]
fn the_socket_is_ours_alone() {
    let home = Home::new();
    let _daemon = Daemon::start(&home);
    let mode = fs::metadata(home.vbmc("vbmcd.sock")).unwrap().permissions();
    assert_eq!(mode.mode() & 0o777, 0o600);
}

/// Only root can play somebody else; the rule itself has a unit test.
#[test]
fn a_stranger_is_refused_even_where_the_socket_lets_him() {
    if let Some(socket) = std::env::var_os(STRANGER) {
        let (status, body) = ask(Path::new(&socket), "GET", "/v1/bmcs", "");
        assert!(
            status == 403 && body.contains("control_group"),
            "{status} {body}"
        );
        return;
    }
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let home = Home::new();
    let _daemon = Daemon::start(&home);
    let open = |path: &Path| fs::set_permissions(path, fs::Permissions::from_mode(0o777)).unwrap();
    for path in [home.path(), &home.vbmc(""), &home.vbmc("vbmcd.sock")] {
        open(path);
    }
    let program = home.path().join("stranger");
    fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    let output = Command::new(&program)
        .args([
            "--exact",
            "a_stranger_is_refused_even_where_the_socket_lets_him",
        ])
        .env(STRANGER, home.vbmc("vbmcd.sock"))
        .uid(NOBODY)
        .gid(NOBODY)
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
}

#[test]
fn a_full_disk_loses_nothing() {
    let home = Home::new();
    let daemon = Daemon::start(&home);
    assert_eq!(home.add("test", free_port()).0, 201);
    let before = home.read_bmc("test");
    let limit = |bytes| {
        let limit = Rlimit {
            current: bytes,
            maximum: None,
        };
        prlimit(Some(daemon.pid()), Resource::Fsize, limit).unwrap();
    };
    // Files may have no bytes from now on: what a full disk does, without one.
    limit(Some(0));
    let (status, body) = home.ask("POST", "/v1/bmcs/test/start", "");
    assert!(
        status >= 500 && body.contains("test/config"),
        "{status} {body}"
    );
    assert!(body.contains("make room"), "{body}");
    assert_eq!(home.status("test").as_deref(), Some("down"));
    assert_eq!(home.read_bmc("test"), before);
    home.ask("DELETE", "/v1/bmcs/test", "");
    let (status, body) = home.add("test", free_port());
    assert!(
        status >= 500 && body.contains("make room"),
        "{status} {body}"
    );
    assert_eq!(
        fs::read_dir(home.vbmc("")).unwrap().count(),
        2,
        "pid and socket"
    );
    limit(None);
    assert_eq!(home.add("test", free_port()).0, 201);
    assert_eq!(home.ask("POST", "/v1/bmcs/test/start", "").0, 200);
    assert_eq!(daemon.stop(), Some(0));
}

#[test]
fn files_of_other_programs_take_effect() {
    let home = Home::new();
    let original = |port: u16, active: &str| {
        format!(
            "[VirtualBMC]\nusername = admin\npassword = pass%%word\nport = {port}\naddress = 127.0.0.1\n\
             domain_name = test\nlibvirt_uri = test:///default\nactive = {active}\n\n"
        )
    };
    home.write_bmc("before", &original(free_port(), "True"));
    let daemon = Daemon::start(&home);
    assert_eq!(home.status("before").as_deref(), Some("running"));
    home.write_bmc("after", &original(free_port(), "True"));
    let is = |name: &'static str, status: Option<&'static str>| {
        let home = &home;
        move || home.status(name).as_deref() == status
    };
    wait_for("the new BMC", is("after", Some("running")));
    home.write_bmc("after", &original(free_port(), "False"));
    wait_for("its stop", is("after", Some("down")));
    home.write_bmc("after", "no INI file");
    wait_for("its error", is("after", Some("error")));
    let (_, body) = home.ask("GET", "/v1/bmcs/after", "");
    assert!(body.contains("line 1"), "{body}");
    fs::remove_dir_all(home.vbmc("after")).unwrap();
    wait_for("its end", is("after", None));
    assert_eq!(home.status("before").as_deref(), Some("running"));
    assert_eq!(daemon.stop(), Some(0));
}
