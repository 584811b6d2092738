//! Running a foreign program to its end, with a bound on its time.

use std::ffi::OsStr;
use std::fmt;
use std::io::{ErrorKind, Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use crate::wait_for;

/// No client may take longer than this: far above what any needs, so that only a hang runs into it.
const TIME_LIMIT: Duration = Duration::from_secs(60);

/// A program to be run.
#[derive(Debug)]
pub struct Run {
    command: Command,
    input: Option<String>,
    limit: Duration,
}

impl Run {
    /// `program`, found in `PATH` or in the places where Debian keeps administrators' tools.
    #[must_use]
    pub fn new(program: impl AsRef<OsStr>) -> Self {
        let mut command = Command::new(program);
        let path = std::env::var("PATH").unwrap_or_default();
        command.env("PATH", format!("{path}:/usr/sbin:/sbin"));
        Self {
            command,
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
    pub fn outcome(mut self) -> Outcome {
        let line = command_line(&self.command);
        let mut child = self.spawn(&line);
        let input = self.input.take();
        let stdin = child.stdin.take();
        let stdout = child.stdout.take();
        let stderr = child.stderr.take();
        thread::scope(|scope| {
            scope.spawn(move || {
                if let (Some(mut stdin), Some(input)) = (stdin, input) {
                    // A program that ends without reading all of it is free to.
                    let _ = stdin.write_all(input.as_bytes());
                }
            });
            let stdout = scope.spawn(move || read_all(stdout));
            let stderr = scope.spawn(move || read_all(stderr));
            let code = wait_or_kill(&mut child, self.limit, &line);
            Outcome {
                line: line.clone(),
                code,
                stdout: stdout.join().expect("the reader of stdout"),
                stderr: stderr.join().expect("the reader of stderr"),
            }
        })
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

fn wait_or_kill(child: &mut Child, limit: Duration, line: &str) -> Option<i32> {
    struct KillOnPanic<'a>(&'a mut Child);
    impl Drop for KillOnPanic<'_> {
        fn drop(&mut self) {
            if thread::panicking() {
                let _ = self.0.kill();
                let _ = self.0.wait();
            }
        }
    }
    let guard = KillOnPanic(child);
    let status = wait_for(&format!("the end of: {line}"), limit, || {
        guard.0.try_wait().expect("the state of a child")
    });
    status.code()
}

fn read_all(from: Option<impl Read>) -> String {
    let mut bytes = Vec::new();
    if let Some(mut from) = from {
        from.read_to_end(&mut bytes).expect("a child's output");
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn command_line(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let words: Vec<_> = words.map(OsStr::to_string_lossy).collect();
    words.join(" ")
}

/// How a program ended, and what it said.
#[derive(Debug, Clone)]
pub struct Outcome {
    line: String,
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
