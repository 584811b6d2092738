//! Events for programs: one JSON object a line, flushed at once.

use std::io::Write;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::sift::Sift;
use crate::lab::report::{Answer, Event, Subject, Summary, Tally, View};

/// How often to say how far something is that goes on and on.
const EVERY: SignedDuration = SignedDuration::from_secs(1);

#[derive(Debug)]
pub(super) struct Json<O> {
    out: O,
    sift: Sift,
}

/// An event and when it was.
#[derive(Serialize)]
struct Timed<T> {
    time: Timestamp,
    #[serde(flatten)]
    event: T,
}

/// The last event of every run that no error stopped.
#[derive(Serialize)]
#[serde(tag = "event", rename = "summary")]
struct Ended<'a> {
    #[serde(flatten)]
    tally: Tally,
    failures: Vec<Failure<'a>>,
    /// Seconds.
    took: f64,
}

#[derive(Serialize)]
struct Failure<'a> {
    #[serde(flatten)]
    subject: &'a Subject,
    detail: &'a str,
}

impl<O: Write> Json<O> {
    pub(super) fn new(out: O) -> Self {
        Self {
            out,
            sift: Sift::new(EVERY),
        }
    }

    fn print(&mut self, time: Timestamp, event: impl Serialize) {
        let mut line = serde_json::to_vec(&Timed { time, event })
            .expect("strings and numbers always serialise");
        line.push(b'\n');
        // A reader that went away is no reason to stop half-way.
        let _ = self.out.write_all(&line).and_then(|()| self.out.flush());
    }
}

impl<O: Write + Send> View for Json<O> {
    fn show(&mut self, at: Timestamp, event: &Event) {
        match event {
            Event::Progress { subject, progress } if !self.sift.passes(at, subject, progress) => {}
            event => self.print(at, event),
        }
    }

    /// A program says beforehand what it agrees to.
    fn ask(&mut self, _: &str) -> Option<Answer> {
        None
    }

    fn finish(&mut self, at: Timestamp, run: Result<&Summary, &str>) {
        let Ok(summary) = run else { return };
        let failures = summary.failures.iter();
        let ended = Ended {
            tally: summary.tally,
            failures: failures
                .map(|(subject, detail)| Failure { subject, detail })
                .collect(),
            took: (summary.took.as_secs_f64() * 1000.0).round() / 1000.0,
        };
        self.print(at, ended);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::report::{Kind, Outcome, Progress};

    #[test]
    fn every_event_is_a_line_with_its_time() {
        let mut out = Vec::new();
        let mut view = Json::new(&mut out);
        let node = Subject::new(Kind::Node, "a");
        let at = |second| Timestamp::from_second(second).unwrap();
        let progress = |done| Event::Progress {
            subject: node.clone(),
            progress: Progress {
                state: "inspect wait".to_owned(),
                since: Some(at(1)),
                waits_for: Some("the ramdisk".to_owned()),
                says: None,
                done,
            },
        };
        view.show(
            at(0),
            &Event::Phase {
                title: "Inspection".to_owned(),
            },
        );
        view.show(at(1), &progress(None));
        view.show(at(1), &progress(None));
        view.show(at(2), &progress(Some((1, 2))));
        view.show(
            at(3),
            &Event::Outcome {
                subject: node.clone(),
                outcome: Outcome::WouldChange,
                detail: "x".to_owned(),
            },
        );
        view.finish(
            at(4),
            Ok(&Summary {
                tally: Tally {
                    failed: 1,
                    ..Tally::default()
                },
                failures: vec![(node, "x".to_owned())],
                took: SignedDuration::from_millis(4200),
            }),
        );
        view.finish(at(5), Err("gone"));
        assert_eq!(
            String::from_utf8(out).unwrap(),
            r#"{"time":"1970-01-01T00:00:00Z","event":"phase","title":"Inspection"}
{"time":"1970-01-01T00:00:01Z","event":"progress","kind":"node","name":"a","state":"inspect wait","since":"1970-01-01T00:00:01Z","waits_for":"the ramdisk"}
{"time":"1970-01-01T00:00:02Z","event":"progress","kind":"node","name":"a","state":"inspect wait","since":"1970-01-01T00:00:01Z","waits_for":"the ramdisk","done":[1,2]}
{"time":"1970-01-01T00:00:03Z","event":"outcome","kind":"node","name":"a","outcome":"would-change","detail":"x"}
{"time":"1970-01-01T00:00:04Z","event":"summary","unchanged":0,"changed":0,"would_change":0,"skipped":0,"failed":1,"failures":[{"kind":"node","name":"a","detail":"x"}],"took":4.2}
"#
        );
    }
}
