//! What a machine remembers: what was asked for, since when it waits, and what failed.

use std::time::Duration;

use super::{
    Around, Doing, Ending, Failure, Machine, NodeView, Request, Sent, Stage, Step, Switch, Told,
    Waiting,
};

/// How long Ironic may refuse the same request, as it does while it restarts, before the node is given up.
const REFUSAL_LIMIT: Duration = Duration::from_secs(180);

/// How long after a refusal the request is repeated.
const REFUSAL_PAUSE: Duration = Duration::from_secs(3);

/// Restarts of Ironic that one node rides out, beside the failures that are its own.
const RESTARTS: u32 = 5;

/// No way through all of it takes as many requests. Bounds what a server can do to us that accepts and does nothing.
const REQUESTS: u32 = 100;

impl Machine {
    /// Whether its inventory is kept: from this run, or from an earlier one where that is good enough.
    pub(super) fn is_inspected(&self) -> bool {
        self.inspected_before || self.done.inspected
    }

    pub(super) fn after_inspection(&self) -> Stage {
        if self.wanted.clean {
            Stage::Clean
        } else {
            Stage::Ready
        }
    }

    pub(super) fn enter(&mut self, stage: Stage, around: Around) {
        self.stage = stage;
        self.since = Some(around.now);
        self.sent = None;
        self.begun = false;
        self.refused = None;
        self.timed_out = false;
        self.cooling = None;
    }

    /// What the stage is for goes on.
    pub(super) fn begin(&mut self, around: Around) {
        if !self.begun {
            self.begun = true;
            self.since = Some(around.now);
        }
    }

    pub(super) fn over(&self, limit: Duration, around: Around) -> bool {
        self.since
            .is_some_and(|since| around.now.duration_since(since) >= limit)
    }

    /// Whether a request has done something: the server said so, or the node has moved since.
    pub(super) fn took_effect(&self, request: Request, view: &NodeView) -> bool {
        self.sent.as_ref().is_some_and(|sent| {
            sent.request == request && (sent.accepted || sent.before != view.mark())
        })
    }

    /// What another run has asked for counts as asked for by this one.
    pub(super) fn adopt(&mut self, request: Request, view: &NodeView) {
        self.sent.get_or_insert(Sent {
            request,
            before: view.mark(),
            accepted: true,
        });
    }

    /// Sends a request, unless Ironic has refused one a moment ago, or for too long.
    pub(super) fn request(&mut self, request: Request, around: Around) -> Option<Step> {
        if let Some(refused) = &self.refused {
            if refused.for_good || around.now.duration_since(refused.first) >= REFUSAL_LIMIT {
                self.error = Some(refused.said.clone());
                return self.fail(Doing::Request(request));
            }
            if around.now.duration_since(refused.last) < REFUSAL_PAUSE {
                return Some(Step::Wait(Waiting::Refused));
            }
        }
        if self.requests >= REQUESTS {
            return self.fail(Doing::Request(request));
        }
        self.requests += 1;
        Some(Step::Send(request))
    }

    /// Tells the operator to switch the machine, and for switching off also waits until that is done.
    pub(super) fn operator(&mut self, switch: Switch) -> Option<Step> {
        if !self.wanted.manual {
            return None;
        }
        match (self.told, switch) {
            // Never switched on by this run: it is off, as far as anybody knows.
            (None, Switch::Off) => None,
            (Some(told), _) if told.switch == switch => {
                (!told.done).then_some(Step::Wait(Waiting::Operator(switch)))
            }
            (_, _) => {
                self.told = Some(Told {
                    switch,
                    done: false,
                });
                Some(Step::Ask(switch))
            }
        }
    }

    pub(super) fn note_error(&mut self, view: &NodeView) {
        if view.last_error.is_some() {
            self.error.clone_from(&view.last_error);
        }
    }

    /// A conductor that is restarted fails what it had in hand, which is no fault of the node.
    pub(super) fn rides_out_restart(&mut self, view: &NodeView) -> bool {
        let restarted = view
            .last_error
            .as_deref()
            .is_some_and(|error| error.contains("can't be resumed by conductor"));
        if restarted {
            self.restarts += 1;
        }
        restarted && self.restarts <= RESTARTS
    }

    // Every stage ends with what it returns; an Option so that it can be returned as it is.
    #[allow(clippy::unnecessary_wraps)]
    pub(super) fn fail(&self, doing: Doing) -> Option<Step> {
        Some(Step::End(Ending::Failed(Failure {
            doing,
            said: self.error.clone(),
            timed_out: self.timed_out,
            inspections: self.failed_inspections,
        })))
    }
}
