//! What is said to people.

use super::*;

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
