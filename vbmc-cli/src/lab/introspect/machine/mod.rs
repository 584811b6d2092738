//! What to do next with one node: decided from what Ironic last said of it and from what this run remembers.
//!
//! No IO and no clock: [`Machine::next`] is given the node as last read and the time, and says one [`Step`]. Whoever
//! takes the step says how that went, which is no more than a hint: only what is read afterwards counts. So a call
//! that was lost on the way, a server that was killed in the middle, and a run that goes on where another one was
//! interrupted are all the same to it.
//!
//! | Module | What lives there |
//! |---|---|
//! | `view` | a node as last read |
//! | `step` | what can be done next, and how a node can end |
//! | `inspect`, `clean` | the stages that inspect, and those that clean and provide |
//! | `heard` | how steps went |
//! | `memory` | what was asked for, how long it takes, what failed |

mod clean;
mod heard;
mod inspect;
mod memory;
mod step;
#[cfg(test)]
mod tests;
mod view;

use std::time::{Duration, Instant};

pub(super) use self::heard::{Fetched, Heard};
pub(super) use self::step::{Doing, Done, Ending, Failure, Request, Step, Switch, Waiting};
pub(super) use self::view::{Hold, NodeView, State};

/// What is to become of a node.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    /// Inspect it also when it has been inspected before.
    pub(super) again: bool,
    pub(super) clean: bool,
    pub(super) provide: bool,
    /// Nobody but the operator can switch its power.
    pub(super) manual: bool,
    /// Whether this lab registered it: then faults from an earlier run may be lifted.
    pub(super) ours: bool,
    /// Inspections before it is given up.
    pub(super) attempts: u32,
    /// For one inspection.
    pub(super) timeout: Duration,
}

/// What holds beside the node itself.
#[derive(Debug, Clone, Copy)]
pub(super) struct Around {
    pub(super) now: Instant,
    /// Whether one more node may be inspected now.
    pub(super) slot: bool,
    /// Whether every node is ready or given up.
    pub(super) all_ready: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// At first sight: where does it stand, perhaps from an earlier run?
    Look,
    Manage,
    Inspect,
    Save,
    Clean,
    Ready,
    Provide,
    Ended,
}

/// A request that was sent, and what the node looked like before.
#[derive(Debug)]
struct Sent {
    request: Request,
    before: view::Mark,
    accepted: bool,
}

/// Requests that Ironic would not take.
#[derive(Debug)]
struct Refused {
    first: Instant,
    last: Instant,
    said: String,
    /// Whether asking again is useless.
    for_good: bool,
}

/// What the operator was told to do, for nodes whose power nobody else can switch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Told {
    switch: Switch,
    /// Whether the operator has done it, or cannot be asked.
    done: bool,
}

/// One node in a run.
#[derive(Debug)]
pub(super) struct Machine {
    wanted: Wanted,
    stage: Stage,
    /// When what is waited for began.
    since: Option<Instant>,
    sent: Option<Sent>,
    requests: u32,
    refused: Option<Refused>,
    /// Whether what this stage is for has been seen going on.
    begun: bool,
    inspected_before: bool,
    failed_inspections: u32,
    failed_cleanings: u32,
    restarts: u32,
    /// Whether Ironic had found a fault before this run touched the node.
    fault_before: bool,
    /// What Ironic said when something failed. Ironic itself forgets soon.
    error: Option<String>,
    timed_out: bool,
    /// Why what comes next is done once more; told once.
    setback: Option<String>,
    /// Since when it is being switched off between two inspections.
    cooling: Option<Instant>,
    told: Option<Told>,
    done: Done,
}

impl Machine {
    pub(super) fn new(wanted: Wanted) -> Self {
        Self {
            wanted,
            stage: Stage::Look,
            since: None,
            sent: None,
            requests: 0,
            refused: None,
            begun: false,
            inspected_before: false,
            failed_inspections: 0,
            failed_cleanings: 0,
            restarts: 0,
            fault_before: false,
            error: None,
            timed_out: false,
            setback: None,
            cooling: None,
            told: None,
            done: Done::default(),
        }
    }

    /// Whether it takes one of the places of nodes that are inspected at the same time.
    pub(super) fn takes_slot(&self) -> bool {
        self.stage == Stage::Inspect
            && (self.begun || self.sent.is_some() || self.cooling.is_some())
    }

    /// Whether the others need not wait for it.
    pub(super) fn is_ready(&self) -> bool {
        matches!(self.stage, Stage::Ready | Stage::Provide | Stage::Ended)
    }

    /// Whether this run has inspected it.
    pub(super) fn has_inspected(&self) -> bool {
        self.done.inspected
    }

    /// Why it is inspected once more, said once.
    pub(super) fn take_setback(&mut self) -> Option<String> {
        self.setback.take()
    }

    /// What Ironic said when it would not take the last request.
    pub(super) fn refusal(&self) -> Option<&str> {
        Some(&self.refused.as_ref()?.said)
    }

    /// Whether it goes on when the operator has switched it.
    pub(super) fn waits_for(&self, switch: Switch) -> bool {
        self.told
            .is_some_and(|told| told.switch == switch && !told.done)
    }

    /// Whether the operator has switched it on and not off again.
    pub(super) fn is_left_on(&self) -> bool {
        self.told.is_some_and(|told| told.switch == Switch::On)
    }

    /// What to do now. `view` must have been read after the last step was done with.
    pub(super) fn next(&mut self, view: &NodeView, around: Around) -> Step {
        if self.since.is_none() {
            self.since = Some(around.now);
            self.fault_before = matches!(view.hold, Some(Hold::Fault(_)));
        }
        loop {
            if let Some(step) = self.step(view, around) {
                if matches!(step, Step::End(_)) {
                    self.stage = Stage::Ended;
                }
                return step;
            }
        }
    }

    /// None: the stage has led to another one, which says more. No two stages lead to each other for the same view.
    fn step(&mut self, view: &NodeView, around: Around) -> Option<Step> {
        if self.stage != Stage::Ended
            && let Some(ending) = elsewhere(view)
        {
            return Some(Step::End(ending));
        }
        match self.stage {
            Stage::Look => self.look(view, around),
            Stage::Manage => self.manage(view, around),
            Stage::Inspect => self.inspect(view, around),
            Stage::Save => Some(Step::Fetch),
            Stage::Clean => self.clean(view, around),
            Stage::Ready => self.ready(around),
            Stage::Provide => self.provide(view, around),
            Stage::Ended => Some(Step::Wait(Waiting::Others)),
        }
    }

    fn look(&mut self, view: &NodeView, around: Around) -> Option<Step> {
        let may_have_inventory = match view.state {
            State::Available
            | State::Manageable
            | State::Cleaning
            | State::CleanWait
            | State::CleanFailed => true,
            State::Enroll
            | State::Verifying
            | State::Inspecting
            | State::InspectWait
            | State::InspectFailed
            | State::Other(_) => false,
        };
        if may_have_inventory && !self.wanted.again {
            return Some(Step::Fetch);
        }
        self.enter(Stage::Manage, around);
        None
    }

    fn manage(&mut self, view: &NodeView, around: Around) -> Option<Step> {
        match view.state {
            State::Enroll | State::CleanFailed | State::Available | State::Manageable
                if view.reserved =>
            {
                Some(Step::Wait(Waiting::Lock))
            }
            State::Enroll if self.took_effect(Request::Manage, view) => {
                self.note_error(view);
                self.sent = None;
                if self.rides_out_restart(view) {
                    self.request(Request::Manage, around)
                } else {
                    self.fail(Doing::Verify)
                }
            }
            State::Enroll | State::Available | State::CleanFailed => {
                self.request(Request::Manage, around)
            }
            State::Verifying => {
                self.adopt(Request::Manage, view);
                if self.over(self.wanted.timeout, around) {
                    self.timed_out = true;
                    return self.fail(Doing::Verify);
                }
                Some(Step::Wait(Waiting::Bmc))
            }
            State::Cleaning | State::CleanWait => {
                let stage = if self.is_inspected() && view.to_available {
                    Stage::Provide
                } else {
                    Stage::Clean
                };
                self.enter(stage, around);
                self.begun = true;
                None
            }
            State::Manageable => {
                let stage = if self.is_inspected() {
                    self.after_inspection()
                } else {
                    Stage::Inspect
                };
                self.enter(stage, around);
                None
            }
            State::Inspecting | State::InspectWait | State::InspectFailed => {
                self.enter(Stage::Inspect, around);
                None
            }
            State::Other(_) => Some(Step::Wait(Waiting::Ironic)),
        }
    }

    fn ready(&mut self, around: Around) -> Option<Step> {
        if let Some(step) = self.operator(Switch::Off) {
            return Some(step);
        }
        if !around.all_ready {
            return Some(Step::Wait(Waiting::Others));
        }
        if self.wanted.provide {
            self.enter(Stage::Provide, around);
            None
        } else {
            Some(Step::End(Ending::Manageable(self.done)))
        }
    }
}

/// States and holds that are somebody else's business.
fn elsewhere(view: &NodeView) -> Option<Ending> {
    match (&view.state, &view.hold) {
        (State::Other(state), _) => Some(Ending::LeftAlone(format!(
            "it is {state}, and only nodes that nobody uses are inspected"
        ))),
        (_, Some(Hold::Operator(reason))) => Some(Ending::LeftAlone(format!(
            "it is in maintenance ({}); end that and run this again",
            reason.as_deref().unwrap_or("no reason given")
        ))),
        _ => None,
    }
}
