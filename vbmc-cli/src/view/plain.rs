//! Lines where there is no terminal: one for each change, none for a mere tick.

use std::io::{self, BufRead, IsTerminal, Write};

use jiff::{SignedDuration, Timestamp};

use super::line::{Line, Mark, so_far};
use super::sift::Sift;
use crate::lab::report::{Answer, Event, Summary, View};

/// How often to say how far something is that goes on and on.
const EVERY: SignedDuration = SignedDuration::from_secs(10);

/// Results go to `out`, what matters only while it lasts to `err`.
#[derive(Debug)]
pub(super) struct Plain<O, E> {
    out: O,
    err: E,
    quiet: bool,
    sift: Sift,
}

impl<O: Write, E: Write> Plain<O, E> {
    pub(super) fn new(out: O, err: E, quiet: bool) -> Self {
        Self {
            out,
            err,
            quiet,
            sift: Sift::new(EVERY),
        }
    }

    fn print(&mut self, line: &Line) {
        if self.quiet && !line.mark.is_trouble() {
            return;
        }
        // A reader that went away is no reason to stop half-way.
        let _ = match line.mark {
            Mark::Progress => writeln!(self.err, "{}", line.plain()),
            _ => writeln!(self.out, "{}", line.plain()).and_then(|()| self.out.flush()),
        };
    }
}

impl<O: Write + Send, E: Write + Send> View for Plain<O, E> {
    fn show(&mut self, at: Timestamp, event: &Event) {
        let took = match event {
            Event::Progress { subject, progress } => {
                if !self.sift.passes(at, subject, progress) {
                    return;
                }
                so_far(at, progress)
            }
            Event::Outcome { subject, .. } => self.sift.done(at, subject),
            _ => None,
        };
        self.print(&Line::of(event, took));
    }

    /// On a terminal that cannot be drawn on there is still somebody to ask.
    fn ask(&mut self, question: &str) -> Option<Answer> {
        if !(io::stdin().is_terminal() && io::stderr().is_terminal()) {
            return None;
        }
        write!(self.err, "{question} [y/N] ").ok()?;
        self.err.flush().ok()?;
        Some(Box::new(|| {
            let mut answer = String::new();
            io::stdin().lock().read_line(&mut answer).ok()?;
            Some(is_yes(&answer))
        }))
    }

    fn finish(&mut self, _: Timestamp, run: Result<&Summary, &str>) {
        if let Ok(summary) = run
            && !self.quiet
        {
            let (counts, failures) = Line::summary(summary);
            let _ = writeln!(self.out, "\n{counts}");
            for line in failures {
                self.print(&line);
            }
        }
        let _ = self.out.flush();
    }
}

fn is_yes(answer: &str) -> bool {
    matches!(answer.trim().to_lowercase().as_str(), "y" | "yes")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::report::{Kind, Outcome, Progress, Subject, Tally};

    /// What a run prints on stdout and on stderr.
    fn run(quiet: bool) -> (String, String) {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let mut view = Plain::new(&mut out, &mut err, quiet);
        let node = Subject::new(Kind::Node, "a");
        let at = |second| Timestamp::from_second(second).unwrap();
        let progress = |state: &str| Event::Progress {
            subject: node.clone(),
            progress: Progress {
                state: state.to_owned(),
                ..Progress::default()
            },
        };
        view.show(
            at(0),
            &Event::Phase {
                title: "Inspection".to_owned(),
            },
        );
        view.show(at(0), &progress("inspecting"));
        view.show(at(1), &progress("inspecting"));
        view.show(at(2), &progress("inspect wait"));
        view.show(
            at(3),
            &Event::Warning {
                subject: node.clone(),
                text: "slow".to_owned(),
            },
        );
        view.show(
            at(9),
            &Event::Outcome {
                subject: node.clone(),
                outcome: Outcome::Failed,
                detail: "timeout".to_owned(),
            },
        );
        view.finish(
            at(9),
            Ok(&Summary {
                tally: Tally {
                    failed: 1,
                    ..Tally::default()
                },
                failures: vec![(node, "timeout".to_owned())],
                took: SignedDuration::from_secs(9),
            }),
        );
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (text(out), text(err))
    }

    #[test]
    fn results_go_to_stdout_and_changes_of_state_to_stderr() {
        let (out, err) = run(false);
        assert_eq!(
            out,
            "==> Inspection\n\
             WARNING      node a: slow\n\
             FAILED       node a: timeout (9 s)\n\
             \n\
             1 failed in 9 s\n\
             FAILED       node a: timeout\n"
        );
        assert_eq!(
            err,
            "...          node a: inspecting\n\
             ...          node a: inspect wait\n"
        );
    }

    #[test]
    fn quiet_leaves_what_is_wrong_said_once() {
        let (out, err) = run(true);
        assert_eq!(
            out,
            "WARNING      node a: slow\nFAILED       node a: timeout (9 s)\n"
        );
        assert_eq!(err, "");
    }

    #[test]
    fn a_run_that_an_error_stopped_is_not_summed_up() {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        Plain::new(&mut out, &mut err, false).finish(Timestamp::UNIX_EPOCH, Err("gone"));
        assert_eq!((out, err), (Vec::new(), Vec::new()));
    }

    #[test]
    fn only_yes_is_yes() {
        assert!(is_yes("y\n") && is_yes(" Yes "));
        assert!(!is_yes("") && !is_yes("no\n") && !is_yes("yes please"));
    }
}
