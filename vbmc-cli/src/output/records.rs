//! What is printed: named columns and rows of cells, sorted and selected as cliff does.

use std::cmp::Ordering;

use anyhow::bail;

/// One value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Cell {
    Text(String),
    Number(u64),
    /// A number with a fraction or a sign, as it is written.
    Decimal(String),
    Bool(bool),
    /// Not set: Python's `None`.
    Missing,
    /// Nothing to say here: no text for people, null for programs.
    Blank,
}

impl Cell {
    pub(crate) fn text(text: &str) -> Self {
        Self::Text(text.to_owned())
    }

    pub(crate) fn optional(text: Option<impl Into<String>>) -> Self {
        text.map_or(Self::Missing, |text| Self::Text(text.into()))
    }

    /// Blank where there is none.
    pub(crate) fn or_blank(text: Option<impl Into<String>>) -> Self {
        text.map_or(Self::Blank, |text| Self::Text(text.into()))
    }

    /// As Python's `str` prints it.
    pub(super) fn to_python_string(&self) -> String {
        match self {
            Self::Text(text) | Self::Decimal(text) => text.clone(),
            Self::Number(number) => number.to_string(),
            Self::Bool(true) => "True".to_owned(),
            Self::Bool(false) => "False".to_owned(),
            Self::Missing => "None".to_owned(),
            Self::Blank => String::new(),
        }
    }

    /// Missing ones come last. Python doesn't compare a text with a number; here every order has to be total.
    fn compare(&self, other: &Self) -> Ordering {
        let rank = |cell: &Self| match cell {
            Self::Text(_) => 0,
            Self::Number(_) => 1,
            Self::Decimal(_) => 2,
            Self::Bool(_) => 3,
            Self::Missing | Self::Blank => 4,
        };
        match (self, other) {
            (Self::Text(a), Self::Text(b)) => a.cmp(b),
            (Self::Number(a), Self::Number(b)) => a.cmp(b),
            (Self::Decimal(a), Self::Decimal(b)) => {
                let value = |text: &str| text.parse().unwrap_or(f64::NAN);
                value(a).total_cmp(&value(b))
            }
            (Self::Bool(a), Self::Bool(b)) => a.cmp(b),
            _ => rank(self).cmp(&rank(other)),
        }
    }
}

/// Rows, each with a cell for every column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Records {
    pub(super) columns: Vec<&'static str>,
    pub(super) rows: Vec<Vec<Cell>>,
}

impl Records {
    pub(crate) fn new<const N: usize>(
        columns: [&'static str; N],
        rows: impl IntoIterator<Item = Vec<Cell>>,
    ) -> Self {
        Self {
            columns: columns.to_vec(),
            rows: rows.into_iter().collect(),
        }
    }

    /// Sorts by `columns`, the first of which matters most. Unknown ones are ignored; so are, with a warning, those
    /// whose values don't compare.
    pub(super) fn sort(&mut self, columns: &[String], descending: bool) {
        let indices = columns.iter().filter_map(|column| {
            let exact = self.columns.iter().position(|own| own == column);
            exact.or_else(|| {
                self.columns
                    .iter()
                    .position(|own| normalized(own) == normalized(column))
            })
        });
        // Stable sorts, from the least important column to the most important one.
        for index in indices.collect::<Vec<_>>().into_iter().rev() {
            let cells = || self.rows.iter().map(|row| &row[index]);
            let texts = cells().any(|cell| matches!(cell, Cell::Text(_)));
            if texts && cells().any(|cell| matches!(cell, Cell::Number(_))) {
                tracing::warn!(
                    "Could not sort on field '{}'; unsortable types",
                    self.columns[index]
                );
                continue;
            }
            self.rows.sort_by(|a, b| {
                let order = a[index].compare(&b[index]);
                if descending { order.reverse() } else { order }
            });
        }
    }

    /// Keeps the columns named, in their own order; without a name, all. Unknown ones are ignored beside known ones,
    /// unless it is `strict`.
    pub(super) fn select(&mut self, names: &[String], strict: bool) -> anyhow::Result<()> {
        if names.is_empty() {
            return Ok(());
        }
        let asked: Vec<_> = names.iter().map(|name| normalized(name)).collect();
        let kept: Vec<_> = self
            .columns
            .iter()
            .map(|own| asked.contains(&normalized(own)))
            .collect();
        let is_column = |name: &String| self.columns.iter().any(|own| normalized(own) == *name);
        let unknown = asked.iter().position(|name| !is_column(name));
        if let Some(unknown) = unknown.filter(|_| strict) {
            bail!(
                "there is no column {}; the columns are {}",
                names[unknown],
                self.columns.join(", ")
            );
        }
        if !kept.contains(&true) {
            let quoted = |names: &[&str]| {
                names
                    .iter()
                    .map(|name| format!("'{name}'"))
                    .collect::<Vec<_>>()
                    .join(", ")
            };
            let names: Vec<_> = names.iter().map(String::as_str).collect();
            bail!(
                "No recognized column names in [{}]. Recognized columns are [{}].",
                quoted(&names),
                quoted(&self.columns)
            );
        }
        retain_by_index(&mut self.columns, &kept);
        for row in &mut self.rows {
            retain_by_index(row, &kept);
        }
        Ok(())
    }
}

fn retain_by_index<T>(items: &mut Vec<T>, kept: &[bool]) {
    let mut kept = kept.iter();
    items.retain(|_| kept.next().copied().unwrap_or(false));
}

/// How column names are compared: `domain_name` is `Domain name`.
pub(super) fn normalized(name: &str) -> String {
    name.to_lowercase().trim().replace(' ', "_")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list() -> Records {
        let row =
            |name, status, port| vec![Cell::text(name), Cell::text(status), Cell::Number(port)];
        Records::new(
            ["Domain name", "Status", "Port"],
            [
                row("a", "running", 10),
                row("b", "down", 9),
                row("c", "running", 9),
            ],
        )
    }

    fn names(records: &Records) -> String {
        records
            .rows
            .iter()
            .map(|row| row[0].to_python_string())
            .collect()
    }

    fn sorted(columns: &[&str], descending: bool) -> String {
        let mut records = list();
        records.sort(
            &columns.iter().map(ToString::to_string).collect::<Vec<_>>(),
            descending,
        );
        names(&records)
    }

    #[test]
    fn sorts_by_several_columns_numbers_as_numbers() {
        assert_eq!(sorted(&["port"], false), "bca");
        assert_eq!(sorted(&["STATUS", "port"], false), "bca");
        assert_eq!(sorted(&["Status", "Port"], true), "acb");
        assert_eq!(
            sorted(&["status"], true),
            "acb",
            "equal rows keep their order"
        );
        assert_eq!(sorted(&["no such column"], true), "abc");
        assert_eq!(sorted(&[], true), "abc");
    }

    #[test]
    fn texts_and_numbers_do_not_sort_and_missing_ones_come_last() {
        let cells =
            |cells: &[Cell]| Records::new(["Value"], cells.iter().map(|cell| vec![cell.clone()]));
        let mut mixed = cells(&[Cell::text("b"), Cell::Number(1), Cell::text("a")]);
        let before = mixed.clone();
        mixed.sort(&["value".to_owned()], false);
        assert_eq!(mixed, before);

        let mut missing = cells(&[Cell::text("b"), Cell::Missing, Cell::text("a")]);
        missing.sort(&["value".to_owned()], false);
        assert_eq!(
            missing,
            cells(&[Cell::text("a"), Cell::text("b"), Cell::Missing])
        );
    }

    #[test]
    fn selects_columns_in_their_own_order() {
        let mut records = list();
        records
            .select(
                &[
                    "PORT ".to_owned(),
                    "domain_name".to_owned(),
                    "foo".to_owned(),
                ],
                false,
            )
            .unwrap();
        assert_eq!(records.columns, ["Domain name", "Port"]);
        assert_eq!(records.rows[0], [Cell::text("a"), Cell::Number(10)]);
    }

    #[test]
    fn a_selection_of_nothing_says_what_there_is() {
        assert_eq!(
            list()
                .select(&["foo".to_owned(), "bar".to_owned()], false)
                .unwrap_err()
                .to_string(),
            "No recognized column names in ['foo', 'bar']. Recognized columns are ['Domain name', 'Status', 'Port']."
        );
    }

    #[test]
    fn a_strict_selection_knows_every_column() {
        let select = |names: &[&str]| {
            let names: Vec<_> = names.iter().map(|&name| name.to_owned()).collect();
            list().select(&names, true)
        };
        select(&["PORT ", "domain_name"]).unwrap();
        assert_eq!(
            select(&["port", "foo"]).unwrap_err().to_string(),
            "there is no column foo; the columns are Domain name, Status, Port"
        );
    }
}
