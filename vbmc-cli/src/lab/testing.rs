//! What the tests of the steps share: a lab in a directory of its own, and a view that remembers.

use std::path::Path;
use std::sync::{Arc, Mutex};

use jiff::Timestamp;

use super::Run;
use super::config::Lab;
use super::manifest::Manifest;
use super::report::{Answer, Event, Reporter, Summary, View};

/// The events of a run as `KIND NAME: WHAT`, warnings and outcomes alone.
#[derive(Debug, Clone, Default)]
pub(super) struct Told(Arc<Mutex<Vec<String>>>);

impl Told {
    /// What was told since this was last asked.
    pub(super) fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

impl View for Told {
    fn show(&mut self, _: Timestamp, event: &Event) {
        let line = match event {
            Event::Warning { subject, text } => format!("{subject}: warning: {text}"),
            Event::Outcome {
                subject,
                outcome,
                detail,
            } => format!("{subject}: {outcome:?}: {detail}"),
            _ => return,
        };
        self.0.lock().unwrap().push(line);
    }

    fn ask(&mut self, _: &str) -> Option<Answer> {
        None
    }

    fn finish(&mut self, _: Timestamp, _: Result<&Summary, &str>) {}
}

/// A run on the lab in `dir`.
pub(super) fn run(dir: &Path, dry_run: bool) -> (Run, Told) {
    let lab = Lab::load(dir).unwrap();
    let told = Told::default();
    let run = Run {
        manifest: Manifest::load(&lab).unwrap(),
        lab,
        report: Reporter::new(Box::new(told.clone())),
        dry_run,
    };
    (run, told)
}

/// Writes a file of a lab, and the directories that it is in.
pub(super) fn write(dir: &Path, name: &str, text: &str) {
    let path = dir.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}
