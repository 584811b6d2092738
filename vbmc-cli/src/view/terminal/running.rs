//! What is being worked on: since when, and how fast.

use std::collections::VecDeque;

use jiff::{SignedDuration, Timestamp};

use crate::lab::report::{Progress, Subject};

/// A rate is that of the last seconds: long enough to be steady, short enough to be true.
const WINDOW: SignedDuration = SignedDuration::from_secs(10);

/// Before this, a rate is a guess.
const SOONEST: SignedDuration = SignedDuration::from_secs(1);

/// A subject that makes progress.
#[derive(Debug)]
pub(super) struct Running {
    pub(super) subject: Subject,
    pub(super) progress: Progress,
    pub(super) began: Timestamp,
    /// When it came into its state.
    pub(super) entered: Timestamp,
    done: VecDeque<(Timestamp, u64)>,
}

impl Running {
    pub(super) fn new(at: Timestamp, subject: Subject, progress: Progress) -> Self {
        let mut running = Self {
            subject,
            progress: Progress::default(),
            began: at,
            entered: at,
            done: VecDeque::new(),
        };
        running.go_on(at, progress);
        running
    }

    /// Takes the next progress.
    pub(super) fn go_on(&mut self, at: Timestamp, progress: Progress) {
        if progress.state != self.progress.state {
            self.entered = at;
            self.done.clear();
        }
        if let Some(since) = progress.since {
            self.entered = since;
        }
        if let Some((done, _)) = progress.done {
            self.done.push_back((at, done));
            while self
                .done
                .front()
                .is_some_and(|(first, _)| at.duration_since(*first) > WINDOW)
            {
                self.done.pop_front();
            }
        }
        self.progress = progress;
    }

    /// Bytes per second, lately.
    pub(super) fn rate(&self, now: Timestamp) -> Option<u64> {
        let (since, first) = *self.done.front()?;
        let (_, last) = *self.done.back()?;
        let took = now.duration_since(since);
        if took < SOONEST {
            return None;
        }
        let bytes = u128::from(last.checked_sub(first)?);
        u64::try_from(bytes * 1000 / u128::try_from(took.as_millis()).ok()?).ok()
    }

    /// How long it will take from now, if it goes on like this.
    pub(super) fn left(&self, now: Timestamp) -> Option<SignedDuration> {
        let (done, of) = self.progress.done?;
        let rate = self.rate(now).filter(|rate| *rate > 0)?;
        let seconds = of.checked_sub(done)?.div_ceil(rate);
        Some(SignedDuration::from_secs(i64::try_from(seconds).ok()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::report::Kind;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn uploading(done: u64) -> Progress {
        Progress {
            state: "uploading".to_owned(),
            done: Some((done, 1000)),
            ..Progress::default()
        }
    }

    #[test]
    fn the_rate_is_that_of_the_last_seconds() {
        let mut running = Running::new(at(0), Subject::new(Kind::Image, "a"), uploading(0));
        assert_eq!(running.rate(at(0)), None);
        running.go_on(at(5), uploading(100));
        assert_eq!(running.rate(at(5)), Some(20));
        assert_eq!(running.left(at(5)), Some(SignedDuration::from_secs(45)));
        running.go_on(at(14), uploading(190));
        assert_eq!(
            running.rate(at(14)),
            Some(10),
            "what was before is forgotten"
        );
        assert_eq!(running.rate(at(50)), Some(2), "no news is slow");
    }

    #[test]
    fn a_file_that_grew_has_no_end_in_sight() {
        let mut running = Running::new(at(0), Subject::new(Kind::Image, "a"), uploading(900));
        running.go_on(at(2), uploading(1200));
        assert_eq!(running.left(at(2)), None);
        running.go_on(at(3), uploading(5));
        assert_eq!(running.rate(at(3)), None, "it began anew");
    }

    #[test]
    fn the_time_in_a_state_starts_with_the_state() {
        let mut running = Running::new(at(0), Subject::new(Kind::Node, "a"), Progress::default());
        let state = |state: &str, since: Option<i64>| Progress {
            state: state.to_owned(),
            since: since.map(at),
            ..Progress::default()
        };
        running.go_on(at(5), state("inspecting", None));
        running.go_on(at(9), state("inspecting", None));
        assert_eq!(running.entered, at(5));
        running.go_on(at(10), state("inspect wait", Some(8)));
        assert_eq!(running.entered, at(8), "the server knows better");
    }
}
