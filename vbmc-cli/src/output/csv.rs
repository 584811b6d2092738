//! `-f csv`: comma-separated values as Python's `csv` module writes them.
//!
//! The `csv` crate cannot: it decides by a field's look whether it is a number, so that a domain named `1234` would
//! stand without quotes where Python, which goes by the type, quotes it.

use clap::ValueEnum;

use super::records::{Cell, Records};

/// What is put in quotes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Quote {
    /// Everything
    All,
    /// What could not be read back otherwise
    Minimal,
    /// Nothing: a backslash stands before what could not be read back otherwise
    None,
    /// Everything but numbers
    Nonnumeric,
}

pub(super) fn format(records: &Records, quote: Quote) -> String {
    let mut out = String::new();
    let header: Vec<_> = records.columns.iter().copied().map(Cell::text).collect();
    for row in std::iter::once(&header).chain(&records.rows) {
        for (index, cell) in row.iter().enumerate() {
            if index > 0 {
                out.push(',');
            }
            // A row of one empty field would be an empty line, which reads back as no row.
            write_field(&mut out, cell, quote, row.len() == 1);
        }
        out.push('\n');
    }
    out
}

fn write_field(out: &mut String, cell: &Cell, quote: Quote, alone: bool) {
    let text = match cell {
        Cell::Missing | Cell::Blank => String::new(),
        cell => cell.to_python_string(),
    };
    let quoted = match quote {
        Quote::All => true,
        Quote::Minimal => text.contains([',', '"', '\n']) || (alone && text.is_empty()),
        Quote::None => false,
        // Python counts booleans as numbers.
        Quote::Nonnumeric => !matches!(cell, Cell::Number(_) | Cell::Decimal(_) | Cell::Bool(_)),
    };
    if quoted {
        out.push('"');
    }
    for character in text.chars() {
        match character {
            '"' if quoted => out.push('"'),
            '\\' => out.push('\\'),
            ',' | '"' | '\n' if !quoted => out.push('\\'),
            _ => {}
        }
        out.push(character);
    }
    if quoted {
        out.push('"');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One row of everything, and the same row's output of Python's csv module.
    fn awkward(quote: Quote) -> String {
        let cells = [
            "a,b", "q\"x", "back\\sl", "sp ace", "", "1234", "nl\nx", "é", "'s'", " lead",
        ]
        .map(Cell::text);
        let row = cells
            .into_iter()
            .chain([Cell::Missing, Cell::Number(6230)])
            .collect::<Vec<_>>();
        let columns = [""; 12];
        format(&Records::new(columns, [row]), quote)
            .split_once('\n')
            .unwrap()
            .1
            .to_owned()
    }

    #[test]
    fn quotes_as_python_does() {
        let quoted = r#""a,b","q""x","back\\sl","sp ace","","1234","nl
x","é","'s'"," lead","","#;
        assert_eq!(awkward(Quote::All), format!("{quoted}\"6230\"\n"));
        assert_eq!(awkward(Quote::Nonnumeric), format!("{quoted}6230\n"));
        let minimal = "\"a,b\",\"q\"\"x\",back\\\\sl,sp ace,,1234,\"nl\nx\",é,'s', lead,,6230\n";
        assert_eq!(awkward(Quote::Minimal), minimal);
        let none = "a\\,b,q\\\"x,back\\\\sl,sp ace,,1234,nl\\\nx,é,'s', lead,,6230\n";
        assert_eq!(awkward(Quote::None), none);
    }

    #[test]
    fn a_lone_empty_field_is_quoted() {
        let records = Records::new(["Value"], [vec![Cell::Missing]]);
        assert_eq!(format(&records, Quote::Minimal), "Value\n\"\"\n");
        assert_eq!(format(&records, Quote::Nonnumeric), "\"Value\"\n\"\"\n");
    }

    #[test]
    fn without_rows_there_is_the_header() {
        assert_eq!(
            format(
                &Records::new(["Domain name", "Port"], []),
                Quote::Nonnumeric
            ),
            "\"Domain name\",\"Port\"\n"
        );
    }
}
