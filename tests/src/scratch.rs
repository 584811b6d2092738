//! Directories for a test's files. They go away with the test: when they are dropped, and when the test is interrupted or
//! killed, and nothing is dropped any more.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use tempfile::TempDir;

/// Reads until nobody is left to write, and deletes the directory with what is mounted in it. Again and again for some
/// seconds, for what the test has started may still be about to end, and write.
const JANITOR: &str = "cat >/dev/null
umount --lazy \"$1\"/*
for _ in $(seq 100); do
    rm -rf \"$1\" && exit
    sleep 0.1
done";

/// The directory of this process, in which all others are.
struct Scratch {
    path: PathBuf,
    // Waits for this process to end, whichever way: then its standard input does.
    _janitor: Child,
}

/// An empty directory whose name begins with `name`; deleted when dropped.
///
/// # Panics
///
/// When it cannot be made.
#[must_use]
pub fn directory(name: &str) -> TempDir {
    tempfile::Builder::new()
        .prefix(&format!("{name}-"))
        .tempdir_in(root())
        .expect("a temporary directory")
}

/// The directory of this process, for files.
///
/// # Panics
///
/// When it cannot be made.
pub(crate) fn root() -> &'static Path {
    static SCRATCH: OnceLock<Scratch> = OnceLock::new();
    &SCRATCH.get_or_init(Scratch::new).path
}

impl Scratch {
    fn new() -> Self {
        let dir = tempfile::Builder::new().prefix("vbmc-tests-").tempdir();
        let path = dir.expect("a temporary directory").keep();
        // In a session of its own: a terminal's Ctrl-C isn't meant for it.
        let janitor = Command::new("setsid")
            .args(["sh", "-c", JANITOR, "janitor"])
            .arg(&path)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("setsid, of Debian's util-linux");
        Self {
            path,
            _janitor: janitor,
        }
    }
}
