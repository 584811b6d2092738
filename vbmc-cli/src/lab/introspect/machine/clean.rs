//! The stages that clean and provide. Both may end in `clean failed`, with the node in maintenance.

use std::time::Duration;

use super::Waiting;
use super::{Around, Doing, Ending, Hold, Machine, NodeView, Request, Stage, State, Step, Switch};

/// For the cleaning before a node is available, which may erase whole disks. Ironic's own limit is shorter, as a rule;
/// this is for servers that died with the node in their hands. What we ask for ourselves takes as long as an inspection.
const PROVIDING_LIMIT: Duration = Duration::from_secs(4 * 3600);

/// How long an aborted cleaning may go on: a step that cannot be interrupted ends first.
const ABORT_LIMIT: Duration = Duration::from_secs(120);

/// Cleanings of one node before it is given up: a BMC that restarts breaks one off.
const CLEANINGS: u32 = 2;

impl Machine {
    pub(super) fn clean(&mut self, view: &NodeView, around: Around) -> Option<Step> {
        match view.state {
            State::Manageable if view.reserved => Some(Step::Wait(Waiting::Lock)),
            State::Manageable if self.begun || self.took_effect(Request::Clean, view) => {
                self.done.cleaned = true;
                self.error = None;
                // Another run's cleaning may come before the inspection.
                let stage = if self.is_inspected() {
                    Stage::Ready
                } else {
                    Stage::Manage
                };
                self.enter(stage, around);
                None
            }
            State::Manageable => self
                .operator(Switch::Off)
                .or_else(|| self.lift_fault(view, around))
                .or_else(|| self.request(Request::Clean, around)),
            _ => self.cleaning(view, around, Doing::Clean),
        }
    }

    pub(super) fn provide(&mut self, view: &NodeView, around: Around) -> Option<Step> {
        match view.state {
            State::Manageable if view.reserved => Some(Step::Wait(Waiting::Lock)),
            State::Manageable => self
                .operator(Switch::Off)
                .or_else(|| self.lift_fault(view, around))
                .or_else(|| self.request(Request::Provide, around)),
            State::Available if view.reserved => Some(Step::Wait(Waiting::Lock)),
            State::Available => {
                self.done.provided = true;
                Some(Step::End(Ending::Available(self.done)))
            }
            _ => self.cleaning(view, around, Doing::Provide),
        }
    }

    /// Cleaning as it goes on, whether it was asked for or comes before a node is available.
    fn cleaning(&mut self, view: &NodeView, around: Around, doing: Doing) -> Option<Step> {
        match view.state {
            State::Cleaning | State::CleanWait => {
                self.begin(around);
                let waits = view.state == State::CleanWait;
                if waits && let Some(step) = self.operator(Switch::On) {
                    return Some(step);
                }
                let limit = match doing {
                    Doing::Clean => self.wanted.timeout,
                    _ => PROVIDING_LIMIT,
                };
                if self.over(limit + ABORT_LIMIT, around) {
                    return self.fail(doing);
                }
                if self.over(limit, around) {
                    self.timed_out = true;
                    if waits && !view.reserved && !self.took_effect(Request::AbortCleaning, view) {
                        return self.request(Request::AbortCleaning, around);
                    }
                }
                Some(Step::Wait(match (waits, doing) {
                    (true, Doing::Clean) => Waiting::Cleaning,
                    (true, _) => Waiting::CleaningBefore,
                    (false, _) if view.switching => Waiting::Power,
                    (false, Doing::Clean) => Waiting::Ironic,
                    (false, _) => Waiting::Providing,
                }))
            }
            State::CleanFailed if view.reserved => Some(Step::Wait(Waiting::Lock)),
            State::CleanFailed => {
                let request = doing.request();
                if self.begun || request.is_some_and(|request| self.took_effect(request, view)) {
                    if !self.timed_out {
                        // Otherwise it says that we aborted it.
                        self.note_error(view);
                    }
                    self.sent = None;
                    self.begun = false;
                    if !self.rides_out_restart(view) {
                        self.failed_cleanings += 1;
                        if self.failed_cleanings >= CLEANINGS {
                            return self.fail(doing);
                        }
                    }
                }
                self.request(Request::Manage, around)
            }
            State::Available | State::Enroll | State::InspectFailed => {
                self.enter(Stage::Manage, around);
                None
            }
            State::Verifying
            | State::Manageable
            | State::Inspecting
            | State::InspectWait
            | State::Other(_) => Some(Step::Wait(Waiting::Ironic)),
        }
    }

    /// Ironic puts nodes that fail into maintenance by itself, and then refuses to work on them.
    fn lift_fault(&mut self, view: &NodeView, around: Around) -> Option<Step> {
        match &view.hold {
            Some(Hold::Fault(_)) if self.wanted.ours || !self.fault_before => {
                self.request(Request::LiftFault, around)
            }
            Some(Hold::Fault(fault)) => Some(Step::End(Ending::LeftAlone(format!(
                "it is in maintenance since a {fault}; end that and run this again"
            )))),
            _ => None,
        }
    }
}

impl Doing {
    fn request(self) -> Option<Request> {
        match self {
            Self::Clean => Some(Request::Clean),
            Self::Provide => Some(Request::Provide),
            Self::Verify | Self::Inspect | Self::Save | Self::Request(_) => None,
        }
    }
}
