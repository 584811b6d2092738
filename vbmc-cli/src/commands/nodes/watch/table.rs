//! The board as lines of a terminal.

use jiff::{SignedDuration, Timestamp};
use unicode_width::UnicodeWidthStr;

use super::board::{Board, Seen};
use crate::openstack::baremetal::{PowerState, ProvisionState};
use crate::view::paint::{Row, Style, broken, padded};
use crate::view::{human, one_line};

/// For how long a change is marked.
const FRESH: SignedDuration = SignedDuration::from_secs(3);

/// With fewer columns, UUIDs are left out.
const WIDE: usize = 120;

const LONGEST_NAME: usize = 36;

/// The lines above the nodes, and the nodes' lines, which may be more than fit.
pub(super) fn rows(board: &Board, now: Timestamp, columns: usize) -> (Vec<Row>, Vec<Row>) {
    let widest = |text: fn(&Seen) -> &str, least: usize| {
        let widths = board.nodes().map(|seen| text(seen).width());
        widths.max().unwrap_or(0).max(least)
    };
    let widths = Widths {
        name: widest(|seen| seen.node.label(), 4).min(LONGEST_NAME),
        uuid: if columns >= WIDE { 36 } else { 0 },
        power: widest(power, 5),
        state: widest(|seen| seen.node.provision_state.as_str(), 5),
    };
    let mut head = vec![title(board, now), counts(board), Row::new()];
    head.push(widths.head());
    let nodes = board
        .nodes()
        .flat_map(|seen| node(seen, now, columns, &widths));
    (head, nodes.collect())
}

struct Widths {
    name: usize,
    uuid: usize,
    power: usize,
    state: usize,
}

impl Widths {
    fn head(&self) -> Row {
        let name = self.name("  ", "name");
        let uuid = self.uuid("uuid");
        let (power, state) = (padded("power", self.power), padded("state", self.state));
        Row::new().with(
            Style::Strong,
            format!("{name}{uuid}{power}  {state}  {:>9}", "for"),
        )
    }

    fn name(&self, mark: &str, name: &str) -> String {
        format!("{mark}{}  ", padded(name, self.name))
    }

    /// Nothing, where there is no room for it.
    fn uuid(&self, uuid: &str) -> String {
        match self.uuid {
            0 => String::new(),
            width => format!("{}  ", padded(uuid, width)),
        }
    }
}

fn title(board: &Board, now: Timestamp) -> Row {
    let row = Row::new().with(Style::Strong, "Ironic");
    let row = match board.endpoint.as_str() {
        "" => row,
        endpoint => row.with(Style::Plain, format!(" at {endpoint}")),
    };
    match (&board.trouble, board.answered) {
        (None, _) => row,
        (Some(why), None) => row.with(Style::Bad, format!("  no answer yet: {why}")),
        (Some(why), Some(answered)) => {
            let silent = human::duration(now.duration_since(answered));
            row.with(Style::Bad, format!("  no answer for {silent}: {why}"))
        }
    }
}

/// `12 nodes: 8 available, 4 inspect wait`.
fn counts(board: &Board) -> Row {
    let mut counts: Vec<(usize, &ProvisionState)> = Vec::new();
    for state in board.nodes().map(|seen| &seen.node.provision_state) {
        match counts.iter_mut().find(|(_, counted)| *counted == state) {
            Some((count, _)) => *count += 1,
            None => counts.push((1, state)),
        }
    }
    counts.sort_by_key(|(count, _)| std::cmp::Reverse(*count));
    let mut row = match (board.nodes().len(), board.answered) {
        (_, None) => return Row::new(),
        (1, _) => Row::new().with(Style::Plain, "1 node: "),
        (0, _) => return Row::new().with(Style::Plain, "no nodes"),
        (nodes, _) => Row::new().with(Style::Plain, format!("{nodes} nodes: ")),
    };
    for (index, (count, state)) in counts.into_iter().enumerate() {
        let separator = if index == 0 { "" } else { ", " };
        row = row
            .with(Style::Plain, separator)
            .with(style(state), format!("{count} {state}"));
    }
    row
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
        .with(Style::Faint, widths.uuid(&node.uuid))
        .with(
            Style::Plain,
            format!("{}  ", padded(power(seen), widths.power)),
        )
        .with(
            style(&node.provision_state),
            padded(node.provision_state.as_str(), widths.state),
        )
        .with(Style::Plain, format!("  {:>9}", time.unwrap_or_default()));
    if let Some(target) = &node.target_provision_state {
        row = row.with(Style::Faint, format!("  to {target}"));
    }
    if let Some(target) = &node.target_power_state {
        row = row.with(Style::Faint, format!("  {target}"));
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

/// A text under its node, broken into as many lines as it takes, but no more than three.
fn below(text: &str, style: Style, columns: usize) -> Vec<Row> {
    const INDENT: &str = "      ";
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
    use crate::view::paint::Colours;

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
                "2 nodes: 1 inspect failed, 1 inspect wa…",
                "",
                "  name        power     state          …",
                "  b           power on  inspect failed …",
                "      Failed to inspect: timeout",
                "      reached",
                "* controller  power on  inspect wait   …",
            ]
        );
        assert_eq!(
            draw(&board, 104, 80)[6],
            "  controller  power on  inspect wait    1 min 14 s"
        );
    }

    #[test]
    fn silence_is_told_beside_what_was_seen() {
        let mut board = Board::default();
        board.silent("connection refused".to_owned());
        assert_eq!(
            draw(&board, 0, 80)[0],
            "Ironic  no answer yet: connection refused"
        );
        board.answered(at(10), "http://a", vec![]);
        board.silent("connection refused".to_owned());
        assert_eq!(
            draw(&board, 22, 80)[..2],
            [
                "Ironic at http://a  no answer for 12 s: connection refused",
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
