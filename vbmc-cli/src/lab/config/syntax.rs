//! Mistakes in the form of `lab.toml`: what TOML's reader and serde say of them, in words that help.

use super::place::first_of_two;
use super::read::FILE;
use crate::lab::variables::line_of;

/// A mistake in the file's form, in one line. It never shows a value that may be a password.
pub(super) fn syntax(text: &str, error: &toml::de::Error) -> String {
    let message = in_words(error.message());
    let Some(span) = error.span() else {
        return format!("{FILE}: {message}");
    };
    let number = line_of(text, span.start);
    if message.contains("duplicate key")
        && let Some((what, first)) = first_of_two(text, number)
    {
        return format!(
            "{FILE}:{number}: {what} stands in line {first} already: keep one of them, or give one another name"
        );
    }
    let line = text.lines().nth(number - 1);
    let pair = line
        .and_then(|line| line.split_once('='))
        .map(|(key, value)| (key.trim(), value.trim()))
        .filter(|(key, _)| !key.starts_with('#'));
    if let Some((key, value)) = pair
        && is_unquoted(value)
    {
        return format!("{FILE}:{number}: {key}: a text stands in quotes, as in {key} = \"...\"");
    }
    match pair.map(|(key, _)| key) {
        Some(key) if key.contains("password") && message.starts_with("invalid type") => {
            format!("{FILE}:{number}: {key}: a password is a string, in quotes")
        }
        Some(key) if !message.starts_with("unknown key") => {
            format!("{FILE}:{number}: {key}: {message}")
        }
        _ => format!("{FILE}:{number}: {message}"),
    }
}

/// Whether a value is a text without its quotes, and nothing else that TOML has.
fn is_unquoted(value: &str) -> bool {
    !value.starts_with(['"', '\'', '[', '{', '#'])
        && !value.is_empty()
        && toml::from_str::<toml::Table>(&format!("value = {value}")).is_err()
}

/// serde's message in the words of TOML.
fn in_words(message: &str) -> String {
    let message = message
        .replace('\n', ", ")
        .replace("unknown field", "unknown key")
        .replace("unknown variant", "unknown value");
    for (rust, toml) in [
        ("expected u16", "expected a number from 1 to 65535"),
        ("expected u32", "expected a whole number"),
        ("expected u64", "expected a whole number"),
        ("expected usize", "expected a whole number"),
    ] {
        if let Some(start) = message.strip_suffix(rust) {
            return format!("{start}{toml}");
        }
    }
    message
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> String {
        syntax(text, &toml::from_str::<toml::Table>(text).unwrap_err())
    }

    #[test]
    fn a_text_without_quotes_is_told_so_and_not_shown() {
        for value in ["http://127.0.0.1:6385", "127.0.0.1:6385", "hunter2"] {
            assert_eq!(
                told(&format!("[ironic]\nendpoint = {value}\n")),
                "lab.toml:2: endpoint: a text stands in quotes, as in endpoint = \"...\""
            );
        }
    }

    #[test]
    fn what_stands_there_twice_is_told_with_both_lines() {
        assert_eq!(
            told("[domains.a]\nport = 1\n[domains.a]\nport = 2\n"),
            "lab.toml:3: [domains.a] stands in line 1 already: keep one of them, or give one another name"
        );
        assert_eq!(
            told("name = \"a\"\nname = \"b\"\n"),
            "lab.toml:2: name stands in line 1 already: keep one of them, or give one another name"
        );
    }
}
