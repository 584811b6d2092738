//! What a run looks like: a live view on a terminal, plain lines elsewhere, JSON events for programs.
//!
//! | Module | What lives there |
//! |---|---|
//! | [`args`] | the options of every command that has a view |
//! | [`mod@line`] | an event as a line of text |
//! | [`terminal`] | the live view, and the terminal itself: its last lines, its keys |
//! | [`paint`] | colours, and what fits a line |
//! | [`plain`] | lines where there is no terminal |
//! | [`json`] | one JSON object a line |
//! | [`sift`] | which progress is worth a line |
//! | [`journal`] | what was told, kept among the results |
//! | [`near`] | paths in the lab's directory, told from there |
//! | [`human`] | sizes, rates and durations as people read them |
//!
//! What a run came to (outcomes, notes, warnings, the summary) goes to stdout; what matters only while it lasts
//! (progress, questions) goes to stderr. Live is the view only where both are a terminal: `vbmc prepare | tee log` would
//! tear it. Nothing here decides anything: events come in, text goes out.

mod args;
pub(crate) mod human;
mod journal;
mod json;
mod line;
mod near;
pub(crate) mod paint;
mod plain;
mod sift;
pub(crate) mod terminal;

use std::env;
use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};

pub(crate) use self::args::{Format, ViewArgs};
pub(crate) use self::line::{harmless, one_line};
use crate::lab::report::{Reporter, View};

/// Where a run tells what happens, and how that is shown. `quiet` leaves warnings and failures; `journal` is a file that
/// keeps it all. `dir` is the lab's.
fn reporter(format: Format, quiet: bool, journal: Option<PathBuf>, dir: &Path) -> Reporter {
    let near = |view| Box::new(near::Near::new(view, dir));
    let view: Box<dyn View> = match format {
        Format::Json => Box::new(json::Json::new(io::stdout())),
        Format::Text if can_draw() && !quiet => near(Box::new(terminal::Terminal::new())),
        Format::Text => near(Box::new(plain::Plain::new(
            io::stdout(),
            io::stderr(),
            quiet,
        ))),
    };
    Reporter::new(match journal {
        Some(path) => Box::new(journal::Journal::new(view, path)),
        None => view,
    })
}

/// Whether there is a terminal that more can be done with than writing lines.
pub(crate) fn can_draw() -> bool {
    io::stdout().is_terminal()
        && io::stderr().is_terminal()
        && env::var_os("TERM").is_some_and(|term| !term.is_empty() && term != "dumb")
}
