//! The live view: what is worked on is drawn below, what is done with stands above.

pub(crate) mod keyboard;
mod layout;
mod running;
pub(crate) mod screen;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::thread;
use std::time::Duration;

use jiff::Timestamp;
use rustix::process::{Signal, getpid, kill_process};

use self::keyboard::{Key, Keyboard};
use self::layout::Part;
use self::running::Running;
use self::screen::{Drawing, Size};
use super::line::Line;
use super::paint::{Colours, Row, Style, broken};
use crate::lab::report::{Answer, Event, Outcome, Subject, Summary, View};

/// How often to draw: seconds are to pass smoothly.
const TICK: Duration = Duration::from_millis(200);

#[derive(Debug)]
pub(super) struct Terminal(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    part: Option<Part>,
    running: Vec<Running>,
    done: BTreeSet<Subject>,
    failed: BTreeSet<Subject>,
    question: Option<String>,
    /// What is on the terminal, and how large that was then.
    drawn: Option<(Drawing, Size)>,
    finished: bool,
}

impl Terminal {
    pub(super) fn new() -> Self {
        let state = Arc::new(Mutex::new(State::default()));
        let weak = Arc::downgrade(&state);
        thread::spawn(move || tick(&weak));
        Self(state)
    }
}

/// Draws every now and then, until the view is finished.
fn tick(state: &Weak<Mutex<State>>) {
    loop {
        thread::sleep(TICK);
        let Some(state) = state.upgrade() else { return };
        let mut state = lock(&state);
        if state.finished {
            return;
        }
        state.draw(Timestamp::now(), "");
    }
}

impl View for Terminal {
    fn show(&mut self, at: Timestamp, event: &Event) {
        let mut state = lock(&self.0);
        let took = state.take(at, event);
        if !matches!(event, Event::Progress { .. }) {
            let line = Line::of(event, took);
            state.draw(at, &on_terminal(&line));
        }
    }

    fn ask(&mut self, question: &str) -> Option<Answer> {
        let keyboard = Keyboard::open()?;
        let mut state = lock(&self.0);
        state.question = Some(format!("{question} [y/N] "));
        state.draw(Timestamp::now(), "");
        let state = Arc::clone(&self.0);
        Some(Box::new(move || answer(&keyboard, &state)))
    }

    fn finish(&mut self, at: Timestamp, run: Result<&Summary, &str>) {
        let lines = run.map_or_else(
            |_| String::new(),
            |summary| {
                let (counts, failures) = Line::summary(summary);
                let counts = Colours::from_environment().paint(Style::Strong, &counts);
                let failures: String = failures.iter().map(on_terminal).collect();
                format!("\n{counts}\n{failures}")
            },
        );
        let mut state = lock(&self.0);
        state.finished = true;
        state.draw(at, &lines);
        keyboard::restore();
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let mut state = lock(&self.0);
        if !state.finished {
            state.finished = true;
            state.draw(Timestamp::now(), "");
            keyboard::restore();
        }
    }
}

impl State {
    /// Takes an event in; how long the subject took, where it is one's outcome.
    fn take(&mut self, at: Timestamp, event: &Event) -> Option<jiff::SignedDuration> {
        match event {
            Event::Phase { title } => {
                self.done.clear();
                self.failed.clear();
                self.part = Some(Part {
                    title: title.clone(),
                    began: at,
                    done: 0,
                    failed: 0,
                });
            }
            Event::Progress { subject, progress } => {
                let running = self
                    .running
                    .iter_mut()
                    .find(|running| running.subject == *subject);
                match running {
                    Some(running) => running.go_on(at, progress.clone()),
                    None => self
                        .running
                        .push(Running::new(at, subject.clone(), progress.clone())),
                }
            }
            Event::Note { .. } | Event::Warning { .. } => {}
            Event::Outcome {
                subject, outcome, ..
            } => {
                let ended = match outcome {
                    Outcome::Failed => &mut self.failed,
                    _ => &mut self.done,
                };
                ended.insert(subject.clone());
                if let Some(part) = &mut self.part {
                    (part.done, part.failed) = (self.done.len(), self.failed.len());
                }
                let index = self
                    .running
                    .iter()
                    .position(|running| running.subject == *subject)?;
                return Some(at.duration_since(self.running.remove(index).began));
            }
        }
        None
    }

    /// Puts lines above the drawing, and draws it where it is not what is there already.
    fn draw(&mut self, now: Timestamp, lines: &str) {
        let size = Size::of_terminal();
        let drawing = if self.finished {
            Drawing::nothing()
        } else {
            // A clock above a question that holds up everything would measure the operator.
            let waits = self.question.is_some() && self.running.is_empty();
            let part = self.part.as_ref().filter(|_| !waits);
            Drawing {
                rows: layout::rows(part, &self.running, now, size),
                prompt: self
                    .question
                    .as_ref()
                    .map(|question| Row::new().with(Style::Warning, question)),
            }
        };
        let new = Some((drawing.clone(), size));
        if !lines.is_empty() || self.drawn != new {
            screen::lock().show(lines, drawing);
            self.drawn = new;
        }
    }
}

/// Waits for a key that is an answer.
fn answer(keyboard: &Keyboard, state: &Mutex<State>) -> Option<bool> {
    let (answer, word) = loop {
        if lock(state).finished {
            return None;
        }
        match keyboard.next() {
            Ok(Some(Key::Character('y' | 'Y'))) => break (Some(true), "yes"),
            Ok(Some(Key::Character('n' | 'N') | Key::Enter | Key::Escape)) => {
                break (Some(false), "no");
            }
            Ok(Some(Key::Interrupt)) => break (None, "interrupted"),
            Ok(_) => {}
            // The terminal is gone, and whoever sat there.
            Err(_) => break (None, "no answer"),
        }
    };
    let mut state = lock(state);
    let question = state.question.take().unwrap_or_default();
    state.draw(Timestamp::now(), &format!("{question}{word}\n"));
    if word == "interrupted" {
        // What Ctrl-C does when no keys are read.
        keyboard::restore();
        let _ = kill_process(getpid(), Signal::INT);
    }
    answer
}

fn on_terminal(line: &Line) -> String {
    painted(
        line,
        Size::of_terminal().columns,
        Colours::from_environment(),
    )
}

/// A line that stays, broken between words where it is too long.
fn painted(line: &Line, columns: usize, colours: Colours) -> String {
    let beginning = line.beginning();
    let texts = broken(&line.text, columns.saturating_sub(beginning.len()));
    let separator = format!("\n{}", " ".repeat(beginning.len()));
    let texts: Vec<_> = texts
        .iter()
        .map(|text| colours.paint(line.mark.text_style(), text))
        .collect();
    let beginning = colours.paint(line.mark.style(), &beginning);
    format!("{beginning}{}\n", texts.join(&separator))
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    // Whoever panicked has left a line undrawn at worst.
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::report::{Kind, Progress};

    #[test]
    fn a_subject_runs_from_its_first_progress_to_its_outcome() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let node = Subject::new(Kind::Node, "a");
        let mut state = State::default();
        state.take(
            at(0),
            &Event::Phase {
                title: "Inspection".to_owned(),
            },
        );
        for second in [1, 2] {
            let progress = Event::Progress {
                subject: node.clone(),
                progress: Progress::default(),
            };
            assert_eq!(state.take(at(second), &progress), None);
        }
        assert_eq!(state.running.len(), 1);
        let outcome = |outcome| Event::Outcome {
            subject: node.clone(),
            outcome,
            detail: String::new(),
        };
        let took = state.take(at(8), &outcome(Outcome::Failed));
        assert_eq!(took, Some(jiff::SignedDuration::from_secs(7)));
        assert!(state.running.is_empty());
        assert_eq!(
            state.part.as_ref().map(|part| (part.done, part.failed)),
            Some((0, 1))
        );
    }
    #[test]
    fn a_long_line_goes_on_below_its_text() {
        let event = Event::Warning {
            subject: Subject::new(Kind::Node, "a"),
            text: "one two three".to_owned(),
        };
        let line = Line::of(&event, None);
        assert_eq!(
            painted(&line, 28, Colours::Off),
            "WARNING      node a: one two\n             three\n"
        );
        assert_eq!(
            painted(&line, 80, Colours::On),
            "\x1b[1;33mWARNING      \x1b[0mnode a: one two three\n"
        );
    }
}
