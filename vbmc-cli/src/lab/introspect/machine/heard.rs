//! How steps went, as far as is known.

use std::time::Instant;

use super::inspect::POWER_OFF_LIMIT;
use super::{
    Around, Doing, Ending, Machine, NodeView, Refused, Request, Sent, Stage, State, Step, Switch,
};

/// How a request went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) enum Heard {
    Accepted,
    /// No answer came; it may have been done.
    Nothing,
    /// Not now: another one may pass.
    NotNow(String),
    /// Never.
    Refused(String),
}

/// What became of fetching the inventory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) enum Fetched {
    Saved,
    /// The server keeps none for this node.
    Nothing,
    /// It could not be kept; why.
    Failed(String),
}

impl Machine {
    pub(in super::super) fn heard(
        &mut self,
        request: Request,
        view: &NodeView,
        heard: Heard,
        now: Instant,
    ) {
        let accepted = match heard {
            Heard::Accepted => true,
            Heard::Nothing => false,
            Heard::NotNow(said) | Heard::Refused(said) if request == Request::PowerOff => {
                // The next inspection switches it off too, or says why that isn't possible.
                tracing::debug!("not switched off: {said}");
                self.cooling = now.checked_sub(POWER_OFF_LIMIT);
                return;
            }
            Heard::NotNow(said) => return self.refuse(said, false, now),
            Heard::Refused(said) => return self.refuse(said, true, now),
        };
        self.refused = None;
        match request {
            Request::Inspect => {
                self.cooling = None;
                self.timed_out = false;
                self.since = Some(now);
            }
            Request::Manage => self.since = Some(now),
            Request::Clean | Request::Provide => {
                self.timed_out = false;
                self.since = Some(now);
            }
            Request::AbortInspection
            | Request::AbortCleaning
            | Request::PowerOff
            | Request::LiftFault => {}
        }
        self.sent = Some(Sent {
            request,
            before: view.mark(),
            accepted,
        });
    }

    fn refuse(&mut self, said: String, for_good: bool, now: Instant) {
        let first = self.refused.as_ref().map_or(now, |refused| refused.first);
        self.refused = Some(Refused {
            first,
            last: now,
            said,
            for_good,
        });
    }

    /// Says what became of [`Step::Fetch`]; a step where that is the end.
    pub(in super::super) fn fetched(
        &mut self,
        view: &NodeView,
        fetched: Fetched,
        now: Instant,
    ) -> Option<Step> {
        let around = Around {
            now,
            slot: false,
            all_ready: false,
        };
        if let Fetched::Failed(why) = fetched {
            self.error = Some(why);
            self.stage = Stage::Ended;
            return self.fail(Doing::Save);
        }
        if self.stage == Stage::Look {
            self.inspected_before = fetched == Fetched::Saved;
            if self.inspected_before && view.state == State::Available {
                self.stage = Stage::Ended;
                return Some(Step::End(Ending::Available(self.done)));
            }
            self.enter(Stage::Manage, around);
        } else {
            let stage = self.after_inspection();
            self.enter(stage, around);
        }
        None
    }

    /// The operator has switched the machine, or cannot be asked. Time begins to run.
    pub(in super::super) fn switched(&mut self, switch: Switch, now: Instant) {
        if let Some(told) = &mut self.told
            && told.switch == switch
            && !told.done
        {
            told.done = true;
            self.since = Some(now);
        }
    }

    /// Given up for a reason that lies outside.
    pub(in super::super) fn give_up(&mut self) {
        self.stage = Stage::Ended;
    }
}
