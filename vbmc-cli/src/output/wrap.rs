//! Lines broken where Python's `textwrap` breaks them, which the original's tables rely on.
//!
//! The `textwrap` crate breaks elsewhere: it also breaks at hyphens beside digits, and never starts a long word on a
//! line that has something on it.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Breaks `line` into pieces at most `width` columns wide; a single character that is wider stands alone. Blanks where
/// a line is broken are dropped.
pub(super) fn wrap(line: &str, width: usize) -> Vec<String> {
    let line: Vec<char> = line
        .chars()
        .map(|c| if c.is_whitespace() { ' ' } else { c })
        .collect();
    let chunks = chunks(&line);
    // The next one last.
    let mut pending: Vec<&str> = chunks.iter().rev().map(String::as_str).collect();
    let mut lines: Vec<String> = Vec::new();
    while let Some(next) = pending.last() {
        if next.starts_with(' ') && !lines.is_empty() {
            pending.pop();
        }
        let line = take_line(&mut pending, width);
        let kept = line.trim_end();
        if !kept.is_empty() {
            lines.push(kept.to_owned());
        }
    }
    lines
}

/// Takes as much as goes on a line off the end of `pending`, at least one character.
fn take_line(pending: &mut Vec<&str>, width: usize) -> String {
    let mut line = String::new();
    while let Some(chunk) = pending.pop() {
        let room = width.saturating_sub(line.width());
        if chunk.width() <= room {
            line.push_str(chunk);
            continue;
        }
        let fitting = if chunk.width() > width {
            break_position(chunk, room, line.is_empty())
        } else {
            0
        };
        let (head, tail) = chunk.split_at(fitting);
        line.push_str(head);
        if !tail.is_empty() {
            pending.push(tail);
        }
        break;
    }
    line
}

/// Where a word longer than a line is broken, in bytes: behind the last hyphen within `room` columns, else where the
/// room ends. A line that holds nothing yet takes at least one character.
fn break_position(word: &str, room: usize, line_is_empty: bool) -> usize {
    let mut used = 0;
    let full = word.char_indices().find(|(_, character)| {
        used += character.width().unwrap_or(0);
        used > room
    });
    let end = full.map_or(word.len(), |(index, _)| index);
    let hyphen = word[..end]
        .rfind('-')
        .filter(|hyphen| word[..*hyphen].contains(|c| c != '-'));
    match hyphen {
        Some(hyphen) => hyphen + 1,
        None if end == 0 && line_is_empty => word.chars().next().map_or(0, char::len_utf8),
        None => end,
    }
}

/// Runs of blanks, and words, hyphenated ones in parts.
fn chunks(line: &[char]) -> Vec<String> {
    let mut chunks = Vec::new();
    let mut start = 0;
    while start < line.len() {
        let dash = dash_at(line, start);
        let len = if line[start] == ' ' {
            line[start..].iter().take_while(|c| **c == ' ').count()
        } else if dash > 0 {
            dash
        } else {
            word_len(line, start)
        };
        chunks.push(line[start..start + len].iter().collect());
        start += len;
    }
    chunks
}

/// The length of the word, or of the part up to and with a hyphen, that starts at `start`.
fn word_len(line: &[char], start: usize) -> usize {
    let end = (start + 1..line.len()).find_map(|at| {
        if line[at] == ' ' || dash_at(line, at) > 0 {
            Some(at)
        } else if hyphen_at(line, at) {
            Some(at + 1)
        } else {
            None
        }
    });
    end.unwrap_or(line.len()) - start
}

/// Whether the hyphen at `at` joins two words: letters before it (`ab-` or `a-b-`), and two letters or `a-b` behind.
fn hyphen_at(line: &[char], at: usize) -> bool {
    let letter = |index: Option<usize>| {
        index
            .and_then(|i| line.get(i))
            .is_some_and(|c| is_letter(*c))
    };
    let hyphen = |index: Option<usize>| index.and_then(|i| line.get(i)) == Some(&'-');
    let back = |count| at.checked_sub(count);
    let before = letter(back(1)) && (letter(back(2)) || (hyphen(back(2)) && letter(back(3))));
    let first = letter(Some(at + 1));
    let behind = first && (letter(Some(at + 2)) || (hyphen(Some(at + 2)) && letter(Some(at + 3))));
    line[at] == '-' && before && behind
}

/// The length of the dash of two or more hyphens between words at `at`; 0: there is none.
fn dash_at(line: &[char], at: usize) -> usize {
    let len = line[at..].iter().take_while(|c| **c == '-').count();
    let between = at > 0
        && is_word_punctuation(line[at - 1])
        && line.get(at + len).is_some_and(|c| is_word_character(*c));
    if len >= 2 && between { len } else { 0 }
}

fn is_word_character(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

fn is_letter(character: char) -> bool {
    is_word_character(character) && !character.is_numeric()
}

fn is_word_punctuation(character: char) -> bool {
    is_word_character(character) || "!\"'&.,?".contains(character)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each with what `wcwidth.wrap`, by which the original's tables wrap, makes of it.
    #[test]
    fn breaks_where_python_does() {
        let cases: &[(&str, usize, &[&str])] = &[
            ("libvirt_sasl_password", 11, &["libvirt_sas", "l_password"]),
            ("test:///default", 12, &["test:///defa", "ult"]),
            ("test:///default", 8, &["test:///", "default"]),
            ("libvirt_uri", 8, &["libvirt_", "uri"]),
            (
                "qemu+ssh://root@hyper-visor.example/system?no_verify=1",
                20,
                &[
                    "qemu+ssh://root@hype",
                    "r-visor.example/syst",
                    "em?no_verify=1",
                ],
            ),
            (
                "node-0-openstack-controller",
                10,
                &["node-0-", "openstack-", "controller"],
            ),
            (
                "node-0-openstack-controller",
                8,
                &["node-0-", "openstac", "k-contro", "ller"],
            ),
            ("a b c d e f", 3, &["a b", "c d", "e f"]),
            ("two words", 5, &["two", "words"]),
            ("  leading blanks", 6, &["  lead", "ing", "blanks"]),
            ("trailing   ", 8, &["trailing"]),
            ("über-große-maschine", 7, &["über-", "große-m", "aschine"]),
            ("机器机器机器", 5, &["机器", "机器", "机器"]),
            ("机器", 1, &["机", "器"]),
            ("foo--bar baz", 5, &["foo--", "bar", "baz"]),
            ("a-b-cd-ef-g", 4, &["a-b-", "cd-", "ef-g"]),
            ("--option-name value", 9, &["--option-", "name", "value"]),
            (
                "x averyveryverylongword",
                8,
                &["x averyv", "eryveryl", "ongword"],
            ),
            ("abc-defghijklmnop", 6, &["abc-de", "fghijk", "lmnop"]),
            ("ab-------cd", 5, &["ab---", "----", "cd"]),
            ("a\tb c", 2, &["a", "b", "c"]),
            (
                "e\u{301}e\u{301}e\u{301}e\u{301}",
                2,
                &["e\u{301}e\u{301}", "e\u{301}e\u{301}"],
            ),
            (
                "well-known-host.example.com",
                12,
                &["well-known-h", "ost.example.", "com"],
            ),
            (
                "it's-a-test-of,,-all",
                6,
                &["it's-", "a-", "test-o", "f,,-", "all"],
            ),
            ("----------", 4, &["----", "----", "--"]),
            ("-a--b-c d", 3, &["-a", "--", "b-c", "d"]),
            ("     ", 3, &[]),
            ("ab          cd", 3, &["ab", "cd"]),
            (
                "1-22-333 4444-aa-bb",
                4,
                &["1-", "22-", "333", "4444", "-aa-", "bb"],
            ),
        ];
        for (line, width, expected) in cases {
            assert_eq!(wrap(line, *width), *expected, "{line:?} at {width}");
        }
    }
}
