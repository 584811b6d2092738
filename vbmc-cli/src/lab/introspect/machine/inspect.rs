//! The stage that inspects: a request, the ramdisk's call, and after a failure once more from a machine that is off.

use std::time::Duration;

use super::{Around, Doing, Machine, NodeView, Request, Stage, State, Step, Switch, Waiting};

/// How long a machine may take to switch off between two inspections. A BMC that is in trouble never gets there, and
/// the next inspection begins with switching off anyway.
pub(super) const POWER_OFF_LIMIT: Duration = Duration::from_secs(60);

impl Machine {
    pub(super) fn inspect(&mut self, view: &NodeView, around: Around) -> Option<Step> {
        match view.state {
            State::Inspecting => {
                self.begin(around);
                if self.over(self.wanted.timeout, around) {
                    self.timed_out = true;
                    return self.fail(Doing::Inspect);
                }
                Some(Step::Wait(switching(view)))
            }
            State::InspectWait => {
                self.begin(around);
                // A conductor has it for a moment, as to look at its power: the ramdisk is what is waited for.
                if view.reserved {
                    return Some(Step::Wait(Waiting::Ramdisk));
                }
                // While the operator is on the way, no time runs but Ironic's own.
                if let Some(step) = self.operator(Switch::On) {
                    return Some(step);
                }
                if self.over(self.wanted.timeout, around) {
                    self.timed_out = true;
                    return self.request(Request::AbortInspection, around);
                }
                Some(Step::Wait(Waiting::Ramdisk))
            }
            State::Manageable | State::InspectFailed if view.reserved => {
                Some(Step::Wait(Waiting::Lock))
            }
            State::Manageable if self.has_run(view) => {
                self.done.inspected = true;
                self.error = None;
                self.enter(Stage::Save, around);
                None
            }
            State::InspectFailed if self.has_run(view) => self.inspection_failed(view, around),
            State::Manageable | State::InspectFailed => self.inspect_now(view, around),
            State::Available | State::Enroll | State::CleanFailed => {
                self.enter(Stage::Manage, around);
                None
            }
            State::Verifying | State::Cleaning | State::CleanWait | State::Other(_) => {
                Some(Step::Wait(Waiting::Ironic))
            }
        }
    }

    fn has_run(&self, view: &NodeView) -> bool {
        self.begun || self.took_effect(Request::Inspect, view)
    }

    fn inspection_failed(&mut self, view: &NodeView, around: Around) -> Option<Step> {
        if !self.timed_out {
            // Otherwise it says that we aborted it.
            self.note_error(view);
        }
        self.sent = None;
        self.begun = false;
        let why = match self.timed_out {
            true => format!(
                "its ramdisk did not call back within {} s",
                self.wanted.timeout.as_secs()
            ),
            false => view
                .last_error
                .clone()
                .unwrap_or_else(|| "Ironic doesn't say why".to_owned()),
        };
        if self.rides_out_restart(view) {
            self.setback = Some(format!("its inspection was broken off: {why}"));
        } else {
            self.failed_inspections += 1;
            if self.failed_inspections >= self.wanted.attempts {
                return self.fail(Doing::Inspect);
            }
            self.setback = Some(format!(
                "inspection {} of {} failed: {why}",
                self.failed_inspections, self.wanted.attempts
            ));
        }
        self.cooling = Some(around.now);
        self.inspect_now(view, around)
    }

    /// Inspects it, after a failure only when it is off, so that the ramdisk starts anew.
    fn inspect_now(&mut self, view: &NodeView, around: Around) -> Option<Step> {
        match self.cooling {
            Some(_) if self.wanted.manual => {
                if let Some(step) = self.operator(Switch::Off) {
                    return Some(step);
                }
            }
            Some(since) => {
                let hopeless = around.now.duration_since(since) >= POWER_OFF_LIMIT;
                if !view.off && !hopeless {
                    if view.switching || self.took_effect(Request::PowerOff, view) {
                        return Some(Step::Wait(Waiting::Power));
                    }
                    return self.request(Request::PowerOff, around);
                }
            }
            None if self.sent.is_none() && !around.slot => {
                return Some(Step::Wait(Waiting::Slot));
            }
            None => {}
        }
        self.request(Request::Inspect, around)
    }
}

/// What a node waits for while a conductor works on it.
pub(super) fn switching(view: &NodeView) -> Waiting {
    if view.switching {
        Waiting::Power
    } else {
        Waiting::Ironic
    }
}
