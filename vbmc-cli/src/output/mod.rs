//! Records as a table, JSON, CSV, YAML or bare values: byte for byte what cliff, the original's framework, prints.
//!
//! A formatter turns records into text and knows nothing of terminals or pipes; [`Output::print`] does.

mod args;
mod csv;
mod json;
mod records;
mod table;
mod value;
mod wrap;
mod yaml;

use std::io::{self, IsTerminal, Write};

use anyhow::Context;

pub(crate) use args::{Format, OutputArgs};
pub(crate) use records::{Cell, Records};

use self::csv::Quote;
use crate::view::harmless;

/// How the user wants records printed, as meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Output {
    format: Format,
    columns: Vec<String>,
    sort_columns: Vec<String>,
    descending: bool,
    quote: Quote,
    indent: bool,
    print_empty: bool,
    /// Whether every column that is named must be there. VirtualBMC's own commands take what they find.
    strict: bool,
    /// The width asked for; none: the terminal's, where there is one.
    max_width: Option<usize>,
}

impl Output {
    pub(crate) fn format(&self) -> Format {
        self.format
    }

    /// From now on, every column that is named must be there.
    pub(crate) fn strict(self) -> Self {
        Self {
            strict: true,
            ..self
        }
    }

    /// Lets the user call a column by a name that it had once.
    pub(crate) fn rename(&mut self, old: &str, new: &str) {
        for name in self.columns.iter_mut().chain(&mut self.sort_columns) {
            if records::normalized(name) == records::normalized(old) {
                new.clone_into(name);
            }
        }
    }

    /// Sorts, selects, formats, and writes the result to stdout.
    pub(crate) fn print(&self, records: Records) -> anyhow::Result<()> {
        let text = self.render(records, terminal_width())?;
        // The other forms have no such characters in them, and what reads a pipe wants the text as it is.
        match self.format {
            Format::Csv | Format::Value if io::stdout().is_terminal() => {
                write_stdout(harmless(&text).as_bytes())
            }
            _ => write_stdout(text.as_bytes()),
        }
    }

    /// Selects and prints rows of which more will follow, with `-f json` an object a line. Only [`Format::Json`] and
    /// [`Format::Value`] can be read in parts.
    pub(crate) fn print_more(&self, mut records: Records) -> anyhow::Result<()> {
        records.select(&self.columns, self.strict)?;
        let text = match self.format {
            Format::Json => json::lines(&records),
            _ => value::format(&records),
        };
        write_stdout(text.as_bytes())
    }

    fn render(
        &self,
        mut records: Records,
        terminal_width: Option<usize>,
    ) -> anyhow::Result<String> {
        records.sort(&self.sort_columns, self.descending);
        records.select(&self.columns, self.strict)?;
        Ok(match self.format {
            Format::Table => {
                let limit = self.max_width.or(terminal_width);
                table::format(&records, self.print_empty, limit)
            }
            Format::Json => json::format(&records, self.indent),
            Format::Csv => csv::format(&records, self.quote),
            Format::Yaml => yaml::format(&records),
            Format::Value => value::format(&records),
        })
    }
}

/// Writes all of `text` to stdout, where a closed pipe is an [`io::Error`] like others.
pub(crate) fn write_stdout(text: &[u8]) -> anyhow::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout
        .write_all(text)
        .and_then(|()| stdout.flush())
        .context("cannot write the output")
}

/// The width of the terminal that stdout is; none when it isn't one, or doesn't tell.
fn terminal_width() -> Option<usize> {
    let stdout = io::stdout();
    if !stdout.is_terminal() {
        return None;
    }
    let (width, _) = terminal_size::terminal_size_of(stdout)?;
    Some(width.0.into()).filter(|width| *width > 0)
}
