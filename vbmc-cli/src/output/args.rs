//! The options of every command that prints records: as typed, and what they mean.

use std::env;

use anyhow::{Context, anyhow};
use clap::{Args, ValueEnum};

use super::Output;
use super::csv::Quote;

const MAX_WIDTH_VARIABLE: &str = "CLIFF_MAX_TERM_WIDTH";
const FIT_WIDTH_VARIABLE: &str = "CLIFF_FIT_WIDTH";

/// The forms that records are printed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    Csv,
    Json,
    Table,
    Value,
    Yaml,
}

/// The options as typed.
#[derive(Debug, Args)]
#[command(next_help_heading = "Output options")]
pub(crate) struct OutputArgs {
    /// How to print
    #[arg(short, long, value_name = "FORMAT", default_value = "table")]
    format: Format,

    /// Print this column only; can be repeated. Case doesn't matter, and _ stands for a space
    #[arg(short, long, value_name = "COLUMN")]
    column: Vec<String>,

    /// Sort by this column; can be repeated, the first matters most. Columns that don't exist are ignored
    #[arg(long, value_name = "COLUMN")]
    sort_column: Vec<String>,

    /// Sort in ascending order, the default
    #[arg(long, conflicts_with = "sort_descending")]
    sort_ascending: bool,

    /// Sort in descending order
    #[arg(long)]
    sort_descending: bool,

    /// What to quote in CSV
    #[arg(long, value_name = "WHAT", default_value = "nonnumeric")]
    quote: Quote,

    /// Print JSON on one line
    #[arg(long)]
    noindent: bool,

    /// Wrap a table to this many columns; 0 for no limit. $CLIFF_MAX_TERM_WIDTH has the same effect
    #[arg(long, value_name = "WIDTH", allow_negative_numbers = true)]
    max_width: Option<i64>,

    /// Wrap a table to the terminal's width, as is done on a terminal anyway. $CLIFF_FIT_WIDTH=1 has the same effect
    #[arg(long)]
    fit_width: bool,

    /// Print an empty table when there is nothing to print
    #[arg(long)]
    print_empty: bool,
}

impl OutputArgs {
    /// What was meant, with what the environment says.
    pub(crate) fn resolve(self) -> anyhow::Result<Output> {
        self.resolve_in(|variable| env::var(variable).ok())
    }

    fn resolve_in(self, environment: impl Fn(&str) -> Option<String>) -> anyhow::Result<Output> {
        let number = |variable: &str| match environment(variable).as_deref().map(str::trim) {
            None | Some("") => Ok(None),
            Some(value) => {
                let number = value
                    .parse::<i64>()
                    .map_err(|_| anyhow!("`{value}` isn't a whole number"));
                number
                    .map(Some)
                    .with_context(|| format!("environment variable {variable}"))
            }
        };
        // Whether to fit makes no difference: a terminal is fitted anyway, and nothing else has a width. A broken
        // value is an error all the same, as in the original.
        number(FIT_WIDTH_VARIABLE)?;
        let max_width = self.max_width.or(number(MAX_WIDTH_VARIABLE)?);
        Ok(Output {
            format: self.format,
            columns: self.column,
            sort_columns: self.sort_column,
            descending: self.sort_descending,
            quote: self.quote,
            indent: !self.noindent,
            print_empty: self.print_empty,
            strict: false,
            max_width: max_width
                .and_then(|width| usize::try_from(width).ok())
                .filter(|width| *width > 0),
        })
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        args: OutputArgs,
    }

    fn resolve(line: &str, environment: &[(&str, &str)]) -> anyhow::Result<Output> {
        let line = Line::try_parse_from(["list"].into_iter().chain(line.split_whitespace()))?;
        line.args.resolve_in(|variable| {
            environment
                .iter()
                .find(|(name, _)| *name == variable)
                .map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn an_option_takes_precedence_over_the_environment() {
        let width = |line, value| {
            resolve(line, &[(MAX_WIDTH_VARIABLE, value)])
                .unwrap()
                .max_width
        };
        assert_eq!(width("", "70"), Some(70));
        assert_eq!(width("--max-width 30", "70"), Some(30));
        assert_eq!(width("--max-width 0", "70"), None);
        assert_eq!(width("--max-width -5", ""), None);
    }

    #[test]
    fn a_broken_variable_is_named() {
        for variable in [MAX_WIDTH_VARIABLE, FIT_WIDTH_VARIABLE] {
            let error = resolve("", &[(variable, "wide")]).unwrap_err();
            assert_eq!(
                format!("{error:#}"),
                format!("environment variable {variable}: `wide` isn't a whole number")
            );
        }
    }

    #[test]
    fn columns_repeat_and_directions_exclude_each_other() {
        let output = resolve(
            "-c a --column b --sort-column x --sort-column y --sort-descending",
            &[],
        )
        .unwrap();
        assert_eq!(
            (output.columns, output.sort_columns),
            (vec!["a".into(), "b".into()], vec!["x".into(), "y".into()])
        );
        assert!(output.descending);
        assert!(resolve("--sort-ascending --sort-descending", &[]).is_err());
    }
}
