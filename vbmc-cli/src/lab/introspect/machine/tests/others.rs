//! What earlier runs and other people began, and what is waited for.

use super::*;

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
