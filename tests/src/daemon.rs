//! vbmcd, started for one test.

use std::fs::{self, File};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::thread;
use std::time::Duration;

use nix::sys::signal::Signal;

use crate::build::binary;
use crate::client::Bmc;
use crate::home::Home;
use crate::net::free_port;
use crate::run::Outcome;
use crate::wait_for;

/// Generous: a loaded machine of two cores.
const START: Duration = Duration::from_secs(20);
const STOP: Duration = Duration::from_secs(10);

/// A vbmcd in a home of its own. Stopped when dropped; after a failure its log is printed.
#[derive(Debug)]
pub struct Vbmcd {
    home: Home,
    process: Option<Child>,
    environment: Vec<(String, String)>,
}

impl Vbmcd {
    /// Starts it in an empty home and waits until it takes commands.
    #[must_use]
    pub fn start() -> Self {
        Self::start_in(Home::new())
    }

    /// Starts it in `home` and waits until it takes commands.
    #[must_use]
    pub fn start_in(home: Home) -> Self {
        Self::start_with(home, &[])
    }

    /// Starts it in `home`, with these environment variables too.
    #[must_use]
    pub fn start_with(home: Home, environment: &[(&str, &str)]) -> Self {
        let environment = environment
            .iter()
            .map(|&(key, value)| (key.to_owned(), value.to_owned()))
            .collect();
        let mut daemon = Self {
            home,
            process: None,
            environment,
        };
        daemon.start_again();
        daemon
    }

    /// Starts it after [`Self::stop`] or [`Self::kill`], and waits until it takes commands.
    ///
    /// # Panics
    ///
    /// When it doesn't come up.
    pub fn start_again(&mut self) {
        assert!(self.process.is_none(), "vbmcd runs already");
        let log = File::options()
            .create(true)
            .append(true)
            .open(self.log_file())
            .expect("the log file");
        let place = self.home.place();
        let child = place
            .service(binary("vbmcd"))
            .arg("--foreground")
            .env("HOME", self.home.path())
            .env_remove("VIRTUALBMC_CONFIG")
            .env_remove("LIBVIRT_DEFAULT_URI")
            .envs(self.environment.iter().cloned())
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("the log file"))
            .stderr(log)
            .spawn()
            .expect("setpriv, of Debian's util-linux");
        let process = self.process.insert(child);
        let socket = self.home.socket();
        wait_for("vbmcd to take commands", START, || {
            if let Some(status) = process.try_wait().expect("the state of vbmcd") {
                panic!("vbmcd ended at once, with {status}");
            }
            UnixStream::connect(&socket).ok().map(drop)
        });
    }

    /// The home that it runs in.
    #[must_use]
    pub fn home(&self) -> &Home {
        &self.home
    }

    /// Its process id.
    ///
    /// # Panics
    ///
    /// When it isn't running.
    #[must_use]
    pub fn pid(&self) -> u32 {
        let process = self.process.as_ref().expect("a running vbmcd");
        let place = self.home.place();
        place.process(process).expect("a running vbmcd")
    }

    /// Whether its process is there still.
    ///
    /// # Panics
    ///
    /// When it was stopped by the test itself.
    #[must_use]
    pub fn is_alive(&mut self) -> bool {
        let process = self.process.as_mut().expect("a running vbmcd");
        process.try_wait().expect("the state of vbmcd").is_none()
    }

    /// The memory that it holds (VmRSS), in KiB.
    ///
    /// # Panics
    ///
    /// When it isn't running.
    #[must_use]
    pub fn resident_kib(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid())).expect("vbmcd");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let number = line.and_then(|line| line.split_whitespace().next());
        number
            .and_then(|number| number.parse().ok())
            .expect("VmRSS")
    }

    /// All that it has logged, over all its starts.
    #[must_use]
    pub fn log(&self) -> String {
        fs::read(self.log_file())
            .map(|log| String::from_utf8_lossy(&log).into_owned())
            .unwrap_or_default()
    }

    /// Runs `vbmc` against it.
    #[track_caller]
    #[must_use]
    pub fn vbmc<'a>(&self, args: impl IntoIterator<Item = &'a str>) -> Outcome {
        self.home.vbmc(args)
    }

    /// Adds and starts a BMC for `domain` of the hypervisor `uri`, on a free port of 127.0.0.1.
    #[track_caller]
    #[must_use]
    pub fn bmc(&self, domain: &str, uri: &str) -> Bmc {
        let bmc = Bmc::new(free_port());
        self.add(domain, uri, &bmc);
        let _ = self.vbmc(["start", domain]).ok();
        bmc
    }

    /// Adds a BMC for `domain` of the hypervisor `uri`, to be reached as `bmc` says, and doesn't start it.
    #[track_caller]
    pub fn add(&self, domain: &str, uri: &str, bmc: &Bmc) {
        let port = bmc.port.to_string();
        let _ = self
            .vbmc([
                "add",
                domain,
                "--port",
                &port,
                "--address",
                "127.0.0.1",
                "--username",
                &bmc.user,
                "--password",
                &bmc.password,
                "--libvirt-uri",
                uri,
            ])
            .ok();
    }

    /// Waits until the listing shows `domain` with `status`.
    #[track_caller]
    pub fn wait_for_status(&self, domain: &str, status: &str) {
        let what = format!("{domain} to be {status}");
        wait_for(&what, START, || {
            let list = self.vbmc(["list", "-f", "value"]).ok();
            let line = format!("{domain} {status} ");
            list.lines().any(|it| it.starts_with(&line)).then_some(())
        });
    }

    /// Stops it as a service manager does, with SIGTERM, and returns its exit code.
    ///
    /// # Panics
    ///
    /// When it doesn't end.
    pub fn stop(&mut self) -> Option<i32> {
        let mut process = self.process.take()?;
        self.home.place().signal(&process, Signal::SIGTERM);
        wait_for("vbmcd to end after SIGTERM", STOP, || {
            process.try_wait().expect("the state of vbmcd")
        })
        .code()
    }

    /// Has it read its files again, with SIGHUP.
    pub fn reload(&self) {
        if let Some(process) = &self.process {
            self.home.place().signal(process, Signal::SIGHUP);
        }
    }

    /// Stops it and gives its home back.
    #[must_use]
    pub fn into_home(mut self) -> Home {
        self.stop();
        std::mem::take(&mut self.home)
    }

    /// Kills it: nothing of what it was about to do is done.
    pub fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            self.home.place().signal(&process, Signal::SIGKILL);
            let _ = process.wait();
        }
    }

    fn log_file(&self) -> PathBuf {
        self.home.path().join("vbmcd.log")
    }
}

impl Drop for Vbmcd {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("--- log of vbmcd\n{}--- end of log", self.log());
            self.kill();
        } else {
            self.stop();
        }
    }
}
