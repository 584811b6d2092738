//! The lock on the directory of the BMCs: two daemons with pid files and control sockets of their own would serve the same
//! BMCs, and write each other's files.

use std::fs::{self, File};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use rustix::fs::{FlockOperation, flock};

/// The lock; gone when this is dropped, or with the process.
#[derive(Debug)]
pub(crate) struct DirLock {
    /// Keeps the lock.
    _dir: File,
}

impl DirLock {
    /// Makes the directory if it is not there, and locks it. None where its file system has no locks.
    pub(crate) fn acquire(dir: &Path) -> Result<Option<Self>> {
        let naming = || format!("the directory of the BMCs {}", dir.display());
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(dir)
            .with_context(naming)?;
        let opened = File::open(dir).with_context(naming)?;
        match flock(&opened, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Some(Self { _dir: opened })),
            Err(rustix::io::Errno::WOULDBLOCK) => bail!(
                "another vbmcd serves the BMCs in {}: stop it, or set another config_dir in section [default]",
                dir.display()
            ),
            Err(error) => {
                tracing::warn!(dir = %dir.display(), %error, "cannot lock the directory of the BMCs");
                Ok(None)
            }
        }
    }
}
