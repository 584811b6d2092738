//! `vbmc lab check`: reads all files of a lab, and touches nothing.

use std::io::{self, Write as _};

use crate::commands::lab_args::LabArgs;
use crate::lab::config::{Lab, Source};
use crate::lab::inventory::Inventory;
use crate::lab::inventory::domains::planned;
use crate::lab::problems::Problems;
use crate::lab::{domains, networks};

const EXAMPLES: &str = "\
Examples:
  vbmc lab check
  vbmc lab check --lab mylab

It looks at files alone: neither libvirt nor vbmcd nor Ironic is asked. MAC addresses that libvirt has \
yet to give away are taken to be there.

Exit codes: 0 the lab is in order, 1 it isn't, 2 wrong usage.";

/// Say what is wrong with a lab's files, and touch nothing
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    #[command(flatten)]
    lab: LabArgs,
}

pub(super) fn run(args: &Args) -> anyhow::Result<()> {
    let lab = Lab::load(&args.lab.dir()?)?;
    let mut problems = Problems::default();
    files(&lab, &mut problems);
    for (subject, error) in networks::check(&lab)
        .into_iter()
        .chain(domains::check(&lab))
    {
        problems.add(subject, format!("{error:#}"));
    }
    let inventory = Inventory::load(&lab, &planned(&lab))
        .map_err(|error| problems.take(error))
        .ok();
    problems.check()?;
    let (nodes, warnings) = inventory
        .map(|inventory| (inventory.nodes.len(), inventory.warnings))
        .unwrap_or_default();
    for warning in lab.warnings.iter().chain(&warnings) {
        tracing::warn!("warning: {warning}");
    }
    let line = format!(
        "The lab {} is in order: {}, {}, {}, {}\n",
        lab.name,
        count(lab.images.images.len(), "image"),
        count(lab.networks.len(), "network"),
        count(lab.domains.len(), "domain"),
        count(nodes, "node"),
    );
    Ok(io::stdout().write_all(line.as_bytes())?)
}

/// What lab.toml names must be there.
fn files(lab: &Lab, problems: &mut Problems) {
    for image in &lab.images.images {
        for file in [&image.kernel, &image.ramdisk, &image.disk]
            .into_iter()
            .flatten()
        {
            if let Some(Source::Path(path)) = &file.source
                && !path.is_file()
            {
                problems.add(
                    format!("image {}", image.name),
                    format!("{} is no file", path.display()),
                );
            }
        }
    }
}

fn count(number: usize, what: &str) -> String {
    match number {
        1 => format!("1 {what}"),
        _ => format!("{number} {what}s"),
    }
}
