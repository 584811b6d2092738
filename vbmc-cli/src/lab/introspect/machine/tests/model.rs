//! A small model of Ironic, with one node.

use jiff::Timestamp;

use crate::lab::introspect::machine::*;

/// What a node's Ironic does, one tick at a time.
pub(super) struct Model {
    pub(super) state: State,
    pub(super) since: i64,
    pub(super) to_available: bool,
    pub(super) reserved: bool,
    pub(super) hold: Option<Hold>,
    pub(super) off: bool,
    pub(super) last_error: Option<String>,
    pub(super) inventory: bool,
    pub(super) bmc_answers: bool,
    pub(super) ramdisk_calls: bool,
}

impl Model {
    pub(super) fn new(state: State) -> Self {
        Self {
            state,
            since: 0,
            to_available: false,
            reserved: false,
            hold: None,
            off: true,
            last_error: None,
            inventory: false,
            bmc_answers: true,
            ramdisk_calls: true,
        }
    }

    pub(super) fn view(&self) -> NodeView {
        NodeView {
            state: self.state.clone(),
            since: Some(Timestamp::from_second(self.since).unwrap()),
            to_available: self.to_available,
            reserved: self.reserved,
            hold: self.hold.clone(),
            off: self.off,
            switching: false,
            last_error: self.last_error.clone(),
        }
    }

    pub(super) fn set(&mut self, state: State) {
        self.state = state;
        self.since += 1;
    }

    pub(super) fn ask(&mut self, request: Request) -> Heard {
        let state = match (request, &self.state) {
            _ if self.reserved => return Heard::NotNow("locked".to_owned()),
            (Request::Manage, State::Enroll) => State::Verifying,
            (Request::Manage, State::Available | State::CleanFailed | State::InspectFailed) => {
                State::Manageable
            }
            (Request::Inspect, State::Manageable | State::InspectFailed) => State::Inspecting,
            (Request::AbortInspection, State::InspectWait) => {
                self.last_error = Some("aborted".to_owned());
                State::InspectFailed
            }
            (Request::AbortCleaning, State::CleanWait) => {
                self.off = true;
                self.last_error = Some("aborted".to_owned());
                State::CleanFailed
            }
            (Request::Clean | Request::Provide, State::Manageable) if self.hold.is_none() => {
                self.to_available = request == Request::Provide;
                State::Cleaning
            }
            (Request::PowerOff, _) => {
                self.off = true;
                self.last_error = None;
                return Heard::Accepted;
            }
            (Request::LiftFault, _) => {
                self.hold = None;
                return Heard::Accepted;
            }
            _ => return Heard::NotNow(format!("not possible: {}", self.state_name())),
        };
        self.set(state);
        Heard::Accepted
    }

    pub(super) fn state_name(&self) -> String {
        format!("{:?}", self.state)
    }

    pub(super) fn tick(&mut self) {
        match self.state {
            State::Verifying if self.bmc_answers => self.set(State::Manageable),
            State::Verifying => {
                self.last_error = Some("ipmitool failed".to_owned());
                self.set(State::Enroll);
            }
            State::Inspecting if self.off => {
                self.off = false;
                self.set(State::InspectWait);
            }
            State::Inspecting => {
                self.inventory = true;
                self.off = true;
                self.set(State::Manageable);
            }
            State::InspectWait if self.ramdisk_calls => self.set(State::Inspecting),
            State::Cleaning if self.off => {
                self.off = false;
                self.set(State::CleanWait);
            }
            State::CleanWait if self.ramdisk_calls => self.set(State::Cleaning),
            State::Cleaning => {
                self.off = true;
                self.set(if self.to_available {
                    State::Available
                } else {
                    State::Manageable
                });
            }
            _ => {}
        }
    }

    /// The conductor is killed and comes back.
    pub(super) fn restart(&mut self) {
        self.reserved = false;
        let failed = match self.state {
            State::Verifying => State::Enroll,
            State::Inspecting => State::InspectFailed,
            State::Cleaning => {
                self.hold = Some(Hold::Fault("clean failure".to_owned()));
                State::CleanFailed
            }
            _ => return,
        };
        self.last_error = Some("The state can't be resumed by conductor lab. Moving".to_owned());
        self.set(failed);
    }
}
