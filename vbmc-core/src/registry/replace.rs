//! A file written anew as a whole, or not at all; and one that only grows.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, fchown};
use std::path::{Path, PathBuf};

/// The new file, beside the old one, until it takes its place. Always the same, so that a crash leaves one at most.
pub(super) fn temporary(path: &Path) -> io::Result<PathBuf> {
    let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
    let mut temporary = OsString::from(".");
    temporary.push(name);
    temporary.push(".new");
    Ok(path.with_file_name(temporary))
}

/// Writes a file anew: to a temporary one that takes its place once it is on the disk. Its mode is 0600, and its owner
/// stays if there was one and the system lets us.
pub(super) fn replace(path: &Path, text: &str, owner: Option<(u32, u32)>) -> io::Result<()> {
    let dir = path.parent().ok_or(io::ErrorKind::InvalidInput)?;
    let temporary = temporary(path)?;
    remove_if_there(&temporary)?;
    let result = write_new(&temporary, text, owner).and_then(|()| fs::rename(&temporary, path));
    if result.is_err() {
        remove_if_there(&temporary)?;
    }
    result?;
    sync_dir(dir)
}

/// Appends to a file, which is made where there is none, and puts it on the disk. Its mode is 0600.
pub(super) fn append(path: &Path, text: &str) -> io::Result<()> {
    let mut open = OpenOptions::new();
    open.append(true).mode(0o600);
    let (mut file, new) = match open.open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            (open.create_new(true).open(path)?, true)
        }
        opened => (opened?, false),
    };
    file.write_all(text.as_bytes())?;
    file.sync_data()?;
    match path.parent() {
        Some(dir) if new => sync_dir(dir),
        _ => Ok(()),
    }
}

/// Puts a directory's entries on the disk.
pub(super) fn sync_dir(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}

fn write_new(path: &Path, text: &str, owner: Option<(u32, u32)>) -> io::Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(text.as_bytes())?;
    let meta = file.metadata()?;
    if let Some((user, group)) = owner
        && (meta.uid(), meta.gid()) != (user, group)
        && let Err(error) = fchown(&file, Some(user), Some(group))
    {
        // Root alone may give files away; anybody else's become their own.
        tracing::debug!(path = %path.display(), %error, "cannot keep the file's owner");
    }
    file.sync_all()
}

/// Removes a file; that there is none is fine.
pub(super) fn remove_if_there(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_appended_comes_behind_what_is_there() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log");
        append(&path, "one\n").unwrap();
        append(&path, "two\n").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "one\ntwo\n");
        let mode = fs::metadata(&path).unwrap().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_failure_leaves_the_old_file_and_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("config");
        replace(&path, "old", None).unwrap();
        replace(&path, "new", None).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
        // A directory cannot be replaced by a file.
        let taken = dir.path().join("taken");
        fs::create_dir(&taken).unwrap();
        replace(&taken, "x", None).unwrap_err();
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2);
    }
}
