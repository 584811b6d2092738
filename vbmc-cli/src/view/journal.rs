//! What a run has told, kept in a file with the time of each line: for afterwards, however the run was shown.

use std::env;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::PathBuf;

use jiff::{SignedDuration, Timestamp, Unit};

use super::line::{Line, so_far};
use super::sift::Sift;
use crate::lab::report::{Answer, Event, Summary, View};
use crate::lab::results;

/// How often to note how far something is that goes on and on.
const EVERY: SignedDuration = SignedDuration::from_secs(30);

/// A longer one is put aside when a run begins, in place of the one put aside before.
const MAX_SIZE: u64 = 4 << 20;

/// A view that also writes to a file. One that can't be written spoils nothing.
pub(super) struct Journal {
    view: Box<dyn View>,
    path: PathBuf,
    /// None: nothing was told so far.
    file: Option<io::Result<File>>,
    sift: Sift,
}

impl Journal {
    pub(super) fn new(view: Box<dyn View>, path: PathBuf) -> Self {
        Self {
            view,
            path,
            file: None,
            sift: Sift::new(EVERY),
        }
    }

    fn note(&mut self, at: Timestamp, text: &str) {
        let file = self.file.get_or_insert_with(|| {
            let file = begin(&self.path, at);
            if let Err(error) = &file {
                tracing::warn!("cannot write {}: {error}", self.path.display());
            }
            file
        });
        if let Ok(file) = file {
            // Said when it was opened, if it can be said at all: a disk that is full is told by what needs it.
            let _ = writeln!(file, "{} {text}", whole(at));
        }
    }
}

impl View for Journal {
    fn show(&mut self, at: Timestamp, event: &Event) {
        let (passes, took) = match event {
            Event::Progress { subject, progress } => (
                self.sift.passes(at, subject, progress),
                so_far(at, progress),
            ),
            Event::Outcome { subject, .. } => (true, self.sift.done(at, subject)),
            _ => (true, None),
        };
        if passes {
            self.note(at, &Line::of(event, took).plain());
        }
        self.view.show(at, event);
    }

    fn ask(&mut self, question: &str) -> Option<Answer> {
        self.note(Timestamp::now(), &format!("asked: {question}"));
        self.view.ask(question)
    }

    fn finish(&mut self, at: Timestamp, run: Result<&Summary, &str>) {
        match run {
            Ok(summary) if self.file.is_some() => self.note(at, &Line::summary(summary).0),
            Ok(_) => {}
            Err(why) => self.note(at, &format!("stopped: {why}")),
        }
        self.view.finish(at, run);
    }
}

/// Opens the file, and notes what was called.
fn begin(path: &std::path::Path, at: Timestamp) -> io::Result<File> {
    if fs::metadata(path).is_ok_and(|there| there.len() > MAX_SIZE) {
        fs::rename(path, path.with_extension("log.1"))?;
    }
    let mut file = results::append(path)?;
    // The commands that come here take no secret.
    let words = env::args_os().skip(1);
    let words: Vec<_> = words
        .map(|word| word.to_string_lossy().into_owned())
        .collect();
    writeln!(file, "{} $ vbmc {}", whole(at), shell_words::join(words))?;
    Ok(file)
}

/// To the second.
fn whole(at: Timestamp) -> Timestamp {
    at.round(Unit::Second).unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;
    use crate::lab::report::{Kind, Outcome, Reporter, Subject};

    struct Nobody;

    impl View for Nobody {
        fn show(&mut self, _: Timestamp, _: &Event) {}

        fn ask(&mut self, _: &str) -> Option<Answer> {
            None
        }

        fn finish(&mut self, _: Timestamp, _: Result<&Summary, &str>) {}
    }

    #[test]
    fn each_run_adds_what_it_told_and_what_stopped_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("results/vbmc.log");
        let run = || Reporter::new(Box::new(Journal::new(Box::new(Nobody), path.clone())));
        run().finish(Ok(())).unwrap();
        assert!(!path.exists(), "nothing was told");
        for end in [Ok(()), Err(anyhow::anyhow!("Ironic is gone"))] {
            let report = run();
            let node = Subject::new(Kind::Node, "a");
            report.outcome(&node, Outcome::Failed, "no answer");
            report.finish(end).unwrap_err();
        }
        let text = fs::read_to_string(&path).unwrap();
        let told: Vec<_> = text
            .lines()
            .map(|line| line.split_once("Z ").unwrap().1)
            .filter(|line| !line.starts_with("$ vbmc"))
            .collect();
        let failed = "FAILED       node a: no answer";
        assert_eq!(
            told,
            [failed, "1 failed in 0 s", failed, "stopped: Ironic is gone"]
        );
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
