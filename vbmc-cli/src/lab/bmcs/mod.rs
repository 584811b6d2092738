//! The BMCs of a lab's domains: made through vbmcd, and asked over IPMI where Ironic will ask them.
//!
//! | File | What lives there |
//! |---|---|
//! | `mod.rs` | the step: add, change, start, ask |
//! | `wish.rs` | what the lab wants, and how a BMC differs from it |
//! | [`address`] | where Ironic finds the BMCs |

pub(crate) mod address;
mod wish;

use std::time::Duration;

use anyhow::bail;
use tokio::time::{Instant, sleep};
use url::Url;
use vbmc_core::config::ConfigFile;
use vbmc_core::control::{BmcChange, Status};

use self::wish::Wish;
use super::Run;
use super::report::{Kind, Outcome, Progress, Subject};
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
    /// It isn't this lab's.
    LeftAlone(String),
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
    for wish in wishes {
        let subject = Subject::new(Kind::Bmc, &wish.name);
        if wish.is_open_to_all() {
            run.report.warning(
                &subject,
                "everybody knows its password, and its address is not loopback: set another one in lab.toml",
            );
        }
        let exists = there.iter().any(|bmc| bmc.domain_name == wish.name);
        let done = match make(run, &client, &wish, exists).await {
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
            Done::LeftAlone(why) => {
                run.report.outcome(&subject, Outcome::Skipped, why);
                continue;
            }
        };
        match ask(run, &subject, &wish, ironic).await {
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

/// Makes one BMC as wished, unless it is somebody else's.
async fn make(run: &mut Run, client: &Client, wish: &Wish, exists: bool) -> anyhow::Result<Done> {
    let name = &wish.name;
    let settings = &wish.settings;
    let ours = run.manifest.contents().bmcs.contains(name);
    if !exists {
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
        return Ok(Done::UpToDate);
    }
    let words = found.words.join(", ");
    if !ours {
        return Ok(Done::LeftAlone(format!(
            "left alone: this lab did not make it, and it would take {words}; `vbmc delete {name}`, and the next run \
             makes it anew"
        )));
    }
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
    let deadline = Instant::now() + READY;
    loop {
        match power(&bmc, &login).await {
            Ok(power) => return Ok((bmc, power)),
            Err(error) if error.is_passing() && Instant::now() < deadline => sleep(AGAIN).await,
            Err(error) => {
                bail!(
                    "{error}. Ironic will ask it there, unless address in [bmcs] of lab.toml names another place"
                );
            }
        }
    }
}

async fn power(bmc: &ipmi::Address, login: &Login) -> Result<Power, ipmi::Error> {
    let mut console = Console::connect(bmc, login, READY).await?;
    let power = console.power_state().await;
    console.close().await;
    power
}
