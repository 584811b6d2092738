//! No daemon, a strange one, a broken configuration, wrong usage.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;

use crate::daemon::Daemon;
use crate::run::{command, finish, vbmc};

/// Where to look, and how long.
fn configure(daemon: &Daemon, timeout_ms: u32) {
    let text = format!("[default]\nserver_response_timeout = {timeout_ms}\n");
    fs::write(daemon.home().join(".vbmc/virtualbmc.conf"), text).unwrap();
}

#[test]
fn without_a_daemon_the_socket_and_the_way_out_are_named() {
    let daemon = Daemon::absent();
    configure(&daemon, 1);
    let said = vbmc(daemon.home(), &["list"]).failed();
    let socket = daemon.home().join(".vbmc/vbmcd.sock");
    assert_eq!(
        said,
        format!(
            "Failed to connect to the vbmcd server on {}: No such file or directory (os error 2). Start it with \
             `vbmcd`, or set control_socket in section [default] of virtualbmc.conf to where it listens",
            socket.display()
        )
    );
}

#[test]
fn a_daemon_that_is_starting_is_waited_for() {
    let daemon = Daemon::absent();
    configure(&daemon, 60_000);
    let list = command(daemon.home(), &["list", "-f", "json"])
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    daemon.listen();
    let output = list.wait_with_output().unwrap();
    assert_eq!(
        (output.status.code(), output.stdout),
        (Some(0), b"[]\n".to_vec())
    );
}

#[test]
fn a_silent_daemon_is_not_waited_for_forever() {
    let daemon = Daemon::absent();
    configure(&daemon, 100);
    let _silent = UnixListener::bind(daemon.home().join(".vbmc/vbmcd.sock")).unwrap();
    let said = vbmc(daemon.home(), &["list"]).failed();
    assert!(said.contains("no answer within 100 ms"), "{said}");
}

#[test]
fn the_configuration_says_where_the_daemon_is() {
    let daemon = Daemon::start();
    let elsewhere = Daemon::absent();
    let file = elsewhere.home().join("some.conf");
    let run = |text: String| {
        fs::write(&file, text).unwrap();
        finish(command(elsewhere.home(), &["list", "-f", "json"]).env("VIRTUALBMC_CONFIG", &file))
    };
    let dir = daemon.home().join(".vbmc");
    assert_eq!(
        run(format!("[default]\nconfig_dir = {}\n", dir.display())).ok(),
        "[]\n"
    );
    let socket = dir.join("vbmcd.sock");
    assert_eq!(
        run(format!(
            "[default]\ncontrol_socket = {}\n",
            socket.display()
        ))
        .ok(),
        "[]\n"
    );

    let said = run("[default]\nserver_response_timeout = soon\n".to_owned()).failed();
    assert!(
        said.starts_with(&format!("{}: ", file.display())) && said.contains("= soon"),
        "{said}"
    );
}

#[test]
fn a_configuration_that_is_not_there_is_named() {
    let daemon = Daemon::start();
    let mut list = command(daemon.home(), &["list", "-f", "json"]);
    let outcome = finish(list.env("VIRTUALBMC_CONFIG", "/nowhere/some.conf"));
    let said = outcome.stderr.clone();
    assert!(
        said.contains("/nowhere/some.conf, which does not exist"),
        "{said}"
    );
}

#[test]
fn a_long_wait_for_the_daemon_is_told() {
    let daemon = Daemon::absent();
    configure(&daemon, 1500);
    let said = vbmc(daemon.home(), &["list"]).failed();
    assert_eq!(said.matches("waiting for vbmcd").count(), 1, "{said}");
}

#[test]
fn a_socket_of_somebody_else_is_told_at_once() {
    let daemon = Daemon::start();
    let dir = daemon.home().join(".vbmc");
    fs::set_permissions(&dir, Permissions::from_mode(0o000)).unwrap();
    let outcome = vbmc(daemon.home(), &["list"]);
    fs::set_permissions(&dir, Permissions::from_mode(0o700)).unwrap();
    // Root may do everything, and gets its answer.
    if outcome.code != Some(0) {
        assert!(outcome.failed().contains("permission denied"));
    }
}

#[test]
fn a_full_disk_is_told() {
    let daemon = Daemon::start();
    let full = fs::OpenOptions::new()
        .write(true)
        .open("/dev/full")
        .unwrap();
    let output = command(daemon.home(), &["list"])
        .stdout(full)
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(
        said,
        "cannot write the output: No space left on device (os error 28)\n"
    );
}

#[test]
fn wrong_usage_exits_with_2_and_says_so_on_stderr() {
    let home = Daemon::absent();
    for args in [
        &[][..],
        &["frob"],
        &["lst"],
        &["st", "x"],
        &["start"],
        &["show"],
        &["show", "a", "b"],
        &["show", ""],
        &["list", "-f", "xml"],
        &["list", "--sort-ascending", "--sort-descending"],
        &["add", "x", "--port", "70000"],
        &["-v", "-q", "list"],
    ] {
        let outcome = vbmc(home.home(), args);
        assert_eq!(
            (outcome.code, outcome.stdout.as_str()),
            (Some(2), ""),
            "{args:?}"
        );
        assert!(!outcome.stderr.is_empty(), "{args:?}");
    }
}

#[test]
fn a_log_file_that_cannot_be_written_is_named() {
    let daemon = Daemon::start();
    let said = vbmc(daemon.home(), &["--log-file", "/no/such/dir/log", "list"]).failed();
    assert!(
        said.starts_with("cannot write the log file /no/such/dir/log: "),
        "{said}"
    );
}

#[test]
fn help_version_and_completions_need_no_daemon() {
    let home = Daemon::absent();
    for args in [
        &["--help"][..],
        &["help", "add"],
        &["add", "--help"],
        &["completion", "bash"],
        &["completion", "zsh"],
        &["completion", "fish"],
    ] {
        assert!(!vbmc(home.home(), args).ok().is_empty(), "{args:?}");
    }
    assert_eq!(
        vbmc(home.home(), &["--version"]).ok(),
        concat!("vbmc ", env!("CARGO_PKG_VERSION"), "\n")
    );
}
