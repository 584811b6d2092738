//! The libvirt host against a libvirtd of the test's own that is frozen, killed and started again.
//!
//! The daemon serves libvirt's test driver, so that no guest is needed. It has a mount namespace to itself where the
//! test runs as root, since libvirtd knows one place for its state; otherwise a home of its own.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, Uid};
use tempfile::TempDir;

use vbmc_core::host::libvirt::Hypervisors;
use vbmc_core::host::{CheckError, Host, HostError, Hosts, PowerAction, PowerStatus, Target};

/// How long anything may take before a test gives up.
const PATIENCE: Duration = Duration::from_secs(30);

/// A libvirtd that ends with the test.
struct Libvirtd {
    home: TempDir,
    process: Option<Child>,
}

impl Libvirtd {
    fn start() -> Self {
        let home = tempfile::Builder::new()
            .prefix("vbmc-libvirtd-")
            .tempdir()
            .unwrap();
        let config = format!(
            "unix_sock_dir = \"{}\"\nauth_unix_rw = \"none\"\nauth_unix_ro = \"none\"\n",
            home.path().display()
        );
        std::fs::write(home.path().join("libvirtd.conf"), config).unwrap();
        let mut daemon = Self {
            home,
            process: None,
        };
        daemon.run();
        daemon
    }

    fn socket(&self) -> PathBuf {
        self.home.path().join("libvirt-sock")
    }

    fn target(&self, domain: &str) -> Target {
        let uri = format!("test+unix:///default?socket={}", self.socket().display());
        Target {
            uri,
            sasl: None,
            domain: domain.into(),
        }
    }

    fn run(&mut self) {
        let home = self.home.path();
        // The pid stays the same through both `exec`s.
        let script = "for dir in /run/libvirt /var/lib/libvirt /var/cache/libvirt /etc/libvirt; do
                          if [ \"$1\" = 0 ] && [ -d $dir ]; then mount -t tmpfs tmpfs $dir || exit; fi
                      done
                      exec libvirtd --config \"$2/libvirtd.conf\" --pid-file \"$2/pid\"";
        let mut command = if Uid::effective().is_root() {
            let mut command = Command::new("unshare");
            command.args(["--mount", "sh"]);
            command
        } else {
            Command::new("sh")
        };
        command
            .args(["-c", script, "libvirtd"])
            .arg(Uid::effective().to_string())
            .arg(home);
        for variable in [
            "HOME",
            "XDG_RUNTIME_DIR",
            "XDG_CONFIG_HOME",
            "XDG_CACHE_HOME",
        ] {
            command.env(variable, home);
        }
        command.env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
        let log = std::fs::File::create(home.join("log")).unwrap();
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log);
        self.process = Some(
            command
                .spawn()
                .expect("sh and unshare (util-linux) can be run"),
        );
    }

    fn signal(&self, signal: Signal) {
        let process = self.process.as_ref().expect("libvirtd runs");
        kill(Pid::from_raw(process.id().cast_signed()), signal).unwrap();
    }

    fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().unwrap();
            process.wait().unwrap();
        }
    }

    /// Connects once the daemon is there.
    async fn connect(&mut self) -> (Hypervisors, Arc<dyn Host>) {
        let hosts = Hypervisors::new();
        let target = self.target("test");
        let connected = async {
            while let Err(error) = hosts.check(&target).await {
                let ended = self
                    .process
                    .as_mut()
                    .and_then(|process| process.try_wait().unwrap());
                if let Some(status) = ended {
                    let log = std::fs::read_to_string(self.home.path().join("log"));
                    panic!(
                        "libvirtd ended ({status}); is it installed (libvirt-daemon-system)? {error}\n{}",
                        log.unwrap_or_default()
                    );
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(PATIENCE, connected)
            .await
            .expect("libvirtd did not come up");
        let host = hosts.host(&target);
        (hosts, host)
    }
}

impl Drop for Libvirtd {
    fn drop(&mut self) {
        self.kill();
    }
}

async fn power(host: &dyn Host) -> Result<PowerStatus, HostError> {
    host.power().wait().await
}

async fn until(host: &dyn Host, wanted: impl Fn(&Result<PowerStatus, HostError>) -> bool) {
    let arrived = async {
        while !wanted(&power(host).await) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, arrived)
        .await
        .expect("the state did not arrive");
}

fn unavailable<T>(result: &Result<T, HostError>) -> bool {
    matches!(result, Err(HostError::Unavailable(_)))
}

async fn control(host: &dyn Host, action: PowerAction) -> Result<(), HostError> {
    tokio::time::timeout(PATIENCE, host.control(action).wait())
        .await
        .expect("a call hung")
}

#[tokio::test]
async fn a_frozen_libvirtd_is_noticed_and_the_others_are_not_disturbed() {
    let (mut frozen, mut other) = (Libvirtd::start(), Libvirtd::start());
    let (_hosts, host) = frozen.connect().await;
    let (_other_hosts, other_host) = other.connect().await;
    assert!(power(&*host).await.unwrap().on);

    frozen.signal(Signal::SIGSTOP);
    // Before anybody can have noticed, and then when it is known: it ends, and never with success.
    assert!(unavailable(&control(&*host, PowerAction::Off).await));
    until(&*host, unavailable).await;
    assert!(unavailable(&control(&*host, PowerAction::Off).await));
    let check = Hypervisors::new().check(&frozen.target("test")).await;
    assert!(
        matches!(check, Err(CheckError::Connection { .. })),
        "{check:?}"
    );

    for action in [PowerAction::Off, PowerAction::On] {
        control(&*other_host, action).await.unwrap();
    }
    assert!(power(&*other_host).await.unwrap().on);
    assert!(unavailable(&power(&*host).await), "still frozen");

    frozen.signal(Signal::SIGCONT);
    until(&*host, Result::is_ok).await;
    // What was asked for before may or may not have reached libvirtd; the state is the true one, and can be changed.
    for (action, on) in [(PowerAction::Off, false), (PowerAction::On, true)] {
        control(&*host, action).await.unwrap();
        assert_eq!(power(&*host).await.unwrap().on, on);
    }
}

#[tokio::test]
async fn a_request_joins_the_same_one_in_flight_and_another_one_has_to_wait() {
    let mut daemon = Libvirtd::start();
    let (_hosts, host) = daemon.connect().await;
    let starts = power(&*host).await.unwrap().starts;
    // Nobody has noticed yet; all that is asked for stays in flight.
    daemon.signal(Signal::SIGSTOP);
    let replies = [(); 3].map(|()| host.control(PowerAction::Cycle));
    let other = host.control(PowerAction::Off).wait().await;
    daemon.signal(Signal::SIGCONT);
    assert!(unavailable(&other), "{other:?}");
    for reply in replies {
        reply.wait().await.unwrap();
    }
    assert_eq!(
        power(&*host).await.unwrap().starts,
        starts + 1,
        "it ran once"
    );
}

#[tokio::test]
async fn a_libvirtd_that_comes_back_is_found_and_asked_anew() {
    let mut daemon = Libvirtd::start();
    let (hosts, host) = daemon.connect().await;
    control(&*host, PowerAction::Off).await.unwrap();
    let starts = power(&*host).await.unwrap().starts;

    daemon.kill();
    until(&*host, unavailable).await;
    assert!(unavailable(&control(&*host, PowerAction::On).await));
    let check = hosts.check(&daemon.target("test")).await;
    assert!(
        matches!(check, Err(CheckError::Connection { .. })),
        "{check:?}"
    );

    // The new daemon's machine is on, as if somebody had switched it on meanwhile.
    daemon.run();
    until(&*host, Result::is_ok).await;
    let status = power(&*host).await.unwrap();
    assert!(status.on);
    assert_eq!(status.starts, starts + 1);
    control(&*host, PowerAction::Off).await.unwrap();
    assert!(!power(&*host).await.unwrap().on);
}

#[tokio::test]
async fn a_libvirtd_killed_in_the_middle_of_calls_leaves_no_call_unanswered() {
    let mut daemon = Libvirtd::start();
    let (_hosts, host) = daemon.connect().await;
    let calls: Vec<_> = (0..20)
        .map(|_| tokio::spawn(host.identity().wait()))
        .collect();
    let action = tokio::spawn(host.control(PowerAction::Cycle).wait());
    daemon.kill();
    let answers = async {
        for call in calls {
            let answer = call.await.unwrap();
            assert!(answer.is_ok() || unavailable(&answer), "{answer:?}");
        }
        let answer = action.await.unwrap();
        assert!(answer.is_ok() || unavailable(&answer), "{answer:?}");
    };
    tokio::time::timeout(PATIENCE, answers)
        .await
        .expect("a call was left unanswered");
    until(&*host, unavailable).await;
    daemon.run();
    until(&*host, Result::is_ok).await;
}

#[tokio::test]
async fn a_libvirtd_that_freezes_with_many_calls_in_flight_takes_nobody_along() {
    let mut daemon = Libvirtd::start();
    let (_hosts, host) = daemon.connect().await;
    // Each time, the supervisor's own call and some of these are in flight when the connection is given up.
    for _ in 0..2 {
        daemon.signal(Signal::SIGSTOP);
        let calls: Vec<_> = (0..8)
            .map(|_| tokio::spawn(host.identity().wait()))
            .collect();
        until(&*host, unavailable).await;
        daemon.signal(Signal::SIGCONT);
        for call in calls {
            let answer = tokio::time::timeout(PATIENCE, call).await;
            let answer = answer.expect("a call hung").unwrap();
            assert!(answer.is_ok() || unavailable(&answer), "{answer:?}");
        }
        until(&*host, Result::is_ok).await;
    }
}
