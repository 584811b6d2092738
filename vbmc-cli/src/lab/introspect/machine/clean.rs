//! The stages that clean and provide. Both may end in `clean failed`, with the node in maintenance.

use std::time::Duration;

use super::Waiting;
use super::inspect::switching;
use super::{Around, Doing, Ending, Hold, Machine, NodeView, Request, Stage, State, Step, Switch};

/// For one cleaning. Ironic's own limit is shorter; this is for servers that died with the node in their hands.
const CLEANING_LIMIT: Duration = Duration::from_secs(4 * 3600);

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
                if self.over(CLEANING_LIMIT, around) {
                    self.timed_out = true;
                    return self.fail(doing);
                }
                if view.state == State::Cleaning {
                    return Some(Step::Wait(switching(view)));
                }
                self.operator(Switch::On)
                    .or(Some(Step::Wait(Waiting::Cleaning)))
            }
            State::CleanFailed if view.reserved => Some(Step::Wait(Waiting::Lock)),
            State::CleanFailed => {
                let request = doing.request();
                if self.begun || request.is_some_and(|request| self.took_effect(request, view)) {
                    self.note_error(view);
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
