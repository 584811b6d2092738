//! The directory of results: what goes in replaces what was there, and nothing in it grows without bound.

use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

/// Of a longer log, the end is kept: what went wrong stands there.
const MAX_LOG: u64 = 4 << 20;

/// The directory, and what could not be gathered.
#[derive(Debug)]
pub(super) struct Folder {
    dir: PathBuf,
    changed: usize,
    missing: Vec<String>,
}

impl Folder {
    pub(super) fn new(dir: impl Into<PathBuf>) -> Self {
        Self {
            dir: dir.into(),
            changed: 0,
            missing: Vec::new(),
        }
    }

    /// How many files are new, or other than before.
    pub(super) fn changed(&self) -> usize {
        self.changed
    }

    /// What could not be gathered, a phrase each.
    pub(super) fn missing(&self) -> &[String] {
        &self.missing
    }

    /// Notes that something could not be gathered.
    pub(super) fn miss(&mut self, what: impl Into<String>) {
        self.missing.push(what.into());
    }

    /// Writes a file; `name` is below the directory.
    pub(super) fn write(&mut self, name: impl AsRef<Path>, content: impl AsRef<[u8]>) {
        let path = self.dir.join(name);
        if is_there(&path, content.as_ref()) {
            return;
        }
        match write(&path, content.as_ref()) {
            Ok(()) => self.changed += 1,
            Err(error) => self.miss(format!("cannot write {}: {error}", path.display())),
        }
    }

    /// Copies a log, or its end. One that is not there is none that could be gathered.
    pub(super) fn copy_log(&mut self, log: &Path, name: impl AsRef<Path>) {
        match log_end(log, 0) {
            Ok(content) => self.write(name, content),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => self.unreadable(log, &error),
        }
    }

    /// Copies a whole file, such as an archive.
    pub(super) fn copy(&mut self, file: &Path, name: impl AsRef<Path>) {
        let path = self.dir.join(name);
        match open_regular(file).and_then(|mut from| io::copy(&mut from, &mut create(&path)?)) {
            Ok(_) => self.changed += 1,
            Err(error) => self.unreadable(file, &error),
        }
    }

    /// Empties a directory below this one, for what is gathered anew.
    pub(super) fn clear(&mut self, name: impl AsRef<Path>) {
        let path = self.dir.join(name);
        match fs::remove_dir_all(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                self.miss(format!("cannot empty {}: {error}", path.display()));
            }
            _ => {}
        }
    }

    pub(super) fn unreadable(&mut self, path: &Path, error: &io::Error) {
        self.miss(format!("cannot read {}: {error}", path.display()));
    }
}

/// Whether a file of ours has this content already.
fn is_there(path: &Path, content: &[u8]) -> bool {
    let there = fs::symlink_metadata(path).is_ok_and(|there| there.is_file());
    there && fs::read(path).is_ok_and(|there| there == content)
}

fn write(path: &Path, content: &[u8]) -> io::Result<()> {
    create(path)?.write_all(content)
}

/// Makes a directory for results, which is its owner's alone: logs may tell much.
pub(crate) fn make_directory(directory: &Path) -> io::Result<()> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(directory)
}

/// Opens a file that grows from run to run.
pub(crate) fn append(path: &Path) -> io::Result<File> {
    if let Some(directory) = path.parent() {
        make_directory(directory)?;
    }
    File::options()
        .append(true)
        .create(true)
        .mode(0o600)
        .open(path)
}

fn create(path: &Path) -> io::Result<File> {
    if let Some(directory) = path.parent() {
        make_directory(directory)?;
    }
    // Anew: one that is there may be somebody's link to another place.
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    File::options()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
}

/// Neither a pipe nor a device may hold the run up.
fn open_regular(path: &Path) -> io::Result<File> {
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::other("it is not a file"));
    }
    File::open(path)
}

/// A log's end: whole lines, after a line that says what is missing. Of what stands before `from`, nothing, unless the file
/// is another one by now.
pub(crate) fn log_end(path: &Path, from: u64) -> io::Result<Vec<u8>> {
    let new = fs::metadata(path)?.len().checked_sub(from);
    match new {
        Some(0) => Ok(Vec::new()),
        Some(new) => end_of(path, new.min(MAX_LOG)),
        None => end_of(path, MAX_LOG),
    }
}

fn end_of(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let mut file = open_regular(path)?;
    let skipped = file.metadata()?.len().saturating_sub(limit);
    let mut content = Vec::new();
    let mut reader = BufReader::new(&mut file);
    if skipped > 0 {
        reader.seek(SeekFrom::Start(skipped))?;
        let cut = reader.skip_until(b'\n')? as u64;
        writeln!(content, "[the first {} bytes are left out]", skipped + cut)?;
    }
    // It may be growing.
    reader.take(limit).read_to_end(&mut content)?;
    Ok(content)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_long_log_is_kept_from_its_end() {
        let dir = tempfile::tempdir().unwrap();
        let log = dir.path().join("log");
        fs::write(&log, "first line\nsecond line\nlast line\n").unwrap();
        assert_eq!(
            String::from_utf8(end_of(&log, 15).unwrap()).unwrap(),
            "[the first 23 bytes are left out]\nlast line\n"
        );
        assert_eq!(end_of(&log, 100).unwrap(), fs::read(&log).unwrap());
    }

    #[test]
    fn a_run_replaces_what_the_one_before_left_and_names_what_it_could_not_read() {
        let dir = tempfile::tempdir().unwrap();
        let mut folder = Folder::new(dir.path().join("results"));
        folder.write("a/one.log", "old and long");
        folder.write("a/one.log", "new");
        let file = dir.path().join("results/a/one.log");
        assert_eq!(fs::read_to_string(&file).unwrap(), "new");
        let mode = fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        folder.copy_log(&dir.path().join("nothing"), "b.log");
        assert!(folder.missing().is_empty(), "a log may not be there yet");
        folder.copy_log(dir.path(), "b.log");
        folder.copy(&dir.path().join("nothing"), "b.tar.gz");
        assert_eq!(folder.missing().len(), 2, "{:?}", folder.missing());
        assert!(folder.missing()[1].contains("nothing"));
        folder.clear("a");
        assert!(!file.exists());
        assert_eq!(folder.changed(), 2);
        folder.write("b", "same");
        folder.write("b", "same");
        assert_eq!(folder.changed(), 3);
    }
}
