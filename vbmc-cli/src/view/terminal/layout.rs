//! What fits on the terminal of a run: a line for each subject that is worked on, and one that sums up.

use jiff::Timestamp;
use unicode_width::UnicodeWidthStr;

use super::running::Running;
use super::screen::Size;
use crate::view::paint::{Row, Style, padded};
use crate::view::{human, one_line};

/// How far a part of the run is.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) title: String,
    pub(super) began: Timestamp,
    pub(super) done: usize,
    pub(super) failed: usize,
}

/// The drawing, a quarter of the terminal left to what came before.
pub(super) fn rows(
    part: Option<&Part>,
    running: &[Running],
    now: Timestamp,
    size: Size,
) -> Vec<Row> {
    let most = (size.lines * 3 / 4)
        .max(3)
        .min(size.lines.saturating_sub(1));
    let for_subjects = most.saturating_sub(usize::from(part.is_some()));
    let shown = if running.len() <= for_subjects {
        running.len()
    } else {
        for_subjects.saturating_sub(1)
    };
    let (shown, hidden) = running.split_at(shown);

    let widest = |text: fn(&Running) -> String, most: usize| {
        let widths = shown.iter().map(|running| text(running).width());
        widths.max().unwrap_or(0).min(most)
    };
    let subject_width = widest(|running| running.subject.to_string(), size.columns / 3);
    let state_width = widest(|running| running.progress.state.clone(), size.columns / 3);
    let time = |running: &Running| human::duration(now.duration_since(running.entered));
    let time_width = shown
        .iter()
        .map(|running| time(running).width())
        .max()
        .unwrap_or(0);

    let mut rows: Vec<_> = shown
        .iter()
        .map(|running| {
            Row::new()
                .with(Style::Plain, "  ")
                .with(
                    Style::Plain,
                    padded(&running.subject.to_string(), subject_width),
                )
                .with(
                    Style::New,
                    format!("  {}", padded(&running.progress.state, state_width)),
                )
                .with(Style::Plain, format!("  {:>time_width$}", time(running)))
                .with(Style::Faint, details(running, now))
        })
        .collect();
    if !hidden.is_empty() {
        rows.push(Row::new().with(
            Style::Faint,
            format!("  and {} more: {}", hidden.len(), by_state(hidden)),
        ));
    }
    rows.extend(part.map(|part| status(part, running.len(), now)));
    rows
}

/// What it waits for, or how far it is.
fn details(running: &Running, now: Timestamp) -> String {
    let mut text = String::new();
    let progress = &running.progress;
    if let Some((done, of)) = progress.done {
        if let Some(percent) = human::percent(done, of) {
            text += &format!("  {percent:>3} %  {}", human::part(done, of));
        } else {
            text += &format!("  {}", human::bytes(done));
        }
        if let Some(rate) = running.rate(now) {
            text += &format!("  {}/s", human::bytes(rate));
        }
        if let Some(left) = running.left(now) {
            text += &format!("  {} left", human::duration(left));
        }
    }
    if let Some(waits_for) = &progress.waits_for {
        // Short: what it is for is to survive on a narrow terminal.
        text += &format!("  for {waits_for}");
    }
    if let Some(says) = &progress.says {
        text += &format!("  {}", one_line(says));
    }
    text
}

/// `30 inspect wait, 7 inspecting`: the commonest first.
fn by_state(running: &[Running]) -> String {
    let mut counts: Vec<(usize, &str)> = Vec::new();
    for state in running
        .iter()
        .map(|running| running.progress.state.as_str())
    {
        match counts.iter_mut().find(|(_, counted)| *counted == state) {
            Some((count, _)) => *count += 1,
            None => counts.push((1, state)),
        }
    }
    counts.sort_by_key(|(count, _)| std::cmp::Reverse(*count));
    let counts: Vec<_> = counts
        .iter()
        .map(|(count, state)| format!("{count} {state}"))
        .collect();
    counts.join(", ")
}

fn status(part: &Part, running: usize, now: Timestamp) -> Row {
    let mut row = Row::new().with(Style::Strong, format!("{}:", part.title));
    let mut separator = " ";
    let mut add = |row: Row, style, text: String| {
        let row = row.with(Style::Plain, separator).with(style, text);
        separator = ", ";
        row
    };
    if running > 0 {
        row = add(row, Style::Plain, format!("{running} running"));
    }
    if part.done > 0 {
        row = add(row, Style::Plain, format!("{} done", part.done));
    }
    if part.failed > 0 {
        row = add(row, Style::Bad, format!("{} failed", part.failed));
    }
    add(
        row,
        Style::Plain,
        human::duration(now.duration_since(part.began)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::report::{Kind, Progress, Subject};
    use crate::view::paint::Colours;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn node(name: &str, state: &str, since: i64, waits_for: Option<&str>) -> Running {
        let progress = Progress {
            state: state.to_owned(),
            since: Some(at(since)),
            waits_for: waits_for.map(str::to_owned),
            ..Progress::default()
        };
        Running::new(at(since), Subject::new(Kind::Node, name), progress)
    }

    fn draw(part: Option<&Part>, running: &[Running], lines: usize, columns: usize) -> Vec<String> {
        let size = Size { columns, lines };
        let rows = rows(part, running, at(100), size);
        rows.iter()
            .map(|row| row.render(columns, Colours::Off))
            .collect()
    }

    #[test]
    fn subjects_line_up_above_what_sums_up() {
        let part = Part {
            title: "Inspection".to_owned(),
            began: at(10),
            done: 4,
            failed: 1,
        };
        let running = [
            node("controller", "inspect wait", 33, Some("the ramdisk")),
            node("b", "inspecting", 95, None),
        ];
        assert_eq!(
            draw(Some(&part), &running, 24, 80),
            [
                "  node controller  inspect wait  1 min 7 s  for the ramdisk",
                "  node b           inspecting          5 s",
                "Inspection: 2 running, 4 done, 1 failed, 1 min 30 s",
            ]
        );
        assert_eq!(
            draw(Some(&part), &running, 24, 20)[1],
            "  node b  inspectin…"
        );
    }

    #[test]
    fn what_does_not_fit_is_counted_by_state() {
        let running: Vec<_> = (0..60)
            .map(|index| {
                node(
                    &format!("n{index}"),
                    if index % 4 == 0 {
                        "inspecting"
                    } else {
                        "inspect wait"
                    },
                    90,
                    None,
                )
            })
            .collect();
        let drawn = draw(None, &running, 8, 80);
        assert_eq!(drawn.len(), 6);
        assert_eq!(drawn[5], "  and 55 more: 42 inspect wait, 13 inspecting");
        for lines in 1..5 {
            assert!(
                draw(None, &running, lines, 80).len() < lines.max(2),
                "{lines}"
            );
        }
    }

    #[test]
    fn transfers_say_how_fast_they_are() {
        let progress = |done, of| Progress {
            state: "uploading".to_owned(),
            done: Some((done, of)),
            ..Progress::default()
        };
        let mut image = Running::new(
            at(90),
            Subject::new(Kind::Image, "disk"),
            progress(0, 4 << 20),
        );
        image.go_on(at(100), progress(1 << 20, 4 << 20));
        assert_eq!(
            draw(None, &[image], 24, 100),
            ["  image disk  uploading  10 s   25 %  1.0 of 4.0 MiB  102.3 KiB/s  31 s left"]
        );
    }
}
