//! `-f yaml`: a list of mappings, the keys sorted, as PyYAML writes it: for readers of YAML 1.1, to whom `on`, `1:30` and
//! `2001-01-01` are no strings.
//!
//! The serde YAML crates write for YAML 1.2 and leave those without quotes, so that Ansible would read a domain named
//! `on` as true. One thing differs from PyYAML: values of more than 80 columns aren't folded, and a line break is
//! always written as `\n`.

use std::fmt::Write;
use std::sync::LazyLock;

use regex_lite::Regex;

use super::records::{Cell, Records};

pub(super) fn format(records: &Records) -> String {
    if records.rows.is_empty() {
        return "[]\n".to_owned();
    }
    let mut out = String::new();
    for row in &records.rows {
        let mut entries: Vec<_> = records.columns.iter().zip(row).collect();
        entries.sort_by_key(|(column, _)| **column);
        let mut start = "- ";
        for (column, cell) in entries {
            let value = match cell {
                Cell::Text(text) => scalar(text),
                Cell::Number(number) => number.to_string(),
                Cell::Decimal(number) => number.clone(),
                Cell::Bool(bool) => bool.to_string(),
                Cell::Missing | Cell::Blank => "null".to_owned(),
            };
            writeln!(out, "{start}{}: {value}", scalar(column)).expect("a string takes everything");
            start = "  ";
        }
    }
    out
}

/// A string in the plainest style that reads back as the same string.
fn scalar(text: &str) -> String {
    if !text
        .chars()
        .all(|character| (' '..='~').contains(&character))
    {
        double_quoted(text)
    } else if text.is_empty()
        || text.starts_with(' ')
        || text.ends_with(' ')
        || has_indicator(text)
        || is_typed(text)
    {
        format!("'{}'", text.replace('\'', "''"))
    } else {
        text.to_owned()
    }
}

/// Whether something in `text` means more than itself.
fn has_indicator(text: &str) -> bool {
    let mut characters = text.chars();
    let first = characters.next();
    let alone = characters.next().is_none_or(|second| second == ' ');
    let at_start = match first {
        Some('-' | '?' | ':') => alone,
        Some(first) => "#,[]{}&*!|>'\"%@`".contains(first),
        None => false,
    };
    at_start
        || text.starts_with("---")
        || text.starts_with("...")
        || text.contains(": ")
        || text.ends_with(':')
        || text.contains(" #")
}

/// Whether `text` without quotes would be read as a boolean, a null, a number, a date or a merge key.
fn is_typed(text: &str) -> bool {
    /// The types of <https://yaml.org/type/>, in the form in which PyYAML knows them.
    static TYPED: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(
            r"(?x)^(?:
              yes|Yes|YES|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF
            | ~|null|Null|NULL
            | <<|=
            | [-+]?0b[01_]+ | [-+]?0[0-7_]+ | [-+]?(?:0|[1-9][0-9_]*) | [-+]?0x[0-9a-fA-F_]+
            | [-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+
            | [-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+][0-9]+)? | \.[0-9][0-9_]*(?:[eE][-+][0-9]+)?
            | [-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*
            | [-+]?\.(?:inf|Inf|INF) | \.(?:nan|NaN|NAN)
            | [0-9]{4}-[0-9]{2}-[0-9]{2}
            | [0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt]|[\ ]+)[0-9]{1,2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]*)?
              (?:[\ ]*(?:Z|[-+][0-9]{1,2}(?::[0-9]{2})?))?
            )$",
        )
        .expect("a constant, compiled by the tests")
    });
    TYPED.is_match(text)
}

fn double_quoted(text: &str) -> String {
    let mut out = "\"".to_owned();
    for character in text.chars() {
        let escape = match character {
            '\0' => '0',
            '\x07' => 'a',
            '\x08' => 'b',
            '\t' => 't',
            '\n' => 'n',
            '\x0b' => 'v',
            '\x0c' => 'f',
            '\r' => 'r',
            '\x1b' => 'e',
            '"' | '\\' => character,
            '\u{85}' => 'N',
            '\u{a0}' => '_',
            '\u{2028}' => 'L',
            '\u{2029}' => 'P',
            ' '..='~' => {
                out.push(character);
                continue;
            }
            _ => {
                let code = u32::from(character);
                let written = match code {
                    0..=0xff => write!(out, "\\x{code:02X}"),
                    0x100..=0xffff => write!(out, "\\u{code:04X}"),
                    _ => write!(out, "\\U{code:08X}"),
                };
                written.expect("a string takes everything");
                continue;
            }
        };
        out.extend(['\\', escape]);
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each with what PyYAML's `safe_dump` writes for it.
    #[test]
    fn writes_scalars_as_pyyaml_does() {
        let scalars: &[(&str, &str)] = &[
            ("::", "'::'"),
            ("::1", "::1"),
            ("fe80::1", "fe80::1"),
            ("0.0.0.0", "0.0.0.0"),
            ("192.168.0.1", "192.168.0.1"),
            ("***", "'***'"),
            ("False", "'False'"),
            ("true", "'true'"),
            ("yes", "'yes'"),
            ("no", "'no'"),
            ("on", "'on'"),
            ("Off", "'Off'"),
            ("y", "y"),
            ("n", "n"),
            ("null", "'null'"),
            ("Null", "'Null'"),
            ("~", "'~'"),
            ("", "''"),
            ("1234", "'1234'"),
            ("007", "'007'"),
            ("0x1f", "'0x1f'"),
            ("0o17", "0o17"),
            ("0b11", "'0b11'"),
            ("1_000", "'1_000'"),
            ("1:30", "'1:30'"),
            ("1:30:45", "'1:30:45'"),
            ("12:99", "12:99"),
            ("1.5", "'1.5'"),
            ("1e3", "1e3"),
            ("1.0e+3", "'1.0e+3'"),
            (".5", "'.5'"),
            (".inf", "'.inf'"),
            (".NaN", "'.NaN'"),
            ("-5", "'-5'"),
            ("+5", "'+5'"),
            ("-", "'-'"),
            ("- x", "'- x'"),
            ("--", "--"),
            ("---", "'---'"),
            ("...", "'...'"),
            ("?", "'?'"),
            ("? x", "'? x'"),
            ("a:b", "a:b"),
            ("a: b", "'a: b'"),
            ("a:", "'a:'"),
            (":a", ":a"),
            ("a #b", "'a #b'"),
            ("a#b", "a#b"),
            ("#a", "'#a'"),
            ("@a", "'@a'"),
            ("`a", "'`a'"),
            ("%a", "'%a'"),
            ("&a", "'&a'"),
            ("*a", "'*a'"),
            ("!a", "'!a'"),
            ("|a", "'|a'"),
            (">a", "'>a'"),
            ("'a'", "'''a'''"),
            ("\"a\"", "'\"a\"'"),
            ("it's", "it's"),
            ("[a]", "'[a]'"),
            ("{a}", "'{a}'"),
            ("a,b", "a,b"),
            ("a[b", "a[b"),
            ("=", "'='"),
            ("<<", "'<<'"),
            ("2001-01-01", "'2001-01-01'"),
            ("2001-1-1", "2001-1-1"),
            ("2001-01-01 10:00:00", "'2001-01-01 10:00:00'"),
            ("2001-01-01T10:00:00Z", "'2001-01-01T10:00:00Z'"),
            ("test:///default", "test:///default"),
            (
                "qemu+ssh://root@host/system?no_verify=1",
                "qemu+ssh://root@host/system?no_verify=1",
            ),
            ("qemu:///system", "qemu:///system"),
            ("node-0", "node-0"),
            ("admin", "admin"),
            ("é", "\"\\xE9\""),
            ("名", "\"\\u540D\""),
            ("😀", "\"\\U0001F600\""),
            (" lead", "' lead'"),
            ("trail ", "'trail '"),
            ("a b", "a b"),
            ("a  b", "a  b"),
            ("tab\there", "\"tab\\there\""),
            ("x\ty", "\"x\\ty\""),
            ("a\\b", "a\\b"),
            ("\u{7}", "\"\\a\""),
            ("\u{7f}", "\"\\x7F\""),
            ("\u{1b}[1m", "\"\\e[1m\""),
            ("\u{a0}", "\"\\_\""),
            ("\u{2028}x", "\"\\Lx\""),
            ("\u{feff}x", "\"\\uFEFFx\""),
            ("-1:20", "'-1:20'"),
            ("+1:20", "'+1:20'"),
            ("0", "'0'"),
            ("00", "'00'"),
            ("0.", "'0.'"),
            ("1.", "'1.'"),
            ("-.5", "-.5"),
            ("1_0.5", "'1_0.5'"),
            ("1__0", "'1__0'"),
            ("_1", "_1"),
            ("0x", "0x"),
            ("0xg", "0xg"),
            ("08", "08"),
            ("09", "09"),
            ("0b2", "0b2"),
            ("2001-1-1 1:00:00 +1:00", "'2001-1-1 1:00:00 +1:00'"),
            ("", "\"\\N\""),
            ("ab", "\"a\\Nb\""),
            (" \"\\é", "\"\\P\\\"\\\\\\xE9\""),
            ("None", "None"),
            ("none", "none"),
            ("TRUE", "'TRUE'"),
            ("Yes", "'Yes'"),
            ("ON", "'ON'"),
            ("nUll", "nUll"),
            (
                "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
                "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
            ),
        ];

        for (text, expected) in scalars {
            assert_eq!(scalar(text), *expected, "{text:?}");
        }
    }

    #[test]
    fn writes_sorted_mappings() {
        let row = |name, port| vec![Cell::text(name), Cell::Number(port), Cell::Missing];
        let records = Records::new(
            ["Domain name", "Port", "Address"],
            [row("a", 623), row("on", 624)],
        );
        assert_eq!(
            format(&records),
            "- Address: null\n  Domain name: a\n  Port: 623\n- Address: null\n  Domain name: 'on'\n  Port: 624\n"
        );
        assert_eq!(format(&Records::new(["Port"], [])), "[]\n");
    }
}
