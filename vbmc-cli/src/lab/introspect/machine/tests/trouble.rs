//! Machines, networks and conductors that fail.

use super::*;

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
