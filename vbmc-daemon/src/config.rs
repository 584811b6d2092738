//! The daemon's settings out of `virtualbmc.conf`. Every key is listed here and in docs/configuration.md.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use nix::unistd::{Gid, Group};
use vbmc_core::config::{ConfigError, ConfigFile};
use vbmc_core::fleet::Options;
use vbmc_core::ipmi_proto::crypto::CipherSuite;
use vbmc_core::registry::{cipher_suites, console_history};

/// The longest path of a unix socket on Linux, in bytes.
const MAX_SOCKET_PATH: usize = 107;

/// All keys that mean something to vbmcd or vbmc, and those that meant something to VirtualBMC.
const KEYS: [(&str, &str); 13] = [
    ("default", "show_passwords"),
    ("default", "config_dir"),
    ("default", "pid_file"),
    ("default", "server_port"),
    ("default", "server_response_timeout"),
    ("default", "server_spawn_wait"),
    ("default", "control_socket"),
    ("default", "control_group"),
    ("log", "logfile"),
    ("log", "debug"),
    ("ipmi", "session_timeout"),
    ("ipmi", "cipher_suites"),
    ("ipmi", "console_history"),
];

/// What the daemon was told.
#[derive(Debug)]
pub(crate) struct Config {
    /// The file that said so; none: the defaults hold.
    pub(crate) file: Option<PathBuf>,
    pub(crate) show_passwords: bool,
    pub(crate) config_dir: PathBuf,
    pub(crate) pid_file: PathBuf,
    pub(crate) control_socket: PathBuf,
    /// Who may control the daemon beside its own user and root.
    pub(crate) control_group: Option<Gid>,
    pub(crate) logfile: Option<PathBuf>,
    /// The log file in the background, where nobody sees standard error, when `logfile` is none.
    pub(crate) background_log: PathBuf,
    pub(crate) debug: bool,
    pub(crate) options: Options,
    /// What is odd and no error, for the log.
    pub(crate) warnings: Vec<String>,
}

impl Config {
    /// Reads the file in force.
    pub(crate) fn load() -> Result<Self> {
        let file = ConfigFile::load()?;
        let mut config = Self::from_file(&file).map_err(|error| match file.path() {
            // These name the file themselves.
            Some(path) if !error.is::<ConfigError>() => error.context(path.display().to_string()),
            _ => error,
        })?;
        let named = std::env::var_os("VIRTUALBMC_CONFIG").map(PathBuf::from);
        config.warnings.extend(passed_over(named, file.path()));
        Ok(config)
    }

    fn from_file(file: &ConfigFile) -> Result<Self> {
        let mut warnings: Vec<_> = file
            .keys()
            .filter(|key| !KEYS.contains(key))
            .map(|(section, key)| {
                format!("[{section}] {key} is no setting of vbmcd's and is ignored")
            })
            .collect();
        let mut options = Options::default();
        options.host_boot = host_boot();
        if let Some(list) = file.text("ipmi", "cipher_suites") {
            options.cipher_suites = cipher_suites("[ipmi] cipher_suites", list)?;
            warnings.extend(weak_suites(&options.cipher_suites));
        }
        if let Some(bytes) = file.text("ipmi", "console_history") {
            options.console_history = console_history("[ipmi] console_history", bytes)?;
        }
        // Read for their form alone: a mistake in them is better told than not.
        file.number::<u16>("default", "server_port")?;
        file.number::<u64>("default", "server_spawn_wait")?;
        file.server_response_timeout()?;
        file.number::<u64>("ipmi", "session_timeout")?;

        let config_dir = std::path::absolute(file.config_dir()?)?;
        let pid_file = match file.file_path("default", "pid_file")? {
            Some(path) => path,
            None => ConfigFile::default().config_dir()?.join("master.pid"),
        };
        let control_socket = std::path::absolute(file.control_socket()?)?;
        let length = control_socket.as_os_str().len();
        if length > MAX_SOCKET_PATH {
            bail!(
                "the control socket's path {} is {length} bytes long and the system allows {MAX_SOCKET_PATH}: set a \
                 shorter control_socket in section [default]",
                control_socket.display()
            );
        }
        let logfile = file.file_path("log", "logfile")?;
        Ok(Self {
            file: file.path().map(Path::to_owned),
            show_passwords: file.boolean("default", "show_passwords")?.unwrap_or(false),
            config_dir,
            pid_file: std::path::absolute(pid_file)?,
            control_socket,
            control_group: file
                .text("default", "control_group")
                .map(group)
                .transpose()?,
            logfile: logfile.map(std::path::absolute).transpose()?,
            background_log: std::path::absolute(file.background_log()?)?,
            debug: file.boolean("log", "debug")?.unwrap_or(false),
            options,
            warnings,
        })
    }
}

/// What to say when the file that the environment names is not the one that was read.
fn passed_over(named: Option<PathBuf>, read: Option<&Path>) -> Option<String> {
    let named =
        named.filter(|path| !path.as_os_str().is_empty() && Some(path.as_path()) != read)?;
    Some(format!(
        "VIRTUALBMC_CONFIG names {}, which is not there: {}",
        named.display(),
        match read {
            Some(path) => format!("read {} instead", path.display()),
            None => "the defaults hold".to_owned(),
        }
    ))
}

fn group(name: &str) -> Result<Gid> {
    let known = match name.parse() {
        Ok(number) => Group::from_gid(Gid::from_raw(number)),
        Err(_) => Group::from_name(name),
    };
    match known.with_context(|| format!("looking up the group {name}"))? {
        Some(group) => Ok(group.gid),
        None => bail!(
            "[default] control_group = {name}: there is no such group; make it with `groupadd {name}`"
        ),
    }
}

/// What tells this boot of the host from others: the power restore policy is applied once in each.
fn host_boot() -> Option<String> {
    let id = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    Some(id.trim().to_owned())
}

fn weak_suites(ids: &[u8]) -> impl Iterator<Item = String> {
    ids.iter()
        .filter_map(|id| CipherSuite::from_id(*id))
        .filter(|suite| !suite.is_complete())
        .map(|suite| {
            format!(
                "[ipmi] cipher_suites: {suite} lets anybody on the network path read or forge what is sent; keep to \
                 3 and 17 unless a client can do no better"
            )
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Config> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("virtualbmc.conf");
        std::fs::write(&path, text).unwrap();
        Config::from_file(&ConfigFile::read(&path)?)
    }

    #[test]
    fn everything_has_a_default() {
        let config = Config::from_file(&ConfigFile::default()).unwrap();
        let dir = std::env::home_dir().unwrap().join(".vbmc");
        assert_eq!(config.config_dir, dir);
        assert_eq!(config.pid_file, dir.join("master.pid"));
        assert_eq!(config.control_socket, dir.join("vbmcd.sock"));
        assert_eq!(config.background_log, dir.join("vbmcd.log"));
        assert_eq!(config.options.cipher_suites, [3, 17]);
        assert!(!config.show_passwords && !config.debug && config.warnings.is_empty());
    }

    #[test]
    fn a_file_that_is_named_and_missing_is_a_warning() {
        let named = Some(PathBuf::from("/x/typo.conf"));
        let warning = |read| passed_over(named.clone(), read).unwrap();
        assert!(warning(None).ends_with("/x/typo.conf, which is not there: the defaults hold"));
        assert!(warning(Some(Path::new("/etc/v.conf"))).ends_with(": read /etc/v.conf instead"));
        assert_eq!(passed_over(named.clone(), named.as_deref()), None);
        assert_eq!(passed_over(Some(PathBuf::new()), None), None);
        assert_eq!(passed_over(None, None), None);
    }

    #[test]
    fn what_is_unknown_or_weak_is_a_warning() {
        let config =
            read("[ipmi]\nsession_timout = 1\ncipher_suites = 3, 2\n[extra]\na = 1\n").unwrap();
        let warnings = config.warnings.join("\n");
        for word in ["session_timout", "[extra] a", "cipher suite 2"] {
            assert!(warnings.contains(word), "{warnings}");
        }
        assert_eq!(config.options.cipher_suites, [3, 2]);
    }

    #[test]
    fn mistakes_name_the_key() {
        let long = format!("[default]\ncontrol_socket = /{}\n", "x".repeat(200));
        for (text, key) in [
            ("[default]\nshow_passwords = 2\n", "show_passwords"),
            ("[default]\nserver_port = x\n", "server_port"),
            (
                "[default]\ncontrol_group = no such group\n",
                "control_group",
            ),
            ("[ipmi]\ncipher_suites = 99\n", "cipher_suites"),
            ("[ipmi]\nconsole_history = 2000000\n", "console_history"),
            (long.as_str(), "control_socket"),
        ] {
            let error = format!("{:#}", read(text).unwrap_err());
            assert!(error.contains(key), "{error}");
        }
    }
}
