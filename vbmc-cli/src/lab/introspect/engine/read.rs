//! Nodes as Ironic tells of them, and as machines see them.

use std::collections::BTreeMap;

use futures_util::future::{join_all, try_join_all};
use jiff::{SignedDuration, Timestamp};

use crate::lab::introspect::machine::{Hold, NodeView, State};
use crate::lab::introspect::server::Server;
use crate::openstack::Error;
use crate::openstack::baremetal::{Fields, Node, PowerState, ProvisionState};
use crate::openstack::inspector::Introspection;

/// Up to so many nodes are asked for one by one; for more, one list is less.
const FEW: usize = 4;

/// What of a node is looked at.
const FIELDS: Fields = Fields::new(&[
    "uuid",
    "provision_state",
    "target_provision_state",
    "provision_updated_at",
    "power_state",
    "target_power_state",
    "last_error",
    "reservation",
    "maintenance",
    "maintenance_reason",
    "fault",
]);

/// A node as it was read.
#[derive(Debug)]
pub(super) struct Reading {
    pub(super) view: NodeView,
    /// As Ironic calls it.
    pub(super) state: String,
    /// What its power is being switched to.
    pub(super) power: Option<PowerState>,
    /// Since when it is in this state, by our clock.
    pub(super) since_here: Option<Timestamp>,
}

/// Reads nodes by UUID. Those that are not there any more are missing.
pub(super) async fn read(
    server: &Server,
    uuids: &[&str],
) -> Result<BTreeMap<String, Reading>, Error> {
    let nodes = if uuids.len() <= FEW {
        let each = uuids.iter().map(|uuid| server.ironic.node(uuid, FIELDS));
        let mut nodes = Vec::new();
        for node in join_all(each).await {
            match node {
                Ok(node) => nodes.push(node),
                Err(Error::NotFound(_)) => {}
                Err(error) => return Err(error),
            }
        }
        nodes
    } else {
        let mut nodes = server.ironic.nodes(FIELDS).await?;
        nodes.retain(|node| uuids.contains(&node.uuid.as_str()));
        nodes
    };
    let introspections = introspections(server, &nodes).await?;
    Ok(nodes
        .into_iter()
        .map(|node| {
            let age = server.ironic.in_state_for(&node);
            let since_here = age.and_then(|age| {
                let age = SignedDuration::try_from(age).ok()?;
                Timestamp::now().checked_sub(age).ok()
            });
            let introspection = introspections.get(&node.uuid);
            let reading = Reading {
                view: view(&node, introspection),
                state: match introspection {
                    Some(going_on) if !going_on.finished => "introspection".to_owned(),
                    _ => node.provision_state.to_string(),
                },
                power: node.target_power_state,
                since_here,
            };
            (node.uuid, reading)
        })
        .collect())
}

/// How far ironic-inspector is, which Ironic's own state doesn't tell.
async fn introspections(
    server: &Server,
    nodes: &[Node],
) -> Result<BTreeMap<String, Introspection>, Error> {
    let Some(inspector) = &server.inspector else {
        return Ok(BTreeMap::new());
    };
    let asked = nodes
        .iter()
        .filter(|node| node.provision_state == ProvisionState::Manageable)
        .map(async |node| match inspector.status(&node.uuid).await {
            Ok(introspection) => Ok(Some((node.uuid.clone(), introspection))),
            Err(Error::NotFound(_)) => Ok(None),
            Err(error) => Err(error),
        });
    Ok(try_join_all(asked).await?.into_iter().flatten().collect())
}

fn view(node: &Node, introspection: Option<&Introspection>) -> NodeView {
    let mut view = NodeView {
        state: state(&node.provision_state),
        since: node.provision_updated_at,
        to_available: node.target_provision_state == Some(ProvisionState::Available),
        reserved: node.reservation.is_some(),
        hold: node.maintenance.then(|| match &node.fault {
            Some(fault) => Hold::Fault(fault.clone()),
            None => Hold::Operator(node.maintenance_reason.clone()),
        }),
        off: node.power_state == Some(PowerState::Off),
        switching: node.target_power_state.is_some(),
        last_error: node.last_error.clone(),
    };
    if let Some(introspection) = introspection {
        // To a machine, it makes no difference who inspects.
        let started = introspection.started_at.as_deref();
        view.since = started.and_then(timestamp).or(view.since);
        if !introspection.finished {
            view.state = State::InspectWait;
            view.reserved = false;
        } else if let Some(error) = &introspection.error {
            view.state = State::InspectFailed;
            view.last_error = Some(error.clone());
        }
    }
    view
}

/// ironic-inspector's times may lack the zone, which is UTC then.
fn timestamp(text: &str) -> Option<Timestamp> {
    text.parse().or_else(|_| format!("{text}Z").parse()).ok()
}

fn state(state: &ProvisionState) -> State {
    match state {
        ProvisionState::Enroll => State::Enroll,
        ProvisionState::Verifying => State::Verifying,
        ProvisionState::Manageable => State::Manageable,
        ProvisionState::Inspecting => State::Inspecting,
        ProvisionState::InspectWait => State::InspectWait,
        ProvisionState::InspectFailed => State::InspectFailed,
        ProvisionState::Cleaning => State::Cleaning,
        ProvisionState::CleanWait => State::CleanWait,
        ProvisionState::CleanFailed => State::CleanFailed,
        ProvisionState::Available => State::Available,
        other => State::Other(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(state: ProvisionState) -> Node {
        Node {
            provision_state: state,
            ..Node::default()
        }
    }

    fn introspection(finished: bool, error: Option<&str>) -> Introspection {
        Introspection {
            finished,
            state: None,
            error: error.map(str::to_owned),
            started_at: Some("2026-11-22T17:00:00".to_owned()),
        }
    }

    #[test]
    fn maintenance_is_ironics_own_where_it_names_a_fault() {
        let mut node = node(ProvisionState::Manageable);
        node.fault = Some("clean failure".to_owned());
        assert_eq!(view(&node, None).hold, None);
        node.maintenance = true;
        let fault = Hold::Fault("clean failure".to_owned());
        assert_eq!(view(&node, None).hold, Some(fault));
        node.fault = None;
        assert_eq!(view(&node, None).hold, Some(Hold::Operator(None)));
    }

    #[test]
    fn what_the_inspector_does_looks_as_if_ironic_did_it() {
        let node = node(ProvisionState::Manageable);
        let state = |finished, error| view(&node, Some(&introspection(finished, error))).state;
        assert_eq!(state(false, None), State::InspectWait);
        assert_eq!(state(true, Some("no boot")), State::InspectFailed);
        assert_eq!(state(true, None), State::Manageable);
        let since = view(&node, Some(&introspection(true, None))).since;
        assert_eq!(since, "2026-11-22T17:00:00Z".parse().ok());
    }

    #[test]
    fn nodes_in_use_are_others() {
        let state = view(&node(ProvisionState::Active), None).state;
        assert_eq!(state, State::Other("active".to_owned()));
    }
}
