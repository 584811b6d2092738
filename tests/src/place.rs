//! Where a program runs: on this machine as it is, or inside the namespaces of a [`crate::Libvirtd`], with their mounts,
//! network and process ids.

use std::ffi::OsStr;
use std::fs;
use std::process::{Child, Command};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// A place to run programs in.
#[derive(Debug, Clone, Copy, Default)]
pub struct Place {
    /// The first process of the namespaces; none: this machine as it is.
    init: Option<u32>,
}

impl Place {
    /// The namespaces whose first process is `init`.
    #[must_use]
    pub(crate) const fn inside(init: u32) -> Self {
        Self { init: Some(init) }
    }

    /// A command for `program`, found in `PATH` or where Debian keeps administrators' tools.
    #[must_use]
    pub fn command(self, program: impl AsRef<OsStr>) -> Command {
        let mut command = match self.init {
            None => Command::new(program),
            Some(init) => {
                let mut command = Command::new("nsenter");
                command.args(["--mount", "--net", "--pid", "--wd=/", "--target"]);
                // setpriv: a nsenter that is killed leaves nothing behind.
                command.args([&init.to_string(), "setpriv", "--pdeathsig", "KILL", "--"]);
                command.arg(program);
                command
            }
        };
        let path = std::env::var("PATH").unwrap_or_default();
        command.env("PATH", format!("{path}:/usr/sbin:/sbin"));
        command
    }

    /// A command for `program` that ends with this test, also if that dies without cleaning up.
    #[must_use]
    pub fn service(self, program: impl AsRef<OsStr>) -> Command {
        let inner = self.command(program);
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL", "--"]);
        command.arg(inner.get_program()).args(inner.get_args());
        for (key, value) in inner.get_envs() {
            command.env(key, value.unwrap_or_default());
        }
        command
    }

    /// The process id, as this machine counts, of the program that was started in this place as `child`.
    #[must_use]
    pub fn process(self, child: &Child) -> Option<u32> {
        match self.init {
            None => Some(child.id()),
            Some(_) => first_child(child.id()),
        }
    }

    /// Sends a signal to the program that was started in this place as `child`.
    pub fn signal(self, child: &Child, signal: Signal) {
        let pid = self.process(child).and_then(|pid| i32::try_from(pid).ok());
        if let Some(pid) = pid {
            // It may have ended by itself; then there is nothing to tell it.
            let _ = kill(Pid::from_raw(pid), signal);
        }
    }
}

/// The first child of a process.
pub(crate) fn first_child(pid: u32) -> Option<u32> {
    let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).ok()?;
    children.split_whitespace().next()?.parse().ok()
}
