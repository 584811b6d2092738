//! Labs for tests: a directory with a lab.toml, runs in it, and what they tell.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use tempfile::TempDir;

use crate::lab::Run;
use crate::lab::config::Lab;
use crate::lab::manifest::Manifest;
use crate::lab::report::{Answer, Event, Outcome, Reporter, Summary, View};

/// A lab's directory, and all that was told of its runs.
pub(super) struct TestLab {
    directory: TempDir,
    told: Arc<Mutex<Vec<Event>>>,
}

impl TestLab {
    pub(super) fn new(toml: &str) -> Self {
        let lab = Self {
            directory: TempDir::new().unwrap(),
            told: Arc::default(),
        };
        lab.describe(toml);
        lab
    }

    /// Writes its lab.toml, but for the name.
    pub(super) fn describe(&self, toml: &str) {
        self.write("lab.toml", &format!("name = \"test\"\n{toml}"));
    }

    pub(super) fn path(&self, file: &str) -> PathBuf {
        self.directory.path().canonicalize().unwrap().join(file)
    }

    pub(super) fn write(&self, file: &str, text: &str) {
        let path = self.path(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// A shell script of the lab.
    pub(super) fn script(&self, file: &str, text: &str) {
        use std::os::unix::fs::PermissionsExt as _;
        self.write(file, &format!("#!/bin/sh\nset -e\n{text}\n"));
        fs::set_permissions(self.path(file), fs::Permissions::from_mode(0o755)).unwrap();
    }

    pub(super) fn read(&self, file: &str) -> String {
        fs::read_to_string(self.path(file)).unwrap()
    }

    /// The names in a directory, hidden ones too.
    pub(super) fn names(&self, directory: &str) -> Vec<String> {
        let entries = fs::read_dir(self.path(directory)).into_iter().flatten();
        let name = |entry: std::io::Result<fs::DirEntry>| entry.unwrap().file_name();
        let mut names: Vec<_> = entries
            .map(|entry| name(entry).into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    /// A new run, as the next call of the program is.
    pub(super) fn run(&self) -> Run {
        let lab = Lab::load(&self.path("")).unwrap();
        let manifest = Manifest::load(&lab).unwrap();
        Run {
            lab,
            manifest,
            report: Reporter::new(Box::new(Recorder(self.told.clone()))),
            dry_run: false,
        }
    }

    /// What became of the last image, and the details.
    pub(super) fn end(&self) -> (Outcome, String) {
        let told = self.told.lock().unwrap();
        let end = told.iter().rev().find_map(|event| match event {
            Event::Outcome {
                outcome, detail, ..
            } => Some((*outcome, detail.clone())),
            _ => None,
        });
        end.expect("no outcome was told")
    }

    /// Warnings and notes so far.
    pub(super) fn remarks(&self) -> Vec<String> {
        let told = self.told.lock().unwrap();
        let text = |event: &Event| match event {
            Event::Note { text, .. } | Event::Warning { text, .. } => Some(text.clone()),
            _ => None,
        };
        told.iter().filter_map(text).collect()
    }

    /// What commands were seen to say.
    pub(super) fn said(&self) -> Vec<String> {
        let told = self.told.lock().unwrap();
        let says = |event: &Event| match event {
            Event::Progress { progress, .. } => progress.says.clone(),
            _ => None,
        };
        told.iter().filter_map(says).collect()
    }
}

struct Recorder(Arc<Mutex<Vec<Event>>>);

impl View for Recorder {
    fn show(&mut self, _: Timestamp, event: &Event) {
        self.0.lock().unwrap().push(event.clone());
    }

    fn ask(&mut self, _: &str) -> Option<Answer> {
        None
    }

    fn finish(&mut self, _: Timestamp, _: Result<&Summary, &str>) {}
}

/// Everything in a directory tree: paths with contents.
pub(super) fn tree(directory: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => found.extend(tree(&path)),
            false => found.push((path.clone(), fs::read(&path).unwrap())),
        }
    }
    found.sort();
    found
}
