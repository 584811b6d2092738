//! The name of a BMC: its domain's name, and a directory's.

use std::fmt;
use std::path::Path;

/// The longest file name that Linux takes, in bytes.
const MAX_BYTES: usize = 255;

/// A name that can be a directory in `config_dir`, and nothing but that: no path, nothing hidden.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BmcName(Box<str>);

/// Why a name cannot be a BMC's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// It is empty.
    #[error("a BMC needs a name: that of its domain")]
    Empty,
    /// It begins with a dot, `.` and `..` included.
    #[error("\"{0}\" cannot be a BMC's name: it begins with a dot; rename the domain")]
    LeadingDot(String),
    /// It contains a slash.
    #[error("\"{0}\" cannot be a BMC's name: it contains '/'; rename the domain")]
    Slash(String),
    /// It contains a line break or another control character.
    #[error("\"{}\" cannot be a BMC's name: it contains a control character", .0.escape_debug())]
    Control(String),
    /// It begins or ends with white space, which its file could not keep.
    #[error("\"{0}\" cannot be a BMC's name: it begins or ends with a space")]
    Space(String),
    /// It is too long for a directory's name.
    #[error("a BMC's name of {0} bytes is too long: {MAX_BYTES} are allowed")]
    TooLong(usize),
}

impl BmcName {
    /// Takes a name that can be a BMC's.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub fn new(name: &str) -> Result<Self, NameError> {
        let owned = || name.to_owned();
        match name {
            "" => Err(NameError::Empty),
            _ if name.len() > MAX_BYTES => Err(NameError::TooLong(name.len())),
            _ if name.chars().any(char::is_control) => Err(NameError::Control(owned())),
            _ if name.contains('/') => Err(NameError::Slash(owned())),
            _ if name.starts_with('.') => Err(NameError::LeadingDot(owned())),
            _ if name.trim_matches(super::ini::is_space) != name => Err(NameError::Space(owned())),
            _ => Ok(Self(name.into())),
        }
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for BmcName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl AsRef<Path> for BmcName {
    fn as_ref(&self) -> &Path {
        Path::new(&*self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_what_libvirt_takes() {
        let longest = "x".repeat(MAX_BYTES);
        for name in ["a", "node-1.example.org", "Ünïcode", "two words", &longest] {
            assert_eq!(BmcName::new(name).unwrap().as_str(), name);
        }
    }

    #[test]
    fn refuses_paths_and_hidden_names() {
        let long = "x".repeat(MAX_BYTES + 1);
        for name in [
            "", ".", "..", ".vbmcd-x", "a/b", "/etc", "a\0b", "a\nb", " a", "a ", &long,
        ] {
            BmcName::new(name).unwrap_err();
        }
    }
}
