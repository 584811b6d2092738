//! Messages: the bare text on stderr, as cliff prints it, and every detail in `--log-file`.

use std::fmt;
use std::fs::OpenOptions;

use anyhow::Context;
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::{Event, Subscriber};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::format::{FormatEvent, FormatFields, Writer};
use tracing_subscriber::fmt::time::{ChronoLocal, FormatTime};
use tracing_subscriber::fmt::{FmtContext, MakeWriter};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, fmt as layer};

use crate::cli::Globals;
use crate::view::harmless;
use crate::view::terminal::screen::Messages;

/// Sets stderr and the log file up.
pub(crate) fn init(globals: &Globals) -> anyhow::Result<()> {
    let level = match (globals.quiet, globals.verbose) {
        (true, _) => LevelFilter::WARN,
        (false, 0) => LevelFilter::INFO,
        (false, _) => LevelFilter::DEBUG,
    };
    let file = match &globals.log_file {
        Some(path) => {
            let file = OpenOptions::new().create(true).append(true).open(path);
            let file =
                file.with_context(|| format!("cannot write the log file {}", path.display()))?;
            Some(to(
                file,
                FileLine(ChronoLocal::new("%Y-%m-%d %H:%M:%S,%3f".to_owned())),
                LevelFilter::DEBUG,
            ))
        }
        None => None,
    };
    tracing_subscriber::registry()
        .with(to(Messages, BareLine, level))
        .with(file)
        .init();
    Ok(())
}

/// Reports what made the command fail, one line per error; with `--debug`, also what led to each.
pub(crate) fn error(error: &anyhow::Error, debug: bool) {
    if debug {
        tracing::error!("{error:?}")
    } else {
        tracing::error!("{error:#}")
    }
}

fn to<S, W>(
    writer: W,
    line: impl FormatEvent<S, tracing_subscriber::fmt::format::DefaultFields> + Send + Sync + 'static,
    level: LevelFilter,
) -> impl Layer<S>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    // The libraries' own events are no concern of the user's.
    let ours = Targets::new().with_target(env!("CARGO_CRATE_NAME"), level);
    layer::layer()
        .with_writer(writer)
        .event_format(line)
        .log_internal_errors(false)
        .with_filter(ours)
}

/// The message and nothing else.
struct BareLine;

impl<S: Subscriber + for<'a> LookupSpan<'a>, N: for<'a> FormatFields<'a> + 'static>
    FormatEvent<S, N> for BareLine
{
    fn format_event(
        &self,
        _: &FmtContext<'_, S, N>,
        mut out: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        event.record(&mut Message {
            out: &mut out,
            shown: true,
        });
        writeln!(out)
    }
}

/// `[2026-11-22 14:10:49,362] DEBUG    vbmc message`, cliff's form.
struct FileLine(ChronoLocal);

impl<S: Subscriber + for<'a> LookupSpan<'a>, N: for<'a> FormatFields<'a> + 'static>
    FormatEvent<S, N> for FileLine
{
    fn format_event(
        &self,
        _: &FmtContext<'_, S, N>,
        mut out: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        write!(out, "[")?;
        self.0.format_time(&mut out)?;
        write!(out, "] {:<8} vbmc ", event.metadata().level().as_str())?;
        event.record(&mut Message {
            out: &mut out,
            shown: false,
        });
        writeln!(out)
    }
}

struct Message<'a, 'w> {
    out: &'a mut Writer<'w>,
    /// Whether a terminal may be what shows it.
    shown: bool,
}

impl Visit for Message<'_, '_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            // stderr and the file are all there is to report to: if they are gone, nobody listens.
            let _ = match self.shown {
                true => self.out.write_str(&harmless(&format!("{value:?}"))),
                false => write!(self.out, "{value:?}"),
            };
        }
    }
}
