//! The nodes of a lab as their file describes them: TripleO's form, instackenv's and Bifrost's, all checked before
//! anything is sent.
//!
//! | Module | What lives there |
//! |---|---|
//! | `document` | YAML and JSON, and which form a file has |
//! | `entry` | one node's keys: taken one by one, so that what is left over is unknown |
//! | `tripleo`, `bifrost` | from a form's keys to a [`NodeSpec`] |
//! | `driver` | what a `pm_type` becomes, and which keys belong to it |
//! | [`domains`] | what libvirt and vbmcd know of the lab's domains |
//! | `check` | what no two nodes may share |

mod bifrost;
mod check;
mod document;
pub(crate) mod domains;
mod driver;
mod entry;
mod load;
#[cfg(test)]
mod tests;
mod tripleo;

use std::collections::BTreeMap;
use std::fmt;

use serde_json::{Map, Value};

/// A MAC address in lower case with colons, as Ironic keeps it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Mac(String);

impl Mac {
    /// Six pairs of hexadecimal digits with colons between them.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let pairs: Vec<&str> = text.split(':').collect();
        let is_pair = |pair: &&str| pair.len() == 2 && pair.bytes().all(|b| b.is_ascii_hexdigit());
        (pairs.len() == 6 && pairs.iter().all(is_pair)).then(|| Self(text.to_ascii_lowercase()))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A node to be registered.
#[derive(Clone)]
pub(crate) struct NodeSpec {
    pub(crate) name: Option<String>,
    pub(crate) uuid: Option<String>,
    /// `ipmi`, `redfish`, `manual-management`, `fake-hardware`.
    pub(crate) driver: String,
    /// The domain of this lab that it is; its BMC and MAC addresses are filled in from there.
    pub(crate) domain: Option<String>,
    /// As Ironic wants it; holds passwords.
    pub(crate) driver_info: Map<String, Value>,
    pub(crate) properties: Map<String, Value>,
    pub(crate) ports: Vec<PortSpec>,
    pub(crate) resource_class: Option<String>,
    pub(crate) conductor_group: Option<String>,
    /// `boot_interface`, `deploy_interface` and so on.
    pub(crate) interfaces: BTreeMap<String, String>,
    pub(crate) extra: Map<String, Value>,
}

impl NodeSpec {
    /// What messages call it: its name, its domain, the BMC or the first MAC, whatever is there first.
    pub(crate) fn label(&self) -> String {
        let bmc = || driver::bmc(&self.driver_info);
        self.name
            .clone()
            .or_else(|| self.domain.clone())
            .or_else(|| self.uuid.clone())
            .or_else(bmc)
            .or_else(|| self.ports.first().map(|port| port.address.to_string()))
            .unwrap_or_else(|| "without a name".to_owned())
    }

    /// Whether nobody but the operator can switch its power.
    pub(crate) fn is_manual(&self) -> bool {
        self.driver == "manual-management"
    }
}

impl fmt::Debug for NodeSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NodeSpec")
            .field("label", &self.label())
            .field("driver", &self.driver)
            .finish_non_exhaustive()
    }
}

/// A network card of a node.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct PortSpec {
    pub(crate) address: Mac,
    pub(crate) pxe_enabled: bool,
    pub(crate) physical_network: Option<String>,
    pub(crate) local_link_connection: Map<String, Value>,
}

/// The nodes.
#[derive(Debug, Clone)]
pub(crate) struct Inventory {
    pub(crate) nodes: Vec<NodeSpec>,
    /// What the operator should know, though the nodes can be registered.
    pub(crate) warnings: Vec<String>,
}
