//! What happens during a run, told to whoever shows it: the live view, plain lines, or JSON events.
//!
//! Steps say what they do here and never print. A run may do many things at once; each is a [`Subject`].

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use serde::Serialize;

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

/// What became of a subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Outcome {
    /// It was as it should be; nothing was done.
    Unchanged,
    /// It was made or changed, and is as it should be now.
    Changed,
    /// A dry run: it would be made or changed.
    WouldChange,
    /// It was left as it is, on purpose.
    Skipped,
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

/// Shows events; called from one place at a time.
pub(crate) trait View: Send {
    /// Shows one event.
    fn show(&mut self, at: Timestamp, event: &Event);

    /// Asks the operator to confirm; none where nobody can be asked.
    fn ask(&mut self, question: &str) -> Option<bool>;

    /// Nothing follows: leaves the terminal as a newcomer expects it.
    fn finish(&mut self) {}
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

/// Where a run tells what happens. Clones tell the same view.
#[derive(Clone)]
pub(crate) struct Reporter(Arc<Mutex<Inner>>);

struct Inner {
    view: Box<dyn View>,
    tally: Tally,
}

impl fmt::Debug for Reporter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reporter").finish_non_exhaustive()
    }
}

impl Reporter {
    pub(crate) fn new(view: Box<dyn View>) -> Self {
        Self(Arc::new(Mutex::new(Inner {
            view,
            tally: Tally::default(),
        })))
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

    /// Asks the operator, and waits for the answer. Blocking: call it from where waiting harms nobody.
    pub(crate) fn ask(&self, question: &str) -> Option<bool> {
        self.lock().view.ask(question)
    }

    /// What has become of the subjects so far.
    pub(crate) fn tally(&self) -> Tally {
        self.lock().tally
    }

    /// Ends the view.
    pub(crate) fn finish(&self) {
        self.lock().view.finish();
    }

    fn tell(&self, event: &Event) {
        let mut inner = self.lock();
        if let Event::Outcome { outcome, .. } = event {
            let tally = &mut inner.tally;
            *match outcome {
                Outcome::Unchanged => &mut tally.unchanged,
                Outcome::Changed => &mut tally.changed,
                Outcome::WouldChange => &mut tally.would_change,
                Outcome::Skipped => &mut tally.skipped,
                Outcome::Failed => &mut tally.failed,
            } += 1;
        }
        inner.view.show(Timestamp::now(), event);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Inner> {
        // A view that panicked has shown half a line at worst.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
