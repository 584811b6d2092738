//! A dry run: what would be done with each node, from registering it to making it available.

use futures_util::{StreamExt as _, stream};

use super::{AT_ONCE, Changes, Plan, SentSecrets, subject, to_send};
use crate::lab::Run;
use crate::lab::introspect::save;
use crate::lab::introspect::server::Server;
use crate::lab::inventory::NodeSpec;
use crate::lab::report::Outcome;
use crate::openstack::Error;
use crate::openstack::baremetal::ProvisionState;

/// What a run would do beyond registering nodes.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Intent {
    /// Inspect also what was inspected before.
    pub(in super::super) again: bool,
    pub(in super::super) clean: bool,
    pub(in super::super) provide: bool,
}

/// Says what would be done with each node. Asks Ironic alone, and changes nothing.
pub(super) async fn foretell(
    run: &Run,
    server: &Server,
    plans: &[(NodeSpec, Plan)],
    sent: &SentSecrets,
    intent: Intent,
) {
    let mut found = stream::iter(plans)
        .map(async |(spec, plan)| (spec, plan, is_inspected(server, plan, intent).await))
        .buffered(AT_ONCE);
    while let Some((spec, plan, inspected)) = found.next().await {
        let (outcome, detail) = match inspected {
            Ok(inspected) => would(plan, sent, inspected, intent),
            Err(error) => (Outcome::Failed, format!("cannot be looked at: {error}")),
        };
        run.report.outcome(&subject(spec), outcome, detail);
    }
}

/// Whether Ironic keeps what an inspection before has found, and that is to count.
async fn is_inspected(server: &Server, plan: &Plan, intent: Intent) -> Result<bool, Error> {
    match plan {
        Plan::Update { uuid, state, .. } if !intent.again && may_be_inspected(state) => {
            Ok(save::fetch(server, uuid).await?.is_some())
        }
        _ => Ok(false),
    }
}

/// Elsewhere, what was found before counts no more, or is about to be replaced.
fn may_be_inspected(state: &ProvisionState) -> bool {
    matches!(
        state,
        ProvisionState::Manageable
            | ProvisionState::Available
            | ProvisionState::Cleaning
            | ProvisionState::CleanWait
            | ProvisionState::CleanFailed
    )
}

/// Whether a run has anything to do with nodes in this state.
fn is_before_use(state: &ProvisionState) -> bool {
    may_be_inspected(state)
        || matches!(
            state,
            ProvisionState::Enroll
                | ProvisionState::Verifying
                | ProvisionState::Inspecting
                | ProvisionState::InspectWait
                | ProvisionState::InspectFailed
        )
}

fn would(plan: &Plan, sent: &SentSecrets, inspected: bool, intent: Intent) -> (Outcome, String) {
    let mut steps = Vec::new();
    let state = match plan {
        Plan::Create(_) => {
            steps.push("registered".to_owned());
            None
        }
        Plan::Update {
            uuid,
            changes,
            verified,
            state,
            held,
            ..
        } => {
            let ops = to_send(uuid, changes, *verified, sent);
            if !ops.is_empty() {
                steps.push(format!("updated ({})", Changes::names(&ops)));
            }
            if *held || !is_before_use(state) {
                let why = match held {
                    true => "it is in maintenance".to_owned(),
                    false => format!("it is {state}"),
                };
                return match steps.is_empty() {
                    true => (Outcome::Skipped, format!("would be left as it is: {why}")),
                    false => (
                        Outcome::WouldChange,
                        format!("would be {}, and not inspected: {why}", steps.join(", ")),
                    ),
                };
            }
            Some(state)
        }
    };
    if !(inspected && state == Some(&ProvisionState::Available)) {
        let ahead = [
            (!inspected, "inspected"),
            (intent.clean, "cleaned"),
            (intent.provide, "provided"),
        ];
        steps.extend(
            ahead
                .into_iter()
                .filter(|(does, _)| *does)
                .map(|(_, word)| word.to_owned()),
        );
    }
    match (&*steps, state) {
        ([], Some(state)) => (
            Outcome::Unchanged,
            format!("registered as the inventory has it, inspected before, and {state}"),
        ),
        _ => (
            Outcome::WouldChange,
            format!("would be {}", steps.join(", ")),
        ),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::tests::spec;
    use super::*;
    use crate::openstack::baremetal::Node;

    const ALL: Intent = Intent {
        again: false,
        clean: true,
        provide: true,
    };

    fn told(state: ProvisionState, held: bool, inspected: bool, intent: Intent) -> String {
        let dir = tempfile::tempdir().unwrap();
        let node: Node = serde_json::from_value(json!({"uuid": "u", "driver": "ipmi"})).unwrap();
        let plan = Plan::Update {
            uuid: "u".to_owned(),
            changes: Changes::between(&spec(json!({})), &node),
            busy: None,
            verified: true,
            ours: true,
            state,
            held,
        };
        let (outcome, detail) = would(&plan, &SentSecrets::load(dir.path()), inspected, intent);
        format!("{outcome:?}: {detail}")
    }

    #[test]
    fn a_node_is_told_with_all_that_lies_ahead_of_it() {
        let provide = Intent {
            clean: false,
            ..ALL
        };
        assert_eq!(
            told(ProvisionState::Manageable, false, false, ALL),
            "WouldChange: would be inspected, cleaned, provided"
        );
        assert_eq!(
            told(ProvisionState::InspectFailed, false, false, provide),
            "WouldChange: would be inspected, provided"
        );
        assert_eq!(
            told(ProvisionState::Manageable, false, true, provide),
            "WouldChange: would be provided"
        );
        assert_eq!(
            told(ProvisionState::Available, false, true, ALL),
            "Unchanged: registered as the inventory has it, inspected before, and available"
        );
        assert_eq!(
            told(ProvisionState::Available, false, false, provide),
            "WouldChange: would be inspected, provided"
        );
    }

    #[test]
    fn a_node_that_is_left_alone_is_told_with_the_reason() {
        assert_eq!(
            told(ProvisionState::Active, false, false, ALL),
            "Skipped: would be left as it is: it is active"
        );
        assert_eq!(
            told(ProvisionState::Manageable, true, false, ALL),
            "Skipped: would be left as it is: it is in maintenance"
        );
    }
}
