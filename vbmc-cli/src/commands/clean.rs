//! `vbmc clean`: removes what a lab has made.

use super::lab_args::{CloudArgs, LabArgs};
use crate::lab::Run;
use crate::lab::clean::{self, Options, Part};
use crate::lab::config::Lab;
use crate::lab::lock::Lock;
use crate::lab::manifest::Manifest;
use crate::view::ViewArgs;

const EXAMPLES: &str = "\
Examples:
  vbmc clean                              show what this lab has made, ask, and remove it
  vbmc clean --dry-run                    show it, and change nothing
  vbmc clean --yes -f json                for programs
  vbmc clean --only nodes,bmcs            leave images, domains and networks as they are

What the lab did not make is never touched, nor what no longer bears its mark. A domain is switched off, and removed
with its disks and UEFI variables. Nodes that are deployed stop it all, unless --force is given. Results stay, unless
--results is given.

Exit codes: 0 all is gone, 1 nothing was removed, 2 wrong usage, 3 something could not be removed; a further
run tries again.";

/// Remove what a lab has made: nodes, images, BMCs, domains with their disks, and networks
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Don't ask
    #[arg(short, long)]
    yes: bool,

    /// Show what would be removed, and change nothing
    #[arg(short = 'n', long)]
    dry_run: bool,

    /// Only these parts of the lab
    #[arg(long, value_name = "PART", value_delimiter = ',')]
    only: Vec<Part>,

    /// Remove nodes that are deployed too: what runs on them is lost
    #[arg(long)]
    force: bool,

    /// Remove the results too
    #[arg(long)]
    results: bool,

    #[command(flatten)]
    lab: LabArgs,

    #[command(flatten)]
    cloud: CloudArgs,

    #[command(flatten)]
    view: ViewArgs,
}

pub(super) async fn run(args: Args, quiet: bool) -> anyhow::Result<()> {
    let lab = Lab::load(&args.lab.dir()?)?;
    let _lock = (!args.dry_run)
        .then(|| Lock::take(&lab.workspace))
        .transpose()?;
    let manifest = Manifest::load(&lab.workspace.join("manifest.json"))?;
    let choice = args.cloud.choice(Some(&lab));
    let mut run = Run {
        lab,
        manifest,
        report: args.view.reporter(quiet),
        dry_run: args.dry_run,
    };
    let options = Options {
        only: args.only,
        yes: args.yes,
        force: args.force,
        results: args.results,
    };
    let cleaned = clean::clean(&mut run, choice, &options).await;
    let finished = run.report.finish();
    cleaned?;
    Ok(finished?)
}
