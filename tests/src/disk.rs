//! A disk that can be full.

use std::fs::File;
use std::io::Write;
use std::path::Path;

use tempfile::TempDir;

use crate::run::Run;
use crate::scratch;

/// A small filesystem; unmounted when dropped.
#[derive(Debug)]
pub struct SmallDisk {
    dir: TempDir,
}

impl SmallDisk {
    /// Mounts it.
    ///
    /// # Panics
    ///
    /// When that isn't permitted: it takes root.
    #[must_use]
    pub fn mount() -> Self {
        let dir = scratch::directory("disk");
        let mount = ["-t", "tmpfs", "-o", "size=64k", "tmpfs"];
        let _ = Run::new("mount")
            .args(mount)
            .args([dir.path()])
            .outcome()
            .ok();
        Self { dir }
    }

    /// Where it is mounted.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    /// Leaves no room for another byte.
    ///
    /// # Panics
    ///
    /// When it is full already.
    pub fn fill(&self) {
        let mut file = File::create(self.path().join("filling")).expect("a file");
        while file.write_all(&[0; 1024]).is_ok() {}
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily: what is open there still must not keep it.
        let umount = Run::new("umount").args(["--lazy"]);
        let _ = umount.args([self.dir.path()]).outcome();
    }
}
