//! One run at a time on a lab: two would take each other's half-made things for finished ones.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};
use std::path::Path;

use anyhow::{Context as _, bail};

/// Held for as long as a run goes on; the system lets go of it, however the run ends.
#[derive(Debug)]
pub(crate) struct Lock {
    file: File,
}

impl Drop for Lock {
    /// Closing the file would not do: a process that is just being started holds a copy of it until it runs its program,
    /// and the lock with it.
    fn drop(&mut self) {
        // Fails for what is no file alone.
        let _ = self.file.unlock();
    }
}

impl Lock {
    /// Takes the lock of a workspace, which is made where there is none. Fails at once while another run holds it.
    pub(crate) fn take(workspace: &Path) -> anyhow::Result<Self> {
        let path = workspace.join("lock");
        let wrong = || format!("cannot use {}", path.display());
        std::fs::create_dir_all(workspace).with_context(wrong)?;
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .with_context(wrong)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                // Whoever it is: that it holds the lock is what counts.
                let _ = file.read_to_string(&mut holder);
                let holder = match holder.trim() {
                    "" => String::new(),
                    process => format!(" (process {process})"),
                };
                bail!("another vbmc{holder} is at work on this lab; wait until it has ended");
            }
            Err(TryLockError::Error(error)) => return Err(error).with_context(wrong),
        }
        file.rewind().with_context(wrong)?;
        file.set_len(0).with_context(wrong)?;
        writeln!(file, "{}", std::process::id()).with_context(wrong)?;
        Ok(Self { file })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_at_a_time() {
        let workspace = tempfile::tempdir().unwrap();
        let path = workspace.path().join("new");
        let lock = Lock::take(&path).unwrap();
        let error = Lock::take(&path).unwrap_err().to_string();
        assert_eq!(
            error,
            format!(
                "another vbmc (process {}) is at work on this lab; wait until it has ended",
                std::process::id()
            )
        );
        // As a process that is just being started has it.
        let _copy = lock.file.try_clone().unwrap();
        drop(lock);
        Lock::take(&path).unwrap();
    }
}
