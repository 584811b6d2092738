//! Nodes: as Ironic tells of them, as they are made, and as they are changed.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::state::{PowerState, ProvisionState};
use super::version::Microversion;

/// What of a node is asked for. Less is faster: a poll of many nodes needs only a few.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fields(&'static [&'static str]);

impl Fields {
    /// All that the server tells.
    pub(crate) const ALL: Self = Self(&[]);

    /// A choice of one's own.
    pub(crate) const fn new(names: &'static [&'static str]) -> Self {
        Self(names)
    }

    /// As a query has it; none: the server's own choice. Older servers refuse what they don't know.
    pub(super) fn query(self, version: Microversion) -> Option<String> {
        let known = |name: &&&str| version >= since(name);
        let names: Vec<_> = self.0.iter().filter(known).copied().collect();
        (!names.is_empty()).then(|| names.join(","))
    }
}

/// The version that a field came with, as far as we ask for it.
fn since(field: &str) -> Microversion {
    Microversion::new(match field {
        "resource_class" => 21,
        "fault" => 42,
        "conductor_group" => 46,
        "conductor" => 49,
        "bios_interface" => 40,
        "rescue_interface" => 38,
        "storage_interface" => 33,
        "firmware_interface" => 86,
        _ if field.ends_with("_interface") => 31,
        _ => 1,
    })
}

/// A node. What wasn't asked for is empty.
#[derive(Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Node {
    pub(crate) uuid: String,
    pub(crate) name: Option<String>,
    pub(crate) driver: String,
    pub(crate) provision_state: ProvisionState,
    pub(crate) target_provision_state: Option<ProvisionState>,
    pub(crate) provision_updated_at: Option<Timestamp>,
    /// None: Ironic doesn't know.
    pub(crate) power_state: Option<PowerState>,
    pub(crate) target_power_state: Option<PowerState>,
    pub(crate) last_error: Option<String>,
    /// The conductor that works on it.
    pub(crate) reservation: Option<String>,
    pub(crate) maintenance: bool,
    pub(crate) maintenance_reason: Option<String>,
    /// What Ironic itself put it into maintenance for.
    pub(crate) fault: Option<String>,
    pub(crate) instance_uuid: Option<String>,
    /// Passwords are asterisks, as a rule.
    pub(crate) driver_info: Map<String, Value>,
    pub(crate) properties: Map<String, Value>,
    pub(crate) extra: Map<String, Value>,
    pub(crate) resource_class: Option<String>,
    pub(crate) conductor_group: Option<String>,
    /// All else: the `*_interface`s, and what newer servers have.
    #[serde(flatten)]
    pub(crate) other: Map<String, Value>,
}

impl Node {
    /// Its name, or its UUID where it has none.
    pub(crate) fn label(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.uuid)
    }

    /// Whether nothing goes on with it.
    pub(crate) fn is_settled(&self) -> bool {
        self.reservation.is_none() && self.provision_state.is_final()
    }

    /// Which implementation it uses, such as `agent` for `inspect_interface`.
    pub(crate) fn interface(&self, which: &str) -> Option<&str> {
        self.other.get(which)?.as_str()
    }
}

impl Default for ProvisionState {
    fn default() -> Self {
        Self::Other(String::new())
    }
}

impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Node")
            .field("uuid", &self.uuid)
            .field("name", &self.name)
            .field("provision_state", &self.provision_state)
            .field("power_state", &self.power_state)
            .finish_non_exhaustive()
    }
}

/// A node to be made. Holds its BMC's password.
#[derive(Clone, Default, Serialize)]
pub(crate) struct NewNode {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) uuid: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
    pub(crate) driver: String,
    pub(crate) driver_info: Map<String, Value>,
    pub(crate) properties: Map<String, Value>,
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub(crate) extra: Map<String, Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) resource_class: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) conductor_group: Option<String>,
    /// `boot_interface` and so on.
    #[serde(flatten)]
    pub(crate) interfaces: BTreeMap<String, String>,
}

impl fmt::Debug for NewNode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewNode")
            .field("name", &self.name)
            .field("driver", &self.driver)
            .finish_non_exhaustive()
    }
}

/// One change of a node or port, as JSON Patch has it: sets what is at a path, whether it was there or not. A value can
/// be a password.
#[derive(Clone, PartialEq, Serialize)]
#[serde(tag = "op", rename = "add")]
pub(crate) struct PatchOp {
    path: String,
    value: Value,
}

impl PatchOp {
    /// Sets what is at `keys`: `["driver_info", "ipmi_port"]`.
    pub(crate) fn set(keys: &[&str], value: impl Into<Value>) -> Self {
        Self {
            path: pointer(keys),
            value: value.into(),
        }
    }

    /// What it changes.
    pub(crate) fn path(&self) -> &str {
        &self.path
    }
}

impl fmt::Debug for PatchOp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "set {}", self.path)
    }
}

/// A JSON pointer. Keys are the user's: `~` and `/` in them are escaped.
fn pointer(keys: &[&str]) -> String {
    keys.iter()
        .map(|key| format!("/{}", key.replace('~', "~0").replace('/', "~1")))
        .collect()
}
