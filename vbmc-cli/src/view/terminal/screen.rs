//! The last lines of the terminal, drawn anew again and again, and what else wants to write there meanwhile.
//!
//! There is one terminal, so there is one screen in a process. The cursor stays visible, below the drawing or behind
//! the prompt: whatever ends the process, the terminal is left in order.

use std::io::{self, Write};
use std::mem;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tracing_subscriber::fmt::MakeWriter;
use unicode_width::UnicodeWidthStr;

use crate::view::paint::{Colours, Row};

/// Terminals that know it show all between these at once; others ignore it.
const BEGIN: &[u8] = b"\x1b[?2026h";
const END: &[u8] = b"\x1b[?2026l";

/// Messages kept while the whole terminal is in use; what comes later is lost.
const MOST_HELD: usize = 256 * 1024;

static SCREEN: Mutex<Screen> = Mutex::new(Screen {
    drawing: Drawing::nothing(),
    on_terminal: Vec::new(),
    open_line: false,
    held: None,
});

/// The screen, for as long as one writes to it.
pub(crate) fn lock() -> MutexGuard<'static, Screen> {
    SCREEN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How many columns and lines a terminal has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Size {
    pub(crate) columns: usize,
    pub(crate) lines: usize,
}

impl Size {
    /// Of the terminal that stderr is; where nothing tells, what terminals have had for fifty years.
    pub(crate) fn of_terminal() -> Self {
        let size = terminal_size::terminal_size_of(io::stderr());
        size.filter(|(width, height)| width.0 > 0 && height.0 > 0)
            .map_or(
                Self {
                    columns: 80,
                    lines: 24,
                },
                |(width, height)| Self {
                    columns: width.0.into(),
                    lines: height.0.into(),
                },
            )
    }
}

/// What is drawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Drawing {
    pub(crate) rows: Vec<Row>,
    /// Stands last, with the cursor behind it.
    pub(crate) prompt: Option<Row>,
}

impl Drawing {
    pub(crate) const fn nothing() -> Self {
        Self {
            rows: Vec::new(),
            prompt: None,
        }
    }
}

/// What the terminal shows of ours.
#[derive(Debug)]
pub(crate) struct Screen {
    drawing: Drawing,
    /// The width of each line of it that is on the terminal.
    on_terminal: Vec<usize>,
    /// Whether the cursor is on the last of these lines rather than below it.
    open_line: bool,
    /// Messages that wait until the terminal is free.
    held: Option<Vec<u8>>,
}

impl Screen {
    /// Replaces the drawing, and puts lines above it that stay.
    pub(crate) fn show(&mut self, lines: &str, drawing: Drawing) {
        self.drawing = drawing;
        self.write(lines.as_bytes());
    }

    /// The whole terminal is somebody else's from now on.
    pub(crate) fn hold(&mut self) {
        self.held.get_or_insert_default();
    }

    /// The terminal is free again.
    pub(crate) fn release(&mut self) {
        if let Some(held) = self.held.take() {
            self.write(&held);
        }
    }

    fn message(&mut self, message: &[u8]) {
        match &mut self.held {
            Some(held) if held.len() < MOST_HELD => held.extend_from_slice(message),
            Some(_) => {}
            None => self.write(message),
        }
    }

    fn write(&mut self, lines: &[u8]) {
        let text = self.replacement(lines, Size::of_terminal(), Colours::from_environment());
        let mut stderr = io::stderr().lock();
        // A terminal that is gone is told nothing more; the run goes on.
        let _ = stderr.write_all(&text).and_then(|()| stderr.flush());
    }

    /// What puts `lines` in the place of the old drawing, and the new one below them.
    fn replacement(&mut self, lines: &[u8], size: Size, colours: Colours) -> Vec<u8> {
        let old = mem::take(&mut self.on_terminal);
        let was_open = mem::take(&mut self.open_line);
        let Drawing { rows, prompt } = &self.drawing;
        if old.is_empty() && rows.is_empty() && prompt.is_none() {
            return lines.to_vec();
        }
        let mut out = BEGIN.to_vec();
        // The terminal may have become narrower since, and have broken lines that fitted it.
        let height: usize = old
            .iter()
            .map(|width| width.div_ceil(size.columns).max(1))
            .sum();
        match height - usize::from(was_open) {
            0 => {}
            up => out.extend_from_slice(format!("\x1b[{up}A").as_bytes()),
        }
        out.extend_from_slice(b"\r\x1b[J");
        out.extend_from_slice(lines);
        // The last column stays free: some terminals break a line that fills it.
        let columns = size.columns.saturating_sub(1);
        for row in rows {
            self.on_terminal
                .push(row.render(columns, Colours::Off).width());
            out.extend_from_slice(row.render(columns, colours).as_bytes());
            out.push(b'\n');
        }
        if let Some(prompt) = prompt {
            self.on_terminal
                .push(prompt.render(columns, Colours::Off).width());
            self.open_line = true;
            out.extend_from_slice(prompt.render(columns, colours).as_bytes());
        }
        out.extend_from_slice(END);
        out
    }
}

/// Where messages for stderr go, so that they stand above the drawing and don't tear it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Messages;

impl MakeWriter<'_> for Messages {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        *self
    }
}

impl Write for Messages {
    fn write(&mut self, message: &[u8]) -> io::Result<usize> {
        lock().message(message);
        Ok(message.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::paint::Style;

    const WIDE: Size = Size {
        columns: 80,
        lines: 24,
    };

    fn screen() -> Screen {
        Screen {
            drawing: Drawing::nothing(),
            on_terminal: Vec::new(),
            open_line: false,
            held: None,
        }
    }

    fn drawing(rows: &[&str], prompt: Option<&str>) -> Drawing {
        let row = |text: &str| Row::new().with(Style::Plain, text);
        Drawing {
            rows: rows.iter().map(|text| row(text)).collect(),
            prompt: prompt.map(row),
        }
    }

    fn show(screen: &mut Screen, lines: &str, size: Size, drawing: Drawing) -> String {
        screen.drawing = drawing;
        let text = screen.replacement(lines.as_bytes(), size, Colours::Off);
        let text = String::from_utf8(text).unwrap();
        text.replace("\x1b[?2026h", "<")
            .replace("\x1b[?2026l", ">")
            .replace('\x1b', "^")
    }

    #[test]
    fn without_a_drawing_messages_pass_as_they_are() {
        assert_eq!(
            show(&mut screen(), "log\n", WIDE, Drawing::nothing()),
            "log\n"
        );
    }

    #[test]
    fn a_drawing_replaces_the_one_before() {
        let mut screen = screen();
        assert_eq!(
            show(&mut screen, "", WIDE, drawing(&["a", "b"], None)),
            "<\r^[Ja\nb\n>"
        );
        assert_eq!(
            show(&mut screen, "log\n", WIDE, drawing(&["c"], None)),
            "<^[2A\r^[Jlog\nc\n>"
        );
        assert_eq!(
            show(&mut screen, "", WIDE, Drawing::nothing()),
            "<^[1A\r^[J>"
        );
        assert_eq!(
            show(&mut screen, "end\n", WIDE, Drawing::nothing()),
            "end\n"
        );
    }

    #[test]
    fn a_narrower_terminal_has_broken_the_old_lines() {
        let mut screen = screen();
        show(&mut screen, "", WIDE, drawing(&["0123456789", "ab"], None));
        let narrow = Size { columns: 4, ..WIDE };
        assert_eq!(
            show(&mut screen, "", narrow, drawing(&["0123456789"], None)),
            "<^[4A\r^[J01…\n>"
        );
    }

    #[test]
    fn the_cursor_waits_behind_a_prompt() {
        let mut screen = screen();
        assert_eq!(
            show(&mut screen, "", WIDE, drawing(&["a"], Some("go? "))),
            "<\r^[Ja\ngo? >"
        );
        assert_eq!(
            show(&mut screen, "", WIDE, drawing(&[], Some("go? "))),
            "<^[1A\r^[Jgo? >"
        );
        assert_eq!(
            show(&mut screen, "x\n", WIDE, drawing(&[], None)),
            "<\r^[Jx\n>"
        );
    }

    #[test]
    fn messages_wait_while_the_terminal_is_somebody_elses() {
        let mut screen = screen();
        screen.hold();
        screen.message(b"one\n");
        screen.message(b"two\n");
        assert_eq!(screen.held.as_deref(), Some(&b"one\ntwo\n"[..]));
        screen.message(&vec![b'x'; MOST_HELD]);
        screen.message(b"too much\n");
        assert_eq!(screen.held.map(|held| held.len()), Some(8 + MOST_HELD));
    }
}
