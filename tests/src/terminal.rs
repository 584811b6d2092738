//! A terminal with a program in it, and somebody who types.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::process::{Child, Command};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use nix::pty::openpty;
use nix::sys::signal::{Signal, kill};
use nix::sys::termios::{Termios, tcgetattr};
use nix::unistd::Pid;
use tempfile::NamedTempFile;

use crate::wait_for;

/// For what a guest does under emulation on a loaded machine.
const LIMIT: Duration = Duration::from_secs(90);

/// A program that has a terminal to itself; killed when dropped.
#[derive(Debug)]
pub struct Terminal {
    child: Child,
    keyboard: File,
    slave: OwnedFd,
    before: Termios,
    said: Arc<Mutex<Vec<u8>>>,
    /// Up to where what it said has been waited for.
    seen: usize,
    _secret: Option<NamedTempFile>,
}

impl Terminal {
    /// Starts `command` on a terminal of its own. `secret` is there as long as it runs.
    ///
    /// # Panics
    ///
    /// When it can't be started.
    #[must_use]
    pub fn start(command: &Command, secret: Option<NamedTempFile>) -> Self {
        let pty = openpty(None, None).expect("a terminal");
        // Or the program would hold its own other end.
        fcntl(&pty.master, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC)).expect("a terminal");
        let before = tcgetattr(&pty.slave).expect("the terminal's modes");
        let end = || pty.slave.try_clone().expect("a terminal");
        let mut setsid = Command::new("setsid");
        setsid.args(["--ctty", "--wait"]);
        setsid.arg(command.get_program()).args(command.get_args());
        for (key, value) in command.get_envs() {
            setsid.env(key, value.unwrap_or_default());
        }
        let child = setsid
            .stdin(end())
            .stdout(end())
            .stderr(end())
            .spawn()
            .expect("setsid, of Debian's util-linux");
        let keyboard = File::from(pty.master);
        let mut screen = keyboard.try_clone().expect("a terminal");
        let said = Arc::<Mutex<Vec<u8>>>::default();
        let heard = Arc::clone(&said);
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(len @ 1..) = screen.read(&mut buffer) {
                let mut said = heard.lock().unwrap_or_else(PoisonError::into_inner);
                said.extend_from_slice(&buffer[..len]);
            }
        });
        Self {
            child,
            keyboard,
            slave: pty.slave,
            before,
            said,
            seen: 0,
            _secret: secret,
        }
    }

    /// All that was shown so far.
    #[must_use]
    pub fn said(&self) -> String {
        let said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&said).into_owned()
    }

    /// Waits until it shows `text`, behind what was waited for before.
    ///
    /// # Panics
    ///
    /// When it doesn't.
    #[track_caller]
    pub fn wait_for(&mut self, text: &str) {
        let seen = self.seen;
        let found = wait_for(&format!("the terminal to show {text:?}"), LIMIT, || {
            let said = self.said();
            let found = said.get(seen..)?.find(text);
            assert!(
                found.is_some() || self.child.try_wait().is_ok_and(|ended| ended.is_none()),
                "it ended, and never showed {text:?}"
            );
            found
        });
        self.seen += found + text.len();
    }

    /// Types `keys`.
    ///
    /// # Panics
    ///
    /// When the terminal is gone.
    pub fn type_keys(&mut self, keys: &str) {
        self.keyboard
            .write_all(keys.as_bytes())
            .expect("a terminal");
    }

    /// Logs in at the console of a guest of [`Guest::login`](crate::Guest::login), which comes up.
    ///
    /// # Panics
    ///
    /// When it doesn't let anybody in.
    #[track_caller]
    pub fn log_in(&mut self) {
        self.wait_for("login: ");
        self.type_keys("root\r");
        self.wait_for("Password: ");
        self.type_keys(&format!("{}\r", crate::guest::PASSWORD));
        self.wait_for("~ # ");
    }

    /// Sends the program a signal.
    ///
    /// # Panics
    ///
    /// When it has ended.
    pub fn signal(&self, signal: Signal) {
        // setsid has become the program: a process that is nobody's leader needs no other one for that.
        let pid = i32::try_from(self.child.id()).expect("a process id");
        kill(Pid::from_raw(pid), signal).expect("a running program");
    }

    /// Waits until the program has ended, and gives its exit code. The terminal must be as it was before.
    ///
    /// # Panics
    ///
    /// When it doesn't end, or leaves the terminal in another state.
    #[track_caller]
    pub fn end(&mut self) -> Option<i32> {
        let status = wait_for("the program on the terminal to end", LIMIT, || {
            self.child.try_wait().expect("the state of a child")
        });
        let after = tcgetattr(&self.slave).expect("the terminal's modes");
        assert_eq!(after, self.before, "the terminal is as it was");
        status.code()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("--- terminal\n{}\n--- end of terminal", self.said());
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
