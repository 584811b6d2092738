//! The real VirtualBMC, against which ours is judged as a drop-in.

use std::fs::File;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

use crate::build::target_dir;
use crate::home::Home;
use crate::run::Outcome;
use crate::wait_for;

const BOUND: Duration = Duration::from_secs(30);

/// The Python environment that `scripts/prerequisites` makes, with VirtualBMC and pyghmi: `target/venv`, unless
/// `VBMC_TEST_VENV` names another.
///
/// # Panics
///
/// When it isn't there.
#[must_use]
pub fn venv() -> PathBuf {
    let named = std::env::var_os("VBMC_TEST_VENV").map(PathBuf::from);
    let venv = named.unwrap_or_else(|| target_dir().join("venv"));
    assert!(
        venv.join("bin/python").exists(),
        "{} has no Python: run scripts/prerequisites, which installs all that the tests need",
        venv.display()
    );
    venv
}

/// VirtualBMC's own vbmcd, in a home that ours may use before and after. Stopped when dropped.
#[derive(Debug)]
pub struct VirtualBmc<'home> {
    home: &'home Home,
    process: Child,
}

impl<'home> VirtualBmc<'home> {
    /// Starts it and waits until it takes commands.
    ///
    /// # Panics
    ///
    /// When it doesn't come up.
    #[must_use]
    pub fn start_in(home: &'home Home) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free TCP port");
        let address = listener.local_addr().expect("a bound socket");
        home.configure(&format!("[default]\nserver_port = {}\n", address.port()));
        drop(listener);
        let log = File::create(home.path().join("virtualbmc.log")).expect("the log file");
        // A process group, since it starts a process for each of its BMCs.
        let process = Command::new("setpriv")
            .args(["--pdeathsig", "TERM", "--"])
            .arg(venv().join("bin/vbmcd"))
            .arg("--foreground")
            .env("HOME", home.path())
            .env_remove("VIRTUALBMC_CONFIG")
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("the log file"))
            .stderr(log)
            .process_group(0)
            .spawn()
            .expect("setpriv, of Debian's util-linux");
        let started = Self { home, process };
        wait_for("VirtualBMC to take commands", BOUND, || {
            TcpStream::connect(address).ok().map(drop)
        });
        started
    }

    /// Runs VirtualBMC's own `vbmc`.
    #[track_caller]
    #[must_use]
    pub fn vbmc<'a>(&self, args: impl IntoIterator<Item = &'a str>) -> Outcome {
        self.home.run(venv().join("bin/vbmc")).args(args).outcome()
    }

    /// Waits until its listing shows `domain` with `status`.
    #[track_caller]
    pub fn wait_for_status(&self, domain: &str, status: &str) {
        wait_for(&format!("{domain} to be {status}"), BOUND, || {
            let list = self.vbmc(["list", "-f", "value"]).ok();
            list.contains(&format!("{domain} {status} ")).then_some(())
        });
    }

    /// Stops it as a service manager does.
    pub fn stop(self) {
        drop(self);
    }
}

impl Drop for VirtualBmc<'_> {
    fn drop(&mut self) {
        let group = i32::try_from(self.process.id()).expect("a process id");
        let _ = killpg(Pid::from_raw(group), Signal::SIGTERM);
        if !thread::panicking() {
            wait_for("VirtualBMC to end after SIGTERM", BOUND, || {
                self.process.try_wait().expect("the state of vbmcd")
            });
        }
        // What is left of its group, whichever way it ended.
        let _ = killpg(Pid::from_raw(group), Signal::SIGKILL);
        let _ = self.process.wait();
    }
}
