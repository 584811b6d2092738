//! How far an image is, told now and then.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;

use crate::lab::report::{Progress, Reporter, Subject};

/// Bytes come by the thousand times in a second; nobody reads as fast.
const PAUSE: Duration = Duration::from_millis(250);

/// Tells how far one image is. Clones tell of the same one.
#[derive(Debug, Clone)]
pub(super) struct Teller(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    report: Reporter,
    subject: Subject,
    state: String,
    since: Timestamp,
    told: Mutex<Option<Instant>>,
}

impl Teller {
    /// Begins with a state, as `building`, and tells of it at once.
    pub(super) fn begin(report: &Reporter, subject: &Subject, state: impl Into<String>) -> Self {
        let teller = Self(Arc::new(Inner {
            report: report.clone(),
            subject: subject.clone(),
            state: state.into(),
            since: Timestamp::now(),
            told: Mutex::new(None),
        }));
        teller.tell(teller.progress());
        teller
    }

    /// So many bytes, of so many; of 0 where that isn't known.
    pub(super) fn bytes(&self, done: u64, of: u64) {
        if self.is_due() || done == of {
            self.tell(Progress {
                done: Some((done, of)),
                ..self.progress()
            });
        }
    }

    /// What a command has just said. Many begin with the name of what they make, which stands before it already.
    pub(super) fn says(&self, line: &str) {
        let own = line.strip_prefix(&*self.0.subject.name);
        let line = own.and_then(|rest| rest.strip_prefix(": ")).unwrap_or(line);
        if self.is_due() {
            self.tell(Progress {
                says: Some(line.to_owned()),
                ..self.progress()
            });
        }
    }

    fn is_due(&self) -> bool {
        let mut told = self.0.told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.is_some_and(|told| told.elapsed() < PAUSE) {
            return false;
        }
        *told = Some(Instant::now());
        true
    }

    fn progress(&self) -> Progress {
        Progress {
            state: self.0.state.clone(),
            since: Some(self.0.since),
            ..Progress::default()
        }
    }

    fn tell(&self, progress: Progress) {
        self.0.report.progress(&self.0.subject, progress);
    }
}
