//! What a session is, from its opening to its end, on a good network.

use core::time::Duration;

use ipmi_proto::Privilege;
use ipmi_proto::bmc::DropReason;
use ipmi_proto::command::app::{ColdReset, GetDeviceId, GetSessionInfo};
use ipmi_proto::command::chassis::{ChassisControl, GetChassisStatus};
use ipmi_proto::command::transport::{GetIpUdpRmcpStatistics, LanStatistics};
use ipmi_proto::command::{Channel, Request};
use ipmi_proto::console::{Config, Error, Event, RequestError, ResponseError, Step, SuiteChoice};
use ipmi_proto::crypto::{Authentication, BmcKey, CipherSuite};
use ipmi_proto::handshake::{RakpStatus, RequestedPrivilege};
use ipmi_proto::{CompletionCode, bmc};

use super::support::observer::Direction;
use super::support::pair::Pair;
use super::support::{name, password};
use super::{client, established, failed, open, server};

fn key(bytes: &[u8]) -> Option<BmcKey> {
    Some(BmcKey::new(bytes).unwrap())
}

#[test]
fn every_suite_with_and_without_kg_from_first_to_last() {
    for suite in CipherSuite::ALL {
        for kg in [None, key(b"a BMC key"), key(&[0xFF; 20])] {
            let config = Config {
                suite: SuiteChoice::Exactly(suite),
                kg: kg.clone(),
                ..client()
            };
            let mut pair = Pair::new(config, bmc::Config { kg, ..server() });
            let id = pair.console.request(&ChassisControl::PowerUp);
            let session = established(&mut pair);
            assert_eq!((session.suite, session.guid), (suite, [0x42; 16]));
            let Some(Event::Response { id: of, result }) = pair.event() else {
                panic!("a response")
            };
            assert_eq!(of, id);
            assert_eq!(result.unwrap().decode::<ChassisControl>(), Ok(()));
            assert_eq!(
                pair.executed,
                [Request::ChassisControl(ChassisControl::PowerUp)]
            );
            assert_eq!(pair.endpoint.active_sessions(), 1);
            pair.console.close();
            assert_eq!(pair.event(), Some(Event::Closed), "{suite}");
            assert_eq!(pair.endpoint.active_sessions(), 0);
        }
    }
}

#[test]
fn a_wrong_kg_is_noticed_by_whoever_has_a_hash() {
    for suite in CipherSuite::ALL {
        for (ours, theirs) in [
            (None, key(b"set")),
            (key(b"set"), None),
            (key(b"one"), key(b"other")),
        ] {
            let config = Config {
                suite: SuiteChoice::Exactly(suite),
                kg: ours,
                ..client()
            };
            let mut pair = Pair::new(
                config,
                bmc::Config {
                    kg: theirs,
                    ..server()
                },
            );
            if suite.authentication() == Authentication::None {
                // Without any hash there is no key that could be wrong.
                established(&mut pair);
            } else {
                assert_eq!(failed(&mut pair), Error::WrongBmcKey, "{suite}");
            }
        }
    }
}

#[test]
fn a_wrong_password_and_an_unknown_user_look_the_same() {
    for suite in CipherSuite::ALL {
        if suite.authentication() == Authentication::None {
            continue;
        }
        let suite = SuiteChoice::Exactly(suite);
        let mut sizes = Vec::new();
        for (user, secret) in [(&b"admin"[..], &b"wrong"[..]), (b"nobody", b"password")] {
            let config = Config {
                suite,
                ..Config::new(name(user), password(secret))
            };
            let mut pair = Pair::new(config, server());
            assert_eq!(failed(&mut pair), Error::WrongPassword);
            assert_eq!(pair.event(), None);
            assert_eq!(pair.endpoint.active_sessions(), 0);
            let answers = pair
                .sent
                .iter()
                .filter(|(direction, _)| *direction == Direction::ToConsole);
            sizes.push(
                answers
                    .map(|(_, datagram)| datagram.len())
                    .collect::<Vec<_>>(),
            );
        }
        assert_eq!(sizes[0], sizes[1]);
    }
}

#[test]
fn a_suite_that_is_off_is_refused_and_auto_takes_what_is_on() {
    let defaults = bmc::Config::new(super::users());
    for suite in CipherSuite::ALL {
        let config = Config {
            suite: SuiteChoice::Exactly(suite),
            ..client()
        };
        let mut pair = Pair::new(config, defaults.clone());
        if suite.is_complete() && [3, 17].contains(&suite.id()) {
            established(&mut pair);
        } else {
            let step = Step::OpenSession;
            let status = RakpStatus::NoMatchingCipherSuite;
            assert_eq!(failed(&mut pair), Error::Refused { step, status });
        }
    }
    for (on, taken) in [(CipherSuite::SUITE_3, 3), (CipherSuite::SUITE_17, 17)] {
        let config = Config {
            suite: SuiteChoice::Auto,
            ..client()
        };
        let suites = ipmi_proto::crypto::CipherSuites::from_ids([0, on.id()]).unwrap();
        let mut pair = Pair::new(config, bmc::Config { suites, ..server() });
        assert_eq!(established(&mut pair).suite.id(), taken);
    }
}

#[test]
fn levels_are_granted_up_to_the_users_limit() {
    let levels = [
        Privilege::User,
        Privilege::Operator,
        Privilege::Administrator,
    ];
    for (user, limit) in [
        (&b"user"[..], Privilege::User),
        (b"oper", Privilege::Operator),
        (b"admin", Privilege::Administrator),
    ] {
        for name_only in [true, false] {
            let login = |privilege| {
                let config = Config {
                    username: name(user),
                    privilege,
                    name_only,
                    ..client()
                };
                Pair::new(config, server())
            };
            for level in levels {
                let mut pair = login(RequestedPrivilege::UpTo(level));
                if level <= limit {
                    assert_eq!(established(&mut pair).privilege, level);
                } else {
                    let step = Step::Rakp3;
                    let status = RakpStatus::UnauthorizedRole;
                    assert_eq!(failed(&mut pair), Error::Refused { step, status });
                }
            }
            let mut pair = login(RequestedPrivilege::Highest);
            assert_eq!(established(&mut pair).privilege, limit);
        }
    }
}

#[test]
fn a_suite_s_limit_goes_before_the_user_s() {
    let login = |limit, privilege| {
        let mut server = server();
        server.suite_limits.set(CipherSuite::SUITE_3, limit);
        let config = Config {
            suite: SuiteChoice::Exactly(CipherSuite::SUITE_3),
            privilege,
            ..client()
        };
        Pair::new(config, server)
    };
    let administrator = RequestedPrivilege::UpTo(Privilege::Administrator);
    let limit = Some(Privilege::Operator);
    let mut pair = login(limit, RequestedPrivilege::Highest);
    assert_eq!(established(&mut pair).privilege, Privilege::Operator);
    let refused = Error::Refused {
        step: Step::Rakp3,
        status: RakpStatus::UnauthorizedRole,
    };
    assert_eq!(failed(&mut login(limit, administrator)), refused);
    let refused = Error::Refused {
        step: Step::OpenSession,
        status: RakpStatus::NoMatchingCipherSuite,
    };
    assert_eq!(failed(&mut login(None, administrator)), refused);
}

#[test]
fn commands_need_their_level() {
    let response = |pair: &mut Pair| match pair.event() {
        Some(Event::Response { result, .. }) => result.unwrap(),
        other => panic!("{other:?}"),
    };
    for (level, may_control, may_reset) in [
        (Privilege::User, false, false),
        (Privilege::Operator, true, false),
        (Privilege::Administrator, true, true),
    ] {
        let config = Config {
            privilege: RequestedPrivilege::UpTo(level),
            ..client()
        };
        let mut pair = Pair::new(config, server());
        established(&mut pair);
        let refused = |name| {
            let code = CompletionCode::InsufficientPrivilege;
            Err(ResponseError::Refused { name, code })
        };
        pair.console.request(&ChassisControl::PowerUp);
        let expected = if may_control {
            Ok(())
        } else {
            refused("Chassis Control")
        };
        assert_eq!(response(&mut pair).decode::<ChassisControl>(), expected);
        pair.console.request(&ColdReset);
        let expected = if may_reset {
            Ok(())
        } else {
            refused("Cold Reset")
        };
        assert_eq!(response(&mut pair).decode::<ColdReset>(), expected);
        let executed = usize::from(may_control) + usize::from(may_reset);
        assert_eq!(pair.executed.len(), executed);
    }
}

#[test]
fn sessions_are_walked_through_by_number() {
    let mut pair = open();
    let mut info = |request| {
        pair.console.request(&request);
        let Some(Event::Response { result, .. }) = pair.event() else {
            panic!("a response")
        };
        result.unwrap().decode::<GetSessionInfo>()
    };
    let first = info(GetSessionInfo::Index(1)).unwrap();
    assert!(first.handle == 1 && first.session.is_some());
    let none = info(GetSessionInfo::Index(2)).unwrap();
    assert_eq!((none.handle, none.active, none.session), (0, 1, None));
    info(GetSessionInfo::Handle(2)).unwrap_err();
}

#[test]
fn datagrams_are_counted() {
    let mut pair = open();
    let from = pair.peer;
    pair.inject(from, b"no RMCP".to_vec());
    let mut ask = |clear| {
        let channel = Channel::PRESENT;
        pair.console
            .request(&GetIpUdpRmcpStatistics { channel, clear });
        let Some(Event::Response { result, .. }) = pair.event() else {
            panic!("a response")
        };
        let answer = result.unwrap().decode::<GetIpUdpRmcpStatistics>();
        (answer.unwrap(), pair.sent.len())
    };
    let (statistics, exchanged) = ask(true);
    // The console's half of them, this request among them, and what was injected; this answer is still to come.
    let of_the_console = u16::try_from(exchanged / 2).unwrap();
    let expected = LanStatistics {
        ip_received: of_the_console + 1,
        udp_received: of_the_console + 1,
        rmcp_received: of_the_console,
        ip_sent: of_the_console - 1,
        ..LanStatistics::default()
    };
    assert_eq!(statistics, expected);
    let expected = LanStatistics {
        ip_received: 1,
        udp_received: 1,
        rmcp_received: 1,
        ip_sent: 1,
        ..LanStatistics::default()
    };
    assert_eq!(ask(false).0, expected, "the answer to the first one counts");
}

#[test]
fn a_request_that_comes_again_while_it_is_worked_on_joins_it() {
    let mut pair = open();
    pair.service_time = Duration::from_millis(3500);
    pair.console.request(&ChassisControl::PowerCycle);
    assert!(matches!(
        pair.event(),
        Some(Event::Response { result: Ok(_), .. })
    ));
    assert_eq!(pair.executed.len(), 1);
    assert_eq!(pair.dropped, [DropReason::InFlight; 3]);
}

#[test]
fn an_idle_session_ends_after_60_seconds_and_a_kept_one_does_not() {
    let mut pair = open();
    pair.pass(Duration::from_millis(59_999));
    assert_eq!(pair.endpoint.active_sessions(), 1);
    pair.pass(Duration::from_millis(1));
    assert_eq!(pair.endpoint.active_sessions(), 0);
    let id = pair.console.request(&GetDeviceId);
    let result = Err(RequestError::TimedOut);
    assert_eq!(pair.event(), Some(Event::Response { id, result }));
    assert_eq!(pair.dropped, [DropReason::UnknownSession; 5]);

    let config = Config {
        keep_alive: Some(Duration::from_secs(30)),
        ..client()
    };
    let mut pair = Pair::new(config, server());
    established(&mut pair);
    pair.pass(Duration::from_secs(600));
    assert_eq!(pair.endpoint.active_sessions(), 1);
    assert_eq!(pair.executed, vec![Request::GetDeviceId(GetDeviceId); 20]);
}

#[test]
fn many_requests_in_flight_are_each_answered_once() {
    let config = Config {
        window: Config::MAX_WINDOW,
        ..client()
    };
    let mut pair = Pair::new(config, server());
    established(&mut pair);
    let mut asked: Vec<_> = (0..1000)
        .map(|_| pair.console.request(&GetChassisStatus))
        .collect();
    for event in pair.events() {
        let Event::Response { id, result: Ok(_) } = event else {
            panic!("{event:?}")
        };
        assert_eq!(asked.remove(0), id);
    }
    assert!(asked.is_empty());
    assert_eq!(pair.executed.len(), 1000);
}
