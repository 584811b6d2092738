//! `vbmc clean`: removes what this lab has made, and nothing else.
//!
//! | File | What lives there |
//! |---|---|
//! | `mod.rs` | the way: look, show, ask, remove |
//! | `plan.rs` | what there is to remove, in which order; the parts of `--only` |
//! | `tools.rs` | how each kind of thing is looked at and removed |
//! | `nodes.rs` | how a node is got out of what it is doing |
//!
//! What isn't in the manifest is never touched. What is, and doesn't carry the lab's mark though it could, is left
//! alone: somebody has made another thing of that name. Every failure is told, and the rest goes on.

mod nodes;
mod plan;
mod tools;

use anyhow::{Context as _, bail};
use tokio::task::spawn_blocking;

pub(crate) use self::plan::Part;
use self::plan::{Thing, plan};
use self::tools::Tools;
use super::introspect::SentSecrets;
use super::report::{Kind, Outcome, Progress, Subject};
use super::{Run, results};
use crate::openstack::cloud::Choice;

/// What was asked for.
#[derive(Debug, Clone, Default)]
pub(crate) struct Options {
    /// Empty: all parts.
    pub(crate) only: Vec<Part>,
    /// Don't ask.
    pub(crate) yes: bool,
    /// Nodes that are in use too.
    pub(crate) force: bool,
    /// The results too.
    pub(crate) results: bool,
}

/// What a look at a thing has shown.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Found {
    /// It is there, and what it is.
    There(String),
    Gone,
    /// It isn't the lab's any more, and why.
    Foreign(&'static str),
    /// Its removal would harm somebody.
    InUse(String),
}

/// Why most things are left alone.
const UNMARKED: &str = "what is there now does not bear this lab's mark";

/// Removes what the lab has made, after showing it and asking.
pub(crate) async fn clean(run: &mut Run, choice: Choice, options: &Options) -> anyhow::Result<()> {
    let tools = Tools::new(run, choice, options.force);
    run.report.phase("What this lab has made");
    let doomed = look(run, &tools, &options.only).await?;
    let results = options.results && run.lab.results.exists();
    if results {
        announce(run, &results_subject(run), "all that was gathered");
    }
    let count = doomed.len() + usize::from(results);
    if count == 0 {
        let subject = Subject::new(Kind::Lab, &run.lab.name);
        run.report.note(&subject, "there is nothing to remove");
        return Ok(());
    }
    if run.dry_run {
        return Ok(());
    }
    if !options.yes {
        confirm(run, count).await?;
    }
    run.report.phase("Removing it");
    for thing in &doomed {
        let deleting = Progress {
            state: "deleting".to_owned(),
            ..Progress::default()
        };
        run.report.progress(&thing.subject(), deleting);
        match tools.remove(thing).await {
            Ok(()) => {
                forget(run, thing)?;
                run.report
                    .outcome(&thing.subject(), Outcome::Changed, "deleted");
            }
            Err(error) => fail(run, &thing.subject(), &error),
        }
    }
    if results {
        let subject = results_subject(run);
        match results::remove(&run.lab) {
            Ok(()) => run.report.outcome(&subject, Outcome::Changed, "deleted"),
            Err(error) => fail(run, &subject, &error),
        }
    }
    Ok(())
}

/// Looks at everything, and shows it. Returns what there is to remove.
async fn look(run: &mut Run, tools: &Tools, only: &[Part]) -> anyhow::Result<Vec<Thing>> {
    let mut doomed = Vec::new();
    let mut in_use = Vec::new();
    for thing in plan(run.manifest.contents(), only) {
        let subject = thing.subject();
        match tools.look(&thing).await {
            Ok(Found::There(what)) => {
                announce(run, &subject, &what);
                doomed.push(thing);
            }
            Ok(Found::Gone) => {
                forget(run, &thing)?;
                run.report
                    .outcome(&subject, Outcome::Unchanged, "gone already");
            }
            Ok(Found::Foreign(why)) => {
                forget(run, &thing)?;
                let detail = format!("left alone: {why}");
                run.report.outcome(&subject, Outcome::Skipped, detail);
            }
            Ok(Found::InUse(why)) => in_use.push(format!("{subject} {why}")),
            Err(error) => fail(run, &subject, &error),
        }
    }
    // Before anything goes: it may be the BMC or the domain of such a node.
    if !in_use.is_empty() {
        bail!("nothing is removed: {}", in_use.join("; "));
    }
    Ok(doomed)
}

fn announce(run: &Run, subject: &Subject, what: &str) {
    if run.dry_run {
        let detail = format!("to be deleted: {what}");
        run.report.outcome(subject, Outcome::WouldChange, detail);
    } else {
        run.report.note(subject, what);
    }
}

/// Asks the operator.
async fn confirm(run: &Run, count: usize) -> anyhow::Result<()> {
    let things = if count == 1 { "thing" } else { "things" };
    let question = format!(
        "Delete {count} {things} of the lab {} for good?",
        run.lab.name
    );
    let report = run.report.clone();
    let answer = spawn_blocking(move || report.ask(&question))
        .await
        .context("the question could not be asked")?;
    match answer {
        Some(true) => Ok(()),
        Some(false) => bail!("nothing was deleted"),
        None => {
            bail!("nothing was deleted, since nobody can be asked here: give --yes if you are sure")
        }
    }
}

fn forget(run: &mut Run, thing: &Thing) -> anyhow::Result<()> {
    if run.dry_run {
        return Ok(());
    }
    if let Thing::Node(node) = thing {
        SentSecrets::load(&run.lab.workspace).forget(&node.id)?;
    }
    run.manifest.change(|made| thing.forget(made))
}

fn fail(run: &Run, subject: &Subject, error: &anyhow::Error) {
    run.report
        .outcome(subject, Outcome::Failed, format!("{error:#}"));
}

fn results_subject(run: &Run) -> Subject {
    Subject::new(Kind::Results, run.lab.results.display().to_string())
}
