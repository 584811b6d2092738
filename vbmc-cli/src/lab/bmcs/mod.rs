//! The BMCs of a lab's domains: made through vbmcd, and asked over IPMI where Ironic will ask them.
//!
//! | File | What lives there |
//! |---|---|
//! | `mod.rs` | the step: add, change, start, ask |
//! | `wish.rs` | what the lab wants, and how a BMC differs from it |
//! | `others.rs` | BMCs that are in the way |
//! | [`address`] | where Ironic finds the BMCs |

pub(crate) mod address;
mod others;
mod wish;

use std::time::Duration;

use anyhow::bail;
use tokio::task::spawn_blocking;
use tokio::time::{Instant, sleep};
use url::Url;
use vbmc_core::config::ConfigFile;
use vbmc_core::control::{BmcChange, Status};

use self::wish::Wish;
use super::Run;
use super::report::{Kind, Outcome, Progress, Subject};
use super::vbmcd_log::VbmcdLog;
use crate::client::{Client, ClientError};
use crate::ipmi::{self, Console, Login, Power};

/// How long a BMC that was just started may be without an answer of its hypervisor's.
const READY: Duration = Duration::from_secs(15);

/// Between two questions meanwhile.
const AGAIN: Duration = Duration::from_millis(300);

/// What was done with a BMC.
enum Done {
    UpToDate,
    Changed(String),
    WouldChange(String),
    /// It is as wished, and isn't this lab's.
    Foreign,
    /// It cannot be had, and why.
    Blocked(String),
}

/// Makes the BMCs as the lab has them, and asks each for its machine's power state.
pub(crate) async fn prepare(run: &mut Run, ironic: Option<&Url>) -> anyhow::Result<()> {
    let wishes = Wish::of(&run.lab);
    if wishes.is_empty() {
        return Ok(());
    }
    run.report.phase("BMCs");
    let client = Client::from_config(&ConfigFile::load()?)?;
    let there = client.bmcs().await?;
    for wish in &wishes {
        let subject = Subject::new(Kind::Bmc, &wish.name);
        if wish.is_open_to_all() {
            run.report.warning(
                &subject,
                "everybody knows its password, and its address is not loopback: set another one in lab.toml",
            );
        }
        let place = Place {
            exists: there.iter().any(|bmc| bmc.domain_name == wish.name),
            taken: others::on_the_port(wish, &there, &wishes),
        };
        let done = match make(run, &client, wish, place).await {
            Ok(done) => done,
            Err(error) => {
                run.report
                    .outcome(&subject, Outcome::Failed, format!("{error:#}"));
                continue;
            }
        };
        let (outcome, done) = match done {
            Done::UpToDate => (Outcome::Unchanged, "up to date".to_owned()),
            Done::Changed(what) => (Outcome::Changed, what),
            Done::WouldChange(what) => {
                run.report.outcome(&subject, Outcome::WouldChange, what);
                continue;
            }
            Done::Foreign => (
                Outcome::Unchanged,
                "was here before this lab, as it should be: left alone, also by `vbmc clean`"
                    .to_owned(),
            ),
            Done::Blocked(why) => {
                run.report.outcome(&subject, Outcome::Failed, why);
                continue;
            }
        };
        match ask(run, &subject, wish, ironic).await {
            Ok((bmc, power)) => {
                let detail = format!("{done}; at {bmc} the power is {power}");
                run.report.outcome(&subject, outcome, detail);
            }
            Err(error) => {
                let detail = format!("{done}, but it does not do its work: {error:#}");
                run.report.outcome(&subject, Outcome::Failed, detail);
            }
        }
    }
    Ok(())
}

/// What vbmcd has where a BMC is to be.
struct Place {
    /// A BMC of its name.
    exists: bool,
    /// Why it cannot have its port.
    taken: Option<String>,
}

/// Makes one BMC as wished, unless it is somebody else's.
async fn make(run: &mut Run, client: &Client, wish: &Wish, place: Place) -> anyhow::Result<Done> {
    let name = &wish.name;
    let settings = &wish.settings;
    let ours = run.manifest.contents().bmcs.contains(name);
    if !place.exists {
        if let Some(why) = place.taken {
            return Ok(Done::Blocked(why));
        }
        let what = format!("on {} port {}", settings.listen, settings.port);
        if run.dry_run {
            return Ok(Done::WouldChange(format!("to be added {what}")));
        }
        // First of all: what an interruption leaves behind must be known to be ours.
        claim(run, name)?;
        if let Err(error) = client.add(&wish.new_bmc()).await {
            // Otherwise it may have been made nevertheless.
            if !ours && matches!(error, ClientError::Refused(_)) {
                disclaim(run, name)?;
            }
            return Err(error.into());
        }
        client.start(name).await?;
        return Ok(Done::Changed(format!("added {what}")));
    }
    let bmc = client.bmc(name).await?;
    let login = client.credentials(name).await?;
    let mut found = wish.differences(&bmc, &login);
    if bmc.status != Status::Running {
        found.words.push("started".to_owned());
    }
    if found.words.is_empty() {
        return Ok(if ours { Done::UpToDate } else { Done::Foreign });
    }
    if !ours {
        let why = others::in_the_way(wish, &bmc, &found.words);
        return Ok(Done::Blocked(why));
    }
    if let Some(why) = place.taken {
        return Ok(Done::Blocked(why));
    }
    let words = found.words.join(", ");
    if run.dry_run {
        return Ok(Done::WouldChange(words));
    }
    if found.change != BmcChange::default() {
        client.update(name, &found.change).await?;
    }
    if bmc.status != Status::Running {
        client.start(name).await?;
    }
    Ok(Done::Changed(words))
}

fn claim(run: &mut Run, name: &str) -> anyhow::Result<()> {
    run.manifest.change(|made| {
        if !made.bmcs.iter().any(|bmc| bmc == name) {
            made.bmcs.push(name.to_owned());
        }
    })
}

fn disclaim(run: &mut Run, name: &str) -> anyhow::Result<()> {
    run.manifest
        .change(|made| made.bmcs.retain(|bmc| bmc != name))
}

/// Asks a BMC for its machine's power state, as Ironic will.
async fn ask(
    run: &Run,
    subject: &Subject,
    wish: &Wish,
    ironic: Option<&Url>,
) -> anyhow::Result<(ipmi::Address, Power)> {
    let settings = &wish.settings;
    let host = address::for_ironic(settings.address.as_deref(), &settings.listen, ironic).await?;
    let bmc = ipmi::Address {
        host,
        port: settings.port,
    };
    run.report.progress(
        subject,
        Progress {
            state: "asking for its power state".to_owned(),
            waits_for: Some(bmc.to_string()),
            ..Progress::default()
        },
    );
    let login = Login::new(settings.username.clone(), settings.password.clone());
    let log = VbmcdLog::from_now();
    let deadline = Instant::now() + READY;
    loop {
        match power(&bmc, &login).await {
            Ok(power) => return Ok((bmc, power)),
            Err(error) if error.is_passing() && Instant::now() < deadline => sleep(AGAIN).await,
            Err(error) if error.is_refusal() => bail!("{error}. {}", reason(log, subject).await),
            Err(error) => {
                bail!(
                    "{error}. Ironic will ask it there, unless address in [bmcs] of lab.toml names another place"
                );
            }
        }
    }
}

/// Why a BMC that answers doesn't know its machine's power state.
async fn reason(log: Option<VbmcdLog>, subject: &Subject) -> String {
    let name = subject.name.clone();
    let reason = spawn_blocking(move || log?.about(&name)?.failure).await;
    match reason.ok().flatten() {
        Some(reason) => format!("vbmcd says: {reason}"),
        None => format!(
            "vbmcd has trouble with its hypervisor or its domain: see vbmcd's log, and `vbmc show {}`",
            subject.name
        ),
    }
}

async fn power(bmc: &ipmi::Address, login: &Login) -> Result<Power, ipmi::Error> {
    let mut console = Console::connect(bmc, login, READY).await?;
    let power = console.power_state().await;
    console.close().await;
    power
}
