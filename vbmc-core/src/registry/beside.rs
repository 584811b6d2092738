//! [`Beside`]: what is kept of a BMC beside its settings, in files that VirtualBMC doesn't know. Their form is
//! [`fleet`](crate::fleet)'s.

use std::fs;
use std::io;
use std::path::PathBuf;

use super::replace::{append, remove_if_there, replace};
use super::store::read_bytes;
use super::{BmcName, Registry};

/// A file that is kept beside a BMC's settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beside {
    /// Its [`State`](crate::bmc::State).
    State,
    /// Its event log.
    Events,
}

impl Beside {
    const ALL: [Self; 2] = [Self::State, Self::Events];

    /// What it is called.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::State => "state.json",
            Self::Events => "events",
        }
    }

    /// What it is called once it is set aside.
    fn damaged(self) -> String {
        format!("{}.damaged", self.name())
    }
}

impl Registry {
    /// Reads a file beside a BMC's settings; none: it has none.
    ///
    /// # Errors
    ///
    /// What the system said.
    pub fn read_beside(&self, name: &BmcName, file: Beside) -> io::Result<Option<Vec<u8>>> {
        match read_bytes(&self.beside(name, file)) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Writes a file beside a BMC's settings, as a whole or not at all.
    ///
    /// # Errors
    ///
    /// What the system said; what was there before is still there.
    pub fn write_beside(&self, name: &BmcName, file: Beside, text: &str) -> io::Result<()> {
        replace(&self.beside(name, file), text, None)
    }

    /// Appends to a file beside a BMC's settings. A crash may leave a part of `text` at its end.
    ///
    /// # Errors
    ///
    /// What the system said.
    pub fn append_beside(&self, name: &BmcName, file: Beside, text: &str) -> io::Result<()> {
        append(&self.beside(name, file), text)
    }

    /// Gives a damaged file another name, which is returned. One that was set aside before is lost.
    ///
    /// # Errors
    ///
    /// What the system said.
    pub fn set_aside(&self, name: &BmcName, file: Beside) -> io::Result<PathBuf> {
        let aside = self.bmc_dir(name).join(file.damaged());
        // Something else than a file could not take its place.
        remove_if_there(&aside)?;
        fs::rename(self.beside(name, file), &aside)?;
        Ok(aside)
    }

    /// Removes all that there may be beside a BMC's settings.
    pub(super) fn remove_beside(&self, name: &BmcName) -> io::Result<()> {
        let dir = self.bmc_dir(name);
        for file in Beside::ALL {
            remove_if_there(&dir.join(file.name()))?;
            remove_if_there(&dir.join(file.damaged()))?;
        }
        Ok(())
    }

    fn beside(&self, name: &BmcName, file: Beside) -> PathBuf {
        self.bmc_dir(name).join(file.name())
    }
}
