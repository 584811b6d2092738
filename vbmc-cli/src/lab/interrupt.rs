//! Ctrl-C, and other ways to be asked to end: a run ends between two things, and the next one goes on from there.

use std::fs;
use std::future::{Future, pending};

use thiserror::Error;
use tokio::signal::unix::{SignalKind, signal};

/// The operator, or the system, ended the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("interrupted; what was done is kept, and the same command goes on from there")]
pub(crate) struct Interrupted;

/// Works until the end, or until the process is asked to end: then `work` is dropped, and with it the programs that it
/// runs.
pub(crate) async fn unless_interrupted<T>(
    work: impl Future<Output = anyhow::Result<T>>,
) -> anyhow::Result<T> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    // The terminal is gone, as when ssh breaks off.
    let mut hang_up = match outlives_its_terminal() {
        true => None,
        false => Some(signal(SignalKind::hangup())?),
    };
    let hung_up = async {
        match &mut hang_up {
            Some(signal) => signal.recv().await,
            None => pending().await,
        }
    };
    tokio::select! {
        ended = work => ended,
        _ = interrupt.recv() => Err(Interrupted.into()),
        _ = terminate.recv() => Err(Interrupted.into()),
        _ = hung_up => Err(Interrupted.into()),
    }
}

/// Whether it was started with nohup: then the terminal's end is ignored, and listening for it would undo that.
fn outlives_its_terminal() -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    ignores_hangup(&status)
}

/// From what the kernel says of a process. SIGHUP is the first bit.
fn ignores_hangup(status: &str) -> bool {
    let mask = status
        .lines()
        .find_map(|line| line.strip_prefix("SigIgn:"))
        .and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask & 1 == 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nohup_is_seen() {
        assert!(ignores_hangup("Name:\tvbmc\nSigIgn:\t0000000000001001\n"));
        assert!(!ignores_hangup("SigBlk:\t1\nSigIgn:\t0000000000001000\n"));
    }
}
