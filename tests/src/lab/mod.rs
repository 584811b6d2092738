//! What the lab workflow works with: Ironic, Keystone and Glance from PyPI, and a ramdisk; all the real ones, each in the
//! namespaces of one test. Ports and addresses are fixed, for nobody else is there.

mod cut;
mod directory;
mod ironic;
mod openstack;
mod player;
mod ramdisk;
mod site;

pub use cut::Cut;
pub use directory::LabDirectory;
pub use ironic::Ironic;
pub use openstack::{IRONIC, OpenStack};
pub use player::Player;
pub use ramdisk::ramdisk;
pub use site::Site;

use std::path::PathBuf;

use crate::build::target_dir;

/// A Python environment that `scripts/prerequisites` makes in `target/`.
fn environment(name: &str) -> PathBuf {
    let venv = target_dir().join(name);
    assert!(
        venv.join("complete").exists(),
        "{} isn't complete: run scripts/prerequisites, which installs all that the tests need",
        venv.display()
    );
    venv
}
