//! Which progress is worth a line: a state that changed is; the next percent only after a while.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};

use crate::lab::report::{Progress, Subject};

/// Remembers what was told of each subject.
#[derive(Debug)]
pub(super) struct Sift {
    /// How long to be silent about a state that stays the same.
    every: SignedDuration,
    told: HashMap<Subject, Told>,
}

#[derive(Debug)]
struct Told {
    began: Timestamp,
    at: Timestamp,
    progress: Progress,
}

impl Sift {
    pub(super) fn new(every: SignedDuration) -> Self {
        Self {
            every,
            told: HashMap::new(),
        }
    }

    /// Whether to tell this.
    pub(super) fn passes(&mut self, at: Timestamp, subject: &Subject, progress: &Progress) -> bool {
        let Some(told) = self.told.get_mut(subject) else {
            let told = Told {
                began: at,
                at,
                progress: progress.clone(),
            };
            self.told.insert(subject.clone(), told);
            return true;
        };
        // `since` alone is no news: a state that is entered anew is told by what follows from it.
        let news = told.progress.says != progress.says || told.progress.done != progress.done;
        let passes = told.progress.state != progress.state
            || told.progress.waits_for != progress.waits_for
            || (news && at.duration_since(told.at) >= self.every);
        if passes {
            told.at = at;
            told.progress = progress.clone();
        }
        passes
    }

    /// The subject is done with: how long it took, where it made progress at all.
    pub(super) fn done(&mut self, at: Timestamp, subject: &Subject) -> Option<SignedDuration> {
        let told = self.told.remove(subject)?;
        Some(at.duration_since(told.began))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::report::Kind;

    #[test]
    fn only_news_pass_and_figures_only_now_and_then() {
        let subject = Subject::new(Kind::Image, "a");
        let mut sift = Sift::new(SignedDuration::from_secs(10));
        let mut passes = |second, state: &str, done, since, waits_for: Option<&str>| {
            let progress = Progress {
                state: state.to_owned(),
                since: Some(Timestamp::from_second(since).unwrap()),
                waits_for: waits_for.map(str::to_owned),
                says: None,
                done,
            };
            sift.passes(Timestamp::from_second(second).unwrap(), &subject, &progress)
        };
        assert!(passes(0, "building", None, 0, None));
        assert!(!passes(30, "building", None, 30, None), "the same again");
        assert!(passes(31, "uploading", Some((0, 10)), 31, None));
        assert!(
            !passes(40, "uploading", Some((5, 10)), 31, None),
            "too soon"
        );
        assert!(passes(41, "uploading", Some((5, 10)), 31, None));
        assert!(
            !passes(99, "uploading", Some((5, 10)), 31, None),
            "nothing new"
        );
        let waits = Some("Glance");
        assert!(
            passes(100, "uploading", Some((5, 10)), 31, waits),
            "what is waited for is no tick"
        );
        assert!(!passes(100, "uploading", Some((5, 10)), 31, waits));
        let end = Timestamp::from_second(100).unwrap();
        assert_eq!(
            sift.done(end, &subject),
            Some(SignedDuration::from_secs(100))
        );
        assert_eq!(sift.done(end, &subject), None);
    }
}
