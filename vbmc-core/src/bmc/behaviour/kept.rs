//! What outlives a restart beside the users: changed at once, saved behind it, and answered once it is on the disk.
//!
//! Any number of changes may come while one state is being written; the next write takes them all. What the disk refuses
//! is undone, and whoever waits for it is told.

use std::mem;
use std::sync::Arc;

use ipmi_proto::bmc::Answer;
use tokio::time::Instant;

use super::calls::{Asker, Waiter};
use super::{Behaviour, Deliveries, Done, Outcome};
use crate::bmc::State;
use crate::host::HostError;

/// The state as it is, and as the disk has it.
pub(super) struct Kept {
    now: Arc<State>,
    saved: Arc<State>,
    /// What is being written, and who waits for that.
    saving: Option<Arc<State>>,
    waiting: Vec<Waiter<()>>,
    /// Who waits for what has changed since.
    next: Vec<Waiter<()>>,
}

impl Kept {
    /// A state that was read.
    pub(super) fn new(state: State) -> Self {
        let nothing = State::nothing();
        let state = if state == *nothing {
            nothing
        } else {
            Arc::new(state)
        };
        Self {
            now: Arc::clone(&state),
            saved: state,
            saving: None,
            waiting: Vec::new(),
            next: Vec::new(),
        }
    }

    /// The state.
    pub(super) fn now(&self) -> &State {
        &self.now
    }

    /// Whether a change is on its way to the disk.
    pub(super) fn is_saving(&self) -> bool {
        self.saving.is_some()
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        self.waiting
            .iter()
            .chain(&self.next)
            .map(Waiter::deadline)
            .min()
    }

    pub(super) fn expire(&mut self, now: Instant, late: &mut Vec<Asker>) {
        for waiters in [&mut self.waiting, &mut self.next] {
            let expired = waiters.extract_if(.., |waiter| waiter.deadline() <= now);
            late.extend(expired.map(|waiter| waiter.asker));
        }
    }
}

impl Behaviour {
    /// Changes the state, and answers with `then` once that is saved.
    pub(super) fn change_state(
        &mut self,
        asker: &Asker,
        change: impl FnOnce(&mut State),
        then: impl FnOnce(&Self) -> Answer + Send + 'static,
    ) -> Outcome {
        self.note_state(change);
        if self.kept.saving.is_none() {
            return Outcome::Answered(then(self));
        }
        let waiter = Waiter::new(asker, |this, ()| then(this));
        // What is being written has the change already if it came just now.
        let kept = &mut self.kept;
        if kept
            .saving
            .as_ref()
            .is_some_and(|saving| Arc::ptr_eq(saving, &kept.now))
        {
            kept.waiting.push(waiter);
        } else {
            kept.next.push(waiter);
        }
        Outcome::Later
    }

    /// Changes the state; it is saved in the background.
    pub(super) fn note_state(&mut self, change: impl FnOnce(&mut State)) {
        let mut new = (*self.kept.now).clone();
        change(&mut new);
        if new == *self.kept.now {
            return;
        }
        self.kept.now = Arc::new(new);
        if self.kept.saving.is_none() {
            self.save_state();
        }
    }

    fn save_state(&mut self) {
        let state = Arc::clone(&self.kept.now);
        self.kept.saving = Some(Arc::clone(&state));
        self.store("what was set", Done::Kept, move |store| {
            store.save_state(&state)
        });
    }

    /// A write has ended.
    pub(super) fn state_saved(&mut self, result: &Result<(), HostError>) -> Deliveries {
        let Some(saving) = self.kept.saving.take() else {
            return Deliveries::new();
        };
        let mut waiters = mem::take(&mut self.kept.waiting);
        match result {
            Ok(()) => self.kept.saved = saving,
            Err(_) => {
                // What came since was built on what is undone.
                waiters.append(&mut self.kept.next);
                self.kept.now = Arc::clone(&self.kept.saved);
            }
        }
        let answers = self.answer_all(waiters, result);
        if !Arc::ptr_eq(&self.kept.now, &self.kept.saved) {
            self.kept.waiting = mem::take(&mut self.kept.next);
            self.save_state();
        }
        answers
    }
}
