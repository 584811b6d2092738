//! `-f table`: the framed table of the original's PrettyTable, its columns narrowed to a width as cliff narrows them.
//!
//! comfy-table draws it. How wide columns become, and where values are broken, is decided here and in [`super::wrap`]:
//! comfy-table arranges columns by rules of its own.

use comfy_table::{
    CellAlignment, ColumnConstraint, ContentArrangement, ContentLineStyle, LineStyle, Table,
    TableStyle, Width,
};
use unicode_width::UnicodeWidthStr;

use super::records::{Cell, Records};
use super::wrap::wrap;
use crate::view::harmless;

/// A column is narrowed to no less than this; rather, the table becomes wider than asked.
const MIN_WIDTH: usize = 8;

const RULE: LineStyle = LineStyle::new('+', '-', '+', '+');
const LINE: ContentLineStyle = ContentLineStyle::new('|', '|', '|');
const STYLE: TableStyle = TableStyle::new()
    .top_border(RULE)
    .header_lines(LINE)
    .header_separator(RULE)
    .content_lines(LINE)
    .bottom_border(RULE);

/// Formats `records`, at most `limit` columns wide if that can be. Without rows there is an empty line, or with
/// `print_empty` the header.
pub(super) fn format(records: &Records, print_empty: bool, limit: Option<usize>) -> String {
    if records.rows.is_empty() && !print_empty {
        return "\n".to_owned();
    }
    let cells: Vec<Vec<String>> = records
        .rows
        .iter()
        .map(|row| row.iter().map(text).collect())
        .collect();
    let widths = widths(&records.columns, &cells, limit);

    let mut table = Table::new();
    table
        .load_style(STYLE)
        .set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(&records.columns);
    for row in &cells {
        table.add_row(
            row.iter()
                .zip(&widths)
                .map(|(cell, width)| wrapped(cell, *width)),
        );
    }
    for (column, width) in table.column_iter_mut().zip(&widths) {
        let with_padding = u16::try_from(width + 2).unwrap_or(u16::MAX);
        column.set_constraint(ColumnConstraint::Absolute(Width::Fixed(with_padding)));
    }
    // The first row decides, as in the original.
    for (index, cell) in records
        .rows
        .iter()
        .flat_map(|row| row.iter().enumerate())
        .take(records.columns.len())
    {
        if let (Cell::Number(_) | Cell::Decimal(_), Some(column)) = (cell, table.column_mut(index))
        {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table.to_string() + "\n"
}

fn text(cell: &Cell) -> String {
    let text = cell.to_python_string();
    harmless(&text.replace("\r\n", "\n").replace('\r', " "))
}

fn wrapped(cell: &str, width: usize) -> String {
    let lines = cell.split('\n').map(|line| {
        if line.width() > width {
            wrap(line, width).join("\n")
        } else {
            line.to_owned()
        }
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// The width of every column: what its contents take, but no more than `limit` leaves it, and no less than its name.
fn widths(columns: &[&str], rows: &[Vec<String>], limit: Option<usize>) -> Vec<usize> {
    let names: Vec<_> = columns.iter().map(|name| name.width()).collect();
    let mut widths = names.clone();
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell
                .split('\n')
                .map(UnicodeWidthStr::width)
                .fold(*width, usize::max);
        }
    }
    if let Some(limit) = limit {
        let limits = column_limits(&widths, limit);
        for ((width, limit), name) in widths.iter_mut().zip(limits).zip(names) {
            *width = limit.map_or(*width, |limit| limit.min(*width).max(name));
        }
    }
    widths
}

/// The width that each column is to be narrowed to, none for those that stay. Columns narrower than an equal share
/// stay; the others share what is left, the last one gets the remainder.
fn column_limits(widths: &[usize], limit: usize) -> Vec<Option<usize>> {
    // A column has a blank on either side and a line behind it; one line starts the table.
    let frame = 3 * widths.len() + 1;
    if widths.iter().sum::<usize>() + frame <= limit {
        return vec![None; widths.len()];
    }
    let usable = limit.saturating_sub(frame);
    let share = usable / widths.len().max(1);
    let (stay, shrink): (Vec<_>, Vec<_>) = widths.iter().partition(|width| **width <= share);
    let mut left = usable - stay.iter().sum::<usize>();
    let shrink_to = left / shrink.len().max(1);

    let mut still_to_shrink = shrink.len();
    let narrow = |width: &usize| {
        if *width <= share {
            return None;
        }
        still_to_shrink -= 1;
        if still_to_shrink == 0 {
            return Some(left.max(MIN_WIDTH));
        }
        left -= shrink_to;
        Some(shrink_to.max(MIN_WIDTH))
    };
    widths.iter().map(narrow).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list() -> Records {
        let row = |name, port| {
            vec![
                Cell::text(name),
                Cell::text("down"),
                Cell::text("::"),
                Cell::Number(port),
            ]
        };
        let columns = ["Domain name", "Status", "Address", "Port"];
        Records::new(
            columns,
            [row("openstack-controller", 623), row("机器-0", 10623)],
        )
    }

    fn show() -> Records {
        let row = |property, value| vec![Cell::text(property), value];
        Records::new(
            ["Property", "Value"],
            [
                row("active", Cell::text("False")),
                row("libvirt_sasl_username", Cell::Missing),
                row(
                    "libvirt_uri",
                    Cell::text("qemu+ssh://root@hyper-visor/system"),
                ),
                row("port", Cell::Number(6230)),
            ],
        )
    }

    #[track_caller]
    fn check(records: &Records, limit: Option<usize>, expected: &str) {
        let table = format(records, false, limit);
        assert_eq!(table, expected, "\n{table}");
    }

    #[test]
    fn prints_what_cliff_prints() {
        check(
            &list(),
            None,
            "\
+----------------------+--------+---------+-------+
| Domain name          | Status | Address |  Port |
+----------------------+--------+---------+-------+
| openstack-controller | down   | ::      |   623 |
| 机器-0               | down   | ::      | 10623 |
+----------------------+--------+---------+-------+
",
        );
        check(
            &list(),
            Some(53),
            "\
+----------------------+--------+---------+-------+
| Domain name          | Status | Address |  Port |
+----------------------+--------+---------+-------+
| openstack-controller | down   | ::      |   623 |
| 机器-0               | down   | ::      | 10623 |
+----------------------+--------+---------+-------+
",
        );
        check(
            &list(),
            Some(52),
            "\
+----------------------+--------+---------+-------+
| Domain name          | Status | Address |  Port |
+----------------------+--------+---------+-------+
| openstack-controller | down   | ::      |   623 |
| 机器-0               | down   | ::      | 10623 |
+----------------------+--------+---------+-------+
",
        );
        check(
            &list(),
            Some(1),
            "\
+-------------+--------+---------+-------+
| Domain name | Status | Address |  Port |
+-------------+--------+---------+-------+
| openstack-  | down   | ::      |   623 |
| controller  |        |         |       |
| 机器-0      | down   | ::      | 10623 |
+-------------+--------+---------+-------+
",
        );
        check(
            &show(),
            Some(45),
            "\
+---------------------+---------------------+
| Property            | Value               |
+---------------------+---------------------+
| active              | False               |
| libvirt_sasl_userna | None                |
| me                  |                     |
| libvirt_uri         | qemu+ssh://root@hyp |
|                     | er-visor/system     |
| port                | 6230                |
+---------------------+---------------------+
",
        );
        check(
            &show(),
            Some(30),
            "\
+-------------+--------------+
| Property    | Value        |
+-------------+--------------+
| active      | False        |
| libvirt_sas | None         |
| l_username  |              |
| libvirt_uri | qemu+ssh://r |
|             | oot@hyper-   |
|             | visor/system |
| port        | 6230         |
+-------------+--------------+
",
        );
    }

    #[test]
    fn what_means_something_to_a_terminal_is_replaced() {
        let records = Records::new(["V"], [vec![Cell::text("a\x1b]0;b\x07c\nd")]]);
        let table = format(&records, false, None);
        assert!(table.contains("| a\u{fffd}]0;b\u{fffd}c |\n| d"), "{table}");
    }

    #[test]
    fn the_first_row_aligns_the_column() {
        let records = |cells: [Cell; 2]| Records::new(["V"], cells.map(|cell| vec![cell]));
        let table = |cells| format(&records(cells), false, None);
        assert_eq!(
            table([Cell::Number(1), Cell::text("abc")]),
            "\
+-----+
|   V |
+-----+
|   1 |
| abc |
+-----+
"
        );
        assert_eq!(
            table([Cell::Missing, Cell::Number(1)]),
            "\
+------+
| V    |
+------+
| None |
| 1    |
+------+
"
        );
    }

    #[test]
    fn without_rows_there_is_an_empty_line_or_the_header() {
        let records = Records::new(["Domain name", "Port"], []);
        assert_eq!(format(&records, false, Some(5)), "\n");
        assert_eq!(
            format(&records, true, Some(5)),
            "\
+-------------+------+
| Domain name | Port |
+-------------+------+
+-------------+------+
"
        );
    }
}
