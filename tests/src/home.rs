//! A home directory of its own for vbmc and vbmcd: nothing of the user's is read or written.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::build::binary;
use crate::place::Place;
use crate::run::{Outcome, Run};
use crate::scratch;

/// The home directory of a test; deleted when dropped.
#[derive(Debug)]
pub struct Home {
    dir: TempDir,
    place: Place,
}

impl Home {
    /// An empty home whose configuration file sets nothing, so that `/etc/virtualbmc` of this machine isn't read.
    ///
    /// # Panics
    ///
    /// When the directory cannot be made.
    #[must_use]
    pub fn new() -> Self {
        Self::new_in(Place::default())
    }

    /// As [`Self::new`], and what is run in it is run in `place`.
    ///
    /// # Panics
    ///
    /// When the directory cannot be made.
    #[must_use]
    pub fn new_in(place: Place) -> Self {
        let home = Self {
            place,
            dir: scratch::directory("home"),
        };
        fs::create_dir(home.config_dir()).expect("~/.vbmc");
        home.configure("[default]\n");
        home
    }

    /// The home directory itself.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    /// Where its programs run.
    #[must_use]
    pub fn place(&self) -> Place {
        self.place
    }

    /// `~/.vbmc`.
    #[must_use]
    pub fn config_dir(&self) -> PathBuf {
        self.path().join(".vbmc")
    }

    /// The file that describes the BMC of domain `name`.
    #[must_use]
    pub fn bmc_file(&self, name: &str) -> PathBuf {
        self.config_dir().join(name).join("config")
    }

    /// Where vbmcd listens for vbmc.
    #[must_use]
    pub fn socket(&self) -> PathBuf {
        self.config_dir().join("vbmcd.sock")
    }

    /// Writes `~/.vbmc/virtualbmc.conf`.
    ///
    /// # Panics
    ///
    /// When it cannot be written.
    pub fn configure(&self, text: &str) {
        fs::write(self.config_dir().join("virtualbmc.conf"), text).expect("virtualbmc.conf");
    }

    /// Writes the file of a BMC as tools in the field do: without asking vbmcd.
    ///
    /// # Panics
    ///
    /// When it cannot be written.
    pub fn write_bmc(&self, name: &str, text: &str) {
        let file = self.bmc_file(name);
        fs::create_dir_all(file.parent().expect("its directory")).expect("the BMC's directory");
        fs::write(file, text).expect("the BMC's file");
    }

    /// A program that lives in this home.
    #[must_use]
    pub fn run(&self, program: impl AsRef<std::ffi::OsStr>) -> Run {
        Run::new_in(self.place, program)
            .env("HOME", self.path())
            .env("LC_ALL", "C.UTF-8")
            .without_env("VIRTUALBMC_CONFIG")
            .without_env("LIBVIRT_DEFAULT_URI")
            .without_env("CLIFF_FIT_WIDTH")
            .without_env("CLIFF_MAX_TERM_WIDTH")
    }

    /// Runs `vbmc`.
    #[track_caller]
    #[must_use]
    pub fn vbmc<'a>(&self, args: impl IntoIterator<Item = &'a str>) -> Outcome {
        self.run(binary("vbmc")).args(args).outcome()
    }
}

impl Default for Home {
    fn default() -> Self {
        Self::new()
    }
}
