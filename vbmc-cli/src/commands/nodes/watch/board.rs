//! What is known of the nodes, and what has changed. No IO, no clock.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::openstack::baremetal::{Node, PowerState, ProvisionState};

/// Names sort before UUIDs of nodes that have none.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    unnamed: bool,
    name: String,
    uuid: String,
}

/// All nodes as they were last seen.
#[derive(Debug, Default)]
pub(super) struct Board {
    nodes: BTreeMap<Key, Seen>,
    /// Where they come from.
    pub(super) endpoint: String,
    /// When they were seen; none: never.
    pub(super) answered: Option<Timestamp>,
    /// Why there has been no answer since.
    pub(super) trouble: Option<String>,
}

/// One node.
#[derive(Debug)]
pub(super) struct Seen {
    pub(super) node: Node,
    /// When it came into its state, as far as that is known.
    pub(super) entered: Option<Timestamp>,
    /// When we saw it change.
    pub(super) changed: Option<Timestamp>,
}

/// What has become of a node.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Change {
    pub(super) uuid: String,
    pub(super) label: String,
    pub(super) before: Option<Facts>,
    /// None: it is gone.
    pub(super) now: Option<Facts>,
}

/// What of a node is news when it becomes different.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Facts {
    pub(super) provision_state: ProvisionState,
    pub(super) target_provision_state: Option<ProvisionState>,
    pub(super) power_state: Option<PowerState>,
    pub(super) maintenance: bool,
    pub(super) last_error: Option<String>,
}

impl Facts {
    fn of(node: &Node) -> Self {
        Self {
            provision_state: node.provision_state.clone(),
            target_provision_state: node.target_provision_state.clone(),
            power_state: node.power_state.clone(),
            maintenance: node.maintenance,
            last_error: node.last_error.clone(),
        }
    }
}

impl Board {
    /// By name.
    pub(super) fn nodes(&self) -> impl ExactSizeIterator<Item = &Seen> {
        self.nodes.values()
    }

    /// Takes the nodes as they are now, each with the time since when it is in its state.
    pub(super) fn answered(
        &mut self,
        at: Timestamp,
        endpoint: &str,
        mut nodes: Vec<(Option<Timestamp>, Node)>,
    ) -> Vec<Change> {
        nodes.sort_by_cached_key(|(_, node)| key(node));
        let is_first = self.answered.replace(at).is_none();
        self.trouble = None;
        endpoint.clone_into(&mut self.endpoint);
        let mut changes = Vec::new();
        let mut before = std::mem::take(&mut self.nodes);
        for (since, node) in nodes {
            let key = key(&node);
            let old = before.remove(&key);
            let now = Facts::of(&node);
            let was = old.as_ref().map(|old| Facts::of(&old.node));
            let is_news = was.as_ref() != Some(&now);
            let stayed = was
                .as_ref()
                .is_some_and(|was| was.provision_state == now.provision_state);
            let seen = Seen {
                entered: match &old {
                    // The clocks' difference is measured anew each time: the time in a state must not jump with it.
                    Some(old) if stayed && old.entered.is_some() => old.entered,
                    Some(_) if !stayed => since.or(Some(at)),
                    _ => since,
                },
                changed: match &old {
                    _ if is_first => None,
                    Some(old) if !is_news => old.changed,
                    _ => Some(at),
                },
                node,
            };
            if is_news {
                changes.push(Change {
                    uuid: seen.node.uuid.clone(),
                    label: seen.node.label().to_owned(),
                    before: was,
                    now: Some(now),
                });
            }
            self.nodes.insert(key, seen);
        }
        changes.extend(before.into_values().map(|gone| Change {
            uuid: gone.node.uuid.clone(),
            label: gone.node.label().to_owned(),
            before: Some(Facts::of(&gone.node)),
            now: None,
        }));
        changes
    }

    /// Nobody answered.
    pub(super) fn silent(&mut self, why: String) {
        self.trouble = Some(why);
    }
}

fn key(node: &Node) -> Key {
    Key {
        unnamed: node.name.is_none(),
        name: node.name.clone().unwrap_or_default(),
        uuid: node.uuid.clone(),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use serde_json::json;

    use super::*;

    pub(in super::super) fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    pub(in super::super) fn node(name: &str, state: &str, error: Option<&str>) -> Node {
        serde_json::from_value(json!({
            "uuid": format!("uuid-{name}"),
            "name": name,
            "provision_state": state,
            "power_state": "power on",
            "last_error": error,
        }))
        .unwrap()
    }

    fn told(changes: &[Change]) -> Vec<String> {
        let state = |facts: &Option<Facts>| {
            let state = facts
                .as_ref()
                .map(|facts| facts.provision_state.to_string());
            state.unwrap_or_else(|| "-".to_owned())
        };
        let told = |change: &Change| {
            format!(
                "{} {}>{}",
                change.label,
                state(&change.before),
                state(&change.now)
            )
        };
        changes.iter().map(told).collect()
    }

    #[test]
    fn only_what_differs_is_a_change() {
        let mut board = Board::default();
        let first = board.answered(
            at(10),
            "",
            vec![
                (Some(at(3)), node("b", "enroll", None)),
                (None, node("a", "enroll", None)),
            ],
        );
        assert_eq!(told(&first), ["a ->enroll", "b ->enroll"]);
        let second = board.answered(
            at(11),
            "",
            vec![
                (Some(at(4)), node("b", "enroll", None)),
                (None, node("a", "verifying", None)),
            ],
        );
        assert_eq!(told(&second), ["a enroll>verifying"]);
        let third = board.answered(
            at(12),
            "",
            vec![(None, node("a", "verifying", Some("no BMC")))],
        );
        assert_eq!(told(&third), ["a verifying>verifying", "b enroll>-"]);
        assert_eq!(
            third[0].now.as_ref().unwrap().last_error.as_deref(),
            Some("no BMC")
        );
    }

    #[test]
    fn the_time_in_a_state_stays_with_the_state() {
        let mut board = Board::default();
        let mut entered = |second, since: Option<i64>, state: &str| {
            board.answered(
                at(second),
                "",
                vec![(since.map(at), node("a", state, None))],
            );
            let seen = board.nodes().next().unwrap();
            (seen.entered, seen.changed)
        };
        assert_eq!(entered(10, Some(3), "enroll"), (Some(at(3)), None));
        assert_eq!(
            entered(11, Some(4), "enroll"),
            (Some(at(3)), None),
            "clocks drift"
        );
        assert_eq!(entered(12, None, "verifying"), (Some(at(12)), Some(at(12))));
        assert_eq!(
            entered(14, Some(13), "manageable"),
            (Some(at(13)), Some(at(14)))
        );
        assert_eq!(
            entered(15, Some(13), "manageable"),
            (Some(at(13)), Some(at(14)))
        );
    }

    #[test]
    fn silence_leaves_what_was_seen() {
        let mut board = Board::default();
        board.silent("refused".to_owned());
        assert_eq!(board.answered, None);
        board.answered(at(10), "http://a", vec![(None, node("a", "enroll", None))]);
        assert_eq!(board.trouble, None);
        board.silent("refused".to_owned());
        assert_eq!((board.answered, board.nodes().len()), (Some(at(10)), 1));
    }
}
