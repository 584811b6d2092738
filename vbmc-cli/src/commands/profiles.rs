//! `vbmc profiles`: which profile each node has, and which it could have, by TripleO's rules.

use std::collections::BTreeMap;

use clap::ValueEnum;

use super::lab_args::{CloudArgs, LabArgs};
use super::nodes::{self, Place, warn_of_nothing};
use crate::openstack::baremetal::{Fields, Node, ProvisionState};
use crate::output::{Cell, OutputArgs, Records};

const EXAMPLES: &str = "\
Examples:
  vbmc profiles
  vbmc profiles list                      the same, as TripleO's client has it
  vbmc profiles --all                     also nodes that nothing can be
                                          deployed on, and why not
  vbmc profiles -f json                   for programs

A node's capabilities say it: `profile:compute` is what it is, `control_profile:1` what it could be. Listed are the \
nodes that are available or active, and not in maintenance.";

/// What of a node this takes.
const FIELDS: Fields = Fields::new(&[
    "uuid",
    "name",
    "provision_state",
    "maintenance",
    "maintenance_reason",
    "properties",
]);

/// A capability with this ending says that the node could have the profile named before it.
const POSSIBLE: &str = "_profile";

/// List the nodes' profiles, as TripleO's client does
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Accepted for compatibility
    #[arg(value_name = "list", hide = true)]
    verb: Option<Verb>,

    /// List all nodes, also those that nothing can be deployed on
    #[arg(long)]
    all: bool,

    #[command(flatten)]
    lab: LabArgs,

    #[command(flatten)]
    cloud: CloudArgs,

    #[command(flatten)]
    output: OutputArgs,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Verb {
    List,
}

pub(super) async fn run(args: Args) -> anyhow::Result<()> {
    let output = args.output.resolve()?.strict();
    let baremetal = Place::find(&args.lab, &args.cloud)?.connect().await?;
    let nodes = baremetal.nodes(FIELDS).await?;
    warn_of_nothing(&baremetal, &nodes).await?;
    if !args.all && !nodes.is_empty() && nodes.iter().all(|node| problem(node).is_some()) {
        tracing::info!(
            "none of the nodes is available or active, and out of maintenance; --all lists them, and says why"
        );
    }
    output.print(records(nodes, args.all))
}

fn records(mut nodes: Vec<Node>, all: bool) -> Records {
    nodes::sort(&mut nodes);
    let rows = nodes.iter().filter_map(|node| {
        let problem = problem(node);
        if problem.is_some() && !all {
            return None;
        }
        let (current, possible) = profiles(node);
        let mut row = vec![
            Cell::text(&node.uuid),
            Cell::text(node.name.as_deref().unwrap_or_default()),
            Cell::text(node.provision_state.as_str()),
            Cell::optional(current),
            Cell::Text(possible.join(", ")),
        ];
        if all {
            row.push(Cell::Text(problem.unwrap_or_default()));
        }
        Some(row)
    });
    const COLUMNS: [&str; 5] = [
        "Node UUID",
        "Node Name",
        "Provision State",
        "Current Profile",
        "Possible Profiles",
    ];
    if all {
        let [a, b, c, d, e] = COLUMNS;
        Records::new([a, b, c, d, e, "Error"], rows)
    } else {
        Records::new(COLUMNS, rows)
    }
}

/// Why nothing can be deployed on a node.
fn problem(node: &Node) -> Option<String> {
    if node.maintenance {
        let reason = node.maintenance_reason.as_deref();
        return Some(match reason {
            None | Some("") => "in maintenance".to_owned(),
            Some(reason) => format!("in maintenance: {reason}"),
        });
    }
    match node.provision_state {
        ProvisionState::Available | ProvisionState::Active => None,
        _ => Some("neither available nor active".to_owned()),
    }
}

/// The profile that a node has, and those that it could have.
fn profiles(node: &Node) -> (Option<&str>, Vec<&str>) {
    let capabilities: BTreeMap<_, _> = node
        .properties
        .get("capabilities")
        .and_then(|capabilities| capabilities.as_str())
        .unwrap_or_default()
        .split(',')
        .filter_map(|capability| capability.split_once(':'))
        .collect();
    let possible = capabilities.iter().filter_map(|(name, value)| {
        let profile = name.strip_suffix(POSSIBLE)?;
        matches!(value.to_lowercase().as_str(), "1" | "true").then_some(profile)
    });
    (capabilities.get("profile").copied(), possible.collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn node(name: &str, state: &str, capabilities: &str, maintenance: bool) -> Node {
        serde_json::from_value(json!({
            "uuid": format!("uuid-{name}"),
            "name": name,
            "provision_state": state,
            "maintenance": maintenance,
            "properties": {"capabilities": capabilities},
        }))
        .unwrap()
    }

    #[test]
    fn capabilities_say_what_a_node_is_and_could_be() {
        let profiles = |capabilities| {
            let node = node("a", "available", capabilities, false);
            let (current, possible) = profiles(&node);
            (current.map(str::to_owned), possible.join(" "))
        };
        assert_eq!(profiles(""), (None, String::new()));
        assert_eq!(
            profiles(
                "boot_option:local,profile:compute,swift_profile:True,control_profile:1,ceph_profile:0"
            ),
            (Some("compute".to_owned()), "control swift".to_owned())
        );
        assert_eq!(profiles("broken,profile:a:b").0.as_deref(), Some("a:b"));
    }

    #[test]
    fn nodes_that_nothing_can_be_deployed_on_are_left_out_or_explained() {
        let nodes = || {
            vec![
                node("b", "active", "profile:compute", false),
                node("a", "available", "", false),
                node("c", "available", "", true),
                node("d", "inspect wait", "", false),
            ]
        };
        let row = |name: &str, state: &str, profile: Cell, error: Option<&str>| {
            let row = [
                Cell::Text(format!("uuid-{name}")),
                Cell::text(name),
                Cell::text(state),
                profile,
                Cell::text(""),
            ];
            row.into_iter()
                .chain(error.map(Cell::text))
                .collect::<Vec<_>>()
        };
        let columns = [
            "Node UUID",
            "Node Name",
            "Provision State",
            "Current Profile",
            "Possible Profiles",
        ];
        assert_eq!(
            records(nodes(), false),
            Records::new(
                columns,
                [
                    row("a", "available", Cell::Missing, None),
                    row("b", "active", Cell::text("compute"), None),
                ]
            )
        );
        let [a, b, c, d, e] = columns;
        assert_eq!(
            records(nodes(), true),
            Records::new(
                [a, b, c, d, e, "Error"],
                [
                    row("a", "available", Cell::Missing, Some("")),
                    row("b", "active", Cell::text("compute"), Some("")),
                    row("c", "available", Cell::Missing, Some("in maintenance")),
                    row(
                        "d",
                        "inspect wait",
                        Cell::Missing,
                        Some("neither available nor active")
                    ),
                ]
            )
        );
    }
}
