//! `$NAME` and `${NAME}` in the files of a lab, as envsubst replaces them; `$$` is a dollar sign.
//!
//! | Where a value comes from, the first that has it | |
//! |---|---|
//! | what vbmc knows | `LAB`, `IMAGES`, in a domain's files `NAME`, in the inventory the domains' own |
//! | lab.toml's `[variables]` | may refer to other variables |
//! | the environment | |
//!
//! Values go into what is made of a file, and never into a message: any of them may be a password.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;

use anyhow::{Context as _, anyhow};

/// What is wrong with a reference to a variable.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum VariableError {
    #[error("${0} is not defined: set it in [variables] of lab.toml, or in the environment")]
    Undefined(String),
    #[error("${0} is known once its domain and BMC are there: run `vbmc prepare` first")]
    NotYet(String),
    #[error("${0} refers to itself: see [variables] in lab.toml")]
    Circular(String),
}

impl VariableError {
    /// The variable's name.
    pub(crate) fn variable(&self) -> &str {
        match self {
            Self::Undefined(name) | Self::NotYet(name) | Self::Circular(name) => name,
        }
    }
}

/// All variables that a file may refer to.
#[derive(Clone)]
pub(crate) struct Variables {
    known: BTreeMap<String, String>,
    /// Names that become known later.
    later: BTreeSet<String>,
    defined: BTreeMap<String, String>,
    environment: fn(&str) -> Option<String>,
}

impl Variables {
    /// Those of lab.toml, and beneath them this process's environment.
    pub(crate) fn new(defined: BTreeMap<String, String>) -> Self {
        Self {
            known: BTreeMap::new(),
            later: BTreeSet::new(),
            defined,
            environment: |name| std::env::var(name).ok(),
        }
    }

    /// Adds what vbmc itself knows.
    #[must_use]
    pub(crate) fn with(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        let name = name.into();
        self.later.remove(&name);
        self.known.insert(name, value.into());
        self
    }

    /// Announces what vbmc will know when there is more to know.
    #[must_use]
    pub(crate) fn later(mut self, name: impl Into<String>) -> Self {
        self.later.insert(name.into());
        self
    }

    /// Those for the files of one domain.
    pub(crate) fn for_domain(&self, domain: &str) -> Self {
        self.clone().with("NAME", domain)
    }

    /// Replaces the references in one value.
    pub(crate) fn expand(&self, text: &str) -> Result<String, VariableError> {
        self.replace(text, &mut Vec::new(), |value| Cow::Borrowed(value))
    }

    /// Replaces the references in an XML document. Values are escaped, and comments stay as they are.
    ///
    /// `file` is what errors call it; they name the line too.
    pub(crate) fn expand_xml(&self, file: &Path, xml: &str) -> anyhow::Result<String> {
        let mut out = String::with_capacity(xml.len());
        let mut comment = false;
        let mut rest = xml;
        while !rest.is_empty() {
            let (mark, stop) = if comment { ("-->", 3) } else { ("<!--", 0) };
            let end = rest.find(mark).map_or(rest.len(), |at| at + stop);
            let (part, next) = rest.split_at(end);
            if comment {
                out.push_str(part);
            } else {
                let before = line_of(xml, xml.len() - rest.len());
                for (n, line) in part.split_inclusive('\n').enumerate() {
                    let expanded = self
                        .replace(line, &mut Vec::new(), |value| {
                            quick_xml::escape::escape(value)
                        })
                        .with_context(|| format!("{}:{}", file.display(), before + n))?;
                    out.push_str(&expanded);
                }
            }
            // At the mark that begins a comment, or behind the one that ends it.
            comment = !comment;
            rest = next;
        }
        Ok(out)
    }

    /// Reads a file of command line arguments: lines as a shell splits them, `#` begins a comment. A value stays within
    /// its word, whatever it holds.
    pub(crate) fn expand_words(&self, file: &Path, text: &str) -> anyhow::Result<Vec<String>> {
        let mut words = Vec::new();
        for (number, line) in lines(text) {
            let place = || format!("{}:{number}", file.display());
            for word in shell_words::split(line)
                .map_err(|error| anyhow!("{error}"))
                .with_context(place)?
            {
                words.push(self.expand(&word).with_context(place)?);
            }
        }
        Ok(words)
    }

    /// A text for a message: with the values in it, unless one may be secret.
    pub(crate) fn presentable(&self, text: &str) -> String {
        if references(text).iter().any(|name| may_be_secret(name)) {
            return text.to_owned();
        }
        self.expand(text).unwrap_or_else(|_| text.to_owned())
    }

    fn replace(
        &self,
        text: &str,
        within: &mut Vec<String>,
        encode: impl Fn(&str) -> Cow<'_, str>,
    ) -> Result<String, VariableError> {
        let mut out = String::with_capacity(text.len());
        for piece in pieces(text) {
            match piece {
                Piece::Text(text) => out.push_str(text),
                Piece::Dollar => out.push('$'),
                Piece::Reference(name) => out.push_str(&encode(&self.value(name, within)?)),
            }
        }
        Ok(out)
    }

    fn value(&self, name: &str, within: &mut Vec<String>) -> Result<String, VariableError> {
        if let Some(value) = self.known.get(name) {
            return Ok(value.clone());
        }
        if let Some(definition) = self.defined.get(name) {
            if within.iter().any(|outer| outer == name) {
                return Err(VariableError::Circular(name.to_owned()));
            }
            within.push(name.to_owned());
            let value = self.replace(definition, within, |value| Cow::Borrowed(value));
            within.pop();
            return value;
        }
        if let Some(value) = (self.environment)(name) {
            return Ok(value);
        }
        Err(if self.later.contains(name) {
            VariableError::NotYet(name.to_owned())
        } else {
            VariableError::Undefined(name.to_owned())
        })
    }
}

impl fmt::Debug for Variables {
    /// Names alone: a value may be a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set()
            .entries(self.known.keys().chain(self.defined.keys()))
            .finish()
    }
}

/// The beginning of the names of a domain's own variables: upper case, and `_` for what no name can hold.
pub(crate) fn domain_prefix(domain: &str) -> String {
    domain
        .chars()
        .map(|c| match c.to_ascii_uppercase() {
            c if c.is_ascii_alphanumeric() => c,
            _ => '_',
        })
        .collect()
}

/// Whether `name` can be a variable's.
pub(crate) fn is_name(name: &str) -> bool {
    !name.is_empty() && name_len(name) == name.len()
}

/// The lines of a file that say something, with their numbers: no comments, nothing blank.
pub(crate) fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines()
        .zip(1..)
        .map(|(line, number)| (number, line.trim()))
        .filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
}

/// The number of the line that holds the byte at `at`.
pub(crate) fn line_of(text: &str, at: usize) -> usize {
    let before = text.as_bytes().get(..at).unwrap_or(text.as_bytes());
    1 + before.iter().filter(|&&byte| byte == b'\n').count()
}

fn may_be_secret(name: &str) -> bool {
    ["PASS", "SECRET", "TOKEN", "KEY"]
        .iter()
        .any(|part| name.to_ascii_uppercase().contains(part))
}

fn references(text: &str) -> Vec<&str> {
    pieces(text)
        .filter_map(|piece| match piece {
            Piece::Reference(name) => Some(name),
            Piece::Text(_) | Piece::Dollar => None,
        })
        .collect()
}

#[derive(Debug, PartialEq)]
enum Piece<'a> {
    Text(&'a str),
    Dollar,
    Reference(&'a str),
}

fn pieces(text: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let (piece, next) = first_piece(rest);
        rest = next;
        Some(piece)
    })
}

fn first_piece(text: &str) -> (Piece<'_>, &str) {
    let Some(after) = text.strip_prefix('$') else {
        let (plain, rest) = text.split_at(text.find('$').unwrap_or(text.len()));
        return (Piece::Text(plain), rest);
    };
    if let Some(rest) = after.strip_prefix('$') {
        return (Piece::Dollar, rest);
    }
    if let Some((name, rest)) = after
        .strip_prefix('{')
        .and_then(|inner| inner.split_once('}'))
        .filter(|(name, _)| is_name(name))
    {
        return (Piece::Reference(name), rest);
    }
    let (name, rest) = after.split_at(name_len(after));
    if name.is_empty() {
        // A dollar sign that begins no reference stands for itself, as in envsubst.
        return (Piece::Dollar, after);
    }
    (Piece::Reference(name), rest)
}

/// How many bytes at the beginning of `text` are a variable's name.
fn name_len(text: &str) -> usize {
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        return 0;
    }
    text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables(defined: &[(&str, &str)]) -> Variables {
        Variables {
            environment: |name| (name == "FROM_ENVIRONMENT").then(|| "env".to_owned()),
            ..Variables::new(
                defined
                    .iter()
                    .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                    .collect(),
            )
        }
    }

    #[test]
    fn replaces_what_envsubst_replaces() {
        let variables = variables(&[("A", "1"), ("A_B", "2")]);
        for (text, expected) in [
            ("$A", "1"),
            ("${A}B", "1B"),
            ("$A_B-$A", "2-1"),
            ("$$A", "$A"),
            ("100$", "100$"),
            ("$1 $( $", "$1 $( $"),
            ("${A", "${A"),
            ("${A:-x}", "${A:-x}"),
            ("$FROM_ENVIRONMENT", "env"),
            ("", ""),
        ] {
            assert_eq!(variables.expand(text).unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn what_vbmc_knows_goes_first_and_the_environment_last() {
        let variables =
            variables(&[("A", "defined"), ("FROM_ENVIRONMENT", "defined")]).with("A", "known");
        assert_eq!(
            variables.expand("$A $FROM_ENVIRONMENT").unwrap(),
            "known defined"
        );
    }

    #[test]
    fn definitions_refer_to_others_but_not_to_themselves() {
        let variables = variables(&[("A", "<$B>"), ("B", "$C"), ("X", "$Y"), ("Y", "${X}")])
            .with("C", "$not again");
        assert_eq!(variables.expand("$A").unwrap(), "<$not again>");
        assert_eq!(
            variables.expand("$X").unwrap_err(),
            VariableError::Circular("X".to_owned())
        );
    }

    #[test]
    fn an_undefined_one_is_an_error_that_says_what_to_do() {
        let variables = variables(&[]).later("NODE_0_MAC");
        assert_eq!(
            variables.expand("$NOPE").unwrap_err().to_string(),
            "$NOPE is not defined: set it in [variables] of lab.toml, or in the environment"
        );
        let error = variables.expand("$NODE_0_MAC").unwrap_err().to_string();
        assert!(error.contains("vbmc prepare"), "{error}");
        assert_eq!(
            variables
                .with("NODE_0_MAC", "x")
                .expand("$NODE_0_MAC")
                .unwrap(),
            "x"
        );
    }

    #[test]
    fn xml_takes_values_escaped_and_keeps_comments() {
        let variables = variables(&[("A", "<&'")]);
        let file = Path::new("domain.xml");
        assert_eq!(
            variables
                .expand_xml(file, "<a>$A</a><!-- $NOPE\n --> <b/>$A<!-- open")
                .unwrap(),
            "<a>&lt;&amp;&apos;</a><!-- $NOPE\n --> <b/>&lt;&amp;&apos;<!-- open"
        );
        let error = variables
            .expand_xml(file, "<a>\n<!-- \n -->\n $NOPE")
            .unwrap_err();
        assert!(
            format!("{error:#}").starts_with("domain.xml:4: $NOPE is not defined"),
            "{error:#}"
        );
    }

    #[test]
    fn words_are_split_before_values_come_in() {
        let variables = variables(&[("IMAGES", "/my images")]).for_domain("web");
        let text = "# $NOPE\n--vcpus 4\n\n  --disk \"path=$IMAGES/$NAME.qcow2,bus=virtio\"\n";
        assert_eq!(
            variables.expand_words(Path::new("args"), text).unwrap(),
            [
                "--vcpus",
                "4",
                "--disk",
                "path=/my images/web.qcow2,bus=virtio"
            ]
        );
        for (text, place) in [
            ("--a\n--b $NOPE", "args:2: $NOPE"),
            ("--a 'open", "args:1:"),
        ] {
            let error = variables.expand_words(Path::new("args"), text).unwrap_err();
            assert!(format!("{error:#}").starts_with(place), "{error:#}");
        }
    }

    #[test]
    fn what_may_be_secret_is_not_shown() {
        let variables = variables(&[("BMC_PASSWORD", "hunter2"), ("PORT", "6230")]);
        assert_eq!(variables.presentable("$PORT"), "6230");
        assert_eq!(variables.presentable("x$BMC_PASSWORD"), "x$BMC_PASSWORD");
        assert!(!format!("{variables:?}").contains("hunter2"));
    }

    #[test]
    fn a_domain_has_variables_of_its_own() {
        assert_eq!(
            domain_prefix("openstack-controller"),
            "OPENSTACK_CONTROLLER"
        );
        assert_eq!(domain_prefix("web.1"), "WEB_1");
    }
}
