//! What a run looks like: a live view on a terminal, plain lines elsewhere, JSON events for programs.
//!
//! | Module | What lives there |
//! |---|---|
//! | [`args`] | the options of every command that has a view |
//! | [`line`] | an event as a line of text |
//! | [`plain`] | lines where there is no terminal |
//! | [`json`] | one JSON object a line |
//! | [`sift`] | which progress is worth a line |
//! | [`human`] | sizes, rates and durations as people read them |
//!
//! What a run came to (outcomes, notes, warnings, the summary) goes to stdout; what matters only while it lasts
//! (progress, questions) goes to stderr. Nothing here decides anything: events come in, text goes out.

mod args;
mod human;
mod json;
mod line;
mod plain;
mod sift;

use std::io;

pub(crate) use self::args::{Format, ViewArgs};
use crate::lab::report::Reporter;

/// Where a run tells what happens, and how that is shown. `quiet` leaves warnings and failures.
pub(crate) fn reporter(format: Format, quiet: bool) -> Reporter {
    match format {
        Format::Json => Reporter::new(Box::new(json::Json::new(io::stdout()))),
        Format::Text => Reporter::new(Box::new(plain::Plain::new(
            io::stdout(),
            io::stderr(),
            quiet,
        ))),
    }
}
