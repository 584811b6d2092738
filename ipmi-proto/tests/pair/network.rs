//! Bad networks: loss, duplication, reordering and delay, each run made by a seed.

use core::time::Duration;
use std::collections::HashSet;

use ipmi_proto::command::chassis::{BootChange, BootParameter, BootSelector, SetSystemBootOptions};
use ipmi_proto::console::{Config, Error, Event, RequestError, SuiteChoice};
use ipmi_proto::wire::Encode as _;

use super::support::pair::{Network, Pair};
use super::{client, server};

/// How one run ended.
#[derive(Debug, Default)]
struct Outcome {
    established: bool,
    answered: usize,
    timed_out: usize,
    failed: Option<Error>,
}

/// A request that changes something and is like no other.
fn numbered(number: u8) -> SetSystemBootOptions {
    const OEM_PARAMETER: BootSelector = BootSelector::new(96);
    SetSystemBootOptions {
        mark_invalid: false,
        change: BootChange::Write(BootParameter::Other {
            selector: OEM_PARAMETER,
            data: vec![number],
        }),
    }
}

/// Opens a session, sends requests that can be told apart, closes, and checks what must hold on every network.
fn run(config: Config, network: Network, service_time: Duration, seed: u64) -> Outcome {
    const REQUESTS: u8 = 40;
    let mut pair = Pair::seeded(config, server(), seed);
    pair.network = network;
    pair.service_time = service_time;
    for number in 0..REQUESTS {
        pair.console.request(&numbered(number));
    }
    let mut outcome = Outcome::default();
    let mut ended = 0;
    while let Some(event) = pair.event() {
        match event {
            Event::Established(_) => outcome.established = true,
            Event::Response { result, .. } => {
                match result {
                    Ok(response) => {
                        assert_eq!(response.decode::<SetSystemBootOptions>(), Ok(()));
                        outcome.answered += 1;
                    }
                    Err(RequestError::TimedOut) => outcome.timed_out += 1,
                    Err(error) => assert!(!outcome.established, "seed {seed}: {error}"),
                }
                ended += 1;
                if ended == REQUESTS {
                    pair.console.close();
                }
            }
            Event::Failed(error) => outcome.failed = Some(error),
            Event::Closed => {}
            other => panic!("seed {seed}: {other:?}"),
        }
    }
    assert_eq!(
        ended, REQUESTS,
        "seed {seed}: every request comes to its end"
    );
    assert!(pair.console.is_ended(), "seed {seed}");
    let mut executed = HashSet::new();
    for request in &pair.executed {
        let mut bytes = Vec::new();
        request.encode(&mut bytes);
        assert!(
            executed.insert(bytes),
            "seed {seed}: {request:?} was executed again"
        );
    }
    assert!(
        executed.len() >= outcome.answered,
        "seed {seed}: an answer from nowhere"
    );
    outcome
}

fn config(seed: u64) -> Config {
    Config {
        window: [1, 2, 4, 15][seed as usize % 4],
        suite: if seed.is_multiple_of(8) {
            SuiteChoice::Auto
        } else {
            client().suite
        },
        ..client()
    }
}

#[test]
fn a_bad_network_is_got_over() {
    let network = Network {
        loss: 100,
        duplication: 100,
        delay: Duration::from_millis(300),
    };
    let (mut failed, mut timed_out) = (0, 0);
    for seed in 0..200 {
        let outcome = run(config(seed), network, Duration::from_millis(20), seed);
        failed += u32::from(!outcome.established);
        timed_out += outcome.timed_out;
    }
    // Five attempts, each lost one way or the other with a chance of a fifth: 1 in 3000.
    assert!(failed <= 2, "{failed} of 200 sessions were not opened");
    assert!(timed_out <= 10, "{timed_out} of 8000 requests timed out");
}

#[test]
fn a_terrible_network_ends_in_success_or_in_a_clean_timeout() {
    let (mut established, mut failed) = (0, 0);
    for seed in 0..200 {
        let network = Network {
            loss: 200 + (seed as u32 % 5) * 100,
            duplication: 300,
            delay: Duration::from_millis(1200),
        };
        let service_time = Duration::from_millis(seed * 20);
        let outcome = run(config(seed), network, service_time, seed);
        established += u32::from(outcome.established);
        match outcome.failed {
            None => {}
            Some(Error::TimedOut { .. } | Error::Refused { .. }) => failed += 1,
            Some(other) => panic!("seed {seed}: {other}"),
        }
    }
    assert!(established > 20 && failed > 20, "{established}, {failed}");
}

#[test]
fn the_same_seed_is_the_same_run() {
    let network = Network {
        loss: 200,
        duplication: 200,
        delay: Duration::from_millis(900),
    };
    let outcome = || format!("{:?}", run(config(3), network, Duration::ZERO, 3));
    assert_eq!(outcome(), outcome());
}
