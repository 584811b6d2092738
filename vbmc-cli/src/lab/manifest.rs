//! What this lab has made: `manifest.json` in its workspace. What isn't in here, `vbmc clean` never touches.
//!
//! Written after every change, by rename, so that an interrupted run finds what it had made. It holds no secret.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;

use anyhow::{Context as _, bail};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::config::Lab;
use super::whole;

/// Where a conductor finds a file of an image: a Glance image's id, or an `http:` or `file:` URL.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct ImageRef(pub(crate) String);

/// One image as it was published.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct PublishedImage {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) kernel: Option<ImageRef>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) ramdisk: Option<ImageRef>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) disk: Option<ImageRef>,
    /// Whether nodes boot it to be inspected and deployed.
    #[serde(default)]
    pub(crate) deploy: bool,
}

/// Something made on a hypervisor.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct OnHypervisor {
    pub(crate) uri: String,
    pub(crate) name: String,
}

/// Something made in a cloud: in Ironic or Glance.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct InCloud {
    /// The service's URL.
    pub(crate) endpoint: String,
    pub(crate) id: String,
    pub(crate) name: String,
}

/// What a file was made from: a digest of the command, or of the URL. If lab.toml says something else now, it differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Fingerprint(pub(crate) String);

/// What is known of a file, for as long as its size and its time of change stay the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct KnownFile {
    pub(crate) size: u64,
    pub(crate) modified: Timestamp,
    /// None: not made by us.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) made_from: Option<Fingerprint>,
    /// Hexadecimal digits, by `md5`, `sha256` or `sha512`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) digests: BTreeMap<String, String>,
}

impl KnownFile {
    pub(crate) fn new(size: u64, modified: Timestamp) -> Self {
        Self {
            size,
            modified,
            made_from: None,
            digests: BTreeMap::new(),
        }
    }
}

/// All that was made.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Contents {
    /// Whose it is. None: written before this was kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) lab: Option<String>,
    /// By the image's name in lab.toml.
    pub(crate) published: BTreeMap<String, PublishedImage>,
    /// Files made here: built or fetched images, and copies in the conductor's directories.
    pub(crate) files: Vec<PathBuf>,
    /// Made here or read here, by path.
    pub(crate) known_files: BTreeMap<PathBuf, KnownFile>,
    pub(crate) networks: Vec<OnHypervisor>,
    /// By the path of each.
    pub(crate) disks: Vec<OnHypervisor>,
    pub(crate) domains: Vec<OnHypervisor>,
    pub(crate) bmcs: Vec<String>,
    pub(crate) glance_images: Vec<InCloud>,
    pub(crate) nodes: Vec<InCloud>,
}

/// The contents and where they are kept.
#[derive(Debug)]
pub(crate) struct Manifest {
    path: PathBuf,
    contents: Contents,
}

impl Manifest {
    /// Reads that of a lab; where there is none, nothing has been made.
    pub(crate) fn load(lab: &Lab) -> anyhow::Result<Self> {
        let path = &lab.workspace.join("manifest.json");
        let mut contents: Contents = match std::fs::read(path) {
            Ok(text) => serde_json::from_slice(&text).with_context(|| {
                format!(
                    "{} is not what vbmc wrote; restore it, or remove it and what it lists by hand",
                    path.display()
                )
            })?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Contents::default(),
            Err(error) => {
                return Err(error).with_context(|| format!("cannot read {}", path.display()));
            }
        };
        // A copy of another lab's directory: what is listed is the other's.
        if let Some(other) = contents.lab.as_ref().filter(|other| **other != lab.name) {
            bail!(
                "{} lists what the lab {other} has made, and this lab is called {}: if it was given another name, write \
                 name = \"{other}\" into lab.toml until it is cleaned; if it is a copy, remove that file",
                path.display(),
                lab.name
            );
        }
        contents.lab = Some(lab.name.clone());
        Ok(Self {
            path: path.to_owned(),
            contents,
        })
    }

    pub(crate) fn contents(&self) -> &Contents {
        &self.contents
    }

    /// Changes the contents, and writes them if they became different.
    pub(crate) fn change(&mut self, change: impl FnOnce(&mut Contents)) -> anyhow::Result<()> {
        let before = self.contents.clone();
        change(&mut self.contents);
        if self.contents == before {
            return Ok(());
        }
        self.write()
    }

    fn write(&self) -> anyhow::Result<()> {
        let written = serde_json::to_vec_pretty(&self.contents)
            .map_err(io::Error::from)
            .and_then(|text| whole::write(&self.path, &text));
        written.with_context(|| format!("cannot write {}", self.path.display()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::testing::{run, write};

    #[test]
    fn a_copy_under_another_name_does_not_take_what_the_first_has_made_for_its_own() {
        let dir = tempfile::tempdir().unwrap();
        write(dir.path(), "lab.toml", "name = \"one\"\n");
        let (mut first, _) = run(dir.path(), false);
        let claim = |made: &mut Contents| made.bmcs.push("node-0".to_owned());
        first.manifest.change(claim).unwrap();
        Manifest::load(&first.lab).unwrap();

        write(dir.path(), "lab.toml", "name = \"two\"\n");
        let copy = Lab::load(dir.path()).unwrap();
        let error = Manifest::load(&copy).unwrap_err().to_string();
        assert!(error.contains("what the lab one has made"), "{error}");
        assert!(error.contains("write name = \"one\""), "{error}");
        assert!(error.ends_with("remove that file"), "{error}");

        // As it was written before it said whose it is.
        let path = copy.workspace.join("manifest.json");
        std::fs::write(&path, "{\"bmcs\": [\"node-0\"]}").unwrap();
        let old = Manifest::load(&copy).unwrap();
        assert_eq!(old.contents().bmcs, ["node-0"]);
    }
}
