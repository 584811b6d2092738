//! The real VirtualBMC, against which ours is judged as a drop-in.

use std::path::PathBuf;

use crate::build::target_dir;
use crate::home::Home;
use crate::run::{Outcome, Run};

/// The Python environment that `scripts/prerequisites` makes, with VirtualBMC and pyghmi: `target/venv`, unless
/// `VBMC_TEST_VENV` names another.
///
/// # Panics
///
/// When it isn't there.
#[must_use]
pub fn venv() -> PathBuf {
    let named = std::env::var_os("VBMC_TEST_VENV").map(PathBuf::from);
    let venv = named.unwrap_or_else(|| target_dir().join("venv"));
    assert!(
        venv.join("bin/python").exists(),
        "{} has no Python: run scripts/prerequisites, which installs all that the tests need",
        venv.display()
    );
    venv
}

/// Runs a Python script that can import VirtualBMC's own modules, in `home`.
#[track_caller]
#[must_use]
pub fn python(home: &Home, script: &str) -> Outcome {
    own(home, "python").args(["-"]).input(script).outcome()
}

/// A program of VirtualBMC's environment, in `home`.
#[must_use]
pub fn own(home: &Home, program: &str) -> Run {
    home.run(venv().join("bin").join(program))
}
