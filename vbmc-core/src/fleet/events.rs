//! The event log's form on disk: a line for each record, its 16 bytes in hexadecimal. Lines are only ever appended, so that
//! a crash can harm none but the last.

use std::fmt::Write as _;

use crate::bmc::EventRecord;

/// The lines of these records.
pub(super) fn encode(records: &[EventRecord]) -> String {
    let mut text = String::with_capacity(records.len() * (2 * size_of::<EventRecord>() + 1));
    for record in records {
        for byte in record {
            // A string takes everything.
            let _ = write!(text, "{byte:02x}");
        }
        text.push('\n');
    }
    text
}

/// The records of these lines; what is none is left out.
pub(super) fn decode(text: &str) -> Vec<EventRecord> {
    text.lines().filter_map(record).collect()
}

/// Whether every line but the last one is a whole record: a crash may have cut it off there.
pub(super) fn is_cut_off(text: &str) -> bool {
    text.rfind('\n').is_none_or(|end| is_whole(&text[..=end]))
}

/// Whether every line is a whole record, the last one too.
pub(super) fn is_whole(text: &str) -> bool {
    (text.is_empty() || text.ends_with('\n')) && text.lines().all(|line| record(line).is_some())
}

fn record(line: &str) -> Option<EventRecord> {
    let mut record = EventRecord::default();
    if line.len() != 2 * record.len() || !line.is_ascii() {
        return None;
    }
    for (byte, digits) in record.iter_mut().zip(line.as_bytes().chunks_exact(2)) {
        let digits = std::str::from_utf8(digits).ok()?;
        *byte = u8::from_str_radix(digits, 16).ok()?;
    }
    Some(record)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_a_crash_cut_off_harms_no_other() {
        let records = [[0x01; 16], [0xfe; 16]];
        let text = encode(&records);
        assert_eq!(text.lines().next(), Some("01".repeat(16).as_str()));
        assert_eq!(decode(&text), records);
        assert!(is_whole(&text) && is_whole(""));
        let cut = &text[..text.len() - 9];
        assert_eq!(decode(cut), records[..1]);
        assert!(!is_whole(cut) && is_cut_off(cut));
        assert!(!is_cut_off(&format!("x{text}")));
        // Only the end of the line is missing.
        let cut = &text[..text.len() - 1];
        assert_eq!(decode(cut), records);
        assert!(!is_whole(cut));
    }
}
