//! Images that a command makes: diskimage-builder, the recipe, any script.
//!
//! It runs in a directory of its own inside the images directory. What it makes there is moved in place when all of it is
//! there: an interrupted build leaves nothing that could be taken for an image.

use std::collections::VecDeque;
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::fs::File;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::unix::pipe;
use tokio::process::{Child, Command};
use tokio::time::timeout;

use super::progress::Teller;
use super::scratch::Scratch;
use crate::lab::results::make_directory;

/// How many of a failed command's last lines a failure quotes.
const QUOTED: usize = 3;

/// A line longer than this is cut: it is a progress bar, or no text.
const LINE: usize = 200;

/// For a command that is told to end to do so; then it is made to.
const GRACE: Duration = Duration::from_secs(10);

/// For what a command has started and left behind to write its last.
const AFTERMATH: Duration = Duration::from_secs(1);

/// A command to be run.
pub(super) struct Build<'a> {
    /// The program and its arguments. They may hold passwords, and are shown to nobody.
    pub(super) command: &'a [String],
    pub(super) scratch: &'a Scratch,
    pub(super) environment: &'a [(&'a str, &'a Path)],
    /// Where everything goes that it writes.
    pub(super) log: PathBuf,
}

impl Build<'_> {
    /// Runs it to its end. If this future is dropped, the command and whatever it started are ended.
    pub(super) async fn run(&self, teller: &Teller) -> anyhow::Result<()> {
        let program = self.command.first().map_or("", String::as_str);
        let (output, mut group) = self
            .start()
            .with_context(|| format!("cannot run {program}"))?;
        let mut output = Output {
            pipe: output,
            log: create(&self.log).await?,
            lines: Lines::default(),
        };
        // What holds the pipe open when the command has ended is no business of ours.
        let status = {
            // One copy to the end: one that is dropped may take a piece along that it has read.
            let mut copy = pin!(output.copy(teller));
            let status = tokio::select! {
                status = group.child.wait() => {
                    let status = status?;
                    let _ = timeout(AFTERMATH, copy).await;
                    status
                }
                copied = &mut copy => {
                    copied?;
                    group.child.wait().await?
                }
            };
            group.ended = true;
            status
        };
        output.log.flush().await?;
        if status.success() {
            return Ok(());
        }
        Err(self.failure(program, status, output.lines))
    }

    fn start(&self) -> io::Result<(pipe::Receiver, Group)> {
        let (reader, writer) = io::pipe()?;
        let (program, arguments) = self
            .command
            .split_first()
            .ok_or(io::ErrorKind::InvalidInput)?;
        let child = Command::new(program)
            .args(arguments)
            .current_dir(self.scratch.path())
            .envs(self.environment.iter().copied())
            .stdin(Stdio::null())
            .stdout(writer.try_clone()?)
            .stderr(writer)
            // Of its own, so that all of it can be ended. Ctrl-C reaches us alone.
            .process_group(0)
            .spawn()?;
        let id = child.id().and_then(|id| Pid::from_raw(id.try_into().ok()?));
        let group = Group {
            child,
            id,
            ended: false,
        };
        Ok((pipe::Receiver::from_owned_fd(OwnedFd::from(reader))?, group))
    }

    fn failure(&self, program: &str, status: ExitStatus, lines: Lines) -> anyhow::Error {
        let lines = lines.last().join(" | ");
        let lines = match lines.as_str() {
            "" => "it said nothing".to_owned(),
            lines => format!("it said last: {lines}"),
        };
        let program = Path::new(program).file_name().unwrap_or_default();
        let mut logs = self.log.display().to_string();
        let mut lines = lines;
        for (from, to) in self.keep_logs() {
            let to = to.display().to_string();
            lines = lines.replace(&*from.to_string_lossy(), &to);
            logs = format!("{logs} and {to}");
        }
        anyhow!(
            "{} ended with {status}; {lines}; all of it is in {logs}",
            program.display(),
        )
    }

    /// Keeps the logs that the command has written itself, beside ours: the directory that they are in is about to go.
    /// Says what was where, and where it is now.
    fn keep_logs(&self) -> Vec<(PathBuf, PathBuf)> {
        let entries = self.scratch.path().read_dir().into_iter().flatten();
        let files = entries.flatten().map(|entry| entry.path());
        let logs =
            files.filter(|path| path.is_file() && path.extension().is_some_and(|it| it == "log"));
        let ours = self.log.with_extension("");
        let ours = ours.file_name().unwrap_or_default().to_string_lossy();
        logs.filter_map(|from| {
            let name = from.file_name()?.to_string_lossy();
            let to = self.log.with_file_name(format!("{ours}.{name}"));
            // One that cannot be kept is no reason to hide what failed.
            std::fs::copy(&from, &to).ok()?;
            Some((from, to))
        })
        .collect()
    }
}

async fn create(log: &Path) -> anyhow::Result<File> {
    let cannot = || format!("cannot write {}", log.display());
    if let Some(directory) = log.parent() {
        make_directory(directory).with_context(cannot)?;
    }
    let mut options = File::options();
    options.write(true).create(true).truncate(true).mode(0o600);
    options.open(log).await.with_context(cannot)
}

/// What a command writes, on its way into the log.
struct Output {
    pipe: pipe::Receiver,
    log: File,
    lines: Lines,
}

impl Output {
    /// Ends when nobody can write any more.
    async fn copy(&mut self, teller: &Teller) -> anyhow::Result<()> {
        let mut piece = vec![0; 16 * 1024];
        loop {
            let len = match self.pipe.read(&mut piece).await {
                Ok(0) => return Ok(()),
                Ok(len) => len,
                Err(error) => return Err(error).context("cannot read what the command writes"),
            };
            self.log
                .write_all(&piece[..len])
                .await
                .context("cannot write the log")?;
            if let Some(line) = self.lines.take(&piece[..len]) {
                teller.says(line);
            }
        }
    }
}

/// The last lines, as they can be shown.
#[derive(Default)]
struct Lines {
    unfinished: Vec<u8>,
    last: VecDeque<String>,
}

impl Lines {
    /// Takes more text; returns the last whole line.
    fn take(&mut self, text: &[u8]) -> Option<&str> {
        for byte in text {
            match byte {
                b'\n' | b'\r' => self.end_line(),
                // The rest of a long one.
                _ if self.unfinished.len() >= LINE => {}
                byte => self.unfinished.push(*byte),
            }
        }
        self.last.back().map(String::as_str)
    }

    fn end_line(&mut self) {
        let line = String::from_utf8_lossy(&self.unfinished);
        let line = plain(&line);
        self.unfinished.clear();
        if line.is_empty() {
            return;
        }
        if self.last.len() == QUOTED {
            self.last.pop_front();
        }
        self.last.push_back(line);
    }

    fn last(mut self) -> Vec<String> {
        self.end_line();
        self.last.into()
    }
}

/// Without what colours a terminal.
fn plain(line: &str) -> String {
    let mut plain = String::new();
    let mut characters = line.chars();
    while let Some(character) = characters.next() {
        if character == '\x1b' {
            // Up to the letter that ends it.
            characters.by_ref().find(char::is_ascii_alphabetic);
        } else if !character.is_control() {
            plain.push(character);
        } else {
            plain.push(' ');
        }
    }
    plain.trim().to_owned()
}

/// A command and all that it has started. Ended when dropped.
struct Group {
    child: Child,
    id: Option<Pid>,
    ended: bool,
}

impl Group {
    fn signal(&self, signal: Signal) {
        if let Some(id) = self.id {
            // Fails when all of it has ended already.
            let _ = kill_process_group(id, signal);
        }
    }
}

impl Drop for Group {
    /// Waits: what it has made is removed next, and mounts of its own must be gone by then.
    fn drop(&mut self) {
        if self.ended {
            return;
        }
        self.signal(Signal::TERM);
        let begun = std::time::Instant::now();
        while matches!(self.child.try_wait(), Ok(None)) {
            if begun.elapsed() > GRACE {
                self.signal(Signal::KILL);
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}
