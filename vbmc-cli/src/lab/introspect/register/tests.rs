//! What the tests of registration share.

use serde_json::{Map, Value};

use super::*;
use crate::lab::inventory::{Mac, PortSpec};
use crate::openstack::baremetal::Node;

/// A node of the inventory: some of its keys, and `mac` for one port.
pub(in super::super) fn spec(keys: Value) -> NodeSpec {
    let text = |key: &str| keys.get(key).and_then(Value::as_str).map(str::to_owned);
    let map = |key: &str| -> Map<String, Value> {
        let map = keys.get(key).and_then(Value::as_object);
        map.cloned().unwrap_or_default()
    };
    NodeSpec {
        name: text("name"),
        uuid: text("uuid"),
        driver: text("driver").unwrap_or_else(|| "ipmi".to_owned()),
        domain: None,
        driver_info: map("driver_info"),
        properties: map("properties"),
        ports: text("mac")
            .map(|mac| PortSpec {
                address: Mac::parse(&mac).unwrap(),
                pxe_enabled: true,
                physical_network: None,
                local_link_connection: Map::new(),
            })
            .into_iter()
            .collect(),
        resource_class: text("resource_class"),
        conductor_group: None,
        interfaces: map("interfaces")
            .into_iter()
            .filter_map(|(key, value)| Some((key, value.as_str()?.to_owned())))
            .collect(),
        extra: map("extra"),
    }
}

/// A node as Ironic has it.
pub(super) fn node(name: &str) -> Node {
    Node {
        uuid: format!("uuid-{name}"),
        name: Some(name.to_owned()),
        driver: "ipmi".to_owned(),
        provision_state: ProvisionState::Manageable,
        ..Node::default()
    }
}

#[test]
fn a_node_of_the_operators_believes_its_power_and_carries_the_mark() {
    let node = new_node(
        "lab1",
        &spec(serde_json::json!({"driver": "manual-management"})),
    );
    assert_eq!(
        node.interfaces.get("power_interface").map(String::as_str),
        Some("fake")
    );
    assert_eq!(node.extra.get(MARK), Some(&Value::from("lab1")));
    assert!(
        new_node("lab1", &spec(serde_json::json!({})))
            .interfaces
            .is_empty()
    );
}

#[test]
fn uuids_are_of_version_4() {
    let uuid = random_uuid();
    assert_eq!(uuid.len(), 36);
    assert_eq!(uuid.as_bytes().get(14), Some(&b'4'), "{uuid}");
    assert!(
        matches!(uuid.as_bytes().get(19), Some(b'8' | b'9' | b'a' | b'b')),
        "{uuid}"
    );
    assert_ne!(uuid, random_uuid());
}
