//! Makes and changes nodes. A request whose answer was lost is asked about before it is sent again.

use super::change::Changes;
use super::sent::SentSecrets;
use super::{FIELDS, Member, Plan, port, to_send};
use crate::lab::inventory::NodeSpec;
use crate::lab::report::Outcome;
use crate::openstack::Error;
use crate::openstack::baremetal::{Baremetal, NewNode, Node, PatchOp, ProvisionState};

/// How often a node is made whose request got no answer and was not done.
const CREATIONS: u32 = 3;

/// What became of one node.
pub(super) struct Done {
    pub(super) member: Member,
    /// The passwords that Ironic has now.
    pub(super) secrets: Vec<PatchOp>,
    pub(super) outcome: Outcome,
    pub(super) detail: String,
    pub(super) warning: Option<String>,
}

/// Makes a node, or changes it.
pub(super) async fn carry_out(
    ironic: &Baremetal,
    sent: &SentSecrets,
    spec: NodeSpec,
    plan: Plan,
) -> Done {
    let (uuid, ours) = match &plan {
        Plan::Create(node) => (node.uuid.clone().unwrap_or_default(), true),
        Plan::Update { uuid, ours, .. } => (uuid.clone(), *ours),
    };
    let mut done = Done {
        member: Member { uuid, spec, ours },
        secrets: Vec::new(),
        outcome: Outcome::Unchanged,
        detail: String::new(),
        warning: None,
    };
    let result = match plan {
        Plan::Create(node) => create(ironic, node, &mut done).await,
        Plan::Update {
            changes,
            busy,
            verified,
            ..
        } => update(ironic, sent, changes, busy, verified, &mut done).await,
    };
    if let Err(error) = result {
        done.outcome = Outcome::Failed;
        done.detail = format!("cannot be registered: {error}");
    }
    done
}

async fn create(ironic: &Baremetal, node: NewNode, done: &mut Done) -> Result<(), Error> {
    let made = match create_surely(ironic, &node).await {
        Err(Error::Refused(answer)) if done.member.spec.is_manual() => {
            let mut node = node;
            if done.member.spec.interfaces.contains_key("power_interface")
                || node.interfaces.remove("power_interface").is_none()
            {
                return Err(Error::Refused(answer));
            }
            done.warning = Some(
                "Ironic has no power interface `fake` for machines that only the operator can switch, and tries its \
                 own; add it to enabled_power_interfaces in ironic.conf if that fails"
                    .to_owned(),
            );
            create_surely(ironic, &node).await?
        }
        made => made?,
    };
    for port in &done.member.spec.ports {
        port::ensure(ironic, &made.uuid, &[], port).await?;
    }
    // What is shown as asterisks is what will have to be compared.
    done.secrets = Changes::between(&done.member.spec, &made).secrets;
    done.member.uuid = made.uuid;
    done.outcome = Outcome::Changed;
    done.detail = "registered".to_owned();
    Ok(())
}

/// Makes a node also when an answer is lost.
async fn create_surely(ironic: &Baremetal, node: &NewNode) -> Result<Node, Error> {
    let mut tries = 0;
    loop {
        tries += 1;
        let lost = match ironic.create_node(node).await {
            Err(error @ Error::Interrupted { .. }) => error,
            result => return result,
        };
        match ironic
            .node(node.uuid.as_deref().unwrap_or(""), FIELDS)
            .await
        {
            Err(Error::NotFound(_)) if tries < CREATIONS => {}
            Err(Error::NotFound(_)) => return Err(lost),
            result => return result,
        }
    }
}

async fn update(
    ironic: &Baremetal,
    sent: &SentSecrets,
    changes: Changes,
    busy: Option<ProvisionState>,
    verified: bool,
    done: &mut Done,
) -> Result<(), Error> {
    let uuid = done.member.uuid.clone();
    let ops = to_send(&uuid, &changes, verified, sent);
    if let Some(state) = busy {
        // Passwords that may be the same are no reason to bother anybody.
        if !changes.ops.is_empty() {
            done.warning = Some(format!(
                "cannot be updated while it is {state} ({}); run this again later",
                Changes::names(&changes.ops)
            ));
        }
        done.detail = "registered before".to_owned();
        if sent.has(&uuid, &changes.secrets) {
            done.secrets = changes.secrets;
        }
        return Ok(());
    }
    let mut changed = Changes::names(&ops);
    if !ops.is_empty() {
        ironic.patch_node(&uuid, &ops).await?;
    }
    let there = ironic.ports(&uuid).await?;
    for port in &done.member.spec.ports {
        if let Some(what) = port::ensure(ironic, &uuid, &there, port).await? {
            if !changed.is_empty() {
                changed.push_str(", ");
            }
            changed.push_str(&what);
        }
    }
    done.secrets = changes.secrets;
    if changed.is_empty() {
        done.detail = "registered before".to_owned();
    } else {
        done.outcome = Outcome::Changed;
        done.detail = format!("updated: {changed}");
    }
    Ok(())
}
