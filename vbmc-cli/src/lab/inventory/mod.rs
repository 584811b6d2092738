//! The nodes of a lab as their file describes them: TripleO's form, instackenv's and Bifrost's, all checked before
//! anything is sent.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use serde_json::{Map, Value};

/// A MAC address in lower case with colons, as Ironic keeps it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Mac(String);

impl Mac {
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
        let bmc = || {
            let address = self.driver_info.get("ipmi_address")?.as_str()?;
            let port = self.driver_info.get("ipmi_port").map(Value::to_string);
            Some(format!("{address}:{}", port.as_deref().unwrap_or("623")))
        };
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

/// The nodes, and the file they came from.
#[derive(Debug, Clone)]
pub(crate) struct Inventory {
    pub(crate) file: PathBuf,
    pub(crate) nodes: Vec<NodeSpec>,
}
