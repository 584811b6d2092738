//! "Set in progress" of a group of parameters: one session writes at a time.

use std::time::Duration;

use ipmi_proto::command::SetInProgress;
use tokio::time::Instant;

use super::{Asker, Sessions};

/// How long a session keeps its turn without writing anything: a script that was killed must not lock out the next one.
pub(super) const HOLD: Duration = Duration::from_secs(20);

/// Whose turn it is to write, if somebody has taken it.
#[derive(Debug, Default)]
pub(super) struct Turn(Option<Box<Holder>>);

#[derive(Debug)]
struct Holder {
    session: Option<u32>,
    until: Instant,
}

impl Turn {
    /// Whether somebody writes.
    pub(super) fn state(&self) -> SetInProgress {
        match self.holder() {
            Some(_) => SetInProgress::InProgress,
            None => SetInProgress::Complete,
        }
    }

    /// Whether this one may write now. If it is its turn, it keeps it for longer.
    pub(super) fn admits(&mut self, asker: &Asker) -> bool {
        match self.holder() {
            Some(holder) if holder.session != asker.session() => false,
            Some(_) => {
                self.set(SetInProgress::InProgress, asker);
                true
            }
            None => true,
        }
    }

    /// One that is [admitted](Self::admits) takes the turn, or gives it back.
    pub(super) fn set(&mut self, state: SetInProgress, asker: &Asker) {
        let holder = || Holder {
            session: asker.session(),
            until: Instant::now() + HOLD,
        };
        self.0 = (state == SetInProgress::InProgress).then(|| Box::new(holder()));
    }

    /// Whoever's session has ended has had its turn.
    pub(super) fn release_abandoned(&mut self, sessions: &dyn Sessions) {
        let ended =
            |holder: &mut Box<Holder>| holder.session.is_some_and(|id| !sessions.is_active(id));
        self.0.take_if(ended);
    }

    fn holder(&self) -> Option<&Holder> {
        let holder = self.0.as_deref()?;
        (holder.until > Instant::now()).then_some(holder)
    }
}
