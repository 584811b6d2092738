//! A lab directory of a test's own.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::scratch;

/// A directory to hold a lab; deleted when dropped.
#[derive(Debug)]
pub struct LabDirectory {
    dir: TempDir,
}

impl LabDirectory {
    /// An empty one.
    ///
    /// # Panics
    ///
    /// When it cannot be made.
    #[must_use]
    pub fn new() -> Self {
        let dir = scratch::directory("lab");
        Self { dir }
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    /// A file or directory of the lab.
    #[must_use]
    pub fn file(&self, name: &str) -> PathBuf {
        self.path().join(name)
    }

    /// Writes a file of the lab, and the directories that lead there.
    ///
    /// # Panics
    ///
    /// When it cannot be written.
    pub fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        let file = self.file(name);
        fs::create_dir_all(file.parent().expect("a directory")).expect("its directory");
        fs::write(file, text).expect("a file of the lab");
    }

    /// The text of a file of the lab.
    ///
    /// # Panics
    ///
    /// When it isn't there.
    #[track_caller]
    #[must_use]
    pub fn read(&self, name: &str) -> String {
        let file = self.file(name);
        fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
    }

    /// Edits lines of `lab.toml`: the value of each key becomes another, and a key that is commented out becomes one that
    /// is set.
    ///
    /// # Panics
    ///
    /// When no line has such a key.
    #[track_caller]
    pub fn edit(&self, values: &[(&str, &str)]) {
        let mut lines: Vec<_> = self.read("lab.toml").lines().map(str::to_owned).collect();
        for (key, value) in values {
            let line = lines.iter_mut().find(|line| is_key(line, key));
            let line = line.unwrap_or_else(|| panic!("lab.toml has no line with {key}"));
            *line = format!("{key} = {value}");
        }
        self.write("lab.toml", lines.join("\n") + "\n");
    }
}

/// Whether a line of TOML sets `key`, or shows in a comment how to set it.
fn is_key(line: &str, key: &str) -> bool {
    let line = line.trim_start_matches(['#', ' ']);
    let rest = line.strip_prefix(key).map(str::trim_start);
    rest.is_some_and(|rest| rest.starts_with('='))
}

impl Default for LabDirectory {
    fn default() -> Self {
        Self::new()
    }
}
