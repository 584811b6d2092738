//! `-f value`: the values alone, a row a line, separated by single spaces.

use super::records::{Cell, Records};

pub(super) fn format(records: &Records) -> String {
    let line = |row: &Vec<Cell>| {
        row.iter()
            .map(Cell::to_python_string)
            .collect::<Vec<_>>()
            .join(" ")
            + "\n"
    };
    records.rows.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_what_cliff_prints() {
        let records = Records::new(
            ["Property", "Value"],
            [
                vec![Cell::text("libvirt_sasl_username"), Cell::Missing],
                vec![Cell::text("port"), Cell::Number(6230)],
            ],
        );
        assert_eq!(format(&records), "libvirt_sasl_username None\nport 6230\n");
        assert_eq!(format(&Records::new(["Property"], [])), "");
    }
}
