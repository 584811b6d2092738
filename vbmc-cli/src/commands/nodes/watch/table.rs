//! The board as lines of a terminal.

use jiff::{SignedDuration, Timestamp};
use unicode_width::UnicodeWidthStr;

use super::board::{Board, Seen};
use crate::openstack::baremetal::{PowerState, ProvisionState};
use crate::view::paint::{Colours, Row, Style, broken, padded};
use crate::view::{human, one_line};

/// For how long a change is marked.
const FRESH: SignedDuration = SignedDuration::from_secs(3);

const LONGEST_NAME: usize = 36;

/// Names are shortened to this before the state is.
const SHORTEST_NAME: usize = 8;

const UUID: usize = 36;

/// `59 min 59 s`, and mostly less.
const TIME: usize = 11;

/// Between two columns.
const GAP: usize = 2;

/// Before what goes on in another line.
const INDENT: &str = "      ";

/// The lines above the nodes, and the nodes' lines, which may be more than fit.
pub(super) fn rows(board: &Board, now: Timestamp, columns: usize) -> (Vec<Row>, Vec<Row>) {
    let widest = |text: fn(&Seen) -> &str, least: usize| {
        let widths = board.nodes().map(|seen| text(seen).width());
        widths.max().unwrap_or(0).max(least)
    };
    let widths = Widths::fitting(
        columns,
        widest(|seen| seen.node.label(), 4).min(LONGEST_NAME),
        widest(power, 5),
        widest(|seen| seen.node.provision_state.as_str(), 5),
    );
    let mut head = title(board, now, columns);
    head.extend(counts(board, columns));
    head.push(Row::new());
    head.push(widths.head());
    let nodes = board
        .nodes()
        .flat_map(|seen| node(seen, now, columns, &widths));
    (head, nodes.collect())
}

/// The columns that are shown: those that fit.
#[derive(Debug)]
struct Widths {
    name: usize,
    state: usize,
    uuid: Option<usize>,
    power: Option<usize>,
    time: Option<usize>,
    /// What is left behind them.
    rest: usize,
}

impl Widths {
    /// The state is always there, whole. UUIDs go first, then the time, then the power; names are shortened last.
    fn fitting(columns: usize, name: usize, power: usize, state: usize) -> Self {
        // The mark before the name is as wide as a gap. The last column stays free.
        let room = columns.saturating_sub(GAP + GAP + state + 1);
        let name = name.min(room.max(SHORTEST_NAME));
        let mut rest = room.saturating_sub(name);
        let mut take = |width: usize| {
            let left = rest.checked_sub(GAP + width)?;
            rest = left;
            Some(width)
        };
        Self {
            name,
            state,
            power: take(power),
            time: take(TIME),
            uuid: take(UUID),
            rest,
        }
    }

    fn head(&self) -> Row {
        let mark = format!("{:GAP$}", "");
        Row::new().with(
            Style::Strong,
            [
                self.name(&mark, "name"),
                before(self.uuid, "uuid"),
                before(self.power, "power"),
                padded("state", self.state),
                self.time("for"),
            ]
            .concat(),
        )
    }

    fn name(&self, mark: &str, name: &str) -> String {
        let name = Row::new().with(Style::Plain, name);
        let name = name.render(self.name, Colours::Off);
        format!("{mark}{}{:GAP$}", padded(&name, self.name), "")
    }

    fn time(&self, time: &str) -> String {
        let time = self.time.map(|width| format!("{:GAP$}{time:>width$}", ""));
        time.unwrap_or_default()
    }
}

/// A column that others follow.
fn before(width: Option<usize>, text: &str) -> String {
    let text = width.map(|width| format!("{}{:GAP$}", padded(text, width), ""));
    text.unwrap_or_default()
}

fn title(board: &Board, now: Timestamp, columns: usize) -> Vec<Row> {
    let row = Row::new().with(Style::Strong, "Ironic");
    let row = match board.endpoint.as_str() {
        "" => row,
        endpoint => row.with(Style::Plain, format!(" at {endpoint}")),
    };
    let mut rows = vec![row];
    if let Some(why) = &board.trouble {
        let trouble = match board.answered {
            None => format!("no answer yet: {why}"),
            Some(answered) => {
                let silent = human::duration(now.duration_since(answered));
                format!("no answer for {silent}: {why}")
            }
        };
        rows.extend(below(&trouble, Style::Bad, columns));
    }
    rows
}

/// `12 nodes: 8 available, 4 inspect wait`, in as many lines as it takes.
fn counts(board: &Board, columns: usize) -> Vec<Row> {
    let mut counts: Vec<(usize, &ProvisionState)> = Vec::new();
    for state in board.nodes().map(|seen| &seen.node.provision_state) {
        match counts.iter_mut().find(|(_, counted)| *counted == state) {
            Some((count, _)) => *count += 1,
            None => counts.push((1, state)),
        }
    }
    counts.sort_by_key(|(count, _)| std::cmp::Reverse(*count));
    let begin = match (board.nodes().len(), board.answered) {
        (_, None) => return Vec::new(),
        (1, _) => "1 node: ".to_owned(),
        (0, _) => "no nodes".to_owned(),
        (nodes, _) => format!("{nodes} nodes: "),
    };
    let mut width = begin.width();
    let mut rows = Vec::new();
    let mut row = Row::new().with(Style::Plain, begin);
    for (index, (count, state)) in counts.into_iter().enumerate() {
        let text = format!("{count} {state}");
        let separator = if index == 0 { "" } else { ", " };
        // One for a comma, and one that stays free.
        if index > 0 && width + separator.len() + text.width() + 2 > columns {
            rows.push(row.with(Style::Plain, ","));
            row = Row::new().with(Style::Plain, INDENT);
            width = INDENT.len();
        } else {
            row = row.with(Style::Plain, separator);
            width += separator.len();
        }
        width += text.width();
        row = row.with(style(state), text);
    }
    rows.push(row);
    rows
}

fn node(seen: &Seen, now: Timestamp, columns: usize, widths: &Widths) -> Vec<Row> {
    let node = &seen.node;
    let is_fresh = |changed| now.duration_since(changed) < FRESH;
    let mark = if seen.changed.is_some_and(is_fresh) {
        "* "
    } else {
        "  "
    };
    let time = seen
        .entered
        .map(|entered| human::duration(now.duration_since(entered)));
    let mut row = Row::new()
        .with(Style::Plain, widths.name(mark, node.label()))
        .with(Style::Faint, before(widths.uuid, &node.uuid))
        .with(Style::Plain, before(widths.power, power(seen)))
        .with(
            style(&node.provision_state),
            padded(node.provision_state.as_str(), widths.state),
        )
        .with(Style::Plain, widths.time(&time.unwrap_or_default()));
    let target = node.target_provision_state.as_ref();
    let targets = target.map(|target| format!("  to {target}")).into_iter();
    let power = node.target_power_state.as_ref();
    let targets = targets.chain(power.map(|target| format!("  {target}")));
    let mut rest = widths.rest;
    for target in targets {
        if let Some(left) = rest.checked_sub(target.width()) {
            rest = left;
            row = row.with(Style::Faint, target);
        }
    }
    let mut rows = vec![row];
    if node.maintenance {
        let reason = node.maintenance_reason.as_deref().unwrap_or_default();
        rows.extend(below(
            &format!("maintenance {reason}"),
            Style::Warning,
            columns,
        ));
    }
    if let Some(error) = node.last_error.as_deref().filter(|error| !error.is_empty()) {
        rows.extend(below(error, Style::Bad, columns));
    }
    rows
}

/// A text under what it belongs to, broken into as many lines as it takes, but no more than three.
fn below(text: &str, style: Style, columns: usize) -> Vec<Row> {
    let width = columns.saturating_sub(INDENT.len() + 1).max(20);
    let mut lines = broken(&one_line(text), width);
    if lines.len() > 3 {
        lines.truncate(3);
        lines[2].push_str(" …");
    }
    let rows = lines
        .into_iter()
        .map(|line| Row::new().with(Style::Plain, INDENT).with(style, line));
    rows.collect()
}

fn power(seen: &Seen) -> &str {
    seen.node
        .power_state
        .as_ref()
        .map_or("unknown", PowerState::as_str)
}

fn style(state: &ProvisionState) -> Style {
    if state.is_failed() {
        return Style::Bad;
    }
    match state {
        ProvisionState::Available | ProvisionState::Active => Style::Good,
        state if state.is_final() => Style::Plain,
        _ => Style::New,
    }
}

#[cfg(test)]
mod tests {
    use super::super::board::tests::{at, node as make};
    use super::*;

    fn draw(board: &Board, now: i64, columns: usize) -> Vec<String> {
        let (head, nodes) = rows(board, at(now), columns);
        let rows = head.iter().chain(&nodes);
        rows.map(|row| row.render(columns, Colours::Off).trim_end().to_owned())
            .collect()
    }

    #[test]
    fn nodes_line_up_with_what_is_wrong_below_them() {
        let mut board = Board::default();
        let nodes = |state: &str| {
            vec![
                (Some(at(30)), make("controller", state, None)),
                (
                    Some(at(95)),
                    make(
                        "b",
                        "inspect failed",
                        Some("Failed to\ninspect: timeout reached"),
                    ),
                ),
            ]
        };
        board.answered(at(90), "http://127.0.0.1:6385/", nodes("inspecting"));
        board.answered(at(100), "http://127.0.0.1:6385/", nodes("inspect wait"));
        assert_eq!(
            draw(&board, 101, 40),
            [
                "Ironic at http://127.0.0.1:6385/",
                "2 nodes: 1 inspect failed,",
                "      1 inspect wait",
                "",
                "  name        power     state",
                "  b           power on  inspect failed",
                "      Failed to inspect: timeout",
                "      reached",
                "* controller  power on  inspect wait",
            ]
        );
        assert_eq!(
            draw(&board, 104, 80)[6],
            "  controller  power on  inspect wait     1 min 14 s"
        );
    }

    /// At any width that a terminal has, a line holds the whole state, and nothing that is cut.
    #[test]
    fn a_state_is_never_cut() {
        let mut board = Board::default();
        let mut node = make(
            "a-node-with-a-name-that-is-rather-long",
            "inspect failed",
            None,
        );
        node.uuid = "d729e298-80a5-4095-9709-fc619be1ced0".to_owned();
        node.target_provision_state = Some(ProvisionState::Manageable);
        node.target_power_state = Some(PowerState::SoftRebooting);
        board.answered(at(0), "", vec![(Some(at(0)), node)]);
        for columns in 30..200 {
            let (_, nodes) = rows(&board, at(3599), columns);
            let line = nodes[0].render(columns - 1, Colours::Off);
            assert!(line.contains(" inspect failed"), "{columns}: {line}");
            assert!(!line.ends_with('…'), "{columns}: {line}");
        }
        let line = |columns| draw(&board, 3599, columns)[4].clone();
        assert_eq!(line(30), "  a-node-wit…  inspect failed");
        assert!(
            line(80).contains("power on  inspect failed  59 min 59 s"),
            "{}",
            line(80)
        );
        assert!(line(120).contains("d729e298"), "{}", line(120));
    }

    #[test]
    fn silence_is_told_beside_what_was_seen() {
        let mut board = Board::default();
        board.silent("connection refused".to_owned());
        assert_eq!(
            draw(&board, 0, 80)[..2],
            ["Ironic", "      no answer yet: connection refused"]
        );
        board.answered(at(10), "http://a", vec![]);
        board.silent("connection refused".to_owned());
        assert_eq!(
            draw(&board, 22, 80)[..3],
            [
                "Ironic at http://a",
                "      no answer for 12 s: connection refused",
                "no nodes"
            ]
        );
    }

    #[test]
    fn a_wide_terminal_has_room_for_uuids_and_a_long_error_ends() {
        let mut board = Board::default();
        let error = "word ".repeat(100);
        board.answered(at(0), "", vec![(None, make("a", "error", Some(&error)))]);
        let drawn = draw(&board, 0, 120);
        assert!(drawn[4].contains("uuid-a"), "{}", drawn[4]);
        assert_eq!(drawn.len(), 8);
        assert!(drawn[7].ends_with(" …"), "{}", drawn[7]);
    }
}
