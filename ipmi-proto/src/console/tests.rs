//! The console against a BMC that answers by the book, or in the ways of foreign ones.

use std::format;
use std::vec;

use super::testing::{Desk, From, GUID, config};
use super::*;
use crate::command::app::GetDeviceId;
use crate::command::chassis::GetChassisStatus;
use crate::crypto::{BmcKey, CipherSuite, Password};
use crate::handshake::{RakpStatus, RequestedPrivilege};
use crate::{CompletionCode, Privilege};
use core::time::Duration;

fn failure(desk: &mut Desk) -> Error {
    match desk.event() {
        Some(Event::Failed(error)) => error,
        other => panic!("{other:?}"),
    }
}

fn session(desk: &mut Desk) -> Session {
    match desk.event() {
        Some(Event::Established(session)) => session,
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_suite_opens_a_session_and_brings_requests_across() {
    for suite in CipherSuite::ALL {
        let mut desk = Desk::new(Config {
            suite: SuiteChoice::Exactly(suite),
            ..config()
        });
        desk.bmc.accepted = vec![suite];
        let id = desk.console.raw_request(NetFn::CHASSIS, 1, &[1, 2, 3]);
        let session = session(&mut desk);
        assert_eq!((session.suite, session.guid), (suite, GUID));
        assert_eq!(session.privilege, Privilege::Administrator);
        let response = Response {
            netfn: NetFn::CHASSIS,
            command: 1,
            completion: CompletionCode::Ok,
            data: vec![1, 2, 3],
        };
        let result = Ok(response);
        assert_eq!(desk.event(), Some(Event::Response { id, result }));
        desk.console.close();
        assert_eq!(desk.event(), Some(Event::Closed));
        assert_eq!(desk.bmc.asked, [(6, 0x3B), (0, 1), (6, 0x3C)]);
        assert!(desk.console.is_ended());
    }
}

#[test]
fn the_best_listed_suite_is_taken() {
    let auto = || Config {
        suite: SuiteChoice::Auto,
        ..config()
    };
    assert_eq!(session(&mut Desk::new(auto())).suite, CipherSuite::SUITE_17);
    let mut desk = Desk::new(auto());
    desk.bmc.listed = Some(vec![CipherSuite::SUITE_3]);
    assert_eq!(session(&mut desk).suite, CipherSuite::SUITE_3);
    let mut desk = Desk::new(auto());
    desk.bmc.listed = Some(vec![CipherSuite::from_id(0).unwrap()]);
    assert_eq!(failure(&mut desk), Error::NoCommonSuite);
}

#[test]
fn without_a_list_suite_3_follows_17() {
    for short_refusals in [false, true] {
        let mut desk = Desk::new(Config {
            suite: SuiteChoice::Auto,
            ..config()
        });
        desk.bmc.listed = None;
        desk.bmc.accepted = vec![CipherSuite::SUITE_3];
        desk.bmc.short_refusals = short_refusals;
        assert_eq!(session(&mut desk).suite, CipherSuite::SUITE_3);
    }
}

#[test]
fn a_suite_that_was_named_is_not_replaced() {
    let mut desk = Desk::new(config());
    desk.bmc.accepted = vec![CipherSuite::SUITE_3];
    let step = Step::OpenSession;
    let status = RakpStatus::NoMatchingCipherSuite;
    assert_eq!(failure(&mut desk), Error::Refused { step, status });
}

#[test]
fn a_wrong_password_is_told_to_both_sides() {
    let mut desk = Desk::new(config());
    desk.bmc.password = Password::new(b"another").unwrap();
    let id = desk.console.request(&GetDeviceId);
    let closed = Event::Response {
        id,
        result: Err(RequestError::Closed),
    };
    assert_eq!(desk.event(), Some(closed));
    assert_eq!(failure(&mut desk), Error::WrongPassword);
    assert_eq!(desk.event(), None);
    let rakp3 = desk.bmc.last_rakp3.expect("the BMC is told");
    assert_eq!(rakp3.result, Err(RakpStatus::InvalidIntegrityCheck));
    assert!(desk.console.is_ended());
}

#[test]
fn kg_is_checked_apart_from_the_password() {
    let key = |bytes: &[u8]| Some(BmcKey::new(bytes).unwrap());
    for (ours, theirs) in [(None, key(b"k")), (key(b"k"), None), (key(b"k"), key(b"l"))] {
        let mut desk = Desk::new(Config {
            kg: ours,
            ..config()
        });
        desk.bmc.kg = theirs;
        assert_eq!(failure(&mut desk), Error::WrongBmcKey);
    }
    let mut desk = Desk::new(Config {
        kg: key(b"k"),
        ..config()
    });
    desk.bmc.kg = key(b"k");
    session(&mut desk);
}

#[test]
fn the_highest_level_is_found_from_above() {
    let highest = || Config {
        privilege: RequestedPrivilege::Highest,
        ..config()
    };
    for (limit, level) in [
        (4, Privilege::Administrator),
        (3, Privilege::Operator),
        (2, Privilege::User),
    ] {
        let mut desk = Desk::new(highest());
        desk.bmc.limit = limit;
        assert_eq!(session(&mut desk).privilege, level);
    }
}

#[test]
fn a_level_that_is_not_granted_ends_the_session() {
    let mut desk = Desk::new(config());
    desk.bmc.limit = 3;
    let level = Privilege::Administrator;
    let code = CompletionCode::from(0x81);
    assert_eq!(failure(&mut desk), Error::Privilege { level, code });
    assert_eq!(desk.bmc.asked.last(), Some(&(6, 0x3C)), "closed");
}

#[test]
fn user_level_is_not_asked_for() {
    let mut desk = Desk::new(Config {
        privilege: RequestedPrivilege::UpTo(Privilege::User),
        ..config()
    });
    assert_eq!(session(&mut desk).privilege, Privilege::User);
    assert!(desk.bmc.asked.is_empty());
}

#[test]
fn silence_ends_after_a_bounded_number_of_datagrams() {
    let mut desk = Desk::new(config());
    let step = Step::AuthCapabilities;
    let timed_out = Some(Event::Failed(Error::TimedOut { step }));
    assert_eq!(desk.event_over(|_, _| false), timed_out);
    assert_eq!(desk.sent.len(), 5);
    assert_eq!(desk.now.elapsed(), Duration::from_secs(5));
}

/// Payload types stand in the sixth byte.
const RAKP_2: u8 = 0x13;
const RAKP_4: u8 = 0x15;

#[test]
fn a_handshake_begins_anew_when_its_answers_are_lost() {
    for (lost, step) in [(RAKP_2, Step::Rakp1), (RAKP_4, Step::Rakp3)] {
        let mut desk = Desk::new(config());
        let timed_out = Some(Event::Failed(Error::TimedOut { step }));
        assert_eq!(
            desk.event_over(|_, datagram| datagram[5] != lost),
            timed_out
        );
        let opened = desk.sent.iter().filter(|datagram| datagram[5] == 0x10);
        assert_eq!(opened.count(), 4);

        let mut desk = Desk::new(config());
        let mut left = 3;
        let event = desk.event_over(|_, datagram| {
            let loses = datagram[5] == lost && left > 0;
            left -= i32::from(loses);
            !loses
        });
        assert!(matches!(event, Some(Event::Established(_))), "{event:?}");
    }
}

#[test]
fn a_forgotten_session_is_opened_anew() {
    let mut desk = Desk::new(config());
    desk.bmc.rakp4_refusals = vec![
        RakpStatus::InvalidIntegrityCheck,
        RakpStatus::InvalidSessionId,
    ];
    session(&mut desk);
    let mut desk = Desk::new(config());
    desk.bmc.rakp4_refusals = vec![RakpStatus::InactiveSessionId; 10];
    let step = Step::Rakp3;
    let status = RakpStatus::InactiveSessionId;
    assert_eq!(failure(&mut desk), Error::Refused { step, status });
}

#[test]
fn a_repeated_request_keeps_its_number_inside_a_new_packet() {
    let mut desk = Desk::established(config());
    desk.sent.clear();
    desk.console.request(&GetChassisStatus);
    let mut left = 2;
    let event = desk.event_over(|from, _| {
        left -= i32::from(from == From::Bmc);
        from == From::Console || left < 0
    });
    assert!(matches!(event, Some(Event::Response { result: Ok(_), .. })));
    assert_eq!(desk.bmc.asked[1..], [(0, 1); 3]);
    let numbers: Vec<u8> = desk
        .sent
        .iter()
        .filter(|datagram| datagram[6..10] == testing::BMC_ID.to_le_bytes())
        .map(|datagram| datagram[10])
        .collect();
    assert_eq!(numbers, [2, 3, 4]);
}

#[test]
fn an_unanswered_request_times_out_and_the_session_goes_on() {
    let mut desk = Desk::established(config());
    let id = desk.console.request(&GetChassisStatus);
    let result = Err(RequestError::TimedOut);
    let event = desk.event_over(|_, _| false);
    assert_eq!(event, Some(Event::Response { id, result }));
    desk.console.request(&GetChassisStatus);
    let event = desk.event();
    assert!(matches!(event, Some(Event::Response { result: Ok(_), .. })));
}

#[test]
fn the_window_bounds_what_is_in_flight() {
    for (window, expected) in [(0, 1), (1, 1), (4, 4), (100, 15)] {
        let mut desk = Desk::established(Config { window, ..config() });
        for _ in 0..40 {
            desk.console.request(&GetChassisStatus);
        }
        let mut out = Vec::new();
        let mut in_flight = 0;
        while desk
            .console
            .poll_transmit(desk.now, &mut desk.rng, &mut out)
        {
            in_flight += 1;
        }
        assert_eq!(in_flight, expected);
        let answers = core::iter::from_fn(|| desk.event());
        let good = |event: &Event| matches!(event, Event::Response { result: Ok(_), .. });
        assert_eq!(answers.filter(good).count(), 40);
    }
}

#[test]
fn an_idle_session_is_kept_alive_until_nobody_answers() {
    let mut desk = Desk::established(Config {
        keep_alive: Some(Duration::from_secs(30)),
        ..config()
    });
    let mut left = 3;
    let event = desk.event_over(|_, _| {
        left -= 1;
        left >= 0
    });
    let step = Step::KeepAlive;
    assert_eq!(event, Some(Event::Failed(Error::TimedOut { step })));
    assert_eq!(desk.bmc.asked[1..], [(6, 1), (6, 1)]);
    // One that was answered at 30 s, one that was not at 60 s, and its five attempts.
    assert_eq!(desk.now.elapsed(), Duration::from_secs(65));
}

#[test]
fn close_ends_what_is_in_flight_and_what_follows() {
    let mut desk = Desk::established(config());
    let ids = [(); 3].map(|()| desk.console.request(&GetChassisStatus));
    desk.console.close();
    desk.console.close();
    let late = desk.console.request(&GetChassisStatus);
    for id in ids.into_iter().chain([late]) {
        let result = Err(RequestError::Closed);
        assert_eq!(desk.event(), Some(Event::Response { id, result }));
    }
    assert_eq!(desk.event(), Some(Event::Closed));
    assert_eq!(desk.event(), None);

    let mut desk = Desk::established(config());
    desk.console.close();
    assert_eq!(desk.event_over(|_, _| false), Some(Event::Closed));
}

#[test]
fn nothing_changed_or_repeated_gets_in() {
    let mut desk = Desk::established(config());
    let id = desk.console.request(&GetChassisStatus);
    let mut request = Vec::new();
    assert!(
        desk.console
            .poll_transmit(desk.now, &mut desk.rng, &mut request)
    );
    let answer = desk.bmc.answer(&mut request).unwrap();
    let (now, rng) = (desk.now, &mut desk.rng);
    for bit in 0..answer.len() * 8 {
        let mut bad = answer.clone();
        bad[bit / 8] ^= 1 << (bit % 8);
        // The reserved byte and the sequence number of RMCP are in nobody's MAC.
        if !(8..24).contains(&bit) {
            assert!(
                desk.console.handle(now, &mut bad, rng).is_err(),
                "bit {bit}"
            );
        }
    }
    for len in 0..answer.len() {
        let mut bad = answer[..len].to_vec();
        assert!(
            desk.console.handle(now, &mut bad, rng).is_err(),
            "{len} bytes"
        );
    }
    for old in &desk.sent {
        assert!(desk.console.handle(now, &mut old.clone(), rng).is_err());
    }
    assert_eq!(desk.console.poll_event(), None);
    assert_eq!(desk.console.handle(now, &mut answer.clone(), rng), Ok(()));
    assert!(desk.console.handle(now, &mut answer.clone(), rng).is_err());
    let event = desk.console.poll_event();
    assert!(matches!(event, Some(Event::Response { id: of, .. }) if of == id));
}

#[test]
fn no_secret_is_printed() {
    let mut desk = Desk::established(config());
    desk.console.raw_request(NetFn::APP, 0x47, b"secret");
    let event = desk.event();
    let printed = format!("{:?} {:?} {event:?}", desk.console, config());
    assert!(!printed.contains("password\""), "{printed}");
    assert!(!printed.contains("115"), "{printed}"); // 's'
}
