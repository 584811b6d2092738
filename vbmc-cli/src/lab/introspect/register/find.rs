//! Which node of Ironic's is the one of the inventory: by MAC address, by its BMC, by UUID, by name.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use crate::lab::inventory::NodeSpec;
use crate::openstack::baremetal::Node;

/// IPMI's own port, where none is set.
const IPMI_PORT: &str = "623";

/// What Ironic has: its nodes, and whose the MAC addresses of the inventory are.
#[derive(Debug, Default)]
pub(super) struct Registered {
    pub(super) nodes: Vec<Node>,
    /// Node UUIDs by MAC address.
    pub(super) owners: BTreeMap<String, String>,
}

impl Registered {
    /// The node that `spec` describes; an error where it describes several.
    pub(super) fn find(&self, spec: &NodeSpec) -> Result<Option<&Node>, String> {
        let mut found: BTreeMap<&str, (&Node, BTreeSet<&str>)> = BTreeMap::new();
        for node in &self.nodes {
            let mut by = BTreeSet::new();
            let has_mac = |address: &str| self.owners.get(address) == Some(&node.uuid);
            if spec.ports.iter().any(|port| has_mac(port.address.as_str())) {
                by.insert("its MAC address");
            }
            if bmc(&spec.driver_info).is_some_and(|ours| bmc(&node.driver_info) == Some(ours)) {
                by.insert("its BMC's address and port");
            }
            if spec.uuid.as_deref() == Some(&node.uuid) {
                by.insert("its UUID");
            }
            if spec.name.is_some() && spec.name == node.name {
                by.insert("its name");
            }
            if !by.is_empty() {
                found.insert(&node.uuid, (node, by));
            }
        }
        if found.len() > 1 {
            let which: Vec<_> = found
                .values()
                .map(|(node, by)| {
                    let by: Vec<_> = by.iter().copied().collect();
                    format!("{} is that of node {}", by.join(" and "), node.label())
                })
                .collect();
            return Err(format!(
                "the inventory means several nodes that Ironic has: {}. Correct the inventory, or delete those that \
                 are out of date",
                which.join("; ")
            ));
        }
        Ok(found.into_values().next().map(|(node, _)| node))
    }
}

/// Where a node's IPMI is.
fn bmc(driver_info: &Map<String, Value>) -> Option<(String, String)> {
    let text = |key: &str| match driver_info.get(key)? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    let port = text("ipmi_port").unwrap_or_else(|| IPMI_PORT.to_owned());
    Some((text("ipmi_address")?, port))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::tests::{node, spec};
    use super::*;

    fn registered() -> Registered {
        let mut a = node("a");
        a.driver_info = json!({"ipmi_address": "192.0.2.1", "ipmi_port": 6230})
            .as_object()
            .unwrap()
            .clone();
        Registered {
            nodes: vec![a, node("b")],
            owners: [("52:54:00:00:00:0b".to_owned(), "uuid-b".to_owned())].into(),
        }
    }

    #[test]
    fn a_node_is_found_by_any_of_its_marks() {
        let registered = registered();
        let find = |spec: Value| {
            let found = registered.find(&super::super::tests::spec(spec)).unwrap();
            found.map(|node| node.uuid.as_str())
        };
        assert_eq!(find(json!({"name": "a"})), Some("uuid-a"));
        assert_eq!(find(json!({"name": "x"})), None);
        assert_eq!(find(json!({"uuid": "uuid-b"})), Some("uuid-b"));
        assert_eq!(
            find(json!({"name": "x", "mac": "52:54:00:00:00:0b"})),
            Some("uuid-b")
        );
        let bmc = json!({"driver_info": {"ipmi_address": "192.0.2.1", "ipmi_port": "6230"}});
        assert_eq!(find(bmc), Some("uuid-a"), "a port may be text");
        let bmc = json!({"driver_info": {"ipmi_address": "192.0.2.1"}});
        assert_eq!(find(bmc), None, "that is port 623");
    }

    #[test]
    fn marks_of_two_nodes_are_an_error_that_names_both() {
        let spec = spec(json!({"name": "a", "mac": "52:54:00:00:00:0b"}));
        let error = registered().find(&spec).unwrap_err();
        assert!(error.contains("its name is that of node a"), "{error}");
        assert!(
            error.contains("its MAC address is that of node b"),
            "{error}"
        );
    }
}
