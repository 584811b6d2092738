//! Both ends of the library against each other, in memory: no socket, no sleep, every run the same.

mod attacks;
mod guessing;
mod network;
mod sessions;
mod sol;
#[path = "../support/mod.rs"]
mod support;
mod v15;

use ipmi_proto::Privilege;
use ipmi_proto::bmc;
use ipmi_proto::console::{Config, Error, Event, Session, SuiteChoice};
use ipmi_proto::crypto::CipherSuite;

use support::pair::Pair;
use support::{PASSWORD, all_suites, name, password, users};

/// `admin`, with the best suite.
fn client() -> Config {
    Config {
        suite: SuiteChoice::Exactly(CipherSuite::SUITE_17),
        ..Config::new(name(b"admin"), password(PASSWORD))
    }
}

/// A BMC that takes every suite.
fn server() -> bmc::Config {
    bmc::Config {
        suites: all_suites(),
        guid: [0x42; 16],
        ..bmc::Config::new(users())
    }
}

#[track_caller]
fn established(pair: &mut Pair) -> Session {
    match pair.event() {
        Some(Event::Established(session)) => session,
        other => panic!("no session but {other:?}"),
    }
}

#[track_caller]
fn failed(pair: &mut Pair) -> Error {
    match pair.event() {
        Some(Event::Failed(error)) => error,
        other => panic!("no failure but {other:?}"),
    }
}

/// A pair whose session is open, as Administrator.
#[track_caller]
fn open() -> Pair {
    let mut pair = Pair::new(client(), server());
    assert_eq!(established(&mut pair).privilege, Privilege::Administrator);
    pair
}
