//! One node against a small model of Ironic, with and without trouble.

use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::*;

/// What a node's Ironic does, one tick at a time.
struct Model {
    state: State,
    since: i64,
    to_available: bool,
    reserved: bool,
    hold: Option<Hold>,
    off: bool,
    last_error: Option<String>,
    inventory: bool,
    bmc_answers: bool,
    ramdisk_calls: bool,
}

impl Model {
    fn new(state: State) -> Self {
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

    fn view(&self) -> NodeView {
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

    fn set(&mut self, state: State) {
        self.state = state;
        self.since += 1;
    }

    fn ask(&mut self, request: Request) -> Heard {
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

    fn state_name(&self) -> String {
        format!("{:?}", self.state)
    }

    fn tick(&mut self) {
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
    fn restart(&mut self) {
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

fn wanted() -> Wanted {
    Wanted {
        again: false,
        clean: true,
        provide: true,
        manual: false,
        ours: true,
        attempts: 3,
        timeout: Duration::from_secs(60),
    }
}

/// Runs until the end; what was done on the way, and how it ended.
fn run(
    wanted: Wanted,
    model: &mut Model,
    mut trouble: impl FnMut(&mut Model, Request) -> Option<Heard>,
) -> (Vec<Step>, Ending) {
    let mut machine = Machine::new(wanted);
    let mut now = Instant::now();
    let mut steps = Vec::new();
    for _ in 0..5000 {
        now += Duration::from_secs(1);
        let view = model.view();
        let step = machine.next(
            &view,
            Around {
                now,
                slot: true,
                all_ready: machine.is_ready(),
            },
        );
        let end = match &step {
            Step::Wait(_) => {
                model.tick();
                continue;
            }
            Step::Send(request) => {
                let heard = trouble(model, *request).unwrap_or_else(|| model.ask(*request));
                machine.heard(*request, &view, heard, now);
                None
            }
            Step::Fetch => {
                let fetched = if model.inventory {
                    Fetched::Saved
                } else {
                    Fetched::Nothing
                };
                machine.fetched(&view, fetched, now)
            }
            Step::Ask(switch) => {
                machine.switched(*switch, now);
                None
            }
            Step::End(ending) => return (steps, ending.clone()),
        };
        steps.push(step);
        if let Some(Step::End(ending)) = end {
            return (steps, ending);
        }
    }
    panic!("no end after {steps:?}");
}

fn calm(wanted: Wanted, model: &mut Model) -> (Vec<Step>, Ending) {
    run(wanted, model, |_, _| None)
}

const ALL: Done = Done {
    inspected: true,
    cleaned: true,
    provided: true,
};

#[test]
fn a_new_node_goes_all_the_way() {
    let (steps, ending) = calm(wanted(), &mut Model::new(State::Enroll));
    let expected = [
        Step::Send(Request::Manage),
        Step::Send(Request::Inspect),
        Step::Fetch,
        Step::Send(Request::Clean),
        Step::Send(Request::Provide),
    ];
    assert_eq!(steps, expected);
    assert_eq!(ending, Ending::Available(ALL));
}

#[test]
fn an_available_node_with_an_inventory_is_left_as_it_is() {
    let mut model = Model::new(State::Available);
    model.inventory = true;
    let (steps, ending) = calm(wanted(), &mut model);
    assert_eq!(steps, [Step::Fetch]);
    assert_eq!(ending, Ending::Available(Done::default()));
}

#[test]
fn again_takes_an_available_node_back_and_inspects_it() {
    let mut model = Model::new(State::Available);
    model.inventory = true;
    let again = Wanted {
        again: true,
        clean: false,
        ..wanted()
    };
    let (steps, ending) = calm(again, &mut model);
    let expected = [
        Step::Send(Request::Manage),
        Step::Send(Request::Inspect),
        Step::Fetch,
        Step::Send(Request::Provide),
    ];
    assert_eq!(steps, expected);
    assert!(matches!(ending, Ending::Available(_)));
}

#[test]
fn a_bmc_that_does_not_answer_fails_at_once_with_what_ironic_said() {
    let mut model = Model::new(State::Enroll);
    model.bmc_answers = false;
    let (steps, ending) = calm(wanted(), &mut model);
    assert_eq!(steps, [Step::Send(Request::Manage)]);
    let Ending::Failed(failure) = ending else {
        panic!("{ending:?}");
    };
    assert_eq!(failure.doing, Doing::Verify);
    assert_eq!(failure.said.as_deref(), Some("ipmitool failed"));
}

#[test]
fn a_ramdisk_that_does_not_call_is_tried_as_often_as_wanted() {
    let mut model = Model::new(State::Manageable);
    model.ramdisk_calls = false;
    let (steps, ending) = calm(wanted(), &mut model);
    let count = |request| {
        steps
            .iter()
            .filter(|step| **step == Step::Send(request))
            .count()
    };
    assert_eq!(count(Request::Inspect), 3);
    assert_eq!(count(Request::AbortInspection), 3);
    assert_eq!(count(Request::PowerOff), 2);
    let Ending::Failed(failure) = ending else {
        panic!("{ending:?}");
    };
    assert_eq!(failure.doing, Doing::Inspect);
    assert!(failure.timed_out);
    assert_eq!(failure.inspections, 3);
    assert_eq!(failure.said, None, "that we aborted it explains nothing");
}

#[test]
fn a_ramdisk_that_does_not_clean_is_tried_twice() {
    let mut model = Model::new(State::Manageable);
    model.inventory = true;
    model.ramdisk_calls = false;
    let (steps, ending) = calm(wanted(), &mut model);
    let expected = [
        Step::Fetch,
        Step::Send(Request::Clean),
        Step::Send(Request::AbortCleaning),
        Step::Send(Request::Manage),
        Step::Send(Request::Clean),
        Step::Send(Request::AbortCleaning),
    ];
    assert_eq!(steps, expected);
    let Ending::Failed(failure) = ending else {
        panic!("{ending:?}");
    };
    assert_eq!(failure.doing, Doing::Clean);
    assert!(failure.timed_out);
}

#[test]
fn what_an_earlier_run_began_is_waited_for() {
    for state in [
        State::Verifying,
        State::Inspecting,
        State::InspectWait,
        State::Cleaning,
        State::CleanWait,
        State::InspectFailed,
        State::CleanFailed,
    ] {
        for to_available in [false, true] {
            let mut model = Model::new(state.clone());
            model.to_available = to_available;
            model.off = !matches!(state, State::InspectWait | State::CleanWait);
            model.inventory = matches!(
                state,
                State::Cleaning | State::CleanWait | State::CleanFailed
            );
            let (steps, ending) = calm(wanted(), &mut model);
            assert!(
                matches!(ending, Ending::Available(_)),
                "{state:?} {ending:?}"
            );
            let inspections = steps
                .iter()
                .filter(|step| **step == Step::Send(Request::Inspect))
                .count();
            let needed = matches!(state, State::Verifying | State::InspectFailed);
            assert_eq!(inspections, usize::from(needed), "{state:?} {steps:?}");
        }
    }
}

#[test]
fn nodes_of_others_are_left_alone() {
    for (state, hold) in [
        (State::Other("active".to_owned()), None),
        (State::Manageable, Some(Hold::Operator(None))),
    ] {
        let mut model = Model::new(state);
        model.hold = hold;
        let (steps, ending) = calm(wanted(), &mut model);
        assert_eq!(steps, []);
        assert!(matches!(ending, Ending::LeftAlone(_)), "{ending:?}");
    }
}

#[test]
fn a_fault_from_before_is_lifted_for_nodes_of_this_lab_only() {
    for ours in [true, false] {
        let mut model = Model::new(State::CleanFailed);
        model.inventory = true;
        model.hold = Some(Hold::Fault("clean failure".to_owned()));
        let (_, ending) = calm(Wanted { ours, ..wanted() }, &mut model);
        assert_eq!(matches!(ending, Ending::Available(_)), ours, "{ending:?}");
        assert_eq!(model.hold.is_none(), ours);
    }
}

#[test]
fn without_a_slot_it_waits() {
    let mut machine = Machine::new(wanted());
    let model = Model::new(State::InspectFailed);
    let around = Around {
        now: Instant::now(),
        slot: false,
        all_ready: false,
    };
    assert_eq!(
        machine.next(&model.view(), around),
        Step::Wait(Waiting::Slot)
    );
    assert!(!machine.takes_slot());
    let around = Around {
        slot: true,
        ..around
    };
    assert_eq!(
        machine.next(&model.view(), around),
        Step::Send(Request::Inspect)
    );
    machine.heard(Request::Inspect, &model.view(), Heard::Accepted, around.now);
    assert!(machine.takes_slot());
}

#[test]
fn the_operator_switches_what_nobody_else_can() {
    let manual = Wanted {
        manual: true,
        ..wanted()
    };
    let (steps, ending) = calm(manual, &mut Model::new(State::Enroll));
    let expected = [
        Step::Send(Request::Manage),
        Step::Send(Request::Inspect),
        Step::Ask(Switch::On),
        Step::Fetch,
        Step::Ask(Switch::Off),
        Step::Send(Request::Clean),
        Step::Ask(Switch::On),
        Step::Ask(Switch::Off),
        Step::Send(Request::Provide),
        Step::Ask(Switch::On),
    ];
    assert_eq!(steps, expected);
    assert_eq!(ending, Ending::Available(ALL));
}

#[test]
fn no_time_runs_while_the_operator_is_on_the_way() {
    let mut machine = Machine::new(Wanted {
        manual: true,
        ..wanted()
    });
    let mut model = Model::new(State::InspectWait);
    model.off = false;
    let mut around = Around {
        now: Instant::now(),
        slot: true,
        all_ready: false,
    };
    assert_eq!(machine.next(&model.view(), around), Step::Ask(Switch::On));
    around.now += Duration::from_secs(3600);
    let step = machine.next(&model.view(), around);
    assert_eq!(step, Step::Wait(Waiting::Operator(Switch::On)));
    machine.switched(Switch::On, around.now);
    let step = machine.next(&model.view(), around);
    assert_eq!(step, Step::Wait(Waiting::Ramdisk));
    around.now += Duration::from_secs(60);
    assert_eq!(
        machine.next(&model.view(), around),
        Step::Send(Request::AbortInspection)
    );
}

#[test]
fn what_ironic_refuses_for_long_or_for_good_fails() {
    for (heard, requests) in [
        (Heard::Refused("no such step".to_owned()), 1),
        // Every 3 s for 180 s.
        (Heard::NotNow("no conductor".to_owned()), 60),
    ] {
        let mut sent = 0;
        let (_, ending) = run(wanted(), &mut Model::new(State::Manageable), |_, _| {
            sent += 1;
            Some(heard.clone())
        });
        assert_eq!(sent, requests);
        let Ending::Failed(failure) = ending else {
            panic!("{ending:?}");
        };
        assert_eq!(failure.doing, Doing::Request(Request::Inspect));
        assert!(failure.said.is_some());
    }
}

/// A source of trouble that is the same for the same seed.
struct Dice(u64);

impl Dice {
    fn one_in(&mut self, n: u64) -> bool {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.is_multiple_of(n)
    }
}

#[test]
fn lost_answers_locks_and_a_restart_do_not_keep_it_from_the_end() {
    for seed in 1..2000_u64 {
        let mut dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let mut restarts = 0;
        let (steps, ending) = run(
            wanted(),
            &mut Model::new(State::Enroll),
            |model, request| {
                if dice.one_in(4) {
                    return Some(Heard::Nothing);
                }
                if dice.one_in(4) {
                    model.ask(request);
                    return Some(Heard::Nothing);
                }
                if dice.one_in(4) {
                    return Some(Heard::NotNow("locked".to_owned()));
                }
                if restarts < 4 && dice.one_in(3) {
                    restarts += 1;
                    model.ask(request);
                    model.restart();
                    return Some(if dice.one_in(2) {
                        Heard::Accepted
                    } else {
                        Heard::Nothing
                    });
                }
                None
            },
        );
        assert_eq!(ending, Ending::Available(ALL), "seed {seed}: {steps:?}");
    }
}

/// A machine in the midst of a run, shown views one second after the other; what it does about each.
fn shown(views: &[NodeView], wanted: Wanted) -> (Machine, Vec<Step>) {
    let mut machine = Machine::new(wanted);
    let begun = Instant::now();
    let step = |(second, view)| {
        let around = Around {
            now: begun + Duration::from_secs(second),
            slot: true,
            all_ready: true,
        };
        let step = machine.next(view, around);
        if let Step::Send(request) = step {
            machine.heard(request, view, Heard::Accepted, around.now);
        }
        step
    };
    let steps = (0..).zip(views).map(step).collect();
    (machine, steps)
}

#[test]
fn what_is_inspected_once_more_says_why() {
    let mut model = Model::new(State::InspectWait);
    let waits = model.view();
    model.set(State::InspectFailed);
    model.last_error = Some("no DHCP".to_owned());
    let failed = model.view();
    let (mut machine, _) = shown(&[waits.clone(), failed], wanted());
    let setback = machine.take_setback();
    assert_eq!(setback.unwrap(), "inspection 1 of 3 failed: no DHCP");
    assert_eq!(machine.take_setback(), None, "it is told once");

    let impatient = Wanted {
        timeout: Duration::from_secs(1),
        ..wanted()
    };
    model.last_error = Some("Inspection was aborted by request.".to_owned());
    let views = [waits.clone(), waits, model.view()];
    let (mut machine, steps) = shown(&views, impatient);
    assert_eq!(steps[1], Step::Send(Request::AbortInspection));
    assert_eq!(
        machine.take_setback().unwrap(),
        "inspection 1 of 3 failed: its ramdisk did not call back within 1 s"
    );
}

#[test]
fn cleaning_that_nobody_asked_for_is_said_to_be_ironics_own() {
    let mut model = Model::new(State::Available);
    model.inventory = true;
    let mut machine = Machine::new(wanted());
    let around = Around {
        now: Instant::now(),
        slot: true,
        all_ready: true,
    };
    machine.stage = Stage::Provide;
    for (state, waiting) in [
        (State::Cleaning, Waiting::Providing),
        (State::CleanWait, Waiting::CleaningBefore),
    ] {
        model.set(state);
        assert_eq!(machine.next(&model.view(), around), Step::Wait(waiting));
    }
}
