//! Node files of libvirt's built-in test driver: any number of domains, no hypervisor. They run when it starts.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::scratch;

/// A node file; deleted when dropped.
#[derive(Debug)]
pub struct Node {
    dir: TempDir,
}

impl Node {
    /// With these domains.
    ///
    /// # Panics
    ///
    /// When it cannot be written.
    #[must_use]
    pub fn new<S: AsRef<str>>(domains: impl IntoIterator<Item = S>) -> Self {
        let domains: String = domains
            .into_iter()
            .map(|name| domain(name.as_ref()))
            .collect();
        Self::described(&domains)
    }

    /// With the domains that this XML describes.
    ///
    /// # Panics
    ///
    /// When it cannot be written.
    #[must_use]
    pub fn described(domains: &str) -> Self {
        let dir = scratch::directory("node");
        let node = Self { dir };
        fs::write(node.path(), format!("<node>{domains}</node>")).expect("the node file");
        node
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        self.directory().join("node.xml")
    }

    /// Where the file is; room for more of the test's own.
    #[must_use]
    pub fn directory(&self) -> &Path {
        self.dir.path()
    }

    /// The URI by which a process opens it for itself. The domains are that process's own: none other sees their state.
    #[must_use]
    pub fn uri(&self) -> String {
        format!("test://{}", self.path().display())
    }
}

/// A domain of the test driver with a disk, which it boots from, a network card, which is next, and a CD-ROM drive.
#[must_use]
pub fn domain(name: &str) -> String {
    format!(
        "<domain type='test'><name>{name}</name><memory unit='MiB'>64</memory><vcpu>1</vcpu>
           <os><type>hvm</type><boot dev='hd'/><boot dev='network'/></os>
           <devices>
             <disk type='file' device='disk'><source file='/nonexistent/disk'/><target dev='vda' bus='virtio'/></disk>
             <disk type='file' device='cdrom'><target dev='sda' bus='sata'/><readonly/></disk>
             <interface type='network'><source network='default'/></interface>
           </devices>
         </domain>"
    )
}
