//! `-f json`: an array of objects as Python's `json` module writes it: two spaces, or one line with a space after `,`
//! and `:`, and nothing but ASCII.

use std::fmt::Write;
use std::io;

use serde::ser::{SerializeMap, SerializeSeq};
use serde::{Serialize, Serializer};
use serde_json::ser::{Formatter, PrettyFormatter};

use super::records::{Cell, Records};

pub(super) fn format(records: &Records, indent: bool) -> String {
    let mut json = Vec::new();
    let written = if indent {
        records.serialize(&mut serde_json::Serializer::with_formatter(
            &mut json,
            PrettyFormatter::new(),
        ))
    } else {
        records.serialize(&mut serde_json::Serializer::with_formatter(
            &mut json, OneLine,
        ))
    };
    written.expect("strings and numbers always serialise");
    ascii(&String::from_utf8_lossy(&json)) + "\n"
}

/// A line for each row.
pub(super) fn lines(records: &Records) -> String {
    let line = |row| {
        let mut json = Vec::new();
        let mut serializer = serde_json::Serializer::with_formatter(&mut json, OneLine);
        let written = Row(&records.columns, row).serialize(&mut serializer);
        written.expect("strings and numbers always serialise");
        ascii(&String::from_utf8_lossy(&json)) + "\n"
    };
    records.rows.iter().map(|row| line(row)).collect()
}

/// Objects keep the order of the columns.
impl Serialize for Records {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut rows = serializer.serialize_seq(Some(self.rows.len()))?;
        for row in &self.rows {
            rows.serialize_element(&Row(&self.columns, row))?;
        }
        rows.end()
    }
}

struct Row<'a>(&'a [&'static str], &'a [Cell]);

impl Serialize for Row<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut row = serializer.serialize_map(Some(self.0.len()))?;
        for (column, cell) in self.0.iter().zip(self.1) {
            row.serialize_entry(column, cell)?;
        }
        row.end()
    }
}

impl Serialize for Cell {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => serializer.serialize_str(text),
            Self::Number(number) => serializer.serialize_u64(*number),
            Self::Decimal(number) => match (number.parse(), number.parse()) {
                (Ok(whole), _) => serializer.serialize_i64(whole),
                (_, Ok(number)) => serializer.serialize_f64(number),
                _ => serializer.serialize_str(number),
            },
            Self::Bool(bool) => serializer.serialize_bool(*bool),
            Self::Missing | Self::Blank => serializer.serialize_none(),
        }
    }
}

struct OneLine;

impl Formatter for OneLine {
    fn begin_array_value<W: ?Sized + io::Write>(
        &mut self,
        out: &mut W,
        first: bool,
    ) -> io::Result<()> {
        if first { Ok(()) } else { out.write_all(b", ") }
    }

    fn begin_object_key<W: ?Sized + io::Write>(
        &mut self,
        out: &mut W,
        first: bool,
    ) -> io::Result<()> {
        if first { Ok(()) } else { out.write_all(b", ") }
    }

    fn begin_object_value<W: ?Sized + io::Write>(&mut self, out: &mut W) -> io::Result<()> {
        out.write_all(b": ")
    }
}

/// Escapes what isn't ASCII. In JSON that stands within strings only.
fn ascii(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for character in json.chars() {
        if character == '\n' || (' '..='~').contains(&character) {
            out.push(character);
        } else {
            for unit in character.encode_utf16(&mut [0; 2]) {
                write!(out, "\\u{unit:04x}").expect("a string takes everything");
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list() -> Records {
        let row = |name, port| vec![Cell::text(name), Cell::Number(port), Cell::Missing];
        Records::new(
            ["Domain name", "Port", "None"],
            [row("a\"\\/\n\t\u{1}\u{7f}é😀", 1), row("b", 2)],
        )
    }

    #[test]
    fn lines_are_objects_and_decimals_are_numbers() {
        let row = |reading: &str| vec![Cell::text("a"), Cell::Decimal(reading.to_owned())];
        let records = Records::new(["N", "Value"], [row("12.5"), row("-3")]);
        assert_eq!(
            lines(&records),
            "{\"N\": \"a\", \"Value\": 12.5}\n{\"N\": \"a\", \"Value\": -3}\n"
        );
    }

    #[test]
    fn prints_what_python_prints() {
        let name = r#""a\"\\/\n\t\u0001\u007f\u00e9\ud83d\ude00""#;
        assert_eq!(
            format(&list(), false),
            format!(
                "[{{\"Domain name\": {name}, \"Port\": 1, \"None\": null}}, \
                 {{\"Domain name\": \"b\", \"Port\": 2, \"None\": null}}]\n"
            )
        );
        assert_eq!(
            format(&list(), true),
            format!(
                "[\n  {{\n    \"Domain name\": {name},\n    \"Port\": 1,\n    \"None\": null\n  }},\n  \
                 {{\n    \"Domain name\": \"b\",\n    \"Port\": 2,\n    \"None\": null\n  }}\n]\n"
            )
        );
    }

    #[test]
    fn without_rows_the_array_is_empty() {
        for indent in [true, false] {
            assert_eq!(format(&Records::new(["Port"], []), indent), "[]\n");
        }
    }
}
