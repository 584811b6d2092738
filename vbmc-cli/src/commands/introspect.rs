//! `vbmc introspect`: from an inventory to nodes that Ironic has inspected and made available.

use std::io::{IsTerminal, stdin};
use std::time::Duration;

use super::lab_args::{CloudArgs, LabArgs};
use super::runtime;
use crate::lab::config::Lab;
use crate::lab::interrupt::unless_interrupted;
use crate::lab::introspect::{self, Options};
use crate::lab::lock::Lock;
use crate::lab::manifest::Manifest;
use crate::lab::report::{Kind, Reporter, Subject};
use crate::lab::{Run, cloud, results};
use crate::openstack::Error;
use crate::view::ViewArgs;

const ABOUT: &str = "\
Register the inventory with Ironic, and have its nodes inspected

Nodes are found in Ironic by MAC address, by their BMC, by UUID or by name; they are registered where there are none, \
and updated where they differ. Then, with all nodes at once:

  manage    Ironic tries each node's BMC
  inspect   each node boots the ramdisk, which reports the hardware;
            what failed is switched off and tried again
  save      what was found goes to workspace/results/introspection/NAME.json
  clean     with --clean, or where lab.toml says so, the disks' metadata is
            erased
  provide   when all are through, the nodes become available together

Nodes that are available and were inspected before are left as they are, so a second run changes nothing. What an \
interrupted run has begun goes on in Ironic; the next run waits for it. Nodes whose driver is manual-management are \
switched by you: you are told when.";

const EXAMPLES: &str = "\
Examples:
  vbmc introspect                         the lab in the current directory
  vbmc introspect --dry-run               say what would be registered, updated,
                                          inspected, and so on, and do nothing
  vbmc introspect --node node-0 --again   inspect one node anew
  vbmc introspect --no-provide            leave the nodes manageable
  vbmc introspect -f json | jq -r 'select(.outcome == \"failed\") | .detail'

`vbmc prepare` makes the machines and the ramdisk that this needs; `vbmc nodes --watch` shows what Ironic does.

Exit codes: 0 all is as it should be, 1 it could not be done, 2 wrong usage, 3 some nodes failed, 130 interrupted.";

/// How long a file that is being written is waited for after an interruption.
const PARTING: Duration = Duration::from_secs(2);

// The text in full is in ABOUT; clap shows its first line in lists.
#[derive(Debug, clap::Args)]
#[command(about = ABOUT.lines().next().unwrap_or_default(), long_about = ABOUT, after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Say what would be done with each node, and do nothing
    #[arg(short = 'n', long)]
    dry_run: bool,

    /// These nodes only, by name or UUID
    #[arg(long = "node", value_name = "NAME")]
    nodes: Vec<String>,

    /// Inspect nodes also when they were inspected before
    #[arg(long)]
    again: bool,

    /// Erase the disks' metadata after inspection [default: as in lab.toml]
    #[arg(long)]
    clean: bool,

    /// Don't erase the disks' metadata
    #[arg(long, conflicts_with = "clean")]
    no_clean: bool,

    /// Make the nodes available at the end [default: as in lab.toml]
    #[arg(long)]
    provide: bool,

    /// Leave the nodes manageable
    #[arg(long, conflicts_with = "provide")]
    no_provide: bool,

    /// Nodes inspected at the same time [default: as in lab.toml]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    concurrency: Option<u32>,

    /// For one inspection of one node [default: as in lab.toml]
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..))]
    timeout: Option<u64>,

    /// Don't wait for confirmation when machines are to be switched by hand
    #[arg(short, long)]
    yes: bool,

    #[command(flatten)]
    lab: LabArgs,

    #[command(flatten)]
    cloud: CloudArgs,

    #[command(flatten)]
    view: ViewArgs,
}

impl Args {
    fn options(&self) -> Options {
        let choice = |yes: bool, no: bool| (yes || no).then_some(yes);
        Options {
            again: self.again,
            clean: choice(self.clean, self.no_clean),
            provide: choice(self.provide, self.no_provide),
            nodes: self.nodes.clone(),
            concurrency: self.concurrency.and_then(|n| n.try_into().ok()),
            timeout: self.timeout.map(Duration::from_secs),
            confirm: !self.yes && stdin().is_terminal(),
        }
    }
}

pub(super) fn run(args: &Args, quiet: bool) -> anyhow::Result<()> {
    let lab = Lab::load(&args.lab.dir()?)?;
    let report = args.view.reporter(quiet, &lab, args.dry_run);
    let runtime = runtime()?;
    let done = runtime.block_on(unless_interrupted(introspect(args, lab, &report)));
    // A question to the operator that is still open must not keep us.
    runtime.shutdown_timeout(PARTING);
    report.finish(done)
}

async fn introspect(args: &Args, lab: Lab, report: &Reporter) -> anyhow::Result<()> {
    let subject = Subject::new(Kind::Lab, &lab.name);
    for warning in &lab.warnings {
        report.warning(&subject, warning);
    }
    let options = args.options();
    let choice = args.cloud.choice(Some(&lab.cloud));
    // Whoever only looks may do so while another run is at work.
    let _lock = (!args.dry_run)
        .then(|| Lock::take(&lab.workspace))
        .transpose()?;
    let mut run = Run {
        manifest: Manifest::load(&lab)?,
        lab,
        report: report.clone(),
        dry_run: args.dry_run,
    };
    introspect::check(&run, &options)?;
    let session = cloud::open(&choice, &run.lab, report).await?;
    let ironic = session.baremetal().await?;
    let done = introspect::introspect(&mut run, &session, &options).await;
    // What a failure left behind is wanted most; but who doesn't answer has been waited for.
    let silent = done.as_ref().err().is_some_and(is_silence);
    results::gather(&run, (!silent).then_some(&ironic), done.is_err()).await;
    done
}

/// Whether the run ended since Ironic keeps silent.
fn is_silence(error: &anyhow::Error) -> bool {
    matches!(
        error.downcast_ref::<Error>(),
        Some(Error::Unreachable { .. } | Error::Unauthorized(..))
    )
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        args: Args,
    }

    fn options(line: &str) -> Options {
        Line::try_parse_from(line.split(' '))
            .unwrap()
            .args
            .options()
    }

    #[test]
    fn what_is_not_said_is_left_to_the_lab() {
        let options = options("vbmc");
        assert_eq!((options.clean, options.provide), (None, None));
        assert_eq!((options.concurrency, options.timeout), (None, None));
    }

    #[test]
    fn what_is_said_counts() {
        let options = options(
            "vbmc --clean --no-provide --concurrency 3 --timeout 90 --node a --node b --yes",
        );
        assert_eq!((options.clean, options.provide), (Some(true), Some(false)));
        assert_eq!(options.concurrency, Some(3));
        assert_eq!(options.timeout, Some(Duration::from_secs(90)));
        assert_eq!(options.nodes, ["a", "b"]);
        assert!(!options.confirm);
        assert!(Line::try_parse_from(["vbmc", "--clean", "--no-clean"]).is_err());
    }
}
