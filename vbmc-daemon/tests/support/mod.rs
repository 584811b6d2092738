//! A vbmcd of the test's own, in a home directory of its own.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, UdpSocket};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

/// A home directory.
pub(crate) struct Home(TempDir);

impl Home {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// A path below `~/.vbmc`.
    pub(crate) fn vbmc(&self, path: &str) -> PathBuf {
        self.path().join(".vbmc").join(path)
    }

    pub(crate) fn configure(&self, text: &str) {
        fs::create_dir_all(self.vbmc("")).unwrap();
        fs::write(self.vbmc("virtualbmc.conf"), text).unwrap();
    }

    /// Writes a BMC's file as other programs do.
    pub(crate) fn write_bmc(&self, name: &str, text: &str) {
        fs::create_dir_all(self.vbmc(name)).unwrap();
        fs::write(self.vbmc(name).join("config"), text).unwrap();
    }

    pub(crate) fn read_bmc(&self, name: &str) -> String {
        fs::read_to_string(self.vbmc(name).join("config")).unwrap()
    }

    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_vbmcd"));
        command
            .env("HOME", self.path())
            .env_remove("VIRTUALBMC_CONFIG")
            .env_remove("RUST_LOG")
            .env_remove("NOTIFY_SOCKET")
            .stdin(Stdio::null());
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        self.command().args(arguments).output().unwrap()
    }

    pub(crate) fn pid(&self) -> Pid {
        let text = fs::read_to_string(self.vbmc("master.pid")).unwrap();
        Pid::from_raw(text.trim().parse().unwrap()).unwrap()
    }

    /// Asks the daemon. Returns the status and the body.
    pub(crate) fn ask(&self, method: &str, path: &str, body: &str) -> (u16, String) {
        ask(&self.vbmc("vbmcd.sock"), method, path, body)
    }

    pub(crate) fn add(&self, domain: &str, port: u16) -> (u16, String) {
        self.ask("POST", "/v1/bmcs", &new_bmc(domain, port))
    }

    /// What a BMC is doing, as listed.
    pub(crate) fn status(&self, name: &str) -> Option<String> {
        let (_, body) = self.ask("GET", "/v1/bmcs", "");
        let list: serde_json::Value = serde_json::from_str(&body).unwrap();
        let bmcs = list.as_array().unwrap();
        let bmc = bmcs.iter().find(|bmc| bmc["domain_name"] == name)?;
        bmc["status"].as_str().map(str::to_owned)
    }
}

/// A BMC to be added, of libvirt's built-in test driver.
pub(crate) fn new_bmc(domain: &str, port: u16) -> String {
    serde_json::json!({
        "domain_name": domain, "username": "admin", "password": "password", "address": "127.0.0.1", "port": port,
        "libvirt_uri": "test:///default",
    })
    .to_string()
}

/// One request over a connection of its own.
pub(crate) fn ask(socket: &Path, method: &str, path: &str, body: &str) -> (u16, String) {
    let mut stream = UnixStream::connect(socket).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(30)))
        .unwrap();
    let length = body.len();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: vbmcd\r\nConnection: close\r\nContent-Type: application/json\r\n\
         Content-Length: {length}\r\n\r\n"
    );
    // A body that is refused for its size need not be read to its end.
    let _ = stream.write_all((head + body).as_bytes());
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, body.to_owned())
}

/// A vbmcd in the foreground. Killed on drop if it still runs.
pub(crate) struct Daemon {
    child: Child,
}

impl Daemon {
    /// Starts it and waits until it answers.
    pub(crate) fn start(home: &Home) -> Self {
        let log = fs::File::options()
            .create(true)
            .append(true)
            .open(home.path().join("stderr"))
            .unwrap();
        let child = home
            .command()
            .arg("--foreground")
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        let daemon = Self { child };
        wait_for("the daemon's socket", || {
            UnixStream::connect(home.vbmc("vbmcd.sock")).is_ok()
        });
        daemon
    }

    pub(crate) fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).unwrap();
    }

    /// Ends it as systemd does, and returns its exit code.
    pub(crate) fn stop(mut self) -> Option<i32> {
        self.signal(Signal::TERM);
        self.child.wait().unwrap().code()
    }

    /// Ends it as the kernel does when memory is short.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // It has ended already in most tests.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits until something is so; far longer than it ever takes.
pub(crate) fn wait_for(what: &str, condition: impl Fn() -> bool) {
    for _ in 0..3000 {
        if condition() {
            return;
        }
        thread::sleep(Duration::from_millis(10));
    }
    panic!("{what}: waited in vain");
}

/// A port that is free right now.
pub(crate) fn free_port() -> u16 {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    socket.local_addr().unwrap().port()
}
