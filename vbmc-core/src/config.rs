//! `virtualbmc.conf`: where it is looked for, how it is read, and the settings that vbmcd and vbmc must agree on.
//!
//! Every other setting belongs to the daemon, which asks for it by section and key. BMCs are in [`crate::registry`].

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;
use std::{env, fs, io};

use crate::registry::ini::Ini;

const SYSTEM_FILE: &str = "/etc/virtualbmc/virtualbmc.conf";
const DEFAULT_RESPONSE_TIMEOUT_MS: u64 = 5000;

/// Why the configuration cannot be used. Every message names the file and, where there is one, the key; what the system
/// said is the source.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The file is there and cannot be read.
    #[error("cannot read the configuration file {}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file isn't an INI file.
    #[error("{}: {reason}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// Which line, and what's wrong with it.
        reason: String,
    },
    /// A value doesn't have the form that its key asks for.
    #[error("{}: [{section}] {key} = {value}: expected {expected}", path.display())]
    Value {
        /// The file.
        path: PathBuf,
        /// The section, without its brackets.
        section: String,
        /// The key.
        key: String,
        /// What stands there.
        value: String,
        /// What should.
        expected: &'static str,
    },
    /// Neither the file nor the environment says where the BMCs are kept.
    #[error("HOME is not set: set it, or set config_dir in section [default] of {SYSTEM_FILE}")]
    NoHome,
}

/// The settings as written; without a file, none.
///
/// Sections and keys are compared in lower case, as the original's parser does with keys.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ConfigFile {
    path: PathBuf,
    sections: BTreeMap<String, BTreeMap<String, String>>,
}

/// The file that the environment names.
fn named() -> Option<PathBuf> {
    env::var_os("VIRTUALBMC_CONFIG")
        .filter(|path| !path.is_empty())
        .map(PathBuf::from)
}

impl ConfigFile {
    /// The file in force: the first that exists of `$VIRTUALBMC_CONFIG`, `~/.vbmc/virtualbmc.conf` and
    /// `/etc/virtualbmc/virtualbmc.conf`.
    #[must_use]
    pub fn find() -> Option<PathBuf> {
        let own = home().map(|home| home.join(".vbmc/virtualbmc.conf"));
        [named(), own, Some(SYSTEM_FILE.into())]
            .into_iter()
            .flatten()
            .find(|path| path.exists())
    }

    /// Reads the file in force. No file is no error: every setting has a default.
    ///
    /// # Errors
    ///
    /// See [`ConfigFile::read`].
    pub fn load() -> Result<Self, ConfigError> {
        if let Some(missing) = named().filter(|path| !path.exists()) {
            tracing::warn!(
                "$VIRTUALBMC_CONFIG names {}, which does not exist",
                missing.display()
            );
        }
        Self::find().map_or_else(|| Ok(Self::default()), |path| Self::read(&path))
    }

    /// Reads `path`.
    ///
    /// # Errors
    ///
    /// When the file cannot be read or isn't an INI file.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let text = fs::read_to_string(path).map_err(|source| ConfigError::Unreadable {
            path: path.to_owned(),
            source,
        })?;
        Self::parse(path, &text)
    }

    fn parse(path: &Path, text: &str) -> Result<Self, ConfigError> {
        let malformed = |reason: String| ConfigError::Malformed {
            path: path.to_owned(),
            reason,
        };
        let ini = Ini::parse(text.trim_start_matches('\u{feff}'))
            .map_err(|error| malformed(error.to_string()))?;
        let mut sections = BTreeMap::<_, BTreeMap<_, _>>::new();
        for section in ini.sections() {
            let values = sections.entry(section.to_lowercase()).or_default();
            for (key, line) in ini.keys(section) {
                let value = ini
                    .value(section, key)
                    .map_err(|error| malformed(format!("line {line}: {error}")))?;
                values.insert(key.to_owned(), value.unwrap_or_default());
            }
        }
        Ok(Self {
            path: path.to_owned(),
            sections,
        })
    }

    /// The file that was read; none: the defaults are in force.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        Some(self.path.as_path()).filter(|path| !path.as_os_str().is_empty())
    }

    /// Every section and key that is set, in alphabetical order: for warnings about those that nobody reads.
    pub fn keys(&self) -> impl Iterator<Item = (&str, &str)> {
        self.sections
            .iter()
            .flat_map(|(section, values)| values.keys().map(move |key| (&**section, &**key)))
    }

    /// A setting as it stands; an empty one counts as not set.
    #[must_use]
    pub fn text(&self, section: &str, key: &str) -> Option<&str> {
        self.sections
            .get(section)?
            .get(key)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    }

    /// A setting that is `true` or `false`, in any case.
    ///
    /// # Errors
    ///
    /// When it is anything else.
    pub fn boolean(&self, section: &str, key: &str) -> Result<Option<bool>, ConfigError> {
        self.parsed(section, key, "true or false", |value| {
            value.to_ascii_lowercase().parse().ok()
        })
    }

    /// A setting that is a whole number which fits `T`.
    ///
    /// # Errors
    ///
    /// When it isn't one.
    pub fn number<T: FromStr>(&self, section: &str, key: &str) -> Result<Option<T>, ConfigError> {
        self.parsed(section, key, "a whole number within range", |value| {
            value.parse().ok()
        })
    }

    /// A setting that is a path; a leading `~/` stands for the home directory.
    ///
    /// # Errors
    ///
    /// When it starts with `~/` and there is no home directory.
    pub fn file_path(&self, section: &str, key: &str) -> Result<Option<PathBuf>, ConfigError> {
        let Some(value) = self.text(section, key) else {
            return Ok(None);
        };
        match value.strip_prefix("~/") {
            Some(rest) => home()
                .map(|home| Some(home.join(rest)))
                .ok_or(ConfigError::NoHome),
            None => Ok(Some(value.into())),
        }
    }

    /// Where the BMCs are kept: `config_dir` of `[default]`, else `~/.vbmc`.
    ///
    /// # Errors
    ///
    /// When neither is known.
    pub fn config_dir(&self) -> Result<PathBuf, ConfigError> {
        match self.file_path("default", "config_dir")? {
            Some(dir) => Ok(dir),
            None => home()
                .map(|home| home.join(".vbmc"))
                .ok_or(ConfigError::NoHome),
        }
    }

    /// Where vbmcd listens for vbmc: `control_socket` of `[default]`, else `vbmcd.sock` in the [`Self::config_dir`].
    ///
    /// # Errors
    ///
    /// When neither is known.
    pub fn control_socket(&self) -> Result<PathBuf, ConfigError> {
        match self.file_path("default", "control_socket")? {
            Some(socket) => Ok(socket),
            None => Ok(self.config_dir()?.join("vbmcd.sock")),
        }
    }

    /// Where a vbmcd in the background logs that was not given a `logfile`: `vbmcd.log` in the [`Self::config_dir`].
    ///
    /// # Errors
    ///
    /// When that isn't known.
    pub fn background_log(&self) -> Result<PathBuf, ConfigError> {
        Ok(self.config_dir()?.join("vbmcd.log"))
    }

    /// How long vbmc waits for vbmcd: `server_response_timeout` of `[default]` in milliseconds, else 5 s.
    ///
    /// # Errors
    ///
    /// When the setting isn't a number.
    pub fn server_response_timeout(&self) -> Result<Duration, ConfigError> {
        let milliseconds = self.number("default", "server_response_timeout")?;
        Ok(Duration::from_millis(
            milliseconds.unwrap_or(DEFAULT_RESPONSE_TIMEOUT_MS),
        ))
    }

    fn parsed<T>(
        &self,
        section: &str,
        key: &str,
        expected: &'static str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, ConfigError> {
        let Some(value) = self.text(section, key) else {
            return Ok(None);
        };
        match parse(value) {
            Some(parsed) => Ok(Some(parsed)),
            None => Err(ConfigError::Value {
                path: self.path.clone(),
                section: section.to_owned(),
                key: key.to_owned(),
                value: value.to_owned(),
                expected,
            }),
        }
    }
}

fn home() -> Option<PathBuf> {
    env::home_dir().filter(|home| !home.as_os_str().is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<ConfigFile, ConfigError> {
        ConfigFile::parse(Path::new("/x/virtualbmc.conf"), text)
    }

    #[test]
    fn reads_a_file_as_the_original_documents_it() {
        let file = parse(
            "# comment\n[default]\nshow_passwords = False\nconfig_dir: /var/lib/vbmc\n\
             server_response_timeout=250\n[log]\nlogfile=/var/log/a;b#c%%d\ndebug=TRUE\n[ipmi]\nsession_timout=10\n",
        )
        .unwrap();
        assert_eq!(
            file.boolean("default", "show_passwords").unwrap(),
            Some(false)
        );
        assert_eq!(file.boolean("log", "debug").unwrap(), Some(true));
        assert_eq!(file.text("log", "logfile"), Some("/var/log/a;b#c%d"));
        assert_eq!(file.config_dir().unwrap(), Path::new("/var/lib/vbmc"));
        assert_eq!(
            file.control_socket().unwrap(),
            Path::new("/var/lib/vbmc/vbmcd.sock")
        );
        assert_eq!(
            file.server_response_timeout().unwrap(),
            Duration::from_millis(250)
        );
        assert!(file.keys().any(|key| key == ("ipmi", "session_timout")));
        assert_eq!(file.text("default", "pid_file"), None);
    }

    #[test]
    fn without_a_file_the_defaults_are_in_force() {
        let file = ConfigFile::default();
        let home = home().unwrap();
        assert_eq!(file.path(), None);
        assert_eq!(file.config_dir().unwrap(), home.join(".vbmc"));
        assert_eq!(
            file.control_socket().unwrap(),
            home.join(".vbmc/vbmcd.sock")
        );
        assert_eq!(
            file.server_response_timeout().unwrap(),
            Duration::from_secs(5)
        );
    }

    #[test]
    fn a_tilde_is_the_home_directory() {
        let file = parse("[default]\ncontrol_socket = ~/run/vbmcd.sock\n").unwrap();
        assert_eq!(
            file.control_socket().unwrap(),
            home().unwrap().join("run/vbmcd.sock")
        );
    }

    #[test]
    fn a_broken_file_names_itself_and_what_is_wrong() {
        for (text, said) in [
            ("[default\n", "line 1"),
            ("show_passwords = true\n", "above the first [section]"),
            (
                "[default]\nshow_passwords\n",
                "line 2: expected \"key = value\"",
            ),
        ] {
            let error = parse(text).unwrap_err().to_string();
            assert!(
                error.starts_with("/x/virtualbmc.conf: ") && error.contains(said),
                "{error}"
            );
        }
        let error = parse("[default]\nserver_port = many\n")
            .unwrap()
            .number::<u16>("default", "server_port");
        assert_eq!(
            error.unwrap_err().to_string(),
            "/x/virtualbmc.conf: [default] server_port = many: expected a whole number within range"
        );
    }

    #[test]
    fn an_unreadable_file_is_named() {
        let error = ConfigFile::read(Path::new("/proc/self/no-such-file")).unwrap_err();
        assert_eq!(
            error.to_string(),
            "cannot read the configuration file /proc/self/no-such-file"
        );
        assert!(
            std::error::Error::source(&error).is_some(),
            "the reason is the source"
        );
    }
}
