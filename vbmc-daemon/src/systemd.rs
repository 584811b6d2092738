//! What systemd is told, when it started us. Everywhere else all of this does nothing.

use std::time::Duration;

use sd_notify::NotifyState;

/// We serve.
pub(crate) fn ready() {
    tell(&[NotifyState::Ready]);
}

/// We read our files anew; [`ready`] ends it.
pub(crate) fn reloading() {
    let now = NotifyState::monotonic_usec_now();
    match now {
        Ok(now) => tell(&[NotifyState::Reloading, now]),
        Err(_) => tell(&[NotifyState::Reloading]),
    }
}

/// We are about to end.
pub(crate) fn stopping() {
    tell(&[NotifyState::Stopping]);
}

/// Shows systemd again and again that the runtime gets to run its tasks, if it wants to know.
pub(crate) async fn feed_watchdog() {
    let Some(period) = sd_notify::watchdog_enabled().filter(|period| *period > Duration::ZERO)
    else {
        return;
    };
    let mut tick = tokio::time::interval(period / 2);
    loop {
        tick.tick().await;
        tell(&[NotifyState::Watchdog]);
    }
}

fn tell(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::debug!(%error, "cannot tell systemd");
    }
}
