//! Directories for what is half made, inside the images directory: moving out of them is one step.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use rustix::fs::{FlockOperation, flock};

/// The images directory, which nobody else works in meanwhile.
#[derive(Debug)]
pub(super) struct Workshop {
    path: PathBuf,
    /// Locked until it is dropped.
    lock: File,
}

impl Drop for Workshop {
    /// Closing the file would not do: a process that is just being started holds a copy of it until it runs its program,
    /// and the lock with it.
    fn drop(&mut self) {
        // Fails for what is no file alone.
        let _ = flock(&self.lock, FlockOperation::Unlock);
    }
}

impl Workshop {
    /// Makes the directory where it isn't there.
    pub(super) fn open(path: &Path) -> anyhow::Result<Self> {
        let cannot = || format!("cannot use the images directory {}", path.display());
        fs::create_dir_all(path).with_context(cannot)?;
        let directory = File::open(path).with_context(cannot)?;
        match flock(&directory, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Self {
                path: path.to_owned(),
                lock: directory,
            }),
            Err(rustix::io::Errno::WOULDBLOCK) => bail!(
                "another vbmc makes images in {} now; wait until it is done",
                path.display()
            ),
            Err(error) => Err(error).with_context(cannot),
        }
    }

    /// An empty directory to make an image in. What an interrupted run has left there is removed.
    pub(super) fn scratch(&self, image: &str) -> anyhow::Result<Scratch> {
        let path = self.path.join(name(image));
        remove(&path)?;
        fs::create_dir(&path).with_context(|| format!("cannot make {}", path.display()))?;
        Ok(Scratch { path })
    }
}

/// What the directory is called that an image is made in.
pub(super) fn name(image: &str) -> String {
    format!(".building-{image}")
}

/// A directory that is removed at the end.
#[derive(Debug)]
pub(super) struct Scratch {
    path: PathBuf,
}

impl Scratch {
    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Err(error) = remove(&self.path) {
            tracing::warn!("{error:#}");
        }
    }
}

/// Removes a directory and all that is in it, but nothing that is mounted there: that may be the system itself.
pub(super) fn remove(path: &Path) -> anyhow::Result<()> {
    let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    if let Some(point) = mounted_below(&mounts, path) {
        bail!(
            "a command has left {point} mounted: unmount it, and remove {}",
            path.display()
        );
    }
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", path.display()))
        }
        _ => Ok(()),
    }
}

/// A mount point below `path`, as the kernel writes it.
fn mounted_below<'m>(mountinfo: &'m str, path: &Path) -> Option<&'m str> {
    let points = mountinfo.lines().filter_map(|line| line.split(' ').nth(4));
    // The kernel writes a space as \040: what we compare with has to look the same.
    let written = path
        .to_string_lossy()
        .replace('\\', r"\134")
        .replace(' ', r"\040");
    points
        .into_iter()
        .find(|point| Path::new(point).starts_with(&written))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_at_a_time_works_in_a_directory() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("images");
        let workshop = Workshop::open(&path).unwrap();
        let error = Workshop::open(&path).unwrap_err().to_string();
        assert!(error.contains("another vbmc"), "{error}");
        drop(workshop);
        Workshop::open(&path).unwrap();
    }

    #[test]
    fn its_end_is_the_locks_end_also_where_a_starting_process_has_a_copy() {
        let directory = tempfile::tempdir().unwrap();
        let workshop = Workshop::open(directory.path()).unwrap();
        let _copy = workshop.lock.try_clone().unwrap();
        drop(workshop);
        Workshop::open(directory.path()).unwrap();
    }

    #[test]
    fn nothing_stays_of_a_scratch_directory_nor_of_the_last_one() {
        let directory = tempfile::tempdir().unwrap();
        let workshop = Workshop::open(directory.path()).unwrap();
        let left = directory.path().join(".building-a/deep");
        fs::create_dir_all(&left).unwrap();
        let scratch = workshop.scratch("a").unwrap();
        assert!(!left.exists());
        fs::write(scratch.path().join("file"), "x").unwrap();
        drop(scratch);
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
    }

    #[test]
    fn what_is_mounted_is_seen() {
        let mounts = "36 35 98:0 / / rw - ext4 /dev/root rw\n\
                      37 36 98:0 / /images/my\\040lab/.building-a/root rw - tmpfs tmpfs rw\n";
        let below = |path: &str| mounted_below(mounts, Path::new(path));
        assert_eq!(
            below("/images/my lab/.building-a"),
            Some(r"/images/my\040lab/.building-a/root")
        );
        assert_eq!(below("/images/my lab/.building-b"), None);
        assert_eq!(below("/images/my lab/.building-a/root/etc"), None);
    }
}
