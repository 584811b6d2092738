//! A program that runs while the test does something to it, or to what it talks with.

use std::io::{Read, Write};
use std::process::Child;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use nix::sys::signal::Signal;

use crate::place::Place;
use crate::run::Outcome;
use crate::wait_for;

/// A running program; killed when dropped.
#[derive(Debug)]
pub struct Running {
    place: Place,
    child: Child,
    line: String,
    limit: Duration,
    stdout: Output,
    stderr: Output,
}

impl Running {
    pub(crate) fn new(place: Place, mut child: Child, line: String, limit: Duration) -> Self {
        let stdout = Output::collect(child.stdout.take());
        let stderr = Output::collect(child.stderr.take());
        Self {
            place,
            child,
            line,
            limit,
            stdout,
            stderr,
        }
    }

    /// Writes `input` to it, and then the end of its input.
    pub(crate) fn feed(&mut self, input: String) {
        if let Some(mut stdin) = self.child.stdin.take() {
            // A program that ends without reading all of it is free to.
            thread::spawn(move || stdin.write_all(input.as_bytes()));
        }
    }

    /// What it has said so far.
    #[must_use]
    pub fn said(&self) -> String {
        self.stdout.text() + &self.stderr.text()
    }

    /// Waits until it has said `text`.
    ///
    /// # Panics
    ///
    /// When it ends without having said that, or takes too long.
    #[track_caller]
    pub fn wait_until_it_says(&mut self, text: &str) {
        let what = format!("{} to say {text:?}", self.line);
        let ended = self.wait_until(&what, |said| said.contains(text));
        assert!(
            !ended,
            "it ended, and never said {text:?}:\n{}",
            self.said()
        );
    }

    /// Waits until it has said so many lines, or has ended.
    #[track_caller]
    pub fn wait_for_lines(&mut self, count: usize) {
        let what = format!("{} to say {count} lines", self.line);
        self.wait_until(&what, |said| said.matches('\n').count() >= count);
    }

    /// Waits until what it has said is `enough`. Whether it ended without having said that.
    #[track_caller]
    fn wait_until(&mut self, what: &str, enough: impl Fn(&str) -> bool) -> bool {
        wait_for(what, self.limit, || {
            // Before its output is read, so that none of that is missed.
            let ended = self.child.try_wait().expect("the state of a child");
            if enough(&self.said()) {
                return Some(false);
            }
            ended.map(|_| true)
        })
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) {
        self.place.signal(&self.child, signal);
    }

    /// Waits for its end.
    ///
    /// # Panics
    ///
    /// When it runs longer than its limit.
    #[track_caller]
    #[must_use]
    pub fn outcome(mut self) -> Outcome {
        let what = format!("the end of: {}", self.line);
        let status = wait_for(&what, self.limit, || {
            self.child.try_wait().expect("the state of a child")
        });
        Outcome {
            line: self.line.clone(),
            code: status.code(),
            stdout: self.stdout.all(),
            stderr: self.stderr.all(),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.child.try_wait().is_ok_and(|status| status.is_some()) {
            return;
        }
        if thread::panicking() {
            eprintln!("--- {}\n{}--- killed", self.line, self.said());
        }
        self.signal(Signal::SIGKILL);
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What comes out of a pipe.
#[derive(Debug)]
struct Output {
    bytes: Arc<Mutex<Vec<u8>>>,
    reader: Option<JoinHandle<()>>,
}

impl Output {
    fn collect(pipe: Option<impl Read + Send + 'static>) -> Self {
        let bytes = Arc::<Mutex<Vec<u8>>>::default();
        let reader = pipe.map(|mut pipe| {
            let bytes = Arc::clone(&bytes);
            thread::spawn(move || {
                let mut buffer = [0; 4096];
                while let Ok(len @ 1..) = pipe.read(&mut buffer) {
                    let mut bytes = bytes.lock().unwrap_or_else(PoisonError::into_inner);
                    bytes.extend_from_slice(&buffer[..len]);
                }
            })
        });
        Self { bytes, reader }
    }

    fn text(&self) -> String {
        let bytes = self.bytes.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// All of it, until whoever writes there has closed the pipe.
    fn all(&mut self) -> String {
        if let Some(reader) = self.reader.take() {
            let _ = reader.join();
        }
        self.text()
    }
}
