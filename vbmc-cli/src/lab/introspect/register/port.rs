//! The network cards of a node.

use crate::lab::inventory::PortSpec;
use crate::openstack::Error;
use crate::openstack::baremetal::{Baremetal, NewPort, PatchOp, Port};

/// Makes a port, or changes what differs of it; says what was done. `there` is what the node has already.
///
/// `pxe_enabled` is set for new ports only: inspection finds out which card the node boots from.
pub(super) async fn ensure(
    ironic: &Baremetal,
    node: &str,
    there: &[Port],
    wanted: &PortSpec,
) -> Result<Option<String>, Error> {
    let address = wanted.address.as_str();
    let same = |port: &&Port| port.address.eq_ignore_ascii_case(address);
    let Some(port) = there.iter().find(same) else {
        let new = NewPort {
            node_uuid: node.to_owned(),
            address: address.to_owned(),
            pxe_enabled: wanted.pxe_enabled,
            physical_network: wanted.physical_network.clone(),
            local_link_connection: wanted.local_link_connection.clone(),
        };
        create_surely(ironic, &new).await?;
        return Ok(Some(format!("port {address}")));
    };
    let ops = changes(wanted, port);
    if ops.is_empty() {
        return Ok(None);
    }
    ironic.patch_port(&port.uuid, &ops).await?;
    Ok(Some(format!("port {address}")))
}

/// An answer may be lost, and the port be there.
async fn create_surely(ironic: &Baremetal, port: &NewPort) -> Result<(), Error> {
    let error = match ironic.create_port(port).await {
        Ok(_) => return Ok(()),
        Err(error) => error,
    };
    if !matches!(error, Error::Interrupted { .. } | Error::Exists(_)) {
        return Err(error);
    }
    match ironic.port_by_address(&port.address).await? {
        Some(there) if there.node_uuid == port.node_uuid => Ok(()),
        None if matches!(error, Error::Interrupted { .. }) => {
            ironic.create_port(port).await.map(drop)
        }
        _ => Err(error),
    }
}

fn changes(wanted: &PortSpec, there: &Port) -> Vec<PatchOp> {
    let mut ops = Vec::new();
    if let Some(network) = &wanted.physical_network
        && there.physical_network.as_ref() != Some(network)
    {
        ops.push(PatchOp::set(&["physical_network"], network.as_str()));
    }
    for (key, value) in &wanted.local_link_connection {
        if there.local_link_connection.get(key) != Some(value) {
            ops.push(PatchOp::set(&["local_link_connection", key], value.clone()));
        }
    }
    ops
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::tests::spec;
    use super::*;

    #[test]
    fn only_what_the_inventory_says_otherwise_is_changed() {
        let spec = spec(json!({"mac": "52:54:00:00:00:01"}));
        let mut wanted = spec.ports.first().unwrap().clone();
        let there = Port {
            pxe_enabled: !wanted.pxe_enabled,
            physical_network: Some("ctlplane".to_owned()),
            ..Port::default()
        };
        assert_eq!(changes(&wanted, &there), []);
        wanted.physical_network = Some("other".to_owned());
        wanted.local_link_connection = json!({"port_id": "Eth1"}).as_object().unwrap().clone();
        let paths: Vec<_> = changes(&wanted, &there)
            .iter()
            .map(|op| op.path().to_owned())
            .collect();
        assert_eq!(
            paths,
            ["/physical_network", "/local_link_connection/port_id"]
        );
    }
}
