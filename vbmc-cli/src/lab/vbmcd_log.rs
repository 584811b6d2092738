//! vbmcd's log: the file that virtualbmc.conf names, the one that a vbmcd in the background writes, or systemd's
//! journal. It alone has libvirt's own words where a
//! machine could not be switched: IPMI has no room for them, and Ironic knows of a failed command only.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use jiff::Timestamp;
use vbmc_core::config::{ConfigError, ConfigFile};

use super::results::log_end;

/// Lines of the journal that are looked at.
const JOURNAL_LINES: &str = "20000";

/// The fields of a line that hold the reason of a failure.
const REASONS: [&str; 2] = ["cause", "error"];

/// Where the log is, and from where on it is of interest.
#[derive(Debug)]
pub(crate) struct VbmcdLog {
    file: Option<LogFile>,
    /// None: a `logfile` is set, so that nothing is logged elsewhere.
    journal: Option<Timestamp>,
}

#[derive(Debug)]
struct LogFile {
    path: PathBuf,
    /// The length that the file had: what was logged before.
    from: u64,
}

/// What the log has about a domain.
#[derive(Debug)]
pub(crate) struct Said {
    /// What a request failed of last, in libvirt's words.
    pub(crate) failure: Option<String>,
}

impl VbmcdLog {
    /// All of it that is still there.
    pub(crate) fn whole() -> Result<Self, ConfigError> {
        let config = ConfigFile::load()?;
        let whole = |path| LogFile { path, from: 0 };
        if let Some(path) = config.file_path("log", "logfile")? {
            return Ok(Self {
                file: Some(whole(path)),
                journal: None,
            });
        }
        // Whether vbmcd runs in the background or under systemd is not known here.
        let path = config.background_log()?;
        Ok(Self {
            file: path.exists().then(|| whole(path)),
            journal: Some(Timestamp::UNIX_EPOCH),
        })
    }

    /// What is logged from now on. None: nobody knows where.
    pub(crate) fn from_now() -> Option<Self> {
        let mut log = Self::whole().ok()?;
        if let Some(file) = &mut log.file {
            file.from = std::fs::metadata(&file.path).map_or(0, |metadata| metadata.len());
        }
        log.journal = log.journal.map(|_| Timestamp::now());
        Some(log)
    }

    /// Its text. Blocking.
    pub(crate) fn read(&self) -> Result<String, String> {
        let mut text = self.journal.and_then(journal);
        if let Some(LogFile { path, from }) = &self.file {
            let file = log_end(path, *from)
                .map_err(|error| format!("cannot read {}: {error}", path.display()))?;
            text.get_or_insert_default().extend(file);
        }
        let text = text
            .ok_or("vbmcd has no log to gather: set logfile in section [log] of virtualbmc.conf")?;
        Ok(String::from_utf8_lossy(&text).into_owned())
    }

    /// What it has about a domain; none: nothing. Blocking.
    pub(crate) fn about(&self, domain: &str) -> Option<Said> {
        let text = self
            .read()
            .inspect_err(|error| tracing::debug!("{error}"))
            .ok()?;
        let named = text.lines().any(|line| names(line, domain));
        named.then(|| Said {
            failure: last_failure(&text, domain),
        })
    }
}

fn last_failure(log: &str, domain: &str) -> Option<String> {
    log.lines()
        .rev()
        .filter(|line| line.contains(" WARNING ") || line.contains(" ERROR "))
        .filter(|line| field(line, "domain").is_some_and(|named| named == domain))
        .find_map(|line| REASONS.iter().find_map(|name| field(line, name)))
}

/// The value of `name=value` or `name="value"`, as vbmcd writes it.
fn field(line: &str, name: &str) -> Option<String> {
    let (_, value) = line.split_once(&format!(" {name}="))?;
    let Some(quoted) = value.strip_prefix('"') else {
        return value.split(' ').next().map(str::to_owned);
    };
    let mut text = String::new();
    let mut characters = quoted.chars();
    loop {
        match characters.next()? {
            '"' => return Some(text),
            '\\' => text.push(characters.next()?),
            character => text.push(character),
        }
    }
}

/// What systemd's journal has of vbmcd, where there is one.
fn journal(since: Timestamp) -> Option<Vec<u8>> {
    let output = Command::new("journalctl")
        .args(["--unit", "vbmcd", "--no-pager", "--lines", JOURNAL_LINES])
        .arg(format!("--since=@{}", since.as_second()))
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()?;
    output.status.success().then_some(output.stdout)
}

/// Whether a line names a domain, and not one whose name merely begins or ends so.
pub(crate) fn names(line: &str, name: &str) -> bool {
    let part_of_name = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    line.match_indices(name).any(|(at, _)| {
        let (before, after) = (&line[..at], &line[at + name.len()..]);
        !before.ends_with(part_of_name) && !after.starts_with(part_of_name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_domain_is_not_found_in_the_name_of_another() {
        let line = r#"2026-11-22T17:00:00Z  INFO Started vBMC instance bmc=node-1 domain="node-1""#;
        assert!(names(line, "node-1"));
        assert!(!names(&line.replace("node-1", "node-10"), "node-1"));
        assert!(!names(&line.replace("node-1", "big.node-1"), "node-1"));
        assert!(names("power of node-1: off", "node-1"));
    }

    /// As vbmcd has written them.
    const LOG: &str = r#"2026-11-22 17:00:00,000 7 WARNING VirtualBMC [-] failed uri=qemu:///system domain=node-1 operation=Control(On) error="libvirt: Cannot access storage file '/x \"y\".qcow2': No such file or directory"
2026-11-22 17:00:00,001 7 WARNING VirtualBMC [-] the request failed bmc=node-10 domain=node-10 peer=127.0.0.1:5 request="Chassis Control" cause="another reason"
2026-11-22 17:00:00,002 7 INFO VirtualBMC [-] done uri=qemu:///system domain=node-1 error="none"
"#;

    #[test]
    fn libvirts_words_are_found_for_a_domain_and_not_for_another() {
        let said = last_failure(LOG, "node-1").unwrap();
        assert_eq!(
            said,
            "libvirt: Cannot access storage file '/x \"y\".qcow2': No such file or directory"
        );
        assert_eq!(last_failure(LOG, "node-10").unwrap(), "another reason");
        assert_eq!(last_failure(LOG, "node"), None);
    }

    #[test]
    fn what_was_logged_before_does_not_count() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log");
        std::fs::write(&path, LOG).unwrap();
        let log = |from| VbmcdLog {
            file: Some(LogFile {
                path: path.clone(),
                from,
            }),
            journal: None,
        };
        let failure = |log: &VbmcdLog| log.about("node-1").and_then(|said| said.failure);
        assert!(failure(&log(0)).is_some());
        assert!(log(0).about("node-2").is_none());
        let now = log(LOG.len() as u64);
        assert!(now.about("node-1").is_none());
        // It may have been rotated meanwhile.
        std::fs::write(&path, LOG.lines().next().unwrap()).unwrap();
        assert!(failure(&now).is_some());
    }
}
