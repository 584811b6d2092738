//! One node against a small model of Ironic, with and without trouble.
//!
//! | File | What lives there |
//! |---|---|
//! | `model.rs` | the model |
//! | `tests.rs` | how a node is run through it, and what happens when nothing goes wrong |
//! | `trouble.rs` | machines, networks and conductors that fail |
//! | `others.rs` | what others began, want or have to do |
//! | `told.rs` | what is said to people |

mod model;
mod others;
mod told;
mod trouble;

use std::time::{Duration, Instant};

use self::model::Model;
use super::*;

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
