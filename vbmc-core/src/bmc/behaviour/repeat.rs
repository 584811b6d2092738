//! Power actions that come again.
//!
//! FreeIPMI sends a request whose answer was lost under a new rqSeq: the session cannot tell it from a new one, and a
//! machine would be reset twice. Here it is told by its time: the same action of the same session, right after the first.

use std::time::Duration;

use tokio::time::Instant;

use super::calls::Asker;
use crate::host::PowerAction;

/// How long after the answer the same action counts as the same request. FreeIPMI sends again after 1 s at most.
const SPAN: Duration = Duration::from_secs(1);

/// The last power action, if doing it twice makes a difference.
#[derive(Debug)]
pub(super) struct Recent {
    action: PowerAction,
    session: Option<u32>,
    /// When it was answered last; none: not done yet.
    answered: Option<Instant>,
}

impl Recent {
    /// An action of this session begins.
    pub(super) fn begins(action: PowerAction, asker: &Asker) -> Option<Self> {
        match action {
            PowerAction::On | PowerAction::Off => None,
            PowerAction::Cycle | PowerAction::Reset | PowerAction::Nmi | PowerAction::Shutdown => {
                Some(Self {
                    action,
                    session: asker.session(),
                    answered: None,
                })
            }
        }
    }

    /// It has been done.
    pub(super) fn done(&mut self) {
        self.answered = Some(Instant::now());
    }

    /// Whether this is the same request again, which is then answered again.
    pub(super) fn repeats(&mut self, action: PowerAction, asker: &Asker) -> bool {
        let now = Instant::now();
        let same = self.action == action
            && self.session == asker.session()
            && self.answered.is_some_and(|answered| now < answered + SPAN);
        if same {
            self.answered = Some(now);
        }
        same
    }
}
