//! The pid file: one daemon at a time, and the number to send signals to.
//!
//! The lock is what counts; the number in it is for people and scripts. So a file that a crash or a reboot left behind
//! is in nobody's way. VirtualBMC's own daemon does not lock: it is recognised by its command line.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::os::unix::fs::{
    DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _,
};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use rustix::fs::{FlockOperation, flock};

/// How often the file may be taken away between opening and locking it.
const ATTEMPTS: usize = 10;

/// The locked file. Removed on drop.
#[derive(Debug)]
pub(crate) struct PidFile {
    path: PathBuf,
    /// Keeps the lock.
    _file: File,
}

impl PidFile {
    /// Locks the file and writes our number into it.
    pub(crate) fn acquire(path: &Path) -> Result<Self> {
        let naming = || format!("the pid file {}", path.display());
        if let Some(dir) = path.parent() {
            fs::DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(dir)
                .with_context(naming)?;
        }
        for _ in 0..ATTEMPTS {
            let mut file = OpenOptions::new()
                .read(true)
                .write(true)
                .create(true)
                .truncate(false)
                .mode(0o644)
                .open(path)
                .with_context(naming)?;
            let number = read(&mut file);
            match flock(&file, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => {}
                Err(rustix::io::Errno::WOULDBLOCK) => match number {
                    Some(number) => bail!("server PID #{number} still running"),
                    None => bail!(
                        "another server is just starting; it holds {}",
                        path.display()
                    ),
                },
                Err(error) => return Err(error).with_context(naming),
            }
            // The one before us may have removed it after we opened it: then the next one would lock another file.
            if !is_still(path, &file) {
                continue;
            }
            if let Some(number) = number.filter(|number| is_original(*number)) {
                bail!("server PID #{number} still running");
            }
            write(&mut file).with_context(naming)?;
            return Ok(Self {
                path: path.to_owned(),
                _file: file,
            });
        }
        bail!(
            "{} is removed again and again by another program",
            path.display()
        )
    }
}

impl Drop for PidFile {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_file(&self.path) {
            tracing::warn!(path = %self.path.display(), %error, "cannot remove the pid file");
        }
    }
}

fn read(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.take(16).read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}

fn write(file: &mut File) -> io::Result<()> {
    file.set_permissions(fs::Permissions::from_mode(0o644))?;
    file.set_len(0)?;
    file.rewind()?;
    writeln!(file, "{}", std::process::id())
}

fn is_still(path: &Path, file: &File) -> bool {
    let identity = |meta: fs::Metadata| (meta.dev(), meta.ino());
    let there = fs::metadata(path).map(identity);
    let ours = file.metadata().map(identity);
    matches!((there, ours), (Ok(there), Ok(ours)) if there == ours)
}

/// Whether that process is VirtualBMC's vbmcd, a Python program.
fn is_original(number: u32) -> bool {
    let Ok(command) = fs::read(format!("/proc/{number}/cmdline")) else {
        return false;
    };
    let mut words = command
        .split(|byte| *byte == 0)
        .map(|word| word.rsplit(|byte| *byte == b'/').next().unwrap_or(word));
    words.next().is_some_and(|word| word.starts_with(b"python")) && words.next() == Some(b"vbmcd")
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::CommandExt as _;
    use std::process::{Command, Stdio};

    use super::*;

    #[test]
    fn holds_the_real_number_until_it_is_dropped() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("made/master.pid");
        let held = PidFile::acquire(&path).unwrap();
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!(text.trim(), std::process::id().to_string());
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o644);
        let error = PidFile::acquire(&path).unwrap_err().to_string();
        let expected = format!("server PID #{} still running", std::process::id());
        assert_eq!(error, expected);
        drop(held);
        assert!(!path.exists());
    }

    #[test]
    fn stale_files_are_ignored() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("master.pid");
        // What VirtualBMC leaves, garbage, and a number that somebody else has by now.
        for stale in ["0", "what", "1", ""] {
            fs::write(&path, stale).unwrap();
            PidFile::acquire(&path).unwrap();
        }
    }

    #[test]
    fn virtualbmcs_own_daemon_is_recognised_without_a_lock() {
        let dir = tempfile::tempdir().unwrap();
        let script = dir.path().join("vbmcd");
        fs::write(&script, "").unwrap();
        // Looks like `python3 /usr/bin/vbmcd`, and waits for its standard input to end.
        let mut original = Command::new("cat")
            .arg0("/usr/bin/python3")
            .args([script.as_os_str(), "-".as_ref()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        // A process has no command line yet at the moment it is started; one that answers has.
        let (stdin, stdout) = (original.stdin.as_mut(), original.stdout.as_mut());
        stdin.unwrap().write_all(b"?").unwrap();
        stdout.unwrap().read_exact(&mut [0]).unwrap();
        let path = dir.path().join("master.pid");
        fs::write(&path, original.id().to_string()).unwrap();
        let error = PidFile::acquire(&path).unwrap_err().to_string();
        original.kill().unwrap();
        original.wait().unwrap();
        assert!(error.contains("still running"), "{error}");
        PidFile::acquire(&path).expect("it has ended");
    }
}
