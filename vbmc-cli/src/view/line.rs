//! An event as a line of text: what it is in a word, and what it says.

use jiff::{SignedDuration, Timestamp};

use super::human;
use super::paint::Style;
use crate::lab::report::{Event, Outcome, Progress, Subject, Summary};

/// Before this, a state has just been entered: servers' clocks, and questions to them, are a few seconds off.
const LONG: SignedDuration = SignedDuration::from_secs(10);

/// What stands at the beginning of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mark {
    Phase,
    Progress,
    Note,
    Warning,
    Outcome(Outcome),
}

impl Mark {
    /// Lower case where all is well: what is wrong is seen, and found by grep.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Phase => "==>",
            Self::Progress => "...",
            Self::Note => "note",
            Self::Warning => "WARNING",
            Self::Outcome(Outcome::Unchanged) => "unchanged",
            Self::Outcome(Outcome::Skipped) => "skipped",
            Self::Outcome(Outcome::WouldChange) => "would change",
            Self::Outcome(Outcome::Changed) => "changed",
            Self::Outcome(Outcome::Failed) => "FAILED",
        }
    }

    /// How a terminal shows the word.
    pub(super) fn style(self) -> Style {
        match self {
            Self::Phase => Style::Strong,
            Self::Progress | Self::Note => Style::Plain,
            Self::Warning => Style::Warning,
            Self::Outcome(Outcome::Unchanged | Outcome::Skipped) => Style::Faint,
            Self::Outcome(Outcome::WouldChange) => Style::New,
            Self::Outcome(Outcome::Changed) => Style::Good,
            Self::Outcome(Outcome::Failed) => Style::Bad,
        }
    }

    /// How a terminal shows what follows it.
    pub(super) fn text_style(self) -> Style {
        match self {
            Self::Phase | Self::Outcome(Outcome::Unchanged | Outcome::Skipped) => self.style(),
            _ => Style::Plain,
        }
    }

    /// What is shown even to who wants to hear nothing.
    pub(super) fn is_trouble(self) -> bool {
        matches!(self, Self::Warning | Self::Outcome(Outcome::Failed))
    }
}

/// One line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) mark: Mark,
    pub(super) text: String,
}

impl Line {
    /// `took`: how long the subject of an outcome made progress, or one that makes progress has been in its state.
    pub(super) fn of(event: &Event, took: Option<SignedDuration>) -> Self {
        let (mark, text) = match event {
            Event::Phase { title } => (Mark::Phase, title.clone()),
            Event::Progress { subject, progress } => (
                Mark::Progress,
                format!("{subject}: {}", progress_text(progress, took)),
            ),
            Event::Note { subject, text } => (Mark::Note, format!("{subject}: {text}")),
            Event::Warning { subject, text } => (Mark::Warning, format!("{subject}: {text}")),
            Event::Outcome {
                subject,
                outcome,
                detail,
            } => (Mark::Outcome(*outcome), ended(subject, detail, took)),
        };
        Self {
            mark,
            text: one_line(&text),
        }
    }

    /// What is to be read last: how many ended how, and every failure once more.
    pub(super) fn summary(summary: &Summary) -> (String, Vec<Self>) {
        let tally = &summary.tally;
        let counts = [
            (tally.changed, "changed"),
            (tally.would_change, "would change"),
            (tally.unchanged, "unchanged"),
            (tally.skipped, "skipped"),
            (tally.failed, "failed"),
        ];
        let mut counts: Vec<_> = counts
            .iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, what)| format!("{count} {what}"))
            .collect();
        if counts.is_empty() {
            counts.push("nothing to do".to_owned());
        }
        let failures = summary.failures.iter().map(|(subject, detail)| Self {
            mark: Mark::Outcome(Outcome::Failed),
            text: one_line(&ended(subject, detail, None)),
        });
        (
            format!("{} in {}", counts.join(", "), human::duration(summary.took)),
            failures.collect(),
        )
    }

    /// As it stands on paper.
    pub(super) fn plain(&self) -> String {
        format!("{}{}", self.beginning(), self.text)
    }

    /// The word, padded, so that what follows lines up.
    pub(super) fn beginning(&self) -> String {
        match self.mark {
            Mark::Phase => format!("{} ", self.mark.word()),
            mark => format!("{:<12} ", mark.word()),
        }
    }
}

fn ended(subject: &Subject, detail: &str, took: Option<SignedDuration>) -> String {
    let took = took
        .filter(|took| *took >= SignedDuration::from_secs(1))
        .map(|took| format!(" ({})", human::duration(took)))
        .unwrap_or_default();
    match detail {
        "" => format!("{subject}{took}"),
        detail => format!("{subject}: {detail}{took}"),
    }
}

/// How long a subject has been in its state, where that isn't the moment it is told.
pub(super) fn so_far(at: Timestamp, progress: &Progress) -> Option<SignedDuration> {
    let so_far = at.duration_since(progress.since?);
    (so_far >= LONG).then_some(so_far)
}

fn progress_text(progress: &Progress, so_far: Option<SignedDuration>) -> String {
    let mut text = progress.state.clone();
    if let Some(so_far) = so_far {
        text += &format!(" for {}", human::duration(so_far));
    }
    if let Some((done, of)) = progress.done {
        let percent = human::percent(done, of).map(|percent| format!(" {percent} %"));
        text += &percent.unwrap_or_default();
        text += &match of {
            0 => format!(", {}", human::bytes(done)),
            of => format!(", {}", human::part(done, of)),
        };
    }
    if let Some(waits_for) = &progress.waits_for {
        text += &format!(", waits for {waits_for}");
    }
    if let Some(says) = &progress.says {
        text += &format!(": {says}");
    }
    text
}

/// Text of several lines without what means something to a terminal.
pub(crate) fn harmless(text: &str) -> String {
    text.replace(
        |character: char| character.is_control() && !matches!(character, '\n' | '\t'),
        "\u{fffd}",
    )
}

/// What servers say may have several lines, and characters that mean something to a terminal.
pub(crate) fn one_line(text: &str) -> String {
    let words: Vec<_> = text
        .split(['\n', '\r'])
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .collect();
    words
        .join(" ")
        .replace(|character: char| character.is_control(), "\u{fffd}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::report::{Kind, Tally};

    fn node() -> Subject {
        Subject::new(Kind::Node, "compute-1")
    }

    fn outcome(detail: &str, took: Option<i64>) -> String {
        let event = Event::Outcome {
            subject: node(),
            outcome: Outcome::WouldChange,
            detail: detail.to_owned(),
        };
        Line::of(&event, took.map(SignedDuration::from_secs)).plain()
    }

    #[test]
    fn outcomes_line_up_and_say_how_long_they_took() {
        assert_eq!(
            outcome("registered", None),
            "would change node compute-1: registered"
        );
        assert_eq!(outcome("x", Some(0)), "would change node compute-1: x");
        assert_eq!(
            outcome("x", Some(67)),
            "would change node compute-1: x (1 min 7 s)"
        );
        assert_eq!(
            outcome("", Some(67)),
            "would change node compute-1 (1 min 7 s)"
        );
    }

    #[test]
    fn a_servers_text_stays_on_one_line_and_leaves_the_terminal_alone() {
        assert_eq!(
            outcome("no answer:\r\n  \u{1b}[2J timeout\n", None),
            "would change node compute-1: no answer: \u{fffd}[2J timeout"
        );
    }

    #[test]
    fn progress_names_what_it_waits_for_and_how_far_it_is() {
        let progress = |waits_for: Option<&str>, done| Progress {
            state: "uploading".to_owned(),
            waits_for: waits_for.map(str::to_owned),
            done,
            ..Progress::default()
        };
        assert_eq!(progress_text(&progress(None, None), None), "uploading");
        assert_eq!(
            progress_text(&progress(None, Some((512, 1024))), None),
            "uploading 50 %, 0.5 of 1.0 KiB"
        );
        assert_eq!(
            progress_text(&progress(Some("Glance"), Some((512, 0))), None),
            "uploading, 512 B, waits for Glance"
        );
    }

    #[test]
    fn a_state_that_was_there_before_says_for_how_long() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let progress = Progress {
            state: "inspect wait".to_owned(),
            since: Some(at(0)),
            waits_for: Some("the ramdisk to call back".to_owned()),
            ..Progress::default()
        };
        let text = |second| progress_text(&progress, so_far(at(second), &progress));
        assert_eq!(text(9), "inspect wait, waits for the ramdisk to call back");
        assert_eq!(
            text(67),
            "inspect wait for 1 min 7 s, waits for the ramdisk to call back"
        );
    }

    #[test]
    fn a_summary_counts_and_repeats_failures() {
        let mut summary = Summary {
            tally: Tally {
                unchanged: 2,
                failed: 1,
                ..Tally::default()
            },
            failures: vec![(node(), "no answer".to_owned())],
            took: SignedDuration::from_secs(61),
        };
        let (counts, failures) = Line::summary(&summary);
        assert_eq!(counts, "2 unchanged, 1 failed in 1 min 1 s");
        assert_eq!(
            failures[0].plain(),
            "FAILED       node compute-1: no answer"
        );
        summary.tally = Tally::default();
        assert_eq!(Line::summary(&summary).0, "nothing to do in 1 min 1 s");
    }
}
