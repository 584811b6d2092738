//! A line for each change, where there is no terminal, and for programs.

use jiff::Timestamp;
use serde::Serialize;
use tokio::sync::mpsc;

use super::Answer;
use super::board::{Board, Change, Facts};
use crate::openstack::baremetal::{PowerState, ProvisionState};
use crate::output::write_stdout;
use crate::view::one_line;

/// Prints what changes; silence is told on stderr.
pub(super) async fn run(mut answers: mpsc::Receiver<Answer>, json: bool) -> anyhow::Result<()> {
    let mut board = Board::default();
    while let Some(answer) = answers.recv().await {
        let was_silent = board.trouble.is_some();
        let changes = board.take(answer);
        match (&board.trouble, was_silent) {
            (Some(why), false) => tracing::warn!("no answer: {why}; asking on"),
            (None, true) => tracing::warn!("there are answers again"),
            _ => {}
        }
        let at = Timestamp::now();
        let text: String = changes
            .iter()
            .map(|change| {
                if json {
                    object(at, change)
                } else {
                    line(change)
                }
            })
            .collect();
        write_stdout(text.as_bytes())?;
    }
    Ok(())
}

/// `controller: inspecting -> inspect wait, power off -> power on`.
fn line(change: &Change) -> String {
    let name = one_line(&change.label);
    let Some(now) = &change.now else {
        return format!("{name}: gone\n");
    };
    let before = change.before.as_ref();
    let mut news = Vec::new();
    let mut say = |before: Option<String>, now: String| match before {
        None => news.push(now),
        Some(before) if before != now => news.push(format!("{before} -> {now}")),
        Some(_) => {}
    };
    say(
        before.map(|facts| facts.provision_state.to_string()),
        now.provision_state.to_string(),
    );
    say(before.map(power), power(now));
    if now.maintenance != before.is_some_and(|facts| facts.maintenance) {
        news.push(
            if now.maintenance {
                "in maintenance"
            } else {
                "out of maintenance"
            }
            .to_owned(),
        );
    }
    let error = now.last_error.as_deref().unwrap_or_default();
    if !error.is_empty() && before.and_then(|facts| facts.last_error.as_deref()) != Some(error) {
        news.push(one_line(error));
    }
    if news.is_empty() {
        // A target, or an error that is no more.
        return String::new();
    }
    format!("{name}: {}\n", news.join(", "))
}

fn power(facts: &Facts) -> String {
    let power = facts.power_state.as_ref();
    power.map_or_else(|| "power unknown".to_owned(), PowerState::to_string)
}

/// A change as a program reads it.
#[derive(Serialize)]
struct Object<'a> {
    time: Timestamp,
    event: &'static str,
    uuid: &'a str,
    name: &'a str,
    #[serde(flatten)]
    now: Option<State<'a>>,
    before: Option<State<'a>>,
}

#[derive(Serialize)]
struct State<'a> {
    provision_state: &'a ProvisionState,
    target_provision_state: Option<&'a ProvisionState>,
    power_state: Option<&'a PowerState>,
    maintenance: bool,
    last_error: Option<&'a str>,
}

impl<'a> State<'a> {
    fn of(facts: &'a Facts) -> Self {
        Self {
            provision_state: &facts.provision_state,
            target_provision_state: facts.target_provision_state.as_ref(),
            power_state: facts.power_state.as_ref(),
            maintenance: facts.maintenance,
            last_error: facts.last_error.as_deref(),
        }
    }
}

fn object(time: Timestamp, change: &Change) -> String {
    let object = Object {
        time,
        event: if change.now.is_some() { "node" } else { "gone" },
        uuid: &change.uuid,
        name: &change.label,
        now: change.now.as_ref().map(State::of),
        before: change.before.as_ref().map(State::of),
    };
    serde_json::to_string(&object).expect("strings always serialise") + "\n"
}

#[cfg(test)]
mod tests {
    use super::super::board::tests::{at, node};
    use super::*;

    fn changes() -> Vec<Change> {
        let mut board = Board::default();
        let mut changes = board.answered(at(0), "", vec![(None, node("a", "enroll", None))]);
        let mut off = node("a", "verifying", Some("no\nBMC"));
        off.power_state = None;
        off.maintenance = true;
        changes.extend(board.answered(at(1), "", vec![(None, off.clone())]));
        off.last_error = None;
        changes.extend(board.answered(at(2), "", vec![(None, off)]));
        changes.extend(board.answered(at(3), "", vec![]));
        changes
    }

    #[test]
    fn people_read_what_became_of_a_node() {
        let lines: Vec<_> = changes().iter().map(line).collect();
        assert_eq!(
            lines,
            [
                "a: enroll, power on\n",
                "a: enroll -> verifying, power on -> power unknown, in maintenance, no BMC\n",
                "",
                "a: gone\n",
            ]
        );
    }

    #[test]
    fn programs_read_all_of_it() {
        let changes = changes();
        assert_eq!(
            object(at(1), &changes[1]),
            concat!(
                r#"{"time":"1970-01-01T00:00:01Z","event":"node","uuid":"uuid-a","name":"a","#,
                r#""provision_state":"verifying","target_provision_state":null,"power_state":null,"maintenance":true,"#,
                r#""last_error":"no\nBMC","before":{"provision_state":"enroll","target_provision_state":null,"#,
                r#""power_state":"power on","maintenance":false,"last_error":null}}"#,
                "\n"
            )
        );
        assert!(object(at(3), &changes[3]).starts_with(
            r#"{"time":"1970-01-01T00:00:03Z","event":"gone","uuid":"uuid-a","name":"a","before":{"#
        ));
    }
}
