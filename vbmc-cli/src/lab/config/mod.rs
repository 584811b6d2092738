//! `lab.toml` and the files beside it, as meant: read, checked, and with every default filled in.
//!
//! | Module | What lives there |
//! |---|---|
//! | `file` | lab.toml as it is typed |
//! | `read` | from what is typed to what is meant: defaults, paths, checks; `domains`, `bmcs`, `images`, `results`, `secrets` and `urls` help |
//! | [`place`] | where something stands in lab.toml |

mod bmcs;
mod domains;
mod file;
mod images;
pub(crate) mod place;
mod read;
mod results;
mod secrets;
mod syntax;
#[cfg(test)]
mod tests;
mod urls;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use url::Url;
use vbmc_core::Secret;

pub(crate) use self::read::check_name;

use super::variables::Variables;
use crate::openstack::cloud::Choice;

/// A lab: one directory.
#[derive(Debug, Clone)]
pub(crate) struct Lab {
    /// The directory that holds `lab.toml`; absolute.
    pub(crate) dir: PathBuf,
    /// Marks what belongs to this lab, in libvirt, Ironic and Glance.
    pub(crate) name: String,
    pub(crate) cloud: CloudConfig,
    pub(crate) libvirt_uri: String,
    pub(crate) images: ImagesConfig,
    /// libvirt networks: the XML files in `networks/`, by name of the file without `.xml`.
    pub(crate) networks: BTreeMap<String, PathBuf>,
    /// The domains: the directories in `domains/`, by name.
    pub(crate) domains: BTreeMap<String, DomainConfig>,
    pub(crate) introspection: IntrospectionConfig,
    /// Everything that vbmc writes for this lab, beside images: the manifest, results.
    pub(crate) workspace: PathBuf,
    /// `workspace/results` unless lab.toml says otherwise.
    pub(crate) results: PathBuf,
    pub(crate) server_logs: ServerLogs,
    /// What `$NAME` stands for beside the environment, in every file of the lab.
    pub(crate) variables: Variables,
    /// What the operator should know, though the lab works.
    pub(crate) warnings: Vec<String>,
}

/// What of a lab those need who only look at its cloud.
#[derive(Debug, Clone)]
pub(crate) struct Address {
    /// The lab's.
    pub(crate) name: String,
    pub(crate) cloud: CloudConfig,
}

/// Logs that an Ironic on this machine keeps, gathered with the results.
#[derive(Debug, Clone, Default)]
pub(crate) struct ServerLogs {
    /// The directory of `[agent]deploy_logs_local_path`.
    pub(crate) ramdisk: Option<PathBuf>,
    /// The conductor's log file.
    pub(crate) conductor: Option<PathBuf>,
}

/// Which OpenStack. All unset: what the environment and `clouds.yaml` say.
#[derive(Debug, Clone, Default)]
pub(crate) struct CloudConfig {
    /// A cloud of `clouds.yaml`.
    pub(crate) cloud: Option<String>,
    /// A standalone Ironic.
    pub(crate) endpoint: Option<Url>,
    /// For http_basic at `endpoint`; none: no authentication.
    pub(crate) login: Option<(String, Secret)>,
    /// Certificates to trust beside the system's.
    pub(crate) cacert: Option<PathBuf>,
    /// How long to go on without an answer before giving up.
    pub(crate) patience: Duration,
}

impl From<&CloudConfig> for Choice {
    fn from(config: &CloudConfig) -> Self {
        Self {
            cloud: config.cloud.clone(),
            endpoint: config.endpoint.clone(),
            login: config.login.clone(),
            cacert: config.cacert.clone(),
            patience: config.patience,
        }
    }
}

/// All images of a lab.
#[derive(Debug, Clone)]
pub(crate) struct ImagesConfig {
    /// Where built and fetched images are kept.
    pub(crate) directory: PathBuf,
    pub(crate) publish: Publish,
    /// Whether nodes carry the deploy image in their driver_info, or rely on the conductor's own configuration.
    pub(crate) in_driver_info: bool,
    pub(crate) images: Vec<ImageConfig>,
}

/// How images get to the conductor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Publish {
    Glance,
    /// Copied to a directory that a web server shows at `url`, as the conductor's `http_root`.
    Http {
        directory: PathBuf,
        url: Url,
    },
    /// Copied to a directory of the conductor's `file_url_allowed_paths`; none: used where they are.
    File {
        directory: Option<PathBuf>,
    },
    /// The conductor has them already.
    None,
}

/// What an image is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// ironic-python-agent: nodes boot it to be inspected, cleaned and deployed.
    Deploy,
    /// What is installed on nodes later.
    Instance,
}

/// One image: up to three files.
#[derive(Debug, Clone)]
pub(crate) struct ImageConfig {
    pub(crate) name: String,
    pub(crate) role: Role,
    pub(crate) kernel: Option<FileConfig>,
    pub(crate) ramdisk: Option<FileConfig>,
    pub(crate) disk: Option<FileConfig>,
    /// The command that makes the files, with its arguments; run in the images directory.
    pub(crate) build: Option<Vec<String>>,
}

/// A file of an image.
#[derive(Debug, Clone)]
pub(crate) struct FileConfig {
    /// What it is called in the images directory.
    pub(crate) name: String,
    /// Where it comes from; none: the build command makes it.
    pub(crate) source: Option<Source>,
    pub(crate) checksum: Option<ExpectedChecksum>,
}

/// What a file must have, or where that is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ExpectedChecksum {
    Known(Checksum),
    /// A file as sha256sum writes it: lines of a digest and a name. The length of the digest tells the algorithm.
    Published(Url),
}

/// Where a file is taken from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Source {
    Path(PathBuf),
    Url(Url),
}

/// A file's checksum.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Checksum {
    pub(crate) algorithm: Algorithm,
    /// Lower-case hexadecimal digits.
    pub(crate) digest: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Algorithm {
    Md5,
    Sha256,
    Sha512,
}

/// One domain.
#[derive(Debug, Clone)]
pub(crate) struct DomainConfig {
    pub(crate) name: String,
    pub(crate) description: Description,
    pub(crate) disks: Vec<DiskConfig>,
    pub(crate) autostart: bool,
    /// Boot with UEFI firmware, also where the description says nothing of it.
    pub(crate) uefi: bool,
    /// None: no BMC is made for it.
    pub(crate) bmc: Option<BmcSettings>,
}

/// What a domain is made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Description {
    /// A libvirt `domain.xml`, with variables.
    Xml(PathBuf),
    /// Arguments for virt-install, with variables.
    VirtInstall(PathBuf),
}

impl Description {
    pub(crate) fn file(&self) -> &Path {
        match self {
            Self::Xml(file) | Self::VirtInstall(file) => file,
        }
    }
}

/// A disk image to be made for a domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DiskConfig {
    pub(crate) path: PathBuf,
    /// Bytes.
    pub(crate) size: u64,
}

/// The BMC of a domain.
#[derive(Debug, Clone)]
pub(crate) struct BmcSettings {
    /// Where it listens, `::` for all addresses.
    pub(crate) listen: String,
    pub(crate) port: u16,
    /// Where Ironic finds it; none: found out.
    pub(crate) address: Option<String>,
    pub(crate) username: String,
    pub(crate) password: Secret,
}

/// `vbmc introspect`.
#[derive(Debug, Clone)]
pub(crate) struct IntrospectionConfig {
    /// None: every domain of the lab is a node.
    pub(crate) inventory: Option<PathBuf>,
    /// Erase the disks' metadata after inspection.
    pub(crate) clean: bool,
    /// Make the nodes available at the end.
    pub(crate) provide: bool,
    /// Nodes inspected at the same time.
    pub(crate) concurrency: usize,
    /// For one inspection of one node.
    pub(crate) timeout: Duration,
    /// Inspections of one node before it is given up.
    pub(crate) attempts: u32,
}
