//! The options that several commands of the lab workflow share: which lab, and which cloud.

use std::env;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Args;

use crate::lab::config::CloudConfig;
use crate::openstack::cloud::Choice;

/// What makes a directory a lab.
const LAB_FILE: &str = "lab.toml";

/// Which lab, as typed.
#[derive(Debug, Args)]
#[command(next_help_heading = "Lab options")]
pub(crate) struct LabArgs {
    /// The lab's directory [default: the current one]
    #[arg(long, value_name = "DIR", env = "VBMC_LAB", hide_env_values = true)]
    lab: Option<PathBuf>,
}

impl LabArgs {
    /// The lab's directory, absolute.
    pub(crate) fn dir(&self) -> anyhow::Result<PathBuf> {
        match self.found()? {
            Some(dir) => Ok(dir),
            None => bail!(
                "there is no {LAB_FILE} in the current directory; \
                 name the lab with --lab DIR or VBMC_LAB, or make one with `vbmc lab init DIR`"
            ),
        }
    }

    /// The lab's directory where one is named or this is one: for commands that work without a lab too.
    pub(crate) fn found(&self) -> anyhow::Result<Option<PathBuf>> {
        let here = env::current_dir().context("cannot tell the current directory")?;
        let Some(named) = &self.lab else {
            return Ok(is_lab(&here).then_some(here));
        };
        let dir = here.join(named);
        if !is_lab(&dir) {
            bail!(
                "there is no {LAB_FILE} in {}; `vbmc lab init {}` makes one",
                dir.display(),
                named.display()
            );
        }
        Ok(Some(dir))
    }
}

fn is_lab(dir: &Path) -> bool {
    dir.join(LAB_FILE).is_file()
}

/// Which cloud, as typed.
#[derive(Debug, Args)]
#[command(next_help_heading = "Cloud options")]
pub(crate) struct CloudArgs {
    /// A cloud of clouds.yaml, rather than what lab.toml or the environment say
    #[arg(long, value_name = "CLOUD")]
    os_cloud: Option<String>,
}

impl CloudArgs {
    /// What was chosen: here, or else in the lab's lab.toml; nothing of it leaves it to the environment.
    pub(crate) fn choice(&self, of_lab: Option<&CloudConfig>) -> Choice {
        Choice::from(&self.instead_of(of_lab.cloned().unwrap_or_default()))
    }

    /// The same, as if lab.toml had said it.
    pub(crate) fn instead_of(&self, of_lab: CloudConfig) -> CloudConfig {
        match &self.os_cloud {
            None => of_lab,
            Some(cloud) => CloudConfig {
                cloud: Some(cloud.clone()),
                patience: of_lab.patience,
                ..CloudConfig::default()
            },
        }
    }
}
