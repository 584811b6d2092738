//! Nodes: looked at, and got out of whatever they are doing so that Ironic lets them be deleted.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::{Found, UNMARKED};
use crate::lab::MARK;
use crate::openstack::baremetal::{Baremetal, Fields, Node, ProvisionState, Target};
use crate::openstack::error::Error;

const FIELDS: Fields = Fields::new(&[
    "uuid",
    "name",
    "provision_state",
    "target_provision_state",
    "reservation",
    "maintenance",
    "instance_uuid",
    "extra",
]);

/// How long a node may take to stop what it is doing.
const PATIENCE: Duration = Duration::from_secs(60);

const POLL: Duration = Duration::from_secs(1);

/// Looks whether a node is there, and whether it is the lab's.
pub(super) async fn look(
    ironic: &Baremetal,
    id: &str,
    lab: &str,
    force: bool,
) -> Result<Found, Error> {
    let node = match ironic.node(id, FIELDS).await {
        Err(Error::NotFound(_)) => return Ok(Found::Gone),
        node => node?,
    };
    let mark = node.extra.get(MARK).and_then(|mark| mark.as_str());
    if mark != Some(lab) {
        return Ok(Found::Foreign(UNMARKED));
    }
    let state = &node.provision_state;
    if is_in_use(&node) && !force {
        let instance = node.instance_uuid.map(|id| format!(" with instance {id}"));
        return Ok(Found::InUse(format!(
            "is {state}{}, so somebody may use it: undeploy it first, or give --force",
            instance.unwrap_or_default()
        )));
    }
    Ok(Found::There(format!("{state} at {}", ironic.endpoint())))
}

/// Whether there is, or may be, somebody's system on it.
fn is_in_use(node: &Node) -> bool {
    use ProvisionState as State;
    let idle = matches!(
        node.provision_state,
        State::Enroll
            | State::Verifying
            | State::Manageable
            | State::Available
            | State::Inspecting
            | State::InspectWait
            | State::InspectFailed
            | State::Cleaning
            | State::CleanWait
            | State::CleanHold
            | State::CleanFailed
            | State::AdoptFailed
    );
    !idle || node.instance_uuid.is_some()
}

/// Deletes a node, with its ports.
pub(super) async fn remove(ironic: &Baremetal, id: &str) -> Result<(), Error> {
    match stop_and_delete(ironic, id).await {
        Err(Error::NotFound(_)) => Ok(()),
        // The answer was lost on its way.
        Err(error @ Error::Interrupted { .. }) => match ironic.node(id, FIELDS).await {
            Err(Error::NotFound(_)) => Ok(()),
            _ => Err(error),
        },
        removed => removed,
    }
}

async fn stop_and_delete(ironic: &Baremetal, id: &str) -> Result<(), Error> {
    let mut node = ironic.node(id, FIELDS).await?;
    if node.provision_state.waits_for_ramdisk() {
        match ironic.set_provision_state(id, &Target::Abort).await {
            // It went on by itself, or cannot be stopped there: maintenance helps.
            Ok(()) | Err(Error::BadState(_) | Error::Refused(_)) => {}
            Err(error) => return Err(error),
        }
    }
    let deadline = Instant::now() + PATIENCE;
    while !node.is_settled() && Instant::now() < deadline {
        sleep(POLL).await;
        node = ironic.node(id, FIELDS).await?;
    }
    if is_deletable(&node) {
        match ironic.delete_node(id).await {
            // A server may be configured to keep available nodes.
            Err(Error::BadState(_)) => {}
            deleted => return deleted,
        }
    }
    ironic.set_maintenance(id, "vbmc clean deletes it").await?;
    ironic.delete_node(id).await
}

/// Whether Ironic lets it go without maintenance.
fn is_deletable(node: &Node) -> bool {
    use ProvisionState as State;
    let idle = matches!(
        node.provision_state,
        State::Enroll | State::Manageable | State::Available
    );
    node.maintenance || idle && node.instance_uuid.is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_that_somebody_may_use_is_told_from_an_idle_one() {
        let node = |state: &str, instance: Option<&str>| Node {
            provision_state: ProvisionState::from(state.to_owned()),
            instance_uuid: instance.map(str::to_owned),
            ..Node::default()
        };
        for idle in ["enroll", "inspect wait", "clean failed", "available"] {
            assert!(!is_in_use(&node(idle, None)), "{idle}");
        }
        for used in ["active", "rescue", "wait call-back", "deleting", "new one"] {
            assert!(is_in_use(&node(used, None)), "{used}");
        }
        let reserved = node("available", Some("1-1"));
        assert!(is_in_use(&reserved) && !is_deletable(&reserved));
    }
}
