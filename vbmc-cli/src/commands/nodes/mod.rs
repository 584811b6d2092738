//! `vbmc nodes`: Ironic's nodes, once or live.
//!
//! | Module | What lives there |
//! |---|---|
//! | this one | the options, and the list |
//! | [`watch`] | `--watch`: asking again and again, and showing what changes |

mod watch;

use std::time::Duration;

use anyhow::{Context, bail};

use super::lab_args::{CloudArgs, LabArgs};
use crate::lab::MARK;
use crate::lab::config::Address;
use crate::openstack::baremetal::{
    Baremetal, Fields, Node, PROVISION_STATES, PowerState, ProvisionState,
};
use crate::openstack::cloud::Choice;
use crate::openstack::{Error, Session};
use crate::output::{Cell, OutputArgs, Records};

const EXAMPLES: &str = "\
Examples:
  vbmc nodes                              every node of the cloud
  vbmc nodes --watch                      live; q or Ctrl-C ends it
  vbmc nodes --mine                       the nodes that this lab has made
  vbmc nodes --provision-state available -f value -c name
  vbmc nodes --watch -f json              an object for each change
  OS_CLOUD=lab vbmc nodes --long

Columns and formats are those of `openstack baremetal node list`; the nodes are sorted by name. Which cloud is meant \
is said by --os-cloud, or else by lab.toml (in the current directory or --lab), or else by OS_CLOUD with clouds.yaml, or \
the other OS_* variables.";

/// A server has other things to do too.
const SOONEST: Duration = Duration::from_millis(100);

/// What of a node a list takes, and a watch.
const FIELDS: Fields = Fields::new(&[
    "uuid",
    "name",
    "instance_uuid",
    "power_state",
    "target_power_state",
    "provision_state",
    "target_provision_state",
    "provision_updated_at",
    "maintenance",
    "maintenance_reason",
    "last_error",
    "extra",
]);

/// That, and what `--long` shows.
const LONG_FIELDS: Fields = Fields::new(&[
    "uuid",
    "name",
    "instance_uuid",
    "driver",
    "resource_class",
    "power_state",
    "target_power_state",
    "provision_state",
    "target_provision_state",
    "provision_updated_at",
    "maintenance",
    "maintenance_reason",
    "fault",
    "reservation",
    "last_error",
    "extra",
]);

/// List Ironic's nodes, once or live
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Show changes as they happen; ask every so many seconds
    #[arg(
        long,
        value_name = "SECONDS",
        num_args = 0..=1,
        default_missing_value = "1",
        value_parser = seconds,
        conflicts_with_all = ["column", "sort_column", "long"]
    )]
    watch: Option<Duration>,

    /// Show the nodes in this state only, such as `available`
    #[arg(long, value_name = "STATE", value_parser = state)]
    provision_state: Option<ProvisionState>,

    /// Show the nodes that this lab has made only
    #[arg(long)]
    mine: bool,

    /// Show more of each node: driver, targets, why it is in maintenance, last error
    #[arg(long)]
    long: bool,

    #[command(flatten)]
    lab: LabArgs,

    #[command(flatten)]
    cloud: CloudArgs,

    #[command(flatten)]
    output: OutputArgs,
}

/// Which nodes are meant.
#[derive(Debug, Clone, Default)]
struct Filter {
    state: Option<ProvisionState>,
    /// The name of the lab that made them.
    lab: Option<String>,
}

impl Filter {
    fn keep(&self, nodes: &mut Vec<Node>) {
        nodes.retain(|node| {
            let state = self.state.as_ref();
            let made_by = node.extra.get(MARK).and_then(|lab| lab.as_str());
            state.is_none_or(|state| *state == node.provision_state)
                && (self.lab.is_none() || self.lab.as_deref() == made_by)
        });
    }
}

/// A lab, where there is one, and how to get at its cloud.
#[derive(Debug)]
pub(super) struct Place {
    lab: Option<Address>,
    choice: Choice,
}

impl Place {
    pub(super) fn find(lab: &LabArgs, cloud: &CloudArgs) -> anyhow::Result<Self> {
        let lab = lab.found()?.map(|dir| Address::load(&dir)).transpose()?;
        let choice = Choice {
            // Who looks wants an answer now, or to know that there is none.
            patience: Duration::ZERO,
            ..cloud.choice(lab.as_ref().map(|lab| &lab.cloud))
        };
        Ok(Self { lab, choice })
    }

    pub(super) async fn connect(&self) -> Result<Baremetal, Error> {
        connect(&self.choice).await
    }
}

async fn connect(choice: &Choice) -> Result<Baremetal, Error> {
    let session = Session::open(choice, |wait| tracing::debug!("{wait}")).await?;
    session.baremetal().await
}

pub(super) async fn run(args: Args) -> anyhow::Result<()> {
    let mut output = args.output.resolve()?.strict();
    // What python-ironicclient called it before its version 6.
    output.rename("Provisioning State", "provision_state");
    let place = Place::find(&args.lab, &args.cloud)?;
    let filter = Filter {
        state: args.provision_state,
        lab: match (args.mine, &place.lab) {
            (false, _) => None,
            (true, Some(lab)) => Some(lab.name.clone()),
            (true, None) => bail!("--mine needs a lab: name it with --lab DIR or VBMC_LAB"),
        },
    };
    if let Some(every) = args.watch {
        return watch::run(place.choice, every, filter, &output).await;
    }
    let baremetal = place.connect().await?;
    let fields = if args.long { LONG_FIELDS } else { FIELDS };
    let mut nodes = baremetal.nodes(fields).await?;
    warn_of_nothing(&baremetal, &nodes).await?;
    filter.keep(&mut nodes);
    output.print(records(nodes, args.long))
}

/// An empty list may be a matter of rights rather than of nodes.
pub(super) async fn warn_of_nothing(baremetal: &Baremetal, nodes: &[Node]) -> anyhow::Result<()> {
    if nodes.is_empty()
        && let Some(why) = baremetal.why_no_nodes().await?
    {
        tracing::warn!("no nodes: {why}");
    }
    Ok(())
}

/// By name; those without one come last.
pub(super) fn sort(nodes: &mut [Node]) {
    nodes.sort_by(|a, b| order(a).cmp(&order(b)));
}

fn order(node: &Node) -> (bool, Option<&str>, &str) {
    (node.name.is_none(), node.name.as_deref(), &node.uuid)
}

fn records(mut nodes: Vec<Node>, long: bool) -> Records {
    sort(&mut nodes);
    let state = |state: Option<&ProvisionState>| Cell::optional(state.map(ProvisionState::as_str));
    let power = |power: Option<&PowerState>| Cell::optional(power.map(PowerState::as_str));
    if !long {
        let rows = nodes.into_iter().map(|node| {
            vec![
                Cell::Text(node.uuid),
                Cell::optional(node.name),
                Cell::optional(node.instance_uuid),
                power(node.power_state.as_ref()),
                state(Some(&node.provision_state)),
                Cell::Bool(node.maintenance),
            ]
        });
        return Records::new(
            [
                "uuid",
                "name",
                "instance_uuid",
                "power_state",
                "provision_state",
                "maintenance",
            ],
            rows,
        );
    }
    let rows = nodes.into_iter().map(|node| {
        vec![
            Cell::Text(node.uuid),
            Cell::optional(node.name),
            Cell::Text(node.driver),
            Cell::optional(node.resource_class),
            Cell::optional(node.instance_uuid),
            power(node.power_state.as_ref()),
            power(node.target_power_state.as_ref()),
            state(Some(&node.provision_state)),
            state(node.target_provision_state.as_ref()),
            Cell::optional(node.provision_updated_at.map(|at| at.to_string())),
            Cell::Bool(node.maintenance),
            Cell::optional(node.maintenance_reason),
            Cell::optional(node.fault),
            Cell::optional(node.reservation),
            Cell::optional(node.last_error),
        ]
    });
    Records::new(
        [
            "uuid",
            "name",
            "driver",
            "resource_class",
            "instance_uuid",
            "power_state",
            "target_power_state",
            "provision_state",
            "target_provision_state",
            "provision_updated_at",
            "maintenance",
            "maintenance_reason",
            "fault",
            "reservation",
            "last_error",
        ],
        rows,
    )
}

fn state(text: &str) -> anyhow::Result<ProvisionState> {
    match ProvisionState::from(text.to_owned()) {
        ProvisionState::Other(_) => bail!("the states are: {}", PROVISION_STATES.join(", ")),
        state => Ok(state),
    }
}

fn seconds(text: &str) -> anyhow::Result<Duration> {
    let seconds: f64 = text.parse().context("not a number of seconds")?;
    match Duration::try_from_secs_f64(seconds) {
        Ok(duration) if duration >= SOONEST => Ok(duration),
        _ => bail!("at least {} s", SOONEST.as_secs_f64()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn node(name: Option<&str>, state: &str, lab: Option<&str>) -> Node {
        serde_json::from_value(json!({
            "uuid": format!("uuid-{}", name.unwrap_or_default()),
            "name": name,
            "provision_state": state,
            "power_state": null,
            "extra": {"vbmc_lab": lab},
        }))
        .unwrap()
    }

    #[test]
    fn nodes_are_sorted_by_name() {
        let nodes = vec![
            node(None, "enroll", None),
            node(Some("b"), "available", None),
            node(Some("a"), "available", None),
        ];
        let row = |name: &str, cell: Cell, state| {
            vec![
                Cell::Text(format!("uuid-{name}")),
                cell,
                Cell::Missing,
                Cell::Missing,
                Cell::text(state),
                Cell::Bool(false),
            ]
        };
        assert_eq!(
            records(nodes, false),
            Records::new(
                [
                    "uuid",
                    "name",
                    "instance_uuid",
                    "power_state",
                    "provision_state",
                    "maintenance"
                ],
                [
                    row("a", Cell::text("a"), "available"),
                    row("b", Cell::text("b"), "available"),
                    row("", Cell::Missing, "enroll"),
                ]
            )
        );
    }

    #[test]
    fn a_filter_keeps_a_state_or_what_a_lab_has_made() {
        let kept = |state: Option<&str>, lab: Option<&str>| {
            let mut nodes = vec![
                node(Some("a"), "available", Some("mine")),
                node(Some("b"), "available", Some("other")),
                node(Some("c"), "inspect wait", Some("mine")),
                node(Some("d"), "available", None),
            ];
            let filter = Filter {
                state: state.map(|text| self::state(text).unwrap()),
                lab: lab.map(str::to_owned),
            };
            filter.keep(&mut nodes);
            nodes
                .iter()
                .map(|node| node.label().to_owned())
                .collect::<String>()
        };
        assert_eq!(kept(None, None), "abcd");
        assert_eq!(kept(Some("available"), None), "abd");
        assert_eq!(kept(None, Some("mine")), "ac");
        assert_eq!(kept(Some("available"), Some("mine")), "a");
    }

    #[test]
    fn a_state_that_ironic_does_not_know_is_told_with_those_that_it_knows() {
        assert_eq!(state("wait call-back").unwrap(), ProvisionState::DeployWait);
        let told = state("avialable").unwrap_err().to_string();
        assert!(
            told.contains("available, inspecting, inspect wait"),
            "{told}"
        );
    }

    #[test]
    fn nobody_watches_a_thousand_times_a_second() {
        assert_eq!(seconds("0.5").unwrap(), Duration::from_millis(500));
        assert_eq!(seconds("3").unwrap(), Duration::from_secs(3));
        for text in ["0", "0.05", "-1", "nan", "x", "1e300"] {
            assert!(seconds(text).is_err(), "{text}");
        }
    }
}
