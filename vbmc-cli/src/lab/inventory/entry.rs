//! One node's keys, taken one by one: what is left over at the end is unknown.
//!
//! Every problem is noted with the node and the key. None of them shows a value that may be a password.

use std::ops::RangeInclusive;

use serde_json::{Map, Value};

use super::document::line_of_reference;
use super::{Mac, PortSpec};
use crate::lab::problems::Problems;
use crate::lab::variables::{VariableError, Variables};

/// What the nodes of one file share.
pub(super) struct Source<'a> {
    /// What messages call the file.
    pub(super) file: &'a str,
    pub(super) text: &'a str,
    pub(super) variables: &'a Variables,
    pub(super) problems: &'a mut Problems,
}

/// What of a node hasn't been taken yet.
pub(super) struct Entry<'a, 'b> {
    source: &'b mut Source<'a>,
    /// `node NAME`, or `node 3`.
    node: String,
    keys: Map<String, Value>,
}

impl<'a, 'b> Entry<'a, 'b> {
    pub(super) fn new(source: &'b mut Source<'a>, node: String, keys: Map<String, Value>) -> Self {
        Self { source, node, keys }
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.keys.contains_key(key)
    }

    /// The keys that begin so.
    pub(super) fn keys_with(&self, prefix: &str) -> Vec<String> {
        let matching = self.keys.keys().filter(|key| key.starts_with(prefix));
        matching.cloned().collect()
    }

    /// Takes a key and doesn't use it.
    pub(super) fn skip(&mut self, key: &str) {
        self.keys.remove(key);
    }

    /// Notes that the value of `key` is wrong.
    pub(super) fn wrong(&mut self, key: &str, problem: impl std::fmt::Display) {
        let place = format!("{}: {}", self.source.file, self.node);
        self.source.problems.add(place, format!("{key}: {problem}"));
    }

    /// A string, or a number as it is typed.
    pub(super) fn string(&mut self, key: &str) -> Option<String> {
        let value = self.take(key)?;
        self.text(key, &value)
    }

    /// A whole number, also where it is typed as a string.
    pub(super) fn number(&mut self, key: &str, range: RangeInclusive<u64>) -> Option<u64> {
        let value = self.take(key)?;
        let text = self.text(key, &value)?;
        let number = text.trim().parse().ok().filter(|n| range.contains(n));
        if number.is_none() {
            let shown = self.shown(&value);
            let (from, to) = range.into_inner();
            self.wrong(
                key,
                match to {
                    u64::MAX => format!("{shown} is no whole number of {from} or more"),
                    to => format!("{shown} is no number from {from} to {to}"),
                },
            );
        }
        number
    }

    /// Takes what is there, variables replaced at every depth.
    pub(super) fn any(&mut self, key: &str) -> Option<Value> {
        let value = self.take(key)?;
        self.expand(key, value)
    }

    pub(super) fn map(&mut self, key: &str) -> Option<Map<String, Value>> {
        match self.any(key)? {
            Value::Object(map) => Some(map),
            _ => {
                self.wrong(key, "must be a map of keys");
                None
            }
        }
    }

    /// Capabilities: `k:v,k:v`, or a map. Comes out as Ironic keeps it.
    pub(super) fn capabilities(&mut self, key: &str) -> Vec<(String, String)> {
        match self.any(key) {
            None => Vec::new(),
            Some(Value::Object(map)) => map
                .into_iter()
                .filter_map(|(name, value)| match plain(&value) {
                    Some(value) if is_capability(&name) && is_capability(&value) => {
                        Some((name, value))
                    }
                    _ => {
                        self.wrong(key, format!("{name}: must be text without `,` and `:`"));
                        None
                    }
                })
                .collect(),
            Some(Value::String(text)) => text
                .split(',')
                .map(str::trim)
                .filter(|pair| !pair.is_empty())
                .filter_map(|pair| match pair.split_once(':') {
                    Some((name, value)) if is_capability(name.trim()) => {
                        Some((name.trim().to_owned(), value.trim().to_owned()))
                    }
                    _ => {
                        self.wrong(
                            key,
                            format!("\"{pair}\" is not NAME:VALUE, as in profile:compute"),
                        );
                        None
                    }
                })
                .collect(),
            Some(_) => {
                self.wrong(
                    key,
                    "must be a string such as \"profile:compute,boot_option:local\", or a map",
                );
                Vec::new()
            }
        }
    }

    /// `mac: [..]`, the old form of `ports`; one address may stand alone.
    pub(super) fn macs(&mut self, key: &str) -> Vec<PortSpec> {
        let values = match self.take(key) {
            None => return Vec::new(),
            Some(Value::Array(values)) => values,
            Some(value @ Value::String(_)) => vec![value],
            Some(_) => {
                self.wrong(key, "must be a list of MAC addresses");
                return Vec::new();
            }
        };
        values
            .into_iter()
            .filter_map(|value| Some(port(self.mac(key, &value)?)))
            .collect()
    }

    /// `ports: [{address, ..}]`.
    pub(super) fn ports(&mut self, key: &str, address: &str) -> Vec<PortSpec> {
        let values = match self.take(key) {
            None | Some(Value::Null) => return Vec::new(),
            Some(Value::Array(values)) => values,
            Some(_) => {
                self.wrong(
                    key,
                    format!("must be a list, as in `- {address}: 52:54:00:12:34:56`"),
                );
                return Vec::new();
            }
        };
        values
            .into_iter()
            .filter_map(|value| self.port(key, address, value))
            .collect()
    }

    fn port(&mut self, key: &str, address: &str, value: Value) -> Option<PortSpec> {
        let Value::Object(keys) = value else {
            self.wrong(
                key,
                format!("a port is a map, as in `{address}: 52:54:00:12:34:56`"),
            );
            return None;
        };
        let node = format!("{}: {key}", self.node);
        let mut entry = Entry::new(&mut *self.source, node, keys);
        let mac = match entry.take(address) {
            Some(value) => entry.mac(address, &value),
            None => {
                entry.wrong(address, "is missing: the MAC address");
                None
            }
        };
        let spec = PortSpec {
            physical_network: entry.string("physical_network"),
            local_link_connection: entry.map("local_link_connection").unwrap_or_default(),
            pxe_enabled: entry.boolean("pxe_enabled").unwrap_or(true),
            address: Mac(String::new()),
        };
        entry.finish(&[
            address,
            "physical_network",
            "local_link_connection",
            "pxe_enabled",
        ]);
        Some(PortSpec {
            address: mac?,
            ..spec
        })
    }

    fn boolean(&mut self, key: &str) -> Option<bool> {
        match self.take(key)? {
            Value::Bool(value) => Some(value),
            _ => {
                self.wrong(key, "must be true or false");
                None
            }
        }
    }

    fn mac(&mut self, key: &str, value: &Value) -> Option<Mac> {
        let text = self.text(key, value)?;
        let mac = Mac::parse(text.trim());
        if mac.is_none() {
            let shown = self.shown(value);
            self.wrong(
                key,
                format!("{shown} is no MAC address, as in 52:54:00:12:34:56"),
            );
        }
        mac
    }

    /// Notes what is left over. `known` are the keys that could have been there.
    pub(super) fn finish(mut self, known: &[&str]) {
        let left = std::mem::take(&mut self.keys);
        for key in left.keys() {
            self.wrong(
                key,
                if known.contains(&key.as_str()) {
                    "stands beside another key for the same thing".to_owned()
                } else {
                    match nearest(key, known) {
                        Some(near) => format!("unknown key; is `{near}` meant?"),
                        None => format!("unknown key; the known ones are {}", known.join(", ")),
                    }
                },
            );
        }
    }

    /// Takes a key; one without a value counts as missing.
    fn take(&mut self, key: &str) -> Option<Value> {
        self.keys.remove(key).filter(|value| !value.is_null())
    }

    fn text(&mut self, key: &str, value: &Value) -> Option<String> {
        match value {
            Value::String(text) => {
                let expanded = self.source.variables.expand(text);
                self.expanded(key, expanded)
            }
            Value::Number(number) if !number.is_f64() => Some(number.to_string()),
            Value::Number(_) | Value::Bool(_) | Value::Null => {
                self.wrong(key, "must be a string: put it into quotes");
                None
            }
            Value::Array(_) | Value::Object(_) => {
                self.wrong(key, "must be a single value");
                None
            }
        }
    }

    fn expand(&mut self, key: &str, value: Value) -> Option<Value> {
        Some(match value {
            Value::String(text) => {
                let expanded = self.source.variables.expand(&text);
                Value::String(self.expanded(key, expanded)?)
            }
            Value::Array(values) => values
                .into_iter()
                .map(|value| self.expand(key, value))
                .collect::<Option<_>>()?,
            Value::Object(map) => map
                .into_iter()
                .map(|(name, value)| Some((name, self.expand(key, value)?)))
                .collect::<Option<_>>()?,
            value => value,
        })
    }

    fn expanded(&mut self, key: &str, expanded: Result<String, VariableError>) -> Option<String> {
        expanded
            .map_err(|error| {
                let file = self.source.file;
                let place = match line_of_reference(self.source.text, error.variable()) {
                    Some(line) => format!("{file}:{line}: {}", self.node),
                    None => format!("{file}: {}", self.node),
                };
                self.source.problems.add(place, format!("{key}: {error}"));
            })
            .ok()
    }

    /// A value for a message.
    fn shown(&self, value: &Value) -> String {
        match value {
            Value::String(text) => format!("\"{}\"", self.source.variables.presentable(text)),
            value => value.to_string(),
        }
    }
}

/// A network card of which only the address is known.
pub(super) fn port(address: Mac) -> PortSpec {
    PortSpec {
        address,
        pxe_enabled: true,
        physical_network: None,
        local_link_connection: Map::new(),
    }
}

fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(value) => Some(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

fn is_capability(text: &str) -> bool {
    !text.is_empty() && !text.contains([',', ':'])
}

/// The known key that a typing error may have been made in.
fn nearest<'k>(key: &str, known: &[&'k str]) -> Option<&'k str> {
    let (distance, near) = known
        .iter()
        .map(|candidate| (edits(key, candidate), *candidate))
        .min()?;
    (distance <= 2 && distance < near.len()).then_some(near)
}

/// How many letters are to be changed, added or left out to make `b` of `a`.
fn edits(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, cb) in b.iter().enumerate() {
            let cost = diagonal + usize::from(ca != *cb);
            diagonal = row[j + 1];
            row[j + 1] = cost.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typing_error_is_recognised() {
        let known = ["pm_addr", "pm_port", "name"];
        assert_eq!(nearest("pm_adr", &known), Some("pm_addr"));
        assert_eq!(nearest("pm_address", &known), None);
        assert_eq!(nearest("nmae", &known), Some("name"));
        assert_eq!(nearest("x", &["y"]), None);
    }
}
