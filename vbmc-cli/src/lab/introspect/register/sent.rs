//! Which passwords Ironic was given: it never shows one, so that only we can tell whether one has changed.
//!
//! Kept beside the manifest as salted digests, in a file that only its owner can read.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Context;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::lab::whole;
use crate::openstack::baremetal::PatchOp;

/// The digests by node UUID, and where they are kept.
#[derive(Debug)]
pub(crate) struct SentSecrets {
    path: PathBuf,
    digests: BTreeMap<String, Salted>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Salted {
    salt: String,
    digest: String,
}

impl SentSecrets {
    /// What is kept in `workspace`. A file that cannot be used is as good as none: passwords are sent once more.
    pub(crate) fn load(workspace: &Path) -> Self {
        let path = workspace.join("passwords-sent.json");
        let digests = std::fs::read(&path)
            .ok()
            .and_then(|text| serde_json::from_slice(&text).ok())
            .unwrap_or_default();
        Self { path, digests }
    }

    /// Whether these are what the node was given last.
    pub(super) fn has(&self, uuid: &str, secrets: &[PatchOp]) -> bool {
        self.digests
            .get(uuid)
            .is_some_and(|kept| digest(&kept.salt, uuid, secrets) == kept.digest)
    }

    pub(super) fn remember(&mut self, uuid: &str, secrets: &[PatchOp]) -> anyhow::Result<()> {
        if secrets.is_empty() || self.has(uuid, secrets) {
            return Ok(());
        }
        let salt = hex(&rand::random::<[u8; 16]>());
        let digest = digest(&salt, uuid, secrets);
        self.digests
            .insert(uuid.to_owned(), Salted { salt, digest });
        self.write()
    }

    /// Drops what is kept of a node that is gone, and the file with the last one.
    pub(crate) fn forget(&mut self, uuid: &str) -> anyhow::Result<()> {
        if self.digests.remove(uuid).is_none() {
            return Ok(());
        }
        if self.digests.is_empty() {
            return std::fs::remove_file(&self.path)
                .with_context(|| format!("cannot remove {}", self.path.display()));
        }
        self.write()
    }

    /// Drops all of it, also what is kept of nodes that the lab has changed and not made.
    pub(crate) fn remove(workspace: &Path) -> anyhow::Result<()> {
        let path = workspace.join("passwords-sent.json");
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(error).with_context(|| format!("cannot remove {}", path.display()))
            }
            _ => Ok(()),
        }
    }

    fn write(&self) -> anyhow::Result<()> {
        let wrong = || format!("cannot write {}", self.path.display());
        let text = serde_json::to_vec_pretty(&self.digests).with_context(wrong)?;
        whole::write(&self.path, &text).with_context(wrong)
    }
}

fn digest(salt: &str, uuid: &str, secrets: &[PatchOp]) -> String {
    let mut hash = Sha256::new();
    hash.update(salt);
    hash.update(uuid);
    // The order is that of the inventory's keys, which a map keeps sorted.
    hash.update(serde_json::to_vec(secrets).unwrap_or_default());
    hex(&hash.finalize())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn only_the_password_that_was_sent_is_known() {
        let dir = tempfile::tempdir().unwrap();
        let of = |password: &str| vec![PatchOp::set(&["driver_info", "ipmi_password"], password)];
        let mut sent = SentSecrets::load(dir.path());
        assert!(!sent.has("a", &of("one")));
        sent.remember("a", &of("one")).unwrap();

        let again = SentSecrets::load(dir.path());
        assert!(again.has("a", &of("one")));
        assert!(!again.has("a", &of("two")));
        assert!(!again.has("b", &of("one")));

        let path = dir.path().join("passwords-sent.json");
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(!text.contains("one"), "{text}");

        sent.forget("a").unwrap();
        sent.forget("b").unwrap();
        assert!(!path.exists(), "nothing stays of nodes that are gone");

        sent.remember("b", &of("one")).unwrap();
        SentSecrets::remove(dir.path()).unwrap();
        assert!(!path.exists());
        SentSecrets::remove(dir.path()).unwrap();
    }
}
