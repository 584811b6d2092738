//! One who plays a node's ramdisk, for tests of faults: see `bin/ramdisk`.

use std::net::IpAddr;
use std::process::{Child, Stdio};

use crate::build::binary;
use crate::place::Place;

/// A running player; ends when dropped.
#[derive(Debug)]
pub struct Player {
    place: Place,
    process: Child,
}

impl Player {
    /// Plays the ramdisk of the node with the network card `mac`, for the Ironic at `url`, which reaches it at `address`.
    /// With `failure`, it hands over that in place of what it found.
    ///
    /// # Panics
    ///
    /// When it can't be started.
    #[must_use]
    pub fn start(
        place: Place,
        url: &str,
        address: IpAddr,
        mac: &str,
        failure: Option<&str>,
    ) -> Self {
        let mut ramdisk = place.service(binary("ramdisk"));
        if let Some(failure) = failure {
            ramdisk.args(["--fail", failure]);
        }
        let process = ramdisk
            .args(["--api", url, "--mac", mac])
            .args(["--address", &address.to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .expect("the ramdisk's player");
        Self { place, process }
    }
}

impl Drop for Player {
    fn drop(&mut self) {
        self.place
            .signal(&self.process, nix::sys::signal::Signal::SIGKILL);
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
