//! Text with colours, cut to what fits a terminal's line.

use std::env;
use std::fmt::Write;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// What a piece of text means; a terminal shows it as a colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    Plain,
    Strong,
    /// There to be overlooked.
    Faint,
    Good,
    /// Something was done, or is new.
    New,
    Warning,
    Bad,
}

impl Style {
    fn code(self) -> Option<&'static str> {
        Some(match self {
            Self::Plain => return None,
            Self::Strong => "1",
            Self::Faint => "2",
            Self::Good => "32",
            Self::New => "36",
            Self::Warning => "1;33",
            Self::Bad => "1;31",
        })
    }
}

/// Whether to use colours at all: <https://no-color.org>.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Colours {
    On,
    Off,
}

impl Colours {
    pub(crate) fn from_environment() -> Self {
        match env::var_os("NO_COLOR") {
            Some(value) if !value.is_empty() => Self::Off,
            _ => Self::On,
        }
    }

    pub(crate) fn paint(self, style: Style, text: &str) -> String {
        match (self, style.code()) {
            (Self::On, Some(code)) => format!("\x1b[{code}m{text}\x1b[0m"),
            _ => text.to_owned(),
        }
    }
}

/// A line of pieces of text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Row(Vec<(Style, String)>);

impl Row {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    #[must_use]
    pub(crate) fn with(mut self, style: Style, text: impl Into<String>) -> Self {
        self.0.push((style, text.into()));
        self
    }

    /// As it is written to a terminal of so many columns; what does not fit ends in `…`.
    pub(crate) fn render(&self, columns: usize, colours: Colours) -> String {
        let whole: usize = self.0.iter().map(|(_, text)| text.width()).sum();
        let mut left = if whole <= columns {
            whole
        } else {
            columns.saturating_sub(1)
        };
        let mut out = String::new();
        for (style, text) in &self.0 {
            let piece = cut(text, left);
            left -= piece.width();
            write!(out, "{}", colours.paint(*style, piece)).expect("a string takes everything");
            if piece.len() < text.len() {
                out.push('…');
                break;
            }
        }
        out
    }
}

/// As much of `text` as fits.
fn cut(text: &str, columns: usize) -> &str {
    let mut width = 0;
    for (index, character) in text.char_indices() {
        width += character.width().unwrap_or(0);
        if width > columns {
            return &text[..index];
        }
    }
    text
}

/// `text` in lines of so many columns, broken between words; a word that is wider stands alone.
pub(crate) fn broken(text: &str, columns: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if line.width() + 1 + word.width() <= columns => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// `text` with blanks behind it, to be so many columns wide.
pub(crate) fn padded(text: &str, columns: usize) -> String {
    let blanks = columns.saturating_sub(text.width());
    format!("{text}{}", " ".repeat(blanks))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_cut_by_columns_not_by_bytes() {
        let row = Row::new()
            .with(Style::Plain, "日本")
            .with(Style::Bad, "語!");
        assert_eq!(row.render(7, Colours::Off), "日本語!");
        assert_eq!(row.render(6, Colours::Off), "日本…");
        assert_eq!(row.render(4, Colours::Off), "日…");
        assert_eq!(row.render(1, Colours::Off), "…");
    }

    #[test]
    fn colours_are_off_where_nobody_wants_them() {
        let row = Row::new().with(Style::Bad, "x").with(Style::Plain, "y");
        assert_eq!(row.render(9, Colours::On), "\x1b[1;31mx\x1b[0my");
        assert_eq!(row.render(9, Colours::Off), "xy");
    }

    #[test]
    fn lines_break_between_words() {
        assert_eq!(broken("one two three", 8), ["one two", "three"]);
        assert_eq!(broken("one twothree four", 4), ["one", "twothree", "four"]);
        assert_eq!(broken("", 4), [""]);
    }

    #[test]
    fn padding_counts_columns() {
        assert_eq!(padded("日", 4), "日  ");
        assert_eq!(padded("long", 2), "long");
    }
}
