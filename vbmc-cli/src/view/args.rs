//! The options of every command that has a view.

use clap::{Args, ValueEnum};

use super::reporter;
use crate::lab::report::Reporter;

/// How a run is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people: live on a terminal, otherwise line by line
    Text,
    /// For programs: one event a line on stdout
    Json,
}

/// The options as typed.
#[derive(Debug, Args)]
#[command(next_help_heading = "Output options")]
pub(crate) struct ViewArgs {
    /// How to show what happens
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    format: Format,
}

impl ViewArgs {
    pub(crate) fn reporter(&self, quiet: bool) -> Reporter {
        reporter(self.format, quiet)
    }
}
