//! The binaries under test, built from the sources as they stand: a test never meets a stale one.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// The top of the repository.
#[must_use]
pub fn repository() -> PathBuf {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests.parent().unwrap_or(tests).to_owned()
}

/// The target directory that this test itself was built into.
///
/// # Panics
///
/// When the test doesn't run from a target directory.
#[must_use]
pub fn target_dir() -> PathBuf {
    profile_dir().parent().expect("target/").to_owned()
}

/// The path of `vbmcd`, `vbmc`, or a program of these tests' own. Builds them all first, once per test process.
///
/// # Panics
///
/// When they don't compile.
#[must_use]
pub fn binary(name: &str) -> PathBuf {
    static DIR: OnceLock<PathBuf> = OnceLock::new();
    DIR.get_or_init(build).join(name)
}

/// `target/debug`, or another profile's: test executables are in its `deps`.
fn profile_dir() -> PathBuf {
    let exe = env::current_exe().expect("the path of this test");
    let deps = exe.parent().expect("deps/");
    deps.parent().expect("the profile's directory").to_owned()
}

fn build() -> PathBuf {
    let dir = profile_dir();
    let profile = match dir.file_name().and_then(|name| name.to_str()) {
        None | Some("debug") => "dev",
        Some(name) => name,
    };
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    // What the cargo that runs this test says of the test's own package: ring's build script looks at it, and would have
    // ring and what uses it compiled anew each time that one and the other cargo take turns.
    for (key, _) in env::vars_os() {
        let name = key.to_string_lossy();
        if name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_") {
            cargo.env_remove(&key);
        }
    }
    let output = cargo
        .args(["build", "--quiet", "--locked", "--profile", profile])
        .args(["-p", "vbmc-daemon", "-p", "vbmc-cli"])
        .args(["-p", "vbmc-tests", "--bins"])
        .arg("--target-dir")
        .arg(target_dir())
        .current_dir(repository())
        .output()
        .expect("cargo");
    assert!(
        output.status.success(),
        "what is tested doesn't compile:\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    dir
}
