//! Where something stands in `lab.toml`, for what is found wrong after it was read.

use super::Lab;
use super::read::FILE;

/// What messages call the key of a table: with its line, where the file can still be read and has it.
pub(crate) fn of_key(lab: &Lab, table: &str, key: &str) -> String {
    let text = std::fs::read_to_string(lab.dir.join(FILE)).unwrap_or_default();
    match line(&text, table, key) {
        Some(line) => format!("{FILE}:{line}: {table}.{key}"),
        None => format!("{FILE}: {table}.{key}"),
    }
}

fn line(text: &str, table: &str, key: &str) -> Option<usize> {
    let mut within = false;
    for (line, number) in text.lines().zip(1..) {
        let line = line.trim();
        if line.starts_with('[') {
            within = line.split('#').next()?.trim() == format!("[{table}]");
        } else if within && line.split('=').next()?.trim() == key {
            return Some(number);
        }
    }
    None
}

/// What line `number` begins that a line before it begins too, a table or a key of the same table; and that line.
pub(super) fn first_of_two(text: &str, number: usize) -> Option<(String, usize)> {
    let head = |line: &str| {
        let line = line.trim();
        match line.starts_with('[') {
            true => line.split('#').next().map(|table| table.trim().to_owned()),
            false => line.split_once('=').map(|(key, _)| key.trim().to_owned()),
        }
    };
    let lines: Vec<_> = text.lines().take(number).collect();
    let (last, before) = lines.split_last()?;
    let wanted = head(last)?;
    let table = wanted.starts_with('[');
    before
        .iter()
        .enumerate()
        .rev()
        // A key counts in its own table only.
        .take_while(|(_, line)| table || !line.trim().starts_with('['))
        .find(|(_, line)| head(line).as_ref() == Some(&wanted))
        .map(|(index, _)| (wanted.clone(), index + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "port = 1\n[a]\nport = 2\n# port = 3\n[b] # that\nport = 4\nport = 5\n[a]\n";

    #[test]
    fn a_key_is_found_in_its_table() {
        assert_eq!(line(TEXT, "a", "port"), Some(3));
        assert_eq!(line(TEXT, "b", "port"), Some(6));
        assert_eq!(line(TEXT, "c", "port"), None);
    }

    #[test]
    fn the_first_of_two_is_found() {
        assert_eq!(first_of_two(TEXT, 8), Some(("[a]".to_owned(), 2)));
        assert_eq!(first_of_two(TEXT, 7), Some(("port".to_owned(), 6)));
        assert_eq!(first_of_two(TEXT, 6), None);
    }
}
