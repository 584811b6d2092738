//! What holds between nodes, and for their names: checked before Ironic hears of any of them.

use std::collections::BTreeMap;

use super::{NodeSpec, driver};
use crate::lab::problems::Problems;

/// The longest name that Ironic takes.
const MAX_NAME: usize = 255;

/// Notes what is wrong, and returns what is only worth knowing.
///
/// `file` is what messages call the inventory, and `text` what stands in it.
pub(super) fn all(
    (file, text): (&str, &str),
    nodes: &[NodeSpec],
    problems: &mut Problems,
) -> Vec<String> {
    names((file, text), nodes, problems);
    unique(
        (file, text),
        "uuid",
        nodes,
        |node| node.uuid.iter().cloned().collect(),
        problems,
    );
    unique(
        (file, text),
        "domain",
        nodes,
        |node| node.domain.iter().cloned().collect(),
        problems,
    );
    unique(
        (file, text),
        "MAC address",
        nodes,
        |node| {
            let ports = node.ports.iter();
            ports.map(|port| port.address.to_string()).collect()
        },
        problems,
    );
    unique(
        (file, text),
        "BMC",
        nodes,
        |node| driver::bmc(&node.driver_info).into_iter().collect(),
        problems,
    );
    without_ports(file, nodes, problems)
}

fn names((file, text): (&str, &str), nodes: &[NodeSpec], problems: &mut Problems) {
    for node in nodes {
        if let Some(name) = &node.name {
            let allowed = |c: char| c.is_ascii_alphanumeric() || "-._~".contains(c);
            if name.is_empty() || name.len() > MAX_NAME || !name.chars().all(allowed) {
                problems.add(
                    format!("{file}: node {name}"),
                    "name: Ironic allows letters, digits, `-`, `.`, `_` and `~` in it",
                );
            } else if name.starts_with('.') {
                problems.add(
                    format!("{file}: node {name}"),
                    "name: a file of results will be called so, and cannot begin with a dot",
                );
            } else if is_uuid(name) {
                problems.add(
                    format!("{file}: node {name}"),
                    "name: is a UUID, which Ironic would take for a node's own",
                );
            }
        }
        if let Some(uuid) = node.uuid.as_ref().filter(|uuid| !is_uuid(uuid)) {
            problems.add(
                format!("{file}: node {}", node.label()),
                format!("uuid: \"{uuid}\" is no UUID"),
            );
        }
    }
    unique(
        (file, text),
        "name",
        nodes,
        |node| node.name.iter().cloned().collect(),
        problems,
    );
}

/// Notes each value that two nodes have, or one node twice.
fn unique(
    (file, text): (&str, &str),
    what: &str,
    nodes: &[NodeSpec],
    values: impl Fn(&NodeSpec) -> Vec<String>,
    problems: &mut Problems,
) {
    let mut first: BTreeMap<String, (usize, String)> = BTreeMap::new();
    for (number, node) in nodes.iter().enumerate() {
        for value in values(node) {
            match first.get(&value.to_lowercase()) {
                Some((other, _)) if *other == number => problems.add(
                    format!("{file}: node {}", node.label()),
                    format!(
                        "the {what} {value} stands there twice{}",
                        lines(text, what, &value)
                    ),
                ),
                Some((other, label)) => problems.add(
                    format!("{file}: node {}", node.label()),
                    format!(
                        "has the same {what} as node {} ({label}): {value}{}",
                        other + 1,
                        lines(text, what, &value)
                    ),
                ),
                None => {
                    first.insert(value.to_lowercase(), (number, node.label()));
                }
            }
        }
    }
}

/// ` (lines 3 and 9)`: where a value stands more than once. Nothing where that cannot be told, as of a variable.
fn lines(text: &str, what: &str, value: &str) -> String {
    let value = value.to_lowercase();
    let part_of_word = |c: char| c.is_ascii_alphanumeric() || "-._~:".contains(c);
    let stands_in = |line: &str| {
        line.match_indices(&*value).any(|(at, _)| {
            let (before, after) = (&line[..at], &line[at + value.len()..]);
            !before.ends_with(part_of_word) && !after.starts_with(part_of_word)
        })
    };
    // A name may stand in other keys too; a MAC address is one wherever it stands.
    let is_key = |line: &str| what.contains(' ') || line.contains(what);
    let numbers: Vec<String> = text
        .lines()
        .zip(1..)
        .map(|(line, number)| (line.to_lowercase(), number))
        .filter(|(line, _)| !line.trim_start().starts_with('#') && is_key(line) && stands_in(line))
        .map(|(_, number)| number.to_string())
        .collect();
    match &*numbers {
        [first @ .., last] if !first.is_empty() => {
            format!(" (lines {} and {last})", first.join(", "))
        }
        _ => String::new(),
    }
}

/// Nodes whose ramdisk Ironic might not recognise.
fn without_ports(file: &str, nodes: &[NodeSpec], problems: &mut Problems) -> Vec<String> {
    let address = |node: &NodeSpec| node.driver_info.get("ipmi_address").cloned();
    let mut warnings = Vec::new();
    for node in nodes.iter().filter(|node| node.ports.is_empty()) {
        let label = node.label();
        let place = format!("{file}: node {label}");
        let shares = address(node).is_some_and(|address_of_it| {
            let same = nodes
                .iter()
                .filter(|other| address(other).as_ref() == Some(&address_of_it));
            same.count() > 1
        });
        if node.is_manual() {
            problems.add(
                place,
                "ports: are missing: without a BMC, Ironic knows the machine by its MAC address",
            );
        } else if shares {
            problems.add(
                place,
                "ports: are missing: its BMC shares an address with others, so that Ironic knows it by its MAC address alone",
            );
        } else if node.driver != "fake-hardware" {
            warnings.push(format!(
                "node {label} has no ports: Ironic can recognise it by its BMC's address alone; give it its MAC address"
            ));
        }
    }
    warnings
}

fn is_uuid(text: &str) -> bool {
    let groups: Vec<&str> = text.split('-').collect();
    groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12])
        && groups
            .iter()
            .all(|group| group.bytes().all(|byte| byte.is_ascii_hexdigit()))
}
