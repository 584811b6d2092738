//! Ctrl-C: a run ends between two things, and the next one goes on from there.

use std::future::Future;

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
    tokio::select! {
        ended = work => ended,
        _ = interrupt.recv() => Err(Interrupted.into()),
        _ = terminate.recv() => Err(Interrupted.into()),
    }
}
