//! What of a registered node differs from the inventory: the fewest changes that make it right, and none that undoes
//! what inspection or other people have set.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::lab::inventory::NodeSpec;
use crate::openstack::baremetal::{Node, PatchOp};

/// Properties that inspection finds out: the inventory's are what to begin with.
const FOUND_OUT: [&str; 4] = ["cpus", "memory_mb", "local_gb", "cpu_arch"];

/// What Ironic shows in place of a password.
const MASK: &str = "******";

/// What it takes to make a node as the inventory has it.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Changes {
    pub(super) ops: Vec<PatchOp>,
    /// What is a password. Whether it differs cannot be told.
    pub(super) secrets: Vec<PatchOp>,
}

impl Changes {
    /// `spec` holds all that the node should have, deploy images included.
    pub(super) fn between(spec: &NodeSpec, node: &Node) -> Self {
        let mut changes = Self::default();
        if let Some(name) = &spec.name
            && node.name.as_ref() != Some(name)
        {
            changes.set(&["name"], name.as_str());
        }
        if spec.driver != node.driver {
            changes.set(&["driver"], spec.driver.as_str());
        }
        let of_node = |interface: &str| node.interface(interface);
        for (interface, wanted) in &spec.interfaces {
            if of_node(interface) != Some(wanted) {
                changes.set(&[interface], wanted.as_str());
            }
        }
        for (key, wanted, there) in [
            ("resource_class", &spec.resource_class, &node.resource_class),
            (
                "conductor_group",
                &spec.conductor_group,
                &node.conductor_group,
            ),
        ] {
            if let Some(wanted) = wanted
                && there.as_ref() != Some(wanted)
            {
                changes.set(&[key], wanted.as_str());
            }
        }
        for (key, wanted) in &spec.driver_info {
            match node.driver_info.get(key) {
                Some(there) if is_masked(there) => {
                    let op = PatchOp::set(&["driver_info", key], wanted.clone());
                    changes.secrets.push(op);
                }
                Some(there) if is_same(there, wanted) => {}
                _ => changes.set(&["driver_info", key], wanted.clone()),
            }
        }
        changes.properties(&spec.properties, &node.properties);
        for (key, wanted) in &spec.extra {
            if node.extra.get(key) != Some(wanted) {
                changes.set(&["extra", key], wanted.clone());
            }
        }
        changes
    }

    fn properties(&mut self, wanted: &Map<String, Value>, there: &Map<String, Value>) {
        for (key, wanted) in wanted {
            let there = there.get(key);
            if FOUND_OUT.contains(&key.as_str()) && there.is_some() {
                continue;
            }
            let wanted = match (key.as_str(), wanted, there) {
                ("capabilities", Value::String(wanted), Some(Value::String(there))) => {
                    Value::String(merged(there, wanted))
                }
                _ => wanted.clone(),
            };
            if !there.is_some_and(|there| is_same(there, &wanted)) {
                self.set(&["properties", key], wanted);
            }
        }
    }

    fn set(&mut self, keys: &[&str], value: impl Into<Value>) {
        self.ops.push(PatchOp::set(keys, value));
    }

    /// What is changed, for people: `driver_info/ipmi_port, name`.
    pub(super) fn names(ops: &[PatchOp]) -> String {
        let names: Vec<_> = ops
            .iter()
            .map(|op| op.path().trim_start_matches('/'))
            .collect();
        names.join(", ")
    }
}

/// Ironic keeps what it is given, so that the same port may be a number or text.
fn is_same(there: &Value, wanted: &Value) -> bool {
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    there == wanted || text(there) == text(wanted)
}

fn is_masked(value: &Value) -> bool {
    value.as_str() == Some(MASK)
}

/// Capabilities, `k:v,k:v`: those of the inventory, and whatever else is there. Unchanged where nothing is missing.
fn merged(there: &str, wanted: &str) -> String {
    fn pairs(text: &str) -> impl Iterator<Item = (&str, &str)> {
        text.split(',')
            .filter_map(|pair| pair.trim().split_once(':'))
    }
    let mut all: BTreeMap<_, _> = pairs(there).collect();
    let before = all.clone();
    all.extend(pairs(wanted));
    if all == before {
        return there.to_owned();
    }
    let all: Vec<_> = all
        .into_iter()
        .map(|(key, value)| format!("{key}:{value}"))
        .collect();
    all.join(",")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::tests::{node, spec};
    use super::*;

    fn names(spec: &NodeSpec, node: &Node) -> (String, String) {
        let changes = Changes::between(spec, node);
        (
            Changes::names(&changes.ops),
            Changes::names(&changes.secrets),
        )
    }

    fn object(value: Value) -> Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn what_is_the_same_is_not_changed() {
        let spec = spec(json!({"name": "a", "driver_info": {"ipmi_port": 6230},
            "properties": {"capabilities": "profile:compute", "memory_mb": 4096}, "extra": {"rack": 1}}));
        let mut node = node("a");
        node.driver_info = object(json!({"ipmi_port": "6230", "deploy_kernel": "of others"}));
        node.properties =
            object(json!({"capabilities": "boot_mode:uefi, profile:compute", "memory_mb": 4000}));
        node.extra = object(json!({"rack": 1, "row": 2}));
        assert_eq!(names(&spec, &node), (String::new(), String::new()));
    }

    #[test]
    fn what_differs_is_changed_and_nothing_else() {
        let spec = spec(json!({"name": "b",
            "driver_info": {"ipmi_port": 6231, "ipmi_password": "secret", "ipmi_username": "ops"},
            "properties": {"capabilities": "profile:control"}, "resource_class": "large",
            "interfaces": {"boot_interface": "ipxe"}}));
        let mut node = node("a");
        node.driver_info =
            object(json!({"ipmi_port": 6230, "ipmi_password": "******", "ipmi_username": "ops"}));
        node.properties = object(json!({"capabilities": "profile:compute,boot_mode:uefi"}));
        let changes = Changes::between(&spec, &node);
        assert_eq!(
            Changes::names(&changes.ops),
            "name, boot_interface, resource_class, driver_info/ipmi_port, properties/capabilities"
        );
        assert_eq!(
            Changes::names(&changes.secrets),
            "driver_info/ipmi_password"
        );
        let capabilities = changes.ops.last();
        let expected = PatchOp::set(
            &["properties", "capabilities"],
            "boot_mode:uefi,profile:control",
        );
        assert_eq!(capabilities, Some(&expected));
    }
}
