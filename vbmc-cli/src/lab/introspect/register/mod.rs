//! Registering the inventory: nodes and ports are made where Ironic has none, and changed where they differ.
//!
//! | Module | What lives there |
//! |---|---|
//! | `find` | which of Ironic's nodes is meant |
//! | `foretell` | a dry run: what would be done |
//! | `change` | what of it differs |
//! | `carry_out` | makes and changes nodes, also when answers are lost |
//! | `sent` | which passwords it was given |
//! | `port` | its network cards |

mod carry_out;
mod change;
mod find;
mod foretell;
mod port;
mod sent;
#[cfg(test)]
pub(super) mod tests;

use futures_util::StreamExt as _;
use futures_util::stream;
use serde_json::Value;

use self::carry_out::{Done, carry_out};
use self::change::Changes;
use self::find::Registered;
pub(super) use self::foretell::Intent;
pub(crate) use self::sent::SentSecrets;
use super::server::Server;
use crate::lab::inventory::NodeSpec;
use crate::lab::manifest::InCloud;
use crate::lab::report::{Kind, Outcome, Subject};
use crate::lab::{MARK, Run};
use crate::openstack::Error;
use crate::openstack::baremetal::{Baremetal, Fields, NewNode, PatchOp, ProvisionState};

/// Nodes that are registered at the same time.
const AT_ONCE: usize = 8;

/// All that is compared.
const FIELDS: Fields = Fields::new(&[
    "uuid",
    "name",
    "driver",
    "provision_state",
    "target_provision_state",
    "provision_updated_at",
    "reservation",
    "maintenance",
    "fault",
    "driver_info",
    "properties",
    "extra",
    "resource_class",
    "conductor_group",
    "bios_interface",
    "boot_interface",
    "console_interface",
    "deploy_interface",
    "firmware_interface",
    "inspect_interface",
    "management_interface",
    "network_interface",
    "power_interface",
    "raid_interface",
    "rescue_interface",
    "storage_interface",
    "vendor_interface",
]);

/// A node as it is registered now.
#[derive(Debug, Clone)]
pub(super) struct Member {
    pub(super) uuid: String,
    pub(super) spec: NodeSpec,
    /// Whether this lab made it.
    pub(super) ours: bool,
}

impl Member {
    pub(super) fn subject(&self) -> Subject {
        subject(&self.spec)
    }
}

fn subject(spec: &NodeSpec) -> Subject {
    Subject::new(Kind::Node, spec.label())
}

/// What is to be done with one node of the inventory.
#[derive(Debug)]
enum Plan {
    Create(NewNode),
    Update {
        uuid: String,
        changes: Changes,
        /// Why it can't be changed now.
        busy: Option<ProvisionState>,
        /// Whether its BMC has been logged in to with the password that it has.
        verified: bool,
        ours: bool,
        state: ProvisionState,
        /// Whether somebody keeps it in maintenance.
        held: bool,
    },
}

/// Registers all nodes, as far as that is possible; those it is not possible for are reported and left out.
pub(super) async fn register(
    run: &mut Run,
    server: &Server,
    specs: Vec<NodeSpec>,
    intent: Intent,
) -> anyhow::Result<Vec<Member>> {
    run.report.phase("Registering nodes");
    let registered = read(&server.ironic, &specs).await?;
    let mut sent = SentSecrets::load(&run.lab.workspace);
    let mut plans = Vec::new();
    for spec in specs {
        match plan(run, &registered, &spec) {
            Ok(plan) => plans.push((spec, plan)),
            Err(why) => run.report.outcome(&subject(&spec), Outcome::Failed, why),
        }
    }
    if run.dry_run {
        foretell::foretell(run, server, &plans, &sent, intent).await;
        return Ok(Vec::new());
    }
    remember_before(run, server, &registered, &plans)?;
    let done: Vec<_> = stream::iter(plans)
        .map(|(spec, plan)| carry_out(&server.ironic, &sent, spec, plan))
        .buffered(AT_ONCE)
        .collect()
        .await;
    let mut members = Vec::new();
    for Done {
        member,
        secrets,
        outcome,
        detail,
        warning,
    } in done
    {
        if let Some(warning) = warning {
            run.report.warning(&member.subject(), warning);
        }
        run.report.outcome(&member.subject(), outcome, detail);
        if outcome == Outcome::Failed {
            continue;
        }
        sent.remember(&member.uuid, &secrets)?;
        members.push(member);
    }
    Ok(members)
}

/// What Ironic has, as far as it could be ours.
async fn read(ironic: &Baremetal, specs: &[NodeSpec]) -> Result<Registered, Error> {
    let nodes = ironic.nodes(FIELDS).await?;
    let macs = specs.iter().flat_map(|spec| &spec.ports);
    let macs: Vec<_> = macs.map(|port| port.address.as_str().to_owned()).collect();
    let mut registered = Registered {
        nodes,
        ..Registered::default()
    };
    let mut ports = stream::iter(macs)
        .map(async |mac| ironic.port_by_address(&mac).await)
        .buffer_unordered(AT_ONCE);
    while let Some(port) = ports.next().await {
        if let Some(port) = port? {
            let mac = port.address.to_ascii_lowercase();
            registered.owners.insert(mac, port.node_uuid);
        }
    }
    Ok(registered)
}

fn plan(run: &Run, registered: &Registered, spec: &NodeSpec) -> Result<Plan, String> {
    let Some(node) = registered.find(spec)? else {
        return Ok(Plan::Create(new_node(&run.lab.name, spec)));
    };
    let state = &node.provision_state;
    Ok(Plan::Update {
        uuid: node.uuid.clone(),
        changes: Changes::between(spec, node),
        busy: (!is_changeable(state) || node.reservation.is_some()).then(|| state.clone()),
        verified: *state != ProvisionState::Enroll,
        ours: node.extra.get(MARK).and_then(Value::as_str) == Some(&*run.lab.name),
        state: state.clone(),
        held: node.maintenance && node.fault.is_none(),
    })
}

fn new_node(lab: &str, spec: &NodeSpec) -> NewNode {
    let mut extra = spec.extra.clone();
    extra.insert(MARK.to_owned(), lab.into());
    let mut interfaces = spec.interfaces.clone();
    if spec.is_manual() {
        // What nobody can switch is switched by the operator: Ironic has to believe it.
        let power = interfaces.entry("power_interface".to_owned());
        power.or_insert_with(|| "fake".to_owned());
    }
    NewNode {
        // Ours, so that a request whose answer was lost can be asked about.
        uuid: Some(spec.uuid.clone().unwrap_or_else(random_uuid)),
        name: spec.name.clone(),
        driver: spec.driver.clone(),
        driver_info: spec.driver_info.clone(),
        properties: spec.properties.clone(),
        extra,
        resource_class: spec.resource_class.clone(),
        conductor_group: spec.conductor_group.clone(),
        interfaces,
    }
}

/// Whether Ironic lets a node be changed. While it works on one, and for one that is in use, it doesn't.
fn is_changeable(state: &ProvisionState) -> bool {
    matches!(
        state,
        ProvisionState::Enroll
            | ProvisionState::Manageable
            | ProvisionState::Available
            | ProvisionState::InspectFailed
            | ProvisionState::CleanFailed
    )
}

/// What must be sent: what differs, and passwords unless Ironic is known to have them.
fn to_send(uuid: &str, changes: &Changes, verified: bool, sent: &SentSecrets) -> Vec<PatchOp> {
    let mut ops = changes.ops.clone();
    if !(verified && sent.has(uuid, &changes.secrets)) {
        ops.extend(changes.secrets.iter().cloned());
    }
    ops
}

/// The manifest knows nodes before they are made: what is interrupted in between can be cleaned too. It also gets
/// back those that carry the lab's mark, and forgets those that somebody has deleted and that are made anew.
fn remember_before(
    run: &mut Run,
    server: &Server,
    registered: &Registered,
    plans: &[(NodeSpec, Plan)],
) -> anyhow::Result<()> {
    let endpoint = server.ironic.endpoint().to_string();
    let entries: Vec<_> = plans
        .iter()
        .filter_map(|(spec, plan)| {
            let id = match plan {
                Plan::Create(node) => node.uuid.clone()?,
                Plan::Update { uuid, ours, .. } => ours.then(|| uuid.clone())?,
            };
            Some(InCloud {
                endpoint: endpoint.clone(),
                id,
                name: spec.label(),
            })
        })
        .collect();
    let is_there = |id: &str| registered.nodes.iter().any(|node| node.uuid == id);
    run.manifest.change(|made| {
        for entry in entries {
            made.nodes.retain(|node| {
                (&node.endpoint, &node.name) != (&entry.endpoint, &entry.name) || is_there(&node.id)
            });
            match made.nodes.iter_mut().find(|node| node.id == entry.id) {
                Some(known) => *known = entry,
                None => made.nodes.push(entry),
            }
        }
    })
}

/// A version 4 UUID.
fn random_uuid() -> String {
    let mut bytes = rand::random::<u128>();
    bytes &= !(0xf << 76) & !(0x3 << 62);
    bytes |= (0x4 << 76) | (0x2 << 62);
    let hex = format!("{bytes:032x}");
    let part = |range: std::ops::Range<usize>| hex.get(range).unwrap_or_default().to_owned();
    [
        part(0..8),
        part(8..12),
        part(12..16),
        part(16..20),
        part(20..32),
    ]
    .join("-")
}
