//! `vbmc clean`: removes what a lab has made.

use std::time::Duration;

use super::lab_args::{CloudArgs, LabArgs};
use super::runtime;
use crate::lab::Run;
use crate::lab::clean::{self, Options, Part};
use crate::lab::config::Lab;
use crate::lab::interrupt::unless_interrupted;
use crate::lab::lock::Lock;
use crate::lab::manifest::Manifest;
use crate::lab::report::Reporter;
use crate::view::ViewArgs;

const EXAMPLES: &str = "\
Examples:
  vbmc clean                              show what this lab has made, ask, and
                                          remove it
  vbmc clean --dry-run                    show it, and change nothing
  vbmc clean --yes -f json                for programs
  vbmc clean --only nodes,bmcs            leave images, domains and networks as
                                          they are

What the lab did not make is never touched, nor what no longer bears its mark. A domain is switched off, and removed \
with its disks and UEFI variables. Nodes that are deployed stop it all, unless --force is given. Results stay, unless \
--results is given.

Exit codes: 0 all is gone, 1 nothing was removed, 2 wrong usage, 3 something could not be removed, 130 interrupted. A \
further run tries again.";

/// Remove what a lab has made, and nothing else
///
/// That is nodes, images, BMCs, domains with their disks, and networks.
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

/// How long the end of a call to libvirt, or of a question to the operator, is waited for after an interruption.
const PARTING: Duration = Duration::from_secs(2);

pub(super) fn run(args: Args, quiet: bool) -> anyhow::Result<()> {
    let lab = Lab::load(&args.lab.dir()?)?;
    let report = args.view.reporter(quiet, &lab, args.dry_run);
    let runtime = runtime()?;
    let cleaned = runtime.block_on(unless_interrupted(clean(args, lab, &report)));
    runtime.shutdown_timeout(PARTING);
    report.finish(cleaned)
}

async fn clean(args: Args, lab: Lab, report: &Reporter) -> anyhow::Result<()> {
    // Whoever only looks may do so while another run is at work.
    let _lock = (!args.dry_run)
        .then(|| Lock::take(&lab.workspace))
        .transpose()?;
    let choice = args.cloud.choice(Some(&lab.cloud));
    let mut run = Run {
        manifest: Manifest::load(&lab)?,
        lab,
        report: report.clone(),
        dry_run: args.dry_run,
    };
    let options = Options {
        only: args.only,
        yes: args.yes,
        force: args.force,
        results: args.results,
    };
    clean::clean(&mut run, choice, &options).await
}
