//! Log lines and where they go.
//!
//! A line looks as VirtualBMC's do, `<date> <time>,<ms> <pid> <LEVEL> VirtualBMC [-] <message>`, followed by what it is
//! about as `key=value`: `bmc`, `domain`, `peer`, `request`. Line breaks in values are escaped: one event, one line.

use std::fmt::{self, Write as _};
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context as _, Result};
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{ChronoLocal, FormatTime};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields, FormattedFields, MakeWriter};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Registry, reload};

use crate::background::Readiness;
use crate::config::Config;

/// The log, to be changed while it is in use.
pub(crate) struct Log {
    target: Target,
    filter: reload::Handle<EnvFilter, Registry>,
    detached: bool,
}

impl Log {
    /// Starts logging. May be called once.
    pub(crate) fn start(config: &Config, readiness: &Readiness) -> Result<Self> {
        let target = Target::default();
        let detached = readiness.is_detached();
        match target.open(config, detached) {
            // Nobody asked for this one: it is not what we fail for.
            Err(error) if config.logfile.is_none() => {
                readiness.warn(&format!("{error:#}; nothing is logged until then"));
            }
            opened => opened?,
        }
        let (filter, handle) = reload::Layer::new(filter(config));
        let format = tracing_subscriber::fmt::layer()
            .with_ansi(false)
            .with_writer(target.clone())
            .event_format(Line::default());
        tracing_subscriber::registry()
            .with(filter)
            .with(format)
            .try_init()
            .context("starting the log")?;
        // In the background nobody sees standard error.
        std::panic::set_hook(Box::new(|panic| tracing::error!("{panic}")));
        Ok(Self {
            target,
            filter: handle,
            detached,
        })
    }

    /// Opens the file anew, which may have been moved away, and takes over what changed in the configuration.
    pub(crate) fn reopen(&self, config: &Config) -> Result<()> {
        self.target.open(config, self.detached)?;
        self.filter
            .reload(filter(config))
            .context("changing what is logged")
    }
}

/// What is logged: `RUST_LOG` if it is set, or else by `debug`.
fn filter(config: &Config) -> EnvFilter {
    EnvFilter::try_from_default_env().unwrap_or_else(|_| {
        EnvFilter::new(if config.debug {
            "info,vbmcd=debug,vbmc_core=debug,ipmi_proto=debug"
        } else {
            "info"
        })
    })
}

/// The log file, or standard error.
#[derive(Debug, Clone, Default)]
struct Target(Arc<Mutex<Option<(PathBuf, File)>>>);

impl Target {
    fn open(&self, config: &Config, detached: bool) -> Result<()> {
        match &config.logfile {
            Some(path) => self.open_file(path, OpenOptions::new()),
            None if detached => {
                let path = &config.background_log;
                if let Some(dir) = path.parent() {
                    DirBuilder::new()
                        .recursive(true)
                        .mode(0o700)
                        .create(dir)
                        .with_context(|| cannot_open(path))?;
                }
                let mut options = OpenOptions::new();
                options.mode(0o600);
                self.open_file(path, options)
            }
            None => {
                self.replace(None);
                Ok(())
            }
        }
    }

    fn open_file(&self, path: &Path, mut options: OpenOptions) -> Result<()> {
        let file = options
            .append(true)
            .create(true)
            .open(path)
            .with_context(|| cannot_open(path))?;
        self.replace(Some((path.to_owned(), file)));
        Ok(())
    }

    fn replace(&self, opened: Option<(PathBuf, File)>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = opened;
    }
}

fn cannot_open(path: &Path) -> String {
    format!(
        "cannot open the log file {}; set another one as logfile in section [log]",
        path.display()
    )
}

impl Write for Target {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        match &mut *self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            Some((_, file)) => file.write(line),
            None => io::stderr().write(line),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Target {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// The form of a line.
struct Line {
    time: ChronoLocal,
    pid: u32,
}

impl Default for Line {
    fn default() -> Self {
        Self {
            time: ChronoLocal::new("%Y-%m-%d %H:%M:%S,%3f".to_owned()),
            pid: std::process::id(),
        }
    }
}

impl<S, N> FormatEvent<S, N> for Line
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        self.time.format_time(&mut writer)?;
        let level = match *event.metadata().level() {
            Level::ERROR => "ERROR",
            Level::WARN => "WARNING",
            Level::INFO => "INFO",
            Level::DEBUG | Level::TRACE => "DEBUG",
        };
        let mut text = Text::default();
        event.record(&mut text);
        write!(
            writer,
            " {} {level} VirtualBMC [-] {}{}",
            self.pid, text.message, text.fields
        )?;
        for span in context.event_scope().into_iter().flatten() {
            let extensions = span.extensions();
            if let Some(fields) = extensions.get::<FormattedFields<N>>()
                && !fields.is_empty()
            {
                write!(writer, " {fields}")?;
            }
        }
        writeln!(writer)
    }
}

/// An event's message and fields.
#[derive(Default)]
struct Text {
    message: String,
    fields: String,
}

impl Text {
    fn add(&mut self, field: &Field, value: &str) {
        let escaped: String = value.chars().flat_map(escape).collect();
        let result = if field.name() == "message" {
            self.message = escaped;
            Ok(())
        } else if escaped.is_empty() || escaped.contains([' ', '"']) {
            write!(self.fields, " {}={escaped:?}", field.name())
        } else {
            write!(self.fields, " {}={escaped}", field.name())
        };
        // Writing to a string does not fail.
        debug_assert!(result.is_ok());
    }
}

fn escape(c: char) -> impl Iterator<Item = char> {
    let (plain, escaped) = if c.is_control() {
        (None, Some(c.escape_default()))
    } else {
        (Some(c), None)
    };
    plain.into_iter().chain(escaped.into_iter().flatten())
}

impl Visit for Text {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.add(field, value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.add(field, &format!("{value:?}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_look_like_virtualbmcs_and_stay_one_line() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log");
        let target = Target::default();
        target.open_file(&path, OpenOptions::new()).unwrap();
        let format = tracing_subscriber::fmt::layer()
            .with_ansi(false)
            .with_writer(target.clone())
            .event_format(Line::default());
        tracing::subscriber::with_default(tracing_subscriber::registry().with(format), || {
            tracing::warn!(
                bmc = "node-1",
                problem = "two words\nand \"more\"",
                "cannot run"
            );
            let span = tracing::info_span!("request", peer = "::1");
            span.in_scope(|| tracing::info!("asked"));
            // As logrotate does.
            std::fs::rename(&path, dir.path().join("log.1")).unwrap();
            target.open_file(&path, OpenOptions::new()).unwrap();
            tracing::info!("again");
        });
        let pid = std::process::id();
        let old = std::fs::read_to_string(dir.path().join("log.1")).unwrap();
        let lines: Vec<_> = old.lines().collect();
        assert_eq!(lines.len(), 2, "{old}");
        let (date, rest) = lines[0].split_at("2026-01-31 12:00:00,123".len());
        assert_eq!(date.as_bytes()[19], b',');
        let expected = format!(" {pid} WARNING VirtualBMC [-] cannot run bmc=node-1 problem=");
        assert!(rest.starts_with(&expected), "{rest}");
        assert!(lines[1].contains("[-] asked peer="), "{}", lines[1]);
        assert!(std::fs::read_to_string(&path).unwrap().contains("again"));
    }
}
