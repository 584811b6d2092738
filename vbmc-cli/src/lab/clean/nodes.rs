//! Nodes: looked at, and got out of whatever they are doing so that Ironic lets them be deleted.

use std::time::Duration;

use anyhow::bail;
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
    Ok(match left_alone(&node, lab, force) {
        Some(found) => found,
        None => Found::There(format!("{} at {}", node.provision_state, ironic.endpoint())),
    })
}

/// Why a node stays, if it does.
fn left_alone(node: &Node, lab: &str, force: bool) -> Option<Found> {
    let mark = node.extra.get(MARK).and_then(|mark| mark.as_str());
    if mark != Some(lab) {
        return Some(Found::Foreign(UNMARKED));
    }
    if force || !is_in_use(node) {
        return None;
    }
    let instance = node.instance_uuid.as_ref();
    let instance = instance.map(|id| format!(" with instance {id}"));
    Some(Found::InUse(format!(
        "is {}{}, so somebody may use it: undeploy it first, or give --force",
        node.provision_state,
        instance.unwrap_or_default()
    )))
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

/// Deletes a node, with its ports. It was looked at, and has changed hands since if somebody took it while the operator
/// was asked, or while other things were removed: then it stays.
pub(super) async fn remove(
    ironic: &Baremetal,
    id: &str,
    lab: &str,
    force: bool,
) -> anyhow::Result<()> {
    let stays = |node: &Node| left_alone(node, lab, force);
    match stop_and_delete(ironic, id, stays).await {
        Ok(None) | Err(Error::NotFound(_)) => Ok(()),
        Ok(Some(Found::InUse(why))) => bail!("it {why}"),
        Ok(Some(_)) => bail!("{UNMARKED}"),
        // The answer was lost on its way.
        Err(error @ Error::Interrupted { .. }) => match ironic.node(id, FIELDS).await {
            Err(Error::NotFound(_)) => Ok(()),
            _ => Err(error.into()),
        },
        Err(error) => Err(error.into()),
    }
}

/// Returns what speaks against it, if something does.
async fn stop_and_delete(
    ironic: &Baremetal,
    id: &str,
    stays: impl Fn(&Node) -> Option<Found>,
) -> Result<Option<Found>, Error> {
    let mut node = ironic.node(id, FIELDS).await?;
    if let Some(why) = stays(&node) {
        return Ok(Some(why));
    }
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
    // It may have become available, and been taken at once.
    if let Some(why) = stays(&node) {
        return Ok(Some(why));
    }
    if is_deletable(&node) {
        match ironic.delete_node(id).await {
            // A server may be configured to keep available nodes.
            Err(Error::BadState(_)) => {}
            deleted => return deleted.map(|()| None),
        }
    }
    ironic.set_maintenance(id, "vbmc clean deletes it").await?;
    ironic.delete_node(id).await.map(|()| None)
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
