//! INI files as Python's `ConfigParser` reads and writes them, with everything else of the file kept as it stands.
//!
//! The files are shared with VirtualBMC and with people's editors, so two things must hold: what Python reads from a
//! file is what we read, and a save changes the lines of the changed keys alone. The `configparser` crate does neither
//! (it drops comments and, by default, the order; it strips inline comments, which Python keeps; its continuation lines
//! follow other rules; it knows no `%` interpolation), hence this module. No BMC and no file system here, only text.
//!
//! The rules are those of `configparser.ConfigParser()` without arguments: delimiters `=` and `:`, whole-line comments
//! with `#` and `;`, keys in any case, deeper indented lines continue a value, `%%` stands for `%`, `%(key)s` for
//! another key's value, a section or key given twice is an error, and section `DEFAULT` lends its keys to all others.

use std::fmt;

/// How deep `%(key)s` may refer on; Python's own limit.
const MAX_INTERPOLATION_DEPTH: usize = 10;

/// The section whose keys all others inherit.
const DEFAULT_SECTION: &str = "DEFAULT";

/// A file's text that cannot be understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {problem}")]
pub struct SyntaxError {
    /// The line, counted from 1.
    pub line: usize,
    /// What is wrong with it. Never shows a value: it may be a password.
    pub problem: String,
}

/// A value whose `%` cannot be resolved.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InterpolationError {
    /// A lone `%`.
    #[error("a '%' in a value must be written as '%%'")]
    Bare,
    /// `%(key)s` with a key that is not there.
    #[error("'%({0})s' refers to a key that is not there; a plain '%' is written as '%%'")]
    Missing(String),
    /// `%(key)s` that refers on and on, or to itself.
    #[error("'%(...)s' refers on too often")]
    TooDeep,
}

/// A file: its lines, and what they mean.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ini {
    items: Vec<Item>,
}

/// Some lines of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Item {
    /// A comment or an empty line.
    Other(String),
    /// A section header.
    Section { name: String, raw: String },
    /// A key, its value before interpolation, and its lines; the first line's number for errors.
    Entry {
        key: String,
        value: String,
        raw: Vec<String>,
        line: usize,
    },
}

impl Ini {
    /// Reads a file's text.
    ///
    /// # Errors
    ///
    /// The first line that `ConfigParser` would stumble over.
    pub fn parse(text: &str) -> Result<Self, SyntaxError> {
        let text = text.replace("\r\n", "\n").replace('\r', "\n");
        let mut parser = Parser::default();
        for (index, line) in text.lines().enumerate() {
            parser.line(index + 1, line)?;
        }
        Ok(parser.ini)
    }

    /// The value of a key in a section, or in `DEFAULT`, with `%` resolved.
    ///
    /// # Errors
    ///
    /// When a `%` in it cannot be resolved.
    pub fn value(&self, section: &str, key: &str) -> Result<Option<String>, InterpolationError> {
        let Some(raw) = self.raw(section, key) else {
            return Ok(None);
        };
        let mut out = String::with_capacity(raw.len());
        self.interpolate(section, raw, 1, &mut out)?;
        Ok(Some(out))
    }

    /// The names of the sections, in order.
    pub fn sections(&self) -> impl Iterator<Item = &str> {
        self.items.iter().filter_map(|item| match item {
            Item::Section { name, .. } => Some(name.as_str()),
            _ => None,
        })
    }

    /// Whether a section of that name is there.
    #[must_use]
    pub fn has_section(&self, section: &str) -> bool {
        self.sections().any(|name| name == section)
    }

    /// The keys of a section, in lower case and in order, each with its line, counted from 1.
    pub fn keys(&self, section: &str) -> impl Iterator<Item = (&str, usize)> {
        self.body(section).iter().filter_map(|item| match item {
            Item::Entry { key, line, .. } => Some((key.as_str(), *line)),
            _ => None,
        })
    }

    /// Gives a key a new value, or with `None` takes it out. Whatever stays the same keeps its lines.
    ///
    /// `value` must not contain line breaks or begin or end with white space: no line of an INI file can hold that.
    /// [`check`](super::check) sees to it.
    pub fn set(&mut self, section: &str, key: &str, value: Option<&str>) {
        let found = self.position(section, key);
        match (found, value.map(escape)) {
            (Some(at), Some(new)) => {
                if let Item::Entry { value, raw, .. } = &mut self.items[at]
                    && *value != new
                {
                    let indent = raw.first().map_or("", |line| indentation(line));
                    *raw = vec![format!("{indent}{key} = {new}")];
                    *value = new;
                }
            }
            (Some(at), None) => {
                self.items.remove(at);
            }
            (None, Some(new)) => self.insert(section, key, new),
            (None, None) => {}
        }
    }

    fn insert(&mut self, section: &str, key: &str, value: String) {
        if !self.has_section(section) {
            self.items.push(Item::Section {
                name: section.to_owned(),
                raw: format!("[{section}]"),
            });
            self.items.push(Item::Other(String::new()));
        }
        // After the section's last key, and as far indented as that: less, and the next line would change its meaning.
        let mut inside = false;
        let mut place = (self.items.len(), "");
        for (index, item) in self.items.iter().enumerate() {
            match item {
                Item::Section { name, raw } => {
                    inside = name == section;
                    if inside {
                        place = (index + 1, indentation(raw));
                    }
                }
                Item::Entry { raw, .. } if inside => {
                    place = (index + 1, raw.first().map_or("", |line| indentation(line)));
                }
                _ => {}
            }
        }
        let (at, indent) = place;
        let raw = vec![format!("{indent}{key} = {value}")];
        self.items.insert(
            at,
            Item::Entry {
                key: key.to_owned(),
                value,
                raw,
                line: 0,
            },
        );
    }

    fn position(&self, section: &str, wanted: &str) -> Option<usize> {
        let mut current = None;
        self.items.iter().position(|item| match item {
            Item::Section { name, .. } => {
                current = Some(name.as_str());
                false
            }
            Item::Entry { key, .. } => current == Some(section) && key == wanted,
            Item::Other(_) => false,
        })
    }

    /// The lines between a section's header and the next.
    fn body(&self, section: &str) -> &[Item] {
        let is_it = |item: &Item| matches!(item, Item::Section { name, .. } if name == section);
        let Some(header) = self.items.iter().position(is_it) else {
            return &[];
        };
        let rest = &self.items[header + 1..];
        let next = rest
            .iter()
            .position(|item| matches!(item, Item::Section { .. }));
        &rest[..next.unwrap_or(rest.len())]
    }

    fn raw(&self, section: &str, wanted: &str) -> Option<&str> {
        [section, DEFAULT_SECTION].into_iter().find_map(|section| {
            self.body(section).iter().find_map(|item| match item {
                Item::Entry { key, value, .. } if key == wanted => Some(value.as_str()),
                _ => None,
            })
        })
    }

    fn interpolate(
        &self,
        section: &str,
        raw: &str,
        depth: usize,
        out: &mut String,
    ) -> Result<(), InterpolationError> {
        if depth > MAX_INTERPOLATION_DEPTH {
            return Err(InterpolationError::TooDeep);
        }
        let mut rest = raw;
        while let Some((before, after)) = rest.split_once('%') {
            out.push_str(before);
            if let Some(after) = after.strip_prefix('%') {
                out.push('%');
                rest = after;
                continue;
            }
            let (name, after) = after
                .strip_prefix('(')
                .and_then(|after| after.split_once(')'))
                .and_then(|(name, after)| Some((name, after.strip_prefix('s')?)))
                .filter(|(name, _)| !name.is_empty())
                .ok_or(InterpolationError::Bare)?;
            let value = self
                .raw(section, &name.to_lowercase())
                .ok_or_else(|| InterpolationError::Missing(name.to_owned()))?;
            self.interpolate(section, value, depth + 1, out)?;
            rest = after;
        }
        out.push_str(rest);
        Ok(())
    }
}

impl fmt::Display for Ini {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for item in &self.items {
            match item {
                Item::Other(raw) | Item::Section { raw, .. } => writeln!(f, "{raw}")?,
                Item::Entry { raw, .. } => raw.iter().try_for_each(|line| writeln!(f, "{line}"))?,
            }
        }
        Ok(())
    }
}

/// The state that `ConfigParser._read` carries from line to line.
#[derive(Default)]
struct Parser {
    ini: Ini,
    /// How many lines since the last entry's were neither section nor key: part of its value if a continuation follows.
    trailing: usize,
    /// Indentation of the last header or key, in characters.
    indent: usize,
    in_section: bool,
    /// Whether a deeper indented line would continue a value.
    in_value: bool,
}

impl Parser {
    fn line(&mut self, number: usize, line: &str) -> Result<(), SyntaxError> {
        let text = line.trim_matches(is_space);
        if text.is_empty() || text.starts_with(['#', ';']) {
            self.ini.items.push(Item::Other(line.to_owned()));
            self.trailing += 1;
            return Ok(());
        }
        let indent = line.chars().take_while(|c| is_space(*c)).count();
        if self.in_value && indent > self.indent {
            self.continue_value(line, text);
            return Ok(());
        }
        self.indent = indent;
        self.trailing = 0;
        let error = |problem: &str| SyntaxError {
            line: number,
            problem: problem.to_owned(),
        };
        if let Some(name) = header(text) {
            if self.ini.has_section(name) && name != DEFAULT_SECTION {
                return Err(error(&format!("section [{name}] is there twice")));
            }
            self.ini.items.push(Item::Section {
                name: name.to_owned(),
                raw: line.to_owned(),
            });
            self.in_section = true;
            self.in_value = false;
            return Ok(());
        }
        if !self.in_section {
            return Err(error("a setting stands above the first [section]"));
        }
        let (key, value) = text
            .split_once(['=', ':'])
            .ok_or_else(|| error("expected \"key = value\""))?;
        let key = key.trim_end_matches(is_space).to_lowercase();
        if key.is_empty() {
            return Err(error("there is no key before the '=' or ':'"));
        }
        if self.last_section_has(&key) {
            return Err(error(&format!("key \"{key}\" is there twice")));
        }
        self.ini.items.push(Item::Entry {
            key,
            value: value.trim_matches(is_space).to_owned(),
            raw: vec![line.to_owned()],
            line: number,
        });
        self.in_value = true;
        Ok(())
    }

    /// Takes the line, and the empty lines and comments before it, into the last entry's value.
    fn continue_value(&mut self, line: &str, text: &str) {
        let at = self.ini.items.len() - self.trailing;
        let between = self.ini.items.split_off(at);
        self.trailing = 0;
        let Some(Item::Entry { value, raw, .. }) = self.ini.items.last_mut() else {
            return;
        };
        for item in between {
            if let Item::Other(other) = item {
                if other.trim_matches(is_space).is_empty() {
                    value.push('\n');
                }
                raw.push(other);
            }
        }
        value.push('\n');
        value.push_str(text);
        raw.push(line.to_owned());
    }

    fn last_section_has(&self, wanted: &str) -> bool {
        self.ini
            .items
            .iter()
            .rev()
            .take_while(|item| !matches!(item, Item::Section { .. }))
            .any(|item| matches!(item, Item::Entry { key, .. } if key == wanted))
    }
}

/// `[name]`, and whatever follows the last bracket, as Python takes it.
fn header(text: &str) -> Option<&str> {
    let (name, _) = text.strip_prefix('[')?.rsplit_once(']')?;
    (!name.is_empty()).then_some(name)
}

fn indentation(line: &str) -> &str {
    let rest = line.trim_start_matches(is_space);
    &line[..line.len() - rest.len()]
}

fn escape(value: &str) -> String {
    value.replace('%', "%%")
}

/// White space as Python's `str.strip` sees it.
pub(super) fn is_space(c: char) -> bool {
    c.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&c)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str, key: &str) -> Option<String> {
        Ini::parse(text).unwrap().value("S", key).unwrap()
    }

    #[test]
    fn reads_what_python_reads() {
        let text = "# top\n[S]\nA = 1\nb:2\nc =  x # y ; z \n  and more\n\n  ; not this\n  end\n\nd=a%%b\ne = %(d)s!\nf=\n";
        assert_eq!(value(text, "a").as_deref(), Some("1"));
        assert_eq!(value(text, "b").as_deref(), Some("2"));
        assert_eq!(
            value(text, "c").as_deref(),
            Some("x # y ; z\nand more\n\nend")
        );
        assert_eq!(value(text, "d").as_deref(), Some("a%b"));
        assert_eq!(value(text, "e").as_deref(), Some("a%b!"));
        assert_eq!(value(text, "f").as_deref(), Some(""));
        assert_eq!(value(text, "g"), None);
    }

    #[test]
    fn default_section_lends_its_keys() {
        let text = "[DEFAULT]\nuser = root\n[S]\nname = %(USER)s\n";
        assert_eq!(value(text, "user").as_deref(), Some("root"));
        assert_eq!(value(text, "name").as_deref(), Some("root"));
    }

    #[test]
    fn names_the_broken_line_and_shows_no_value() {
        for (text, line) in [
            ("a = 1\n", 1),
            ("[S]\nhunter2\n", 2),
            ("[S]\n= hunter2\n", 2),
            ("[S]\na=1\nA: hunter2\n", 3),
            ("[S]\n\n[S]\n", 3),
        ] {
            let error = Ini::parse(text).unwrap_err();
            assert_eq!(error.line, line, "{text:?}");
            assert!(!error.to_string().contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn refuses_percents_that_python_refuses() {
        let read = |text| Ini::parse(text).unwrap().value("S", "a").unwrap_err();
        assert_eq!(read("[S]\na = 50%\n"), InterpolationError::Bare);
        assert_eq!(read("[S]\na = %(b)\nb = 1\n"), InterpolationError::Bare);
        assert_eq!(
            read("[S]\na = %(b)s\n"),
            InterpolationError::Missing("b".into())
        );
        assert_eq!(read("[S]\na = %(a)s\n"), InterpolationError::TooDeep);
    }

    #[test]
    fn a_change_leaves_every_other_line_alone() {
        let text = "; mine\n[Other]\nx = 1\n\n[S]\n  A : 1\n  # why\n  b = 2\n    3\n\n[Last]\n";
        let mut ini = Ini::parse(text).unwrap();
        assert_eq!(ini.to_string(), text);
        ini.set("S", "a", Some("1"));
        assert_eq!(
            ini.to_string(),
            text,
            "the same value keeps the line as it is"
        );
        ini.set("S", "a", Some("50%"));
        ini.set("S", "b", None);
        ini.set("S", "c", Some("x"));
        assert_eq!(
            ini.to_string(),
            "; mine\n[Other]\nx = 1\n\n[S]\n  a = 50%%\n  c = x\n  # why\n\n[Last]\n"
        );
        assert_eq!(
            ini.value("S", "a").unwrap().as_deref(),
            Some("50%"),
            "and reads back"
        );
    }

    #[test]
    fn a_section_is_made_when_it_is_not_there() {
        let mut ini = Ini::default();
        ini.set("S", "a", Some("1"));
        ini.set("S", "b", Some(""));
        assert_eq!(ini.to_string(), "[S]\na = 1\nb = \n\n");
    }
}
