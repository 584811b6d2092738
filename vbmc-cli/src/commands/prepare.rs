//! `vbmc prepare`: from a lab's directory to machines that Ironic can take over.

use std::time::Duration;

use clap::ValueEnum;
use url::Url;
use vbmc_core::config::ConfigFile;

use super::lab_args::{CloudArgs, LabArgs};
use super::runtime;
use crate::client::Client;
use crate::lab::config::{Lab, Publish};
use crate::lab::hypervisor::Hypervisor;
use crate::lab::interrupt::unless_interrupted;
use crate::lab::lock::Lock;
use crate::lab::manifest::Manifest;
use crate::lab::problems::Problems;
use crate::lab::report::{Kind, Reporter, Subject};
use crate::lab::{Run, bmcs, cloud, domains, images, networks, results};
use crate::openstack::Session;
use crate::openstack::cloud::Choice;
use crate::openstack::service::Service;
use crate::view::ViewArgs;

const ABOUT: &str = "\
Make a lab's images, networks, machines and BMCs

What lab.toml and the files beside it describe is made, in this order:

  images    built by their commands, or fetched and checked
  networks  libvirt networks, defined and started
  publish   images brought to where Ironic finds them
  domains   disk images made, and domains defined
  bmcs      added to vbmcd and started, then asked for their power state

What is there already is compared and left alone, and every difference is told: a second run changes nothing. \
Interrupted at any point, the next run goes on from there.

workspace/manifest.json says what was made: `vbmc clean` removes that and nothing else. Logs are gathered in \
workspace/results/, also after a failure.";

const EXAMPLES: &str = "\
Examples:
  vbmc prepare                            the lab in the current directory
  vbmc prepare --dry-run                  say what would be made or changed,
                                          and do nothing
  vbmc prepare --lab ~/lab --only networks,domains,bmcs
  vbmc prepare -f json | jq -r 'select(.outcome == \"failed\") | .detail'

It needs libvirt and vbmcd, and for domains described by virt-install.arguments also virt-install. When it \
is done, `vbmc introspect` registers the machines with Ironic.

Exit codes: 0 all is as it should be, 1 it could not be done, 2 wrong usage, 3 some of it failed, 130 \
interrupted.";

/// How long the end of a call to libvirt is waited for after an interruption.
const PARTING: Duration = Duration::from_secs(2);

// The text in full is in ABOUT; clap shows its first line in lists.
#[derive(Debug, clap::Args)]
#[command(about = ABOUT.lines().next().unwrap_or_default(), long_about = ABOUT, after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Say what would be made or changed, and do nothing
    #[arg(short = 'n', long)]
    dry_run: bool,

    /// Do these steps only, in their usual order
    #[arg(long, value_name = "STEP", value_delimiter = ',')]
    only: Vec<Step>,

    #[command(flatten)]
    lab: LabArgs,

    #[command(flatten)]
    cloud: CloudArgs,

    #[command(flatten)]
    view: ViewArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
enum Step {
    Images,
    // Before what asks the conductor's web server: it may have its address on one of them.
    Networks,
    Publish,
    Domains,
    Bmcs,
}

impl Args {
    /// In the order in which they are done.
    fn steps(&self) -> Vec<Step> {
        let mut steps = match &*self.only {
            [] => Step::value_variants().to_vec(),
            only => only.to_vec(),
        };
        steps.sort();
        steps.dedup();
        steps
    }
}

pub(super) fn run(args: &Args, quiet: bool) -> anyhow::Result<()> {
    let mut lab = Lab::load(&args.lab.dir()?)?;
    lab.cloud = args.cloud.instead_of(lab.cloud);
    let report = args.view.reporter(quiet, &lab, args.dry_run);
    let runtime = runtime()?;
    let done = runtime.block_on(unless_interrupted(prepare(args, lab, &report)));
    // A call to libvirt that is under way ends on its own: it is better not to leave in the middle of it.
    runtime.shutdown_timeout(PARTING);
    report.finish(done)
}

async fn prepare(args: &Args, lab: Lab, report: &Reporter) -> anyhow::Result<()> {
    let steps = args.steps();
    let subject = Subject::new(Kind::Lab, &lab.name);
    for warning in &lab.warnings {
        report.warning(&subject, warning);
    }
    // Whoever only looks may do so while another run is at work.
    let _lock = (!args.dry_run)
        .then(|| Lock::take(&lab.workspace))
        .transpose()?;
    let manifest = Manifest::load(&lab)?;
    let ready = check(&lab, &steps, report).await?;
    let mut run = Run {
        lab,
        manifest,
        report: report.clone(),
        dry_run: args.dry_run,
    };
    let made = make(&mut run, &steps, &ready).await;
    // Above all when a step failed.
    results::gather(&run, None, made.is_err()).await;
    made?;
    let tally = report.tally();
    if tally.failed + tally.skipped == 0 && !run.dry_run && steps.contains(&Step::Bmcs) {
        report.note(&subject, "is ready; next: `vbmc introspect`");
    }
    Ok(())
}

/// What the steps need, and what was found out about it.
struct Ready {
    /// Where Ironic is, if that is known.
    ironic: Option<Url>,
}

/// Looks at everything that is quickly looked at: nothing should fail after minutes that could have been said at once.
async fn check(lab: &Lab, steps: &[Step], report: &Reporter) -> anyhow::Result<Ready> {
    let mut problems = Problems::default();
    if steps.contains(&Step::Networks) {
        for (subject, error) in networks::check(lab) {
            problems.add(subject, format!("{error:#}"));
        }
    }
    let domains = steps.contains(&Step::Domains) && !lab.domains.is_empty();
    if domains {
        for (subject, error) in domains::check(lab) {
            problems.add(subject, format!("{error:#}"));
        }
        if domains::need_virt_install(lab) {
            problems.ok("virt-install", domains::check_virt_install().await);
        }
    }
    if domains || (steps.contains(&Step::Networks) && !lab.networks.is_empty()) {
        let hypervisor = problems.ok("libvirt", Hypervisor::open(lab).await);
        if let Some(hypervisor) = hypervisor.filter(|_| domains) {
            let plugs = domains::plugs::elsewhere(lab);
            let checked = domains::plugs::check(lab, plugs, &hypervisor, &mut problems).await;
            problems.ok("libvirt", checked);
        }
    }
    let bmcs =
        steps.contains(&Step::Bmcs) && lab.domains.values().any(|domain| domain.bmc.is_some());
    if bmcs && let Err(error) = ask_vbmcd().await {
        problems.take(error);
    }
    let glance = steps.contains(&Step::Publish) && lab.images.publish == Publish::Glance;
    let session = if glance {
        problems.ok("the cloud", open(lab, report).await)
    } else if bmcs {
        // Only to learn from which side Ironic will ask the BMCs: it need not be there yet.
        open(lab, report).await.ok()
    } else {
        None
    };
    problems.check()?;
    let ironic = match &session {
        Some(session) => session.endpoint(Service::Baremetal).await?.ok(),
        None => None,
    };
    Ok(Ready { ironic })
}

async fn open(lab: &Lab, report: &Reporter) -> anyhow::Result<Session> {
    Ok(cloud::open(&Choice::from(&lab.cloud), lab, report).await?)
}

async fn ask_vbmcd() -> anyhow::Result<()> {
    Client::from_config(&ConfigFile::load()?)?.bmcs().await?;
    Ok(())
}

async fn make(run: &mut Run, steps: &[Step], ready: &Ready) -> anyhow::Result<()> {
    for step in steps {
        match step {
            Step::Images => images::prepare(run).await?,
            Step::Publish => images::publish(run).await?,
            Step::Networks => networks::prepare(run).await?,
            Step::Domains => domains::prepare(run).await?,
            Step::Bmcs => bmcs::prepare(run, ready.ironic.as_ref()).await?,
        }
    }
    Ok(())
}
