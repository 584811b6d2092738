//! What happens during a run, told to whoever shows it: the live view, plain lines, or JSON events.
//!
//! Steps say what they do here and never print. A run may do many things at once; each is a [`Subject`].

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use thiserror::Error;

/// What a subject is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    Lab,
    Image,
    Network,
    Disk,
    Domain,
    Bmc,
    Node,
    Results,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Lab => "lab",
            Self::Image => "image",
            Self::Network => "network",
            Self::Disk => "disk",
            Self::Domain => "domain",
            Self::Bmc => "BMC",
            Self::Node => "node",
            Self::Results => "results",
        })
    }
}

/// One thing that a run works on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub(crate) struct Subject {
    pub(crate) kind: Kind,
    pub(crate) name: String,
}

impl Subject {
    pub(crate) fn new(kind: Kind, name: impl Into<String>) -> Self {
        Self {
            kind,
            name: name.into(),
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind, self.name)
    }
}

/// What became of a subject. Of several, the last in this order counts in the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Outcome {
    /// It was as it should be; nothing was done.
    Unchanged,
    /// It was left as it is, on purpose.
    Skipped,
    /// A dry run: it would be made or changed.
    WouldChange,
    /// It was made or changed, and is as it should be now.
    Changed,
    Failed,
}

/// What is being done with a subject. Each one replaces the one before.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub(crate) struct Progress {
    /// `inspect wait`, `uploading`, `building`.
    pub(crate) state: String,
    /// When it came into this state.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) since: Option<Timestamp>,
    /// `the ramdisk to call back`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) waits_for: Option<String>,
    /// The last line that a command has written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) says: Option<String>,
    /// How much is done, of how much: bytes, as a rule.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) done: Option<(u64, u64)>,
}

/// What is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub(crate) enum Event {
    /// A part of the run begins.
    Phase { title: String },
    /// A subject goes on.
    Progress {
        #[serde(flatten)]
        subject: Subject,
        #[serde(flatten)]
        progress: Progress,
    },
    /// Something worth a line of its own, and no fault.
    Note {
        #[serde(flatten)]
        subject: Subject,
        text: String,
    },
    /// Something that the operator should look at.
    Warning {
        #[serde(flatten)]
        subject: Subject,
        text: String,
    },
    /// A subject is done with, for this part of the run.
    Outcome {
        #[serde(flatten)]
        subject: Subject,
        outcome: Outcome,
        /// One line: what was done, or why it failed and what to look at.
        detail: String,
    },
}

/// Waits for the answer to a question that is on the screen; none: there will be none.
pub(crate) type Answer = Box<dyn FnOnce() -> Option<bool> + Send>;

/// Shows events; called from one place at a time.
pub(crate) trait View: Send {
    /// Shows one event.
    fn show(&mut self, at: Timestamp, event: &Event);

    /// Asks the operator to confirm; none where nobody can be asked. Events are shown while the answer is awaited.
    fn ask(&mut self, question: &str) -> Option<Answer>;

    /// Nothing follows: leaves the terminal as a newcomer expects it, and sums up what the run has come to. Where an error
    /// has stopped it, that is here instead, and told by other means: what had been done by then would be taken for all.
    fn finish(&mut self, at: Timestamp, run: Result<&Summary, &str>);
}

/// How many subjects ended how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub(crate) struct Tally {
    pub(crate) unchanged: usize,
    pub(crate) changed: usize,
    pub(crate) would_change: usize,
    pub(crate) skipped: usize,
    pub(crate) failed: usize,
}

impl Tally {
    fn count(&mut self, outcome: Outcome) {
        *match outcome {
            Outcome::Unchanged => &mut self.unchanged,
            Outcome::Skipped => &mut self.skipped,
            Outcome::WouldChange => &mut self.would_change,
            Outcome::Changed => &mut self.changed,
            Outcome::Failed => &mut self.failed,
        } += 1;
    }
}

/// What a run has come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Summary {
    pub(crate) tally: Tally,
    /// Every subject that failed, and why.
    pub(crate) failures: Vec<(Subject, String)>,
    pub(crate) took: SignedDuration,
}

/// The run went to its end, and not all is well. The view has said what; the exit code is 3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("some of it failed")]
pub(crate) struct SomeFailed;

/// Where a run tells what happens. Clones tell the same view.
#[derive(Clone)]
pub(crate) struct Reporter(Arc<Shared>);

struct Shared {
    inner: Mutex<Inner>,
    /// Held while a question waits for its answer: there is one keyboard.
    asking: Mutex<()>,
}

struct Inner {
    view: Box<dyn View>,
    started: Timestamp,
    outcomes: BTreeMap<Subject, (Outcome, String)>,
}

impl fmt::Debug for Reporter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reporter").finish_non_exhaustive()
    }
}

impl Reporter {
    pub(crate) fn new(view: Box<dyn View>) -> Self {
        Self(Arc::new(Shared {
            inner: Mutex::new(Inner {
                view,
                started: Timestamp::now(),
                outcomes: BTreeMap::new(),
            }),
            asking: Mutex::new(()),
        }))
    }

    pub(crate) fn phase(&self, title: impl Into<String>) {
        self.tell(&Event::Phase {
            title: title.into(),
        });
    }

    pub(crate) fn progress(&self, subject: &Subject, progress: Progress) {
        self.tell(&Event::Progress {
            subject: subject.clone(),
            progress,
        });
    }

    pub(crate) fn note(&self, subject: &Subject, text: impl Into<String>) {
        self.tell(&Event::Note {
            subject: subject.clone(),
            text: text.into(),
        });
    }

    pub(crate) fn warning(&self, subject: &Subject, text: impl Into<String>) {
        self.tell(&Event::Warning {
            subject: subject.clone(),
            text: text.into(),
        });
    }

    pub(crate) fn outcome(&self, subject: &Subject, outcome: Outcome, detail: impl Into<String>) {
        self.tell(&Event::Outcome {
            subject: subject.clone(),
            outcome,
            detail: detail.into(),
        });
    }

    /// Asks the operator, and waits for the answer; none where nobody can be asked. It blocks its thread, and nobody
    /// else's: other subjects go on.
    pub(crate) fn ask(&self, question: &str) -> Option<bool> {
        let _one_at_a_time = lock(&self.0.asking);
        let answer = lock(&self.0.inner).view.ask(question)?;
        answer()
    }

    /// What has become of the subjects so far.
    pub(crate) fn tally(&self) -> Tally {
        lock(&self.0.inner).summary(Timestamp::now()).tally
    }

    /// Ends the view of a run that went to its end, or that an error has stopped; an error also when a subject failed.
    pub(crate) fn finish(&self, run: anyhow::Result<()>) -> anyhow::Result<()> {
        let mut inner = lock(&self.0.inner);
        let now = Timestamp::now();
        if let Err(error) = run {
            inner.view.finish(now, Err(&format!("{error:#}")));
            return Err(error);
        }
        let summary = inner.summary(now);
        inner.view.finish(now, Ok(&summary));
        if summary.failures.is_empty() {
            Ok(())
        } else {
            Err(SomeFailed.into())
        }
    }

    fn tell(&self, event: &Event) {
        let mut inner = lock(&self.0.inner);
        if let Event::Outcome {
            subject,
            outcome,
            detail,
        } = event
        {
            inner.note_outcome(subject, *outcome, detail);
        }
        inner.view.show(Timestamp::now(), event);
    }
}

impl Inner {
    /// A subject may pass through several parts of a run; it counts once, with the gravest.
    fn note_outcome(&mut self, subject: &Subject, outcome: Outcome, detail: &str) {
        let new = (outcome, detail.to_owned());
        self.outcomes
            .entry(subject.clone())
            .and_modify(|old| {
                if outcome >= old.0 {
                    old.clone_from(&new);
                }
            })
            .or_insert(new);
    }

    fn summary(&self, now: Timestamp) -> Summary {
        let mut tally = Tally::default();
        let mut failures = Vec::new();
        for (subject, (outcome, detail)) in &self.outcomes {
            tally.count(*outcome);
            if *outcome == Outcome::Failed {
                failures.push((subject.clone(), detail.clone()));
            }
        }
        Summary {
            tally,
            failures,
            took: now.duration_since(self.started),
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    // A view that panicked has shown half a line at worst.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Nobody;

    impl View for Nobody {
        fn show(&mut self, _: Timestamp, _: &Event) {}

        fn ask(&mut self, _: &str) -> Option<Answer> {
            None
        }

        fn finish(&mut self, _: Timestamp, _: Result<&Summary, &str>) {}
    }

    #[test]
    fn a_subject_counts_once_with_the_gravest_of_its_outcomes() {
        let report = Reporter::new(Box::new(Nobody));
        let (a, b) = (Subject::new(Kind::Node, "a"), Subject::new(Kind::Node, "b"));
        report.outcome(&a, Outcome::Changed, "registered");
        report.outcome(&a, Outcome::Unchanged, "manageable");
        report.finish(Ok(())).unwrap();
        report.outcome(&b, Outcome::Failed, "no answer");
        report.outcome(&b, Outcome::Unchanged, "available");
        let expected = Tally {
            changed: 1,
            failed: 1,
            ..Tally::default()
        };
        assert_eq!(report.tally(), expected);
        let ended = report.finish(Ok(())).unwrap_err();
        assert!(ended.is::<SomeFailed>());
        // What stopped a run goes before what failed in it.
        let ended = report.finish(Err(anyhow::anyhow!("stopped"))).unwrap_err();
        assert_eq!(ended.to_string(), "stopped");
    }

    #[test]
    fn an_answer_that_nobody_can_give_is_none() {
        assert_eq!(Reporter::new(Box::new(Nobody)).ask("Go on?"), None);
    }
}
