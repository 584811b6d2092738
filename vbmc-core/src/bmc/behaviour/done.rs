//! Calls that are under way: what they bring, and what happens to those who wait for them.

use std::io;
use std::sync::Arc;

use tokio::time::Instant;

use super::calls::Waiter;
use super::restore::Found;
use super::{Behaviour, Deliveries, answer, busy};
use crate::bmc::Store;
use crate::host::{BootOverride, Figures, Guest, HostError, Identity, PowerStatus};

/// What a call in flight has brought.
#[derive(Debug)]
pub(in crate::bmc) enum Done {
    Power(Result<PowerStatus, HostError>),
    Boot(Result<Option<BootOverride>, HostError>),
    Identity(Result<Identity, HostError>),
    Figures(Result<Option<Figures>, HostError>),
    Guest(Result<Guest, HostError>),
    Action(Result<(), HostError>),
    Saved(Result<(), HostError>),
    KeySaved(Result<(), HostError>),
    Kept(Result<(), HostError>),
    Logged(Result<(), HostError>),
    MainsOn(Result<Found, HostError>),
}

impl Behaviour {
    /// Takes in what a call has brought, and answers those who still wait for it.
    pub(in crate::bmc) fn done(&mut self, done: Done) -> Deliveries {
        match done {
            Done::Power(result) => {
                let ended = self.calls.power.finish();
                self.deliver(ended, &result)
            }
            Done::Boot(result) => {
                let ended = self.calls.boot.finish();
                self.deliver(ended, &result)
            }
            Done::Identity(result) => {
                let ended = self.calls.identity.finish();
                if let Ok(identity) = &result {
                    self.identity_known(identity);
                }
                self.deliver(ended, &result)
            }
            Done::Figures(result) => {
                let ended = self.calls.figures.finish();
                if let Ok(Some(figures)) = &result {
                    self.compare(figures);
                }
                self.deliver(ended, &result)
            }
            Done::Guest(result) => {
                let ended = self.calls.guest.finish();
                self.deliver(ended, &result)
            }
            Done::Action(result) => {
                let ended = self.calls.action.finish();
                if let Some((action, waiters)) = &ended {
                    let by = waiters.first().and_then(|waiter| waiter.asker.user_id());
                    self.acted(action, by, &result);
                    if let (Err(error), []) = (&result, waiters.as_slice()) {
                        self.failed_unwatched(action, error);
                    }
                }
                self.deliver(ended, &result)
            }
            Done::KeySaved(result) => {
                let ended = self.calls.key.finish();
                if let (Some((kg, _)), Ok(())) = (&ended, &result) {
                    self.key_saved(kg);
                }
                self.deliver(ended, &result)
            }
            Done::Kept(result) => self.state_saved(&result),
            Done::Logged(result) => self.log_written(&result),
            Done::MainsOn(result) => {
                self.mains_on_done(result);
                Deliveries::new()
            }
            Done::Saved(result) => {
                let ended = self.calls.save.finish();
                if let (Some((save, _)), Ok(())) = (&ended, &result) {
                    self.saved(save);
                }
                self.deliver(ended, &result)
            }
        }
    }

    pub(super) fn deliver<K, T: Clone>(
        &self,
        ended: Option<(K, Vec<Waiter<T>>)>,
        result: &Result<T, HostError>,
    ) -> Deliveries {
        let waiters = ended.map(|(_, waiters)| waiters).unwrap_or_default();
        self.answer_all(waiters, result)
    }

    pub(super) fn answer_all<T: Clone>(
        &self,
        waiters: Vec<Waiter<T>>,
        result: &Result<T, HostError>,
    ) -> Deliveries {
        waiters
            .into_iter()
            .map(|Waiter { asker, then, .. }| {
                let answer = match result {
                    Ok(brought) => then(self, brought.clone()),
                    Err(error) => self.failed(&asker, error),
                };
                self.log(&asker, &answer);
                (asker, answer)
            })
            .collect()
    }

    /// When [`timeout`](Self::timeout) wants to be called.
    pub(in crate::bmc) fn deadline(&self) -> Option<Instant> {
        let calls = &self.calls;
        [
            calls.power.deadline(),
            calls.boot.deadline(),
            calls.identity.deadline(),
            calls.figures.deadline(),
            calls.guest.deadline(),
            calls.action.deadline(),
            calls.save.deadline(),
            calls.key.deadline(),
            self.kept.deadline(),
            self.sel.deadline(),
            self.sol.deadline(),
            self.boot.expiry(),
            self.watchdog_due(),
            self.watch_due(),
            self.fru.expiry(),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    /// Answers those whose deadline has passed, and lets go of what has expired.
    pub(in crate::bmc) fn timeout(&mut self, now: Instant) -> Deliveries {
        let mut late = Vec::new();
        self.calls.power.expire(now, &mut late);
        self.calls.boot.expire(now, &mut late);
        self.calls.identity.expire(now, &mut late);
        self.calls.figures.expire(now, &mut late);
        self.calls.guest.expire(now, &mut late);
        self.calls.action.expire(now, &mut late);
        self.calls.save.expire(now, &mut late);
        self.calls.key.expire(now, &mut late);
        self.kept.expire(now, &mut late);
        self.sel.expire(now, &mut late);
        self.count_refused_logins(now);
        self.expire_sol(now, &mut late);
        self.expire_boot_flags(now);
        self.expire_watchdog(now);
        self.watch_step(now);
        self.fru.expire(now);
        late.into_iter()
            .map(|asker| {
                self.warn(&asker, "no answer in time; the call runs on");
                (asker, answer(busy()))
            })
            .collect()
    }

    /// Has `save` called off this task, and what came of it sent as `done`. `what` is what is saved, for errors.
    pub(super) fn store(
        &self,
        what: &'static str,
        done: fn(Result<(), HostError>) -> Done,
        save: impl FnOnce(&dyn Store) -> io::Result<()> + Send + 'static,
    ) {
        let store = Arc::clone(&self.store);
        let call = tokio::task::spawn_blocking(move || save(&*store));
        let call = async move {
            // A panic in it is told by whoever runs the call.
            let saved = call.await.map_err(io::Error::other).flatten();
            saved.map_err(|error| HostError::Failed(format!("cannot save {what}: {error}")))
        };
        self.mailbox.run(Box::pin(call), done);
    }
}
