//! Paths in a lab's directory, told from there: a line of a terminal has no room for where the lab is.

use std::path::Path;

use jiff::Timestamp;

use crate::lab::report::{Answer, Event, Subject, Summary, View};

/// A view for people, of a run on one lab.
pub(super) struct Near {
    view: Box<dyn View>,
    /// The lab's directory, with a slash at its end.
    dir: String,
}

impl Near {
    pub(super) fn new(view: Box<dyn View>, dir: &Path) -> Self {
        Self {
            view,
            dir: format!("{}/", dir.display()),
        }
    }

    fn subject(&self, subject: &Subject) -> Subject {
        Subject::new(subject.kind, self.text(&subject.name))
    }

    /// Leaves out the directory where a path begins with it; in a URL it stands elsewhere.
    fn text(&self, text: &str) -> String {
        let mut near = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.find(&self.dir) {
            let (before, found) = rest.split_at(at);
            let (dir, after) = found.split_at(self.dir.len());
            near += before;
            let begins = |last: char| last.is_whitespace() || "`'\"(".contains(last);
            if !near.chars().next_back().is_none_or(begins) {
                near += dir;
            }
            rest = after;
        }
        near + rest
    }

    fn event(&self, event: &Event) -> Event {
        match event {
            Event::Phase { title } => Event::Phase {
                title: title.clone(),
            },
            Event::Progress { subject, progress } => {
                let mut progress = progress.clone();
                progress.says = progress.says.map(|says| self.text(&says));
                Event::Progress {
                    subject: self.subject(subject),
                    progress,
                }
            }
            Event::Note { subject, text } => Event::Note {
                subject: self.subject(subject),
                text: self.text(text),
            },
            Event::Warning { subject, text } => Event::Warning {
                subject: self.subject(subject),
                text: self.text(text),
            },
            Event::Outcome {
                subject,
                outcome,
                detail,
            } => Event::Outcome {
                subject: self.subject(subject),
                outcome: *outcome,
                detail: self.text(detail),
            },
        }
    }
}

impl View for Near {
    fn show(&mut self, at: Timestamp, event: &Event) {
        let event = self.event(event);
        self.view.show(at, &event);
    }

    fn ask(&mut self, question: &str) -> Option<Answer> {
        self.view.ask(question)
    }

    fn finish(&mut self, at: Timestamp, run: Result<&Summary, &str>) {
        let near = run.map(|summary| {
            let failures = summary.failures.iter();
            Summary {
                failures: failures
                    .map(|(subject, why)| (self.subject(subject), self.text(why)))
                    .collect(),
                ..summary.clone()
            }
        });
        self.view.finish(at, near.as_ref().map_err(|why| *why));
    }
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
    fn paths_in_the_lab_are_told_from_there_and_others_as_they_are() {
        let near = Near::new(Box::new(Nobody), Path::new("/srv/lab"));
        for (text, told) in [
            ("/srv/lab/workspace/a, /srv/lab/b", "workspace/a, b"),
            ("see `/srv/lab/b`", "see `b`"),
            ("/srv/lab", "/srv/lab"),
            (
                "/srv/lab2/a and /mnt/srv/lab/a",
                "/srv/lab2/a and /mnt/srv/lab/a",
            ),
            ("file:///srv/lab/a", "file:///srv/lab/a"),
        ] {
            assert_eq!(near.text(text), told);
        }
    }
}
