//! vbmcd as a process: background, pid file, signals, crashes.
#![allow(
    missing_docs,
    dead_code,
    reason = "tests, and helpers that other tests use"
)]

mod support;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixDatagram;
use std::process::Stdio;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use support::{Daemon, Home, free_port, wait_for};

fn stderr(output: &std::process::Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn goes_to_the_background_once() {
    let home = Home::new();
    let output = home.run(&[]);
    assert!(output.status.success(), "{}", stderr(&output));
    let pid = home.pid();
    assert_eq!(
        home.ask("GET", "/v1/version", "").0,
        200,
        "it serves by now"
    );
    let mode = fs::metadata(home.vbmc("master.pid")).unwrap().permissions();
    assert_eq!(mode.mode() & 0o777, 0o644);

    let expected = format!("server PID #{pid} still running");
    for arguments in [&[][..], &["--foreground"]] {
        let second = home.run(arguments);
        assert_eq!(second.status.code(), Some(1));
        assert!(stderr(&second).contains(&expected), "{}", stderr(&second));
    }

    end(pid);
    assert!(!home.vbmc("master.pid").exists() && !home.vbmc("vbmcd.sock").exists());
}

#[test]
fn no_second_one_serves_the_same_bmcs() {
    let home = Home::new();
    assert!(home.run(&[]).status.success());
    let pid = home.pid();
    let second = Home::new();
    second.configure(&format!(
        "[default]\nconfig_dir = {}\ncontrol_socket = {}\n",
        home.vbmc("").display(),
        second.vbmc("vbmcd.sock").display()
    ));
    let refused = second.run(&["--foreground"]);
    assert_eq!(refused.status.code(), Some(1));
    let said = stderr(&refused);
    assert!(said.contains("another vbmcd serves the BMCs in"), "{said}");
    end(pid);
}

fn end(pid: Pid) {
    kill_process(pid, Signal::TERM).unwrap();
    wait_for("its end", || {
        test_kill_process(pid).is_err() || is_zombie(pid)
    });
}

#[test]
fn in_the_background_it_logs_also_when_nobody_said_where() {
    let home = Home::new();
    let log = home.vbmc("vbmcd.log");
    let read = || fs::read_to_string(&log).unwrap_or_default();
    let output = home.run(&[]);
    assert_eq!(stderr(&output), "");
    let pid = home.pid();
    assert!(read().contains("serving"), "{}", read());
    let mode = fs::metadata(&log).unwrap().permissions();
    assert_eq!(mode.mode() & 0o777, 0o600);
    fs::rename(&log, home.vbmc("vbmcd.log.1")).unwrap();
    kill_process(pid, Signal::HUP).unwrap();
    wait_for("the new log", || read().contains("read all files again"));
    end(pid);

    fs::remove_file(&log).unwrap();
    fs::create_dir(&log).unwrap();
    let output = home.run(&[]);
    assert!(output.status.success(), "{}", stderr(&output));
    let said = stderr(&output);
    assert!(
        said.contains("vbmcd.log") && said.contains("nothing is logged"),
        "{said}"
    );
    end(home.pid());
    let output = Daemon::start(&home);
    assert_eq!(output.stop(), Some(0));
    assert!(log.is_dir(), "in the foreground it is not needed");
}

/// Whether it has ended and nobody has asked for its exit code: who adopts it may take a while.
fn is_zombie(pid: Pid) -> bool {
    fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| {
        stat.rsplit(')')
            .next()
            .is_some_and(|rest| rest.starts_with(" Z"))
    })
}

#[test]
fn a_broken_configuration_is_told_with_its_line() {
    let home = Home::new();
    home.configure("[default]\nshow_passwords\n");
    for arguments in [&[][..], &["--foreground"]] {
        let output = home.run(arguments);
        assert_eq!(output.status.code(), Some(1));
        let said = stderr(&output);
        assert!(
            said.contains("virtualbmc.conf") && said.contains("line 2"),
            "{said}"
        );
    }
    assert!(!home.vbmc("master.pid").exists());
}

#[test]
fn the_configuration_is_found_by_the_environment() {
    let home = Home::new();
    let path = home.path().join("other.conf");
    fs::write(&path, "[default]\nserver_port = many\n").unwrap();
    // Relative, and in the background, which is somewhere else.
    let output = home
        .command()
        .current_dir(home.path())
        .env("VIRTUALBMC_CONFIG", "other.conf")
        .output()
        .unwrap();
    assert!(
        stderr(&output).contains("server_port"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn version_and_help_tell_what_they_should() {
    let home = Home::new();
    let version = home.run(&["--version"]);
    let text = String::from_utf8(version.stdout).unwrap();
    assert_eq!(text.trim(), env!("CARGO_PKG_VERSION"));
    let help = String::from_utf8(home.run(&["--help"]).stdout).unwrap();
    assert!(help.contains("--foreground") && help.contains("master.pid"));
    assert!(!help.contains("--detached"));
    assert_eq!(home.run(&["--nonsense"]).status.code(), Some(2));
}

#[test]
fn a_restart_brings_back_what_ran_and_nothing_else() {
    let home = Home::new();
    let daemon = Daemon::start(&home);
    assert_eq!(home.add("test", free_port()).0, 201);
    assert_eq!(home.ask("POST", "/v1/bmcs/test/start", "").0, 200);
    assert_eq!(daemon.stop(), Some(0));
    assert!(home.read_bmc("test").contains("active = True\n"));

    let daemon = Daemon::start(&home);
    assert_eq!(home.status("test").as_deref(), Some("running"));
    // As hard as it gets: the socket and the pid file stay behind.
    daemon.kill();
    assert!(home.vbmc("vbmcd.sock").exists() && home.vbmc("master.pid").exists());
    fs::create_dir(home.vbmc(".vbmcd-half-made")).unwrap();

    let daemon = Daemon::start(&home);
    assert_eq!(home.status("test").as_deref(), Some("running"));
    assert!(!home.vbmc(".vbmcd-half-made").exists());
    assert_eq!(home.ask("POST", "/v1/bmcs/test/stop", "").0, 200);
    assert_eq!(daemon.stop(), Some(0));
    assert!(home.read_bmc("test").contains("active = False\n"));
}

#[test]
fn a_hangup_reads_everything_again_and_reopens_the_log() {
    let home = Home::new();
    let log = home.path().join("vbmcd.log");
    let configure = |show: bool| {
        home.configure(&format!(
            "[default]\nshow_passwords = {show}\nmisspelt = 1\n[log]\nlogfile = {}\n",
            log.display()
        ));
    };
    configure(false);
    let daemon = Daemon::start(&home);
    home.add("test", free_port());
    let show = || home.ask("GET", "/v1/bmcs/test", "").1;
    assert!(show().contains(r#""password":"***""#), "{}", show());

    fs::rename(&log, home.path().join("vbmcd.log.1")).unwrap();
    configure(true);
    daemon.signal(Signal::HUP);
    wait_for("the new log", || {
        fs::read_to_string(&log).is_ok_and(|text| text.contains("read all files again"))
    });
    assert!(show().contains(r#""password":"password""#), "{}", show());
    let old = fs::read_to_string(home.path().join("vbmcd.log.1")).unwrap();
    let pid = daemon.pid();
    assert!(
        old.contains(&format!(" {pid} WARNING VirtualBMC [-] [default] misspelt")),
        "{old}"
    );

    // A mistake is told, and costs nothing.
    home.configure("[default\n");
    daemon.signal(Signal::HUP);
    wait_for("the error", || {
        fs::read_to_string(&log).is_ok_and(|text| text.contains("ERROR") && text.contains("line 1"))
    });
    assert!(show().contains(r#""password":"password""#), "{}", show());
    assert_eq!(daemon.stop(), Some(0));
}

#[test]
fn strangers_files_in_the_sockets_place_stay() {
    let home = Home::new();
    home.configure("");
    fs::write(home.vbmc("vbmcd.sock"), "mine").unwrap();
    let output = home.run(&["--foreground"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        stderr(&output).contains("vbmcd.sock"),
        "{}",
        stderr(&output)
    );
    assert_eq!(fs::read_to_string(home.vbmc("vbmcd.sock")).unwrap(), "mine");
}

#[test]
fn systemd_is_told() {
    let home = Home::new();
    let path = home.path().join("notify");
    let socket = UnixDatagram::bind(&path).unwrap();
    socket
        .set_read_timeout(Some(Duration::from_secs(30)))
        .unwrap();
    let told = |wanted: &str| {
        let mut buffer = [0; 256];
        for _ in 0..1000 {
            let length = socket.recv(&mut buffer).unwrap();
            if String::from_utf8_lossy(&buffer[..length]).contains(wanted) {
                return;
            }
        }
        panic!("{wanted} was not told");
    };
    let mut child = home
        .command()
        .arg("--foreground")
        .env("NOTIFY_SOCKET", &path)
        .env("WATCHDOG_USEC", "20000")
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    told("READY=1");
    told("WATCHDOG=1");
    let pid = Pid::from_child(&child);
    kill_process(pid, Signal::HUP).unwrap();
    told("RELOADING=1");
    told("READY=1");
    kill_process(pid, Signal::TERM).unwrap();
    told("STOPPING=1");
    assert_eq!(child.wait().unwrap().code(), Some(0));
}
