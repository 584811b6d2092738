//! What belongs to nodes: ports, history; and the drivers.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A network card of a node.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Port {
    pub(crate) uuid: String,
    pub(crate) node_uuid: String,
    pub(crate) address: String,
    pub(crate) pxe_enabled: bool,
    pub(crate) physical_network: Option<String>,
    pub(crate) local_link_connection: Map<String, Value>,
}

/// A port to be made.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct NewPort {
    pub(crate) node_uuid: String,
    pub(crate) address: String,
    pub(crate) pxe_enabled: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) physical_network: Option<String>,
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub(crate) local_link_connection: Map<String, Value>,
}

/// Something that went wrong with a node, which Ironic remembers longer than `last_error`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
pub(crate) struct HistoryEntry {
    pub(crate) uuid: String,
    pub(crate) created_at: Option<Timestamp>,
    pub(crate) severity: Option<String>,
    pub(crate) event: Option<String>,
}

/// A driver that some conductor has enabled.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Driver {
    pub(crate) name: String,
    /// The conductors that have it.
    #[serde(default)]
    pub(crate) hosts: Vec<String>,
}
