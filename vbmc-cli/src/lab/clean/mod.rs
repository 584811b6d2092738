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

use std::path::Path;

use anyhow::{Context as _, bail};
use tokio::task::spawn_blocking;

pub(crate) use self::plan::Part;
use self::plan::{Thing, plan};
use self::tools::Tools;
use super::introspect::SentSecrets;
use super::report::{Kind, Outcome, Progress, Subject};
use super::{Run, images, results};
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

impl Options {
    fn includes(&self, part: Part) -> bool {
        self.only.is_empty() || self.only.contains(&part)
    }
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
    let leftovers = match options.includes(Part::Images) {
        true => images::leftovers(&run.lab),
        false => Vec::new(),
    };
    for path in &leftovers {
        announce(
            run,
            &leftover_subject(path),
            "left by a run that was cut short",
        );
    }
    let count = doomed.len() + leftovers.len() + usize::from(results);
    if count == 0 {
        tidy(run, options)?;
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
    for path in &leftovers {
        let subject = leftover_subject(path);
        match images::remove_leftover(&run.lab, path) {
            Ok(()) => run.report.outcome(&subject, Outcome::Changed, "deleted"),
            Err(error) => fail(run, &subject, &error),
        }
    }
    if results {
        let subject = results_subject(run);
        match results::remove(&run.lab) {
            Ok(()) => run.report.outcome(&subject, Outcome::Changed, "deleted"),
            Err(error) => fail(run, &subject, &error),
        }
    }
    tidy(run, options)
}

/// Removes what vbmc keeps for itself and nobody needs any more: what was told of it would be news to nobody.
fn tidy(run: &Run, options: &Options) -> anyhow::Result<()> {
    if run.dry_run {
        return Ok(());
    }
    if options.includes(Part::Nodes) && run.manifest.contents().nodes.is_empty() {
        SentSecrets::remove(&run.lab.workspace)?;
    }
    let images = &run.lab.images.directory;
    if options.includes(Part::Images) && images.starts_with(&run.lab.workspace) {
        // Fails where there is something in it.
        let _ = std::fs::remove_dir(images);
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
        let detail = format!("would delete it: {what}");
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

fn leftover_subject(path: &Path) -> Subject {
    Subject::new(Kind::Image, path.display().to_string())
}

fn results_subject(run: &Run) -> Subject {
    Subject::new(Kind::Results, run.lab.results.display().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::config::Lab;
    use crate::lab::testing::{run, write};

    #[tokio::test]
    async fn what_a_run_left_that_was_cut_short_goes_and_no_password_is_kept() {
        let dir = tempfile::tempdir().unwrap();
        let toml = "name = \"x\"\n[images]\npublish = \"none\"\n[[image]]\nname = \"ipa\"\nbuild = \"true\"\n\
                    kernel = \"k\"\nramdisk = \"r\"\n";
        write(dir.path(), "lab.toml", toml);
        write(dir.path(), "workspace/images/.k.01.part", "x");
        write(dir.path(), "workspace/passwords-sent.json", "{}");
        let cleaned = async |dry_run| {
            let (mut run, told) = run(dir.path(), dry_run);
            let choice = Choice::from(&Lab::load(dir.path()).unwrap().cloud);
            let options = Options {
                yes: true,
                ..Options::default()
            };
            clean(&mut run, choice, &options).await.unwrap();
            told.take()
        };
        let told = cleaned(true).await;
        assert!(
            told[0].ends_with("would delete it: left by a run that was cut short"),
            "{told:?}"
        );
        assert!(dir.path().join("workspace/passwords-sent.json").exists());
        let told = cleaned(false).await;
        assert!(
            told[0].ends_with(".k.01.part: Changed: deleted"),
            "{told:?}"
        );
        assert!(!dir.path().join("workspace/images").exists());
        assert!(!dir.path().join("workspace/passwords-sent.json").exists());
    }
}
