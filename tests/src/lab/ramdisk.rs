//! The real ramdisk, as the project's own recipe builds it.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use crate::build::{repository, target_dir};
use crate::run::Run;
use crate::turn::locked;

/// Package mirrors and a loaded machine decide how long it takes; here it is two minutes or three.
const BUILD: Duration = Duration::from_secs(1200);

/// The directory with `ironic-python-agent.kernel` and `ironic-python-agent.initramfs`. Built by the first who asks, and
/// kept in `target/` until the recipe changes.
///
/// # Panics
///
/// When it cannot be built.
#[must_use]
pub fn ramdisk() -> PathBuf {
    let directory = target_dir().join("ipa");
    let recipe = repository().join("examples/openstack-lab/recipes/ironic-python-agent");
    let text = fs::read(&recipe).expect("the recipe");
    // Written last, so that an interrupted build is done again.
    let built_from = directory.join("built-from");
    let _turn = locked("ipa");
    if fs::read(&built_from).ok().as_ref() != Some(&text) {
        fs::create_dir_all(&directory).expect("target/ipa");
        // It takes its mounts and files along if this test dies.
        let build = Run::new("setpriv")
            .args(["--pdeathsig", "TERM", "--"])
            .args([recipe, directory.join("ironic-python-agent")]);
        let _ = build.limit(BUILD).outcome().ok();
        fs::write(built_from, text).expect("target/ipa/built-from");
    }
    directory
}
