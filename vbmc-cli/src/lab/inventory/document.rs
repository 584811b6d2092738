//! An inventory as a document: YAML or JSON, and the nodes in it, each in its form.

use std::path::Path;

use anyhow::{Context as _, anyhow};
use serde_json::{Map, Value};

use crate::lab::problems::Problems;

/// What old instackenv files hold beside their nodes; it was for drivers that are gone.
const OLD_KEYS: [&str; 7] = [
    "arch",
    "host-ip",
    "power_manager",
    "seed-ip",
    "ssh-key",
    "ssh-user",
    "_comment",
];

/// One node as it is typed.
#[derive(Debug)]
pub(super) struct Typed {
    pub(super) form: Form,
    /// Its key in the file, where the file is a map of nodes.
    pub(super) key: Option<String>,
    pub(super) keys: Map<String, Value>,
}

/// How a node is described.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// `pm_type`, `pm_addr`: TripleO's nodes.yaml and instackenv.json.
    TripleO,
    /// `driver`, `driver_info`, `nics`: Bifrost's baremetal.json.
    Bifrost,
}

/// Reads a document. Its mistakes are told with their line, and without the line's text, which may hold a password.
pub(super) fn parse(text: &str) -> Result<Value, String> {
    let options = serde_saphyr::options! {
        with_snippet: false,
        strict_booleans: true,
        // A password of digits stays what it is.
        leading_zero_numbers_as_strings: true,
        underscored_numbers_as_strings: true,
    };
    // JSON is YAML, but for tabs.
    serde_json::from_str(text).or_else(|_| {
        serde_saphyr::from_str_with_options(text, options)
            .map_err(|error| error.to_string().replace('\n', " "))
    })
}

/// Reads a file.
pub(super) fn read(path: &Path) -> anyhow::Result<(String, Value)> {
    let text =
        std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let document = parse(&text).map_err(|error| anyhow!("{name}: {error}"))?;
    Ok((text, document))
}

/// The nodes in a document; `file` is what messages call it.
pub(super) fn nodes(file: &str, document: Value, problems: &mut Problems) -> Vec<Typed> {
    match document {
        Value::Null => Vec::new(),
        Value::Array(nodes) => list(file, nodes, problems),
        Value::Object(mut keys) => match keys.remove("nodes") {
            Some(Value::Array(nodes)) => {
                for key in keys.keys().filter(|key| !OLD_KEYS.contains(&key.as_str())) {
                    problems.add(file, format!("{key}: unknown key beside nodes"));
                }
                list(file, nodes, problems)
            }
            Some(Value::Null) if keys.is_empty() => Vec::new(),
            Some(Value::Object(nodes)) if keys.is_empty() => map(file, nodes, problems),
            Some(_) => {
                problems.add(file, "nodes: must be a list of nodes");
                Vec::new()
            }
            None => map(file, keys, problems),
        },
        Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            problems.add(
                file,
                "holds no nodes: it must be a list of them, or have the key `nodes`",
            );
            Vec::new()
        }
    }
}

fn list(file: &str, nodes: Vec<Value>, problems: &mut Problems) -> Vec<Typed> {
    nodes
        .into_iter()
        .zip(1..)
        .filter_map(|(node, number)| typed(file, None, &format!("node {number}"), node, problems))
        .collect()
}

fn map(file: &str, nodes: Map<String, Value>, problems: &mut Problems) -> Vec<Typed> {
    nodes
        .into_iter()
        .filter_map(|(key, node)| {
            let called = format!("node {key}");
            typed(file, Some(key), &called, node, problems)
        })
        .collect()
}

fn typed(
    file: &str,
    key: Option<String>,
    called: &str,
    node: Value,
    problems: &mut Problems,
) -> Option<Typed> {
    let Value::Object(keys) = node else {
        problems.add(
            format!("{file}: {called}"),
            "must be a map of keys, as in `pm_type: ipmi`",
        );
        return None;
    };
    let is_bifrost = ["driver", "driver_info", "nics"]
        .iter()
        .any(|key| keys.contains_key(*key));
    Some(Typed {
        form: if is_bifrost {
            Form::Bifrost
        } else {
            Form::TripleO
        },
        key,
        keys,
    })
}

/// The line of `text` that refers to the variable, comments aside.
pub(super) fn line_of_reference(text: &str, variable: &str) -> Option<usize> {
    let plain = format!("${variable}");
    let braced = format!("${{{variable}}}");
    let refers = |line: &str| {
        line.contains(&braced)
            || line.match_indices(&plain).any(|(at, _)| {
                !line[at + plain.len()..]
                    .starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
            })
    };
    text.lines()
        .zip(1..)
        .find(|(line, _)| !line.trim_start().starts_with('#') && refers(line))
        .map(|(_, number)| number)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read_all(text: &str) -> (Vec<Typed>, String) {
        let mut problems = Problems::default();
        let nodes = nodes("nodes.yaml", parse(text).unwrap(), &mut problems);
        let text = problems.check().err().map(|problems| problems.to_string());
        (nodes, text.unwrap_or_default())
    }

    #[test]
    fn nodes_stand_in_a_list_under_a_key_or_by_name() {
        for (text, key) in [
            ("- pm_type: ipmi", None),
            ("nodes:\n- pm_type: ipmi", None),
            (
                "{\"ssh-user\": \"x\", \"nodes\": [{\"pm_type\":\t\"ipmi\"}]}",
                None,
            ),
            ("web:\n  pm_type: ipmi", Some("web")),
        ] {
            let (nodes, problems) = read_all(text);
            assert_eq!(problems, "", "{text}");
            let [node] = &*nodes else {
                panic!("{text}: {nodes:?}")
            };
            assert_eq!((node.form, node.key.as_deref()), (Form::TripleO, key));
        }
        let (nodes, _) = read_all("web:\n  driver: ipmi");
        assert_eq!(nodes[0].form, Form::Bifrost);
        for text in ["", "nodes:", "# nothing"] {
            let (nodes, problems) = read_all(text);
            assert!(nodes.is_empty() && problems.is_empty(), "{text}");
        }
    }

    #[test]
    fn what_is_no_node_is_told() {
        for (text, expected) in [
            ("nodes:\n- ipmi", "nodes.yaml: node 1: must be a map"),
            ("nodes: 3", "nodes.yaml: nodes: must be a list"),
            ("nodes: []\nnods: []", "nodes.yaml: nods: unknown key"),
            ("just text", "nodes.yaml: holds no nodes"),
        ] {
            let (_, problems) = read_all(text);
            assert!(problems.starts_with(expected), "{text}: {problems}");
        }
    }

    #[test]
    fn values_stay_as_they_are_typed() {
        let value = parse("a: 0755\nb: 52:54:00:12:34:56\nc: yes\nd: $PORT\ne: 1_000").unwrap();
        assert_eq!(
            value,
            json!({"a": "0755", "b": "52:54:00:12:34:56", "c": "yes", "d": "$PORT", "e": "1_000"})
        );
    }

    #[test]
    fn mistakes_name_the_line_and_not_what_it_says() {
        for text in ["a: 1\npm_password: [hunter2", "a: 1\npm_password: 'hunter2"] {
            let error = parse(text).unwrap_err();
            assert!(error.contains("line "), "{error}");
            assert!(
                !error.contains("hunter2") && !error.contains('\n'),
                "{error}"
            );
        }
    }

    #[test]
    fn finds_where_a_variable_is_used() {
        let text = "# $A\na: $AB\nb: x$A.y\nc: ${B}\n";
        assert_eq!(line_of_reference(text, "A"), Some(3));
        assert_eq!(line_of_reference(text, "B"), Some(4));
        assert_eq!(line_of_reference(text, "C"), None);
    }
}
