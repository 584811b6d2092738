//! Running a foreign program to its end, with a bound on its time.

use std::ffi::OsStr;
use std::fmt;
use std::io::ErrorKind;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::place::Place;
use crate::running::Running;

/// No client may take longer than this: far above what any needs, so that only a hang runs into it.
const TIME_LIMIT: Duration = Duration::from_secs(60);

/// A program to be run.
#[derive(Debug)]
pub struct Run {
    place: Place,
    command: Command,
    input: Option<String>,
    limit: Duration,
}

impl Run {
    /// `program`, found in `PATH` or in the places where Debian keeps administrators' tools.
    #[must_use]
    pub fn new(program: impl AsRef<OsStr>) -> Self {
        Self::new_in(Place::default(), program)
    }

    /// As [`Self::new`], in `place`.
    #[must_use]
    pub fn new_in(place: Place, program: impl AsRef<OsStr>) -> Self {
        Self {
            place,
            command: place.command(program),
            input: None,
            limit: TIME_LIMIT,
        }
    }

    /// Adds arguments.
    #[must_use]
    pub fn args<S: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = S>) -> Self {
        self.command.args(args);
        self
    }

    /// Sets an environment variable.
    #[must_use]
    pub fn env(mut self, key: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(key, value);
        self
    }

    /// Removes an environment variable.
    #[must_use]
    pub fn without_env(mut self, key: &str) -> Self {
        self.command.env_remove(key);
        self
    }

    /// What it reads from its standard input; otherwise there is nothing to read.
    #[must_use]
    pub fn input(mut self, text: impl Into<String>) -> Self {
        self.input = Some(text.into());
        self
    }

    /// Kills it after `limit`.
    #[must_use]
    pub fn limit(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// Runs it to its end.
    ///
    /// # Panics
    ///
    /// When it isn't installed, or runs longer than its limit.
    #[track_caller]
    #[must_use]
    pub fn outcome(self) -> Outcome {
        self.start().outcome()
    }

    /// Starts it, for a test that does something meanwhile.
    ///
    /// # Panics
    ///
    /// When it isn't installed.
    #[track_caller]
    #[must_use]
    pub fn start(mut self) -> Running {
        let line = command_line(&self.command);
        let child = self.spawn(&line);
        let mut running = Running::new(self.place, child, line, self.limit);
        if let Some(input) = self.input {
            running.feed(input);
        }
        running
    }

    fn spawn(&mut self, line: &str) -> Child {
        self.command
            .stdin(if self.input.is_some() {
                Stdio::piped()
            } else {
                Stdio::null()
            })
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        match self.command.spawn() {
            Ok(child) => child,
            Err(error) if error.kind() == ErrorKind::NotFound => panic!(
                "{} is not installed: run scripts/prerequisites, which installs all that the tests need",
                Path::new(self.command.get_program()).display()
            ),
            Err(error) => panic!("cannot run {line}: {error}"),
        }
    }
}

fn command_line(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let words: Vec<_> = words.map(OsStr::to_string_lossy).collect();
    words.join(" ")
}

/// How a program ended, and what it said.
#[derive(Debug, Clone)]
pub struct Outcome {
    pub(crate) line: String,
    /// Its exit code; none: a signal ended it.
    pub code: Option<i32>,
    /// What it wrote to its standard output.
    pub stdout: String,
    /// What it wrote to its standard error.
    pub stderr: String,
}

impl Outcome {
    /// Its output, when it succeeded.
    ///
    /// # Panics
    ///
    /// When it failed.
    #[track_caller]
    #[must_use]
    pub fn ok(self) -> String {
        assert_eq!(self.code, Some(0), "it should succeed: {self}");
        self.stdout
    }

    /// All that it said, when it failed with exit code `code`.
    ///
    /// # Panics
    ///
    /// When it ended otherwise.
    #[track_caller]
    #[must_use]
    pub fn fails_with(self, code: i32) -> String {
        assert_eq!(self.code, Some(code), "it should exit with {code}: {self}");
        self.stdout + &self.stderr
    }

    /// All that it said, when it failed with any exit code.
    ///
    /// # Panics
    ///
    /// When it succeeded, or a signal ended it.
    #[track_caller]
    #[must_use]
    pub fn fails(self) -> String {
        assert!(
            self.code.is_some_and(|code| code != 0),
            "it should fail: {self}"
        );
        self.stdout + &self.stderr
    }

    /// All that it said, however it ended: for programs whose exit code says nothing.
    #[must_use]
    pub fn said(self) -> String {
        self.stdout + &self.stderr
    }

    /// Checks that it succeeded and that its output contains `text`.
    ///
    /// # Panics
    ///
    /// When it doesn't.
    #[track_caller]
    pub fn says(self, text: &str) {
        assert!(
            self.code == Some(0) && self.stdout.contains(text),
            "it should succeed and say {text:?}: {self}"
        );
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}\nexit code {:?}\n--- stdout\n{}\n--- stderr\n{}",
            self.line, self.code, self.stdout, self.stderr
        )
    }
}
