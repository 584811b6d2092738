//! A libvirtd of the test's own, which can be stopped, frozen and killed: QEMU and libvirt's test driver behind one
//! socket, in namespaces of its own (see `libvirtd.sh`). Any number run side by side, and beside one of the system.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::thread;
use std::time::Duration;

use nix::unistd::Uid;
use tempfile::TempDir;

use crate::place::{Place, first_child};
use crate::run::{Outcome, Run};
use crate::scratch;
use crate::wait_for;

const START: Duration = Duration::from_secs(30);

/// A running libvirtd; it and its virtual machines end when this is dropped.
#[derive(Debug)]
pub struct Libvirtd {
    dir: TempDir,
    namespaces: Child,
    // An Option so that it can be closed before the end is waited for.
    commands: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Libvirtd {
    /// Starts it and waits until it takes connections.
    ///
    /// # Panics
    ///
    /// When it doesn't come up.
    #[must_use]
    pub fn start() -> Self {
        let dir = scratch::directory("libvirtd");
        let mut unshare = Command::new("unshare");
        unshare.args([
            "--mount",
            "--net",
            "--pid",
            "--fork",
            "--kill-child",
            "--mount-proc",
        ]);
        if !Uid::effective().is_root() {
            unshare.arg("--map-root-user");
        }
        let mut namespaces = unshare
            .args(["sh", "-c", include_str!("libvirtd.sh"), "libvirtd.sh"])
            .arg(dir.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("unshare, of Debian's util-linux");
        let commands = namespaces.stdin.take();
        let answers = BufReader::new(namespaces.stdout.take().expect("a pipe"));
        let mut libvirtd = Self {
            dir,
            namespaces,
            commands,
            answers,
        };
        libvirtd.start_again();
        libvirtd
    }

    /// Its namespaces, for other programs to be run in. They end with it.
    ///
    /// # Panics
    ///
    /// When the namespaces have ended.
    #[must_use]
    pub fn place(&self) -> Place {
        let init = first_child(self.namespaces.id());
        Place::inside(init.expect("the first process of the namespaces"))
    }

    /// Starts it after [`Self::stop`] or [`Self::kill`], and waits until it takes connections.
    ///
    /// # Panics
    ///
    /// When it doesn't come up.
    pub fn start_again(&mut self) {
        self.command("start");
        let socket = self.socket();
        wait_for("libvirtd to take connections", START, || {
            UnixStream::connect(&socket).ok().map(drop)
        });
    }

    /// Stops it in an orderly way. Virtual machines keep running; libvirt's test driver forgets its own.
    pub fn stop(&mut self) {
        self.command("stop");
    }

    /// Kills it. Virtual machines keep running; libvirt's test driver forgets its own.
    pub fn kill(&mut self) {
        self.command("kill");
    }

    /// Freezes it: connections stay open, and nothing answers.
    pub fn freeze(&mut self) {
        self.command("freeze");
    }

    /// Lets it go on after [`Self::freeze`].
    pub fn thaw(&mut self) {
        self.command("thaw");
    }

    /// The URI of its QEMU driver.
    #[must_use]
    pub fn qemu_uri(&self) -> String {
        format!("qemu+unix:///system?socket={}", self.socket().display())
    }

    /// The URI of its test driver, which has one domain, `test`, running. All connections see the same domains, until
    /// the last is closed; then those that were changed are as they were.
    #[must_use]
    pub fn test_uri(&self) -> String {
        format!("test+unix:///default?socket={}", self.socket().display())
    }

    /// A directory that virtual machines may use; deleted at the end.
    #[must_use]
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// Runs virsh on the hypervisor `uri`.
    #[track_caller]
    #[must_use]
    pub fn virsh<'a>(&self, uri: &str, args: impl IntoIterator<Item = &'a str>) -> Outcome {
        Run::new("virsh")
            .env("HOME", self.dir())
            .args(["-q", "-c", uri])
            .args(args)
            .outcome()
    }

    /// Waits until libvirt knows what QEMU can do. It finds out by running it, which fails now and then on a loaded
    /// machine, upon which nothing can be defined until it has tried again.
    #[track_caller]
    pub fn wait_for_qemu(&self) {
        wait_for("libvirt to know QEMU", START, || {
            let capabilities = ["domcapabilities", "--virttype", "qemu"];
            let asked = self.virsh(&self.qemu_uri(), capabilities);
            (asked.code == Some(0)).then_some(())
        });
    }

    /// Defines a domain on the hypervisor `uri`.
    ///
    /// # Panics
    ///
    /// When libvirt refuses it.
    #[track_caller]
    pub fn define(&self, uri: &str, name: &str, xml: &str) {
        let file = self.dir().join(format!("{name}.xml"));
        fs::write(&file, xml).expect("the domain's XML");
        let _ = self.virsh(uri, ["define", &file.to_string_lossy()]).ok();
    }

    /// Opens a connection to the hypervisor `uri` that stays open.
    ///
    /// # Panics
    ///
    /// When it can't be opened.
    #[must_use]
    pub fn connection(&self, uri: &str) -> Connection {
        let mut virsh = Command::new("virsh")
            .env("HOME", self.dir())
            .args(["-q", "-c", uri])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("virsh");
        let mut commands = virsh.stdin.take().expect("a pipe");
        writeln!(commands, "hostname").expect("virsh takes commands");
        let mut answers = BufReader::new(virsh.stdout.take().expect("a pipe"));
        let mut answer = String::new();
        answers.read_line(&mut answer).expect("virsh's answer");
        assert!(!answer.is_empty(), "virsh can't connect to {uri}");
        Connection {
            virsh,
            commands: Some(commands),
            _answers: answers,
        }
    }

    /// The state of a domain as virsh prints it: `running`, `shut off`.
    #[track_caller]
    #[must_use]
    pub fn state(&self, uri: &str, domain: &str) -> String {
        self.virsh(uri, ["domstate", domain]).ok().trim().to_owned()
    }

    /// A domain's XML as it will be at its next start.
    #[track_caller]
    #[must_use]
    pub fn inactive_xml(&self, uri: &str, domain: &str) -> String {
        self.virsh(uri, ["dumpxml", "--inactive", domain]).ok()
    }

    /// A domain's XML as it runs now.
    #[track_caller]
    #[must_use]
    pub fn live_xml(&self, uri: &str, domain: &str) -> String {
        self.virsh(uri, ["dumpxml", domain]).ok()
    }

    fn socket(&self) -> PathBuf {
        self.dir.path().join("libvirt-sock")
    }

    fn command(&mut self, command: &str) {
        let commands = self.commands.as_mut().expect("the pipe to libvirtd.sh");
        writeln!(commands, "{command}").expect("libvirtd.sh takes commands");
        let mut answer = String::new();
        self.answers.read_line(&mut answer).expect("an answer");
        assert_eq!(
            answer.trim_end(),
            command,
            "libvirtd.sh should have done it; namespaces and tmpfs need root, or user namespaces"
        );
    }
}

impl Drop for Libvirtd {
    fn drop(&mut self) {
        if thread::panicking() {
            let log = fs::read_to_string(self.dir.path().join("libvirtd.log"));
            eprintln!(
                "--- log of libvirtd\n{}--- end of log",
                log.unwrap_or_default()
            );
        }
        drop(self.commands.take());
        let _ = self.namespaces.wait();
    }
}

/// A connection that does nothing but stay open, until it is dropped.
#[derive(Debug)]
pub struct Connection {
    virsh: Child,
    commands: Option<ChildStdin>,
    // Kept, so that virsh finds a reader whatever it says.
    _answers: BufReader<ChildStdout>,
}

impl Drop for Connection {
    fn drop(&mut self) {
        drop(self.commands.take());
        let _ = self.virsh.wait();
    }
}
