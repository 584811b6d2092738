//! The options of every command that has a view.

use clap::{Args, ValueEnum};

use super::reporter;
use crate::lab::config::Lab;
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
    /// Of a run that does something to `lab`; a dry run leaves no trace.
    pub(crate) fn reporter(&self, quiet: bool, lab: &Lab, dry_run: bool) -> Reporter {
        let journal = (!dry_run).then(|| lab.results.join("vbmc.log"));
        reporter(self.format, quiet, journal, &lab.dir)
    }
}
