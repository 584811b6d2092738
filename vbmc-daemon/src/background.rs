//! Leaving the terminal.
//!
//! The process that was called starts itself anew in the background and waits on a pipe until that one serves or has
//! failed, so that the exit code is the truth. A fork would be shorter, and is not safe in a process that may have
//! threads already.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, anyhow, bail};

/// What the background process writes when it serves. What it wrote before is a warning, or why it does not serve.
const READY: &str = "ready";

/// Names the configuration file.
const CONFIG_VARIABLE: &str = "VIRTUALBMC_CONFIG";

/// Tells the one who waits in the terminal, if there is one.
#[derive(Debug)]
pub(crate) struct Readiness {
    detached: bool,
}

impl Readiness {
    /// Nobody waits.
    pub(crate) fn none() -> Self {
        Self { detached: false }
    }

    /// Whether nobody sees what we write.
    pub(crate) fn is_detached(&self) -> bool {
        self.detached
    }

    /// Something is odd, which does not keep us from serving.
    pub(crate) fn warn(&self, warning: &str) {
        if self.detached {
            let _ = report(warning);
        }
    }

    /// We serve.
    pub(crate) fn tell(&self) -> Result<()> {
        if self.detached {
            // Whoever called us may have gone away meanwhile.
            let _ = report(READY);
            let null = File::options().write(true).open("/dev/null")?;
            rustix::stdio::dup2_stdout(&null).context("letting go of the terminal")?;
        }
        Ok(())
    }
}

/// Starts the daemon in the background; returns once it serves.
pub(crate) fn leave_terminal() -> Result<()> {
    let program = std::env::current_exe().context("finding vbmcd's own program file")?;
    let mut command = Command::new(&program);
    // No directory is kept in use. The one path that may be relative to where we are is the environment's.
    command.current_dir("/");
    if let Some(path) = std::env::var_os(CONFIG_VARIABLE).filter(|path| !path.is_empty()) {
        command.env(CONFIG_VARIABLE, std::path::absolute(path)?);
    }
    let mut child = command
        .arg("--detached")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .with_context(|| format!("starting {} in the background", program.display()))?;
    let output = child.stdout.take().context("the pipe to the background")?;
    let mut said = Vec::new();
    for line in BufReader::new(output).lines() {
        match line? {
            line if line == READY => {
                for warning in said {
                    eprintln!("vbmcd: {warning}");
                }
                return Ok(());
            }
            line => said.push(line),
        }
    }
    let status = child.wait()?;
    if said.is_empty() {
        bail!("it ended while it was starting ({status}); `vbmcd --foreground` shows more");
    }
    Err(anyhow!(said.join("\n")))
}

/// Runs the daemon in the background process.
pub(crate) fn enter(run: impl FnOnce(Readiness) -> Result<()>) -> Result<()> {
    // A session of our own: no terminal's hang-up or interrupt reaches us. It fails only for a group's leader.
    let _ = rustix::process::setsid();
    let result = run(Readiness { detached: true });
    if let Err(error) = &result {
        let _ = report(&format!("{error:#}"));
    }
    result
}

fn report(line: &str) -> io::Result<()> {
    let mut stdout = io::stdout();
    writeln!(stdout, "{line}")?;
    stdout.flush()
}
