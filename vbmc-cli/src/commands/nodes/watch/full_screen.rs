//! The board on the whole terminal, until somebody quits.

use std::io::{self, Write};
use std::time::Duration;

use jiff::Timestamp;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;
use tokio::time::interval;

use super::Answer;
use super::board::Board;
use super::table;
use crate::view::paint::{Colours, Row, Style};
use crate::view::terminal::keyboard::{self, Key, Keyboard};
use crate::view::terminal::screen::{self, Size};

/// Seconds are to pass smoothly, and a resized terminal is to look right at once.
const TICK: Duration = Duration::from_millis(200);

pub(super) async fn run(mut answers: mpsc::Receiver<Answer>) -> anyhow::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hang_up = signal(SignalKind::hangup())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut keys = keys();
    let mut ticks = interval(TICK);
    let mut terminal = Terminal::enter()?;
    let mut board = Board::default();
    loop {
        tokio::select! {
            answer = answers.recv() => match answer {
                Some(answer) => {
                    board.take(answer);
                }
                None => return Ok(()),
            },
            Some(key) = keys.recv() => match key {
                Key::Character('q' | 'Q') | Key::Escape | Key::Interrupt => return Ok(()),
                key => terminal.scroll.press(key),
            },
            _ = ticks.tick() => {}
            _ = terminate.recv() => return Ok(()),
            _ = interrupt.recv() => return Ok(()),
            _ = hang_up.recv() => return Ok(()),
        }
        terminal.draw(&board)?;
    }
}

/// Keys, read by a thread of their own; none where stdin is no terminal.
fn keys() -> mpsc::Receiver<Key> {
    let (sender, receiver) = mpsc::channel(16);
    if let Some(keyboard) = Keyboard::open() {
        std::thread::spawn(move || {
            while !sender.is_closed() {
                match keyboard.next() {
                    Ok(Some(key)) if sender.blocking_send(key).is_err() => return,
                    Ok(_) => {}
                    Err(_) => return,
                }
            }
        });
    }
    receiver
}

/// The whole terminal, as long as this lives.
#[derive(Debug)]
struct Terminal {
    scroll: Scroll,
    /// What was written last.
    written: Vec<u8>,
}

impl Terminal {
    fn enter() -> io::Result<Self> {
        screen::lock().hold();
        let terminal = Self {
            scroll: Scroll::default(),
            written: Vec::new(),
        };
        // Another screen, so that what was on this one is there again in the end; and no cursor.
        write(b"\x1b[?1049h\x1b[?25l")?;
        Ok(terminal)
    }

    fn draw(&mut self, board: &Board) -> io::Result<()> {
        let size = Size::of_terminal();
        let (head, nodes) = table::rows(board, Timestamp::now(), size.columns);
        let rows = self.scroll.fitting(head, nodes, size.lines);
        let colours = Colours::from_environment();
        let mut out = b"\x1b[?2026h\x1b[H".to_vec();
        for (index, row) in rows.iter().enumerate() {
            if index > 0 {
                out.extend_from_slice(b"\r\n");
            }
            // The last column stays free: a line that fills it would be cut by what erases the rest.
            let line = row.render(size.columns.saturating_sub(1), colours);
            out.extend_from_slice(line.as_bytes());
            out.extend_from_slice(b"\x1b[K");
        }
        out.extend_from_slice(b"\x1b[J\x1b[?2026l");
        if out == self.written {
            return Ok(());
        }
        write(&out)?;
        self.written = out;
        Ok(())
    }
}

/// Which of the nodes' lines are shown.
#[derive(Debug, Default)]
struct Scroll {
    /// How many are above what is shown.
    above: usize,
    shown: usize,
    lines: usize,
}

impl Scroll {
    fn press(&mut self, key: Key) {
        let page = self.shown.saturating_sub(1).max(1);
        self.above = match key {
            Key::Up | Key::Character('k') => self.above.saturating_sub(1),
            Key::Down | Key::Character('j') => self.above + 1,
            Key::PageUp => self.above.saturating_sub(page),
            Key::PageDown | Key::Character(' ') => self.above + page,
            Key::Home => 0,
            Key::End => self.lines,
            _ => self.above,
        };
    }

    /// What fits into so many lines, with a word on the rest.
    fn fitting(&mut self, head: Vec<Row>, mut nodes: Vec<Row>, height: usize) -> Vec<Row> {
        self.lines = nodes.len();
        let mut rows = head;
        rows.truncate(height);
        let room = height.saturating_sub(rows.len());
        if nodes.len() <= room {
            self.above = 0;
            self.shown = nodes.len();
            rows.append(&mut nodes);
            return rows;
        }
        self.shown = room.saturating_sub(1);
        self.above = self.above.min(self.lines - self.shown);
        let below = self.lines - self.above - self.shown;
        rows.extend(nodes.drain(self.above..self.above + self.shown));
        if room > 0 {
            let text = format!(
                "{} lines above, {below} below; arrows and pages scroll, q quits",
                self.above
            );
            rows.push(Row::new().with(Style::Faint, text));
        }
        rows
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // A terminal that is gone needs no tidying.
        let _ = write(b"\x1b[?25h\x1b[?1049l");
        keyboard::restore();
        screen::lock().release();
    }
}

fn write(text: &[u8]) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text)?;
    stdout.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(scroll: &mut Scroll, height: usize) -> Vec<String> {
        let row = |text: String| Row::new().with(Style::Plain, text);
        let head = vec![row("head".to_owned())];
        let nodes = (0..10).map(|index| row(index.to_string())).collect();
        let rows = scroll.fitting(head, nodes, height);
        rows.iter()
            .map(|row| row.render(20, Colours::Off))
            .collect()
    }

    #[test]
    fn what_does_not_fit_can_be_scrolled_to() {
        let mut scroll = Scroll::default();
        assert_eq!(shown(&mut scroll, 11).len(), 11);
        assert_eq!(
            shown(&mut scroll, 5),
            ["head", "0", "1", "2", "0 lines above, 7 be…"]
        );
        scroll.press(Key::Down);
        assert_eq!(shown(&mut scroll, 5)[1], "1");
        scroll.press(Key::End);
        assert_eq!(shown(&mut scroll, 5)[1..4], ["7", "8", "9"]);
        scroll.press(Key::PageUp);
        assert_eq!(shown(&mut scroll, 5)[1], "5");
        assert_eq!(shown(&mut scroll, 1), ["head"]);
        assert_eq!(
            shown(&mut scroll, 20)[1],
            "0",
            "a larger terminal shows all"
        );
    }
}
