//! Serial over LAN inside sessions: what the machine prints and what is typed arrives as it was, on any network.

use core::time::Duration;

use ipmi_proto::bmc::{self, Deactivation, DropReason};
use ipmi_proto::command::chassis::GetChassisStatus;
use ipmi_proto::console::{Config, Error, Event, Step, SuiteChoice};
use ipmi_proto::crypto::CipherSuite;
use ipmi_proto::session::v20::PayloadType;
use ipmi_proto::sol;
use rand::RngExt as _;

use super::support::observer::{Direction, Observer, Seen};
use super::support::pair::{Network, Pair};
use super::support::{PASSWORD, password, peer};
use super::{client, established, server};

/// The session and its line are open.
#[track_caller]
fn activate(pair: &mut Pair) -> u32 {
    pair.console.activate_sol(sol::Config::console());
    established(pair);
    assert_eq!(pair.event(), Some(Event::SolActivated { port: 623 }));
    let session = pair.endpoint.sol_sessions().next();
    session.expect("the BMC's end of the line")
}

fn machine(pair: &mut Pair, session: u32) -> &mut sol::Port {
    pair.endpoint.sol_mut(session).expect("an active line")
}

fn console(pair: &mut Pair) -> &mut sol::Port {
    pair.console.sol_mut().expect("an active line")
}

/// Sends bytes both ways, and requests between them.
fn talk(pair: &mut Pair, session: u32, what: &str) {
    let mut noise = |len| -> Vec<u8> { (0..len).map(|_| pair.rng.random()).collect() };
    let (printed, typed) = (noise(3000), noise(600));
    let (mut output, mut input) = (&printed[..], &typed[..]);
    let (mut seen, mut got) = (Vec::new(), Vec::new());
    for round in 0..20_000 {
        let len = pair.rng.random_range(0..200);
        let taken = machine(pair, session).write(&output[..len.min(output.len())]);
        output = &output[taken..];
        let len = pair.rng.random_range(0..20);
        let taken = console(pair).write(&input[..len.min(input.len())]);
        input = &input[taken..];
        if round % 50 == 0 {
            pair.console.request(&GetChassisStatus);
        }
        pair.pass(Duration::from_millis(20));
        seen.extend(console(pair).read(100));
        got.extend(machine(pair, session).read(100));
        if seen.len() >= printed.len() && got.len() >= typed.len() {
            break;
        }
    }
    assert!(seen == printed, "{what}: what the machine printed");
    assert!(got == typed, "{what}: what was typed");
    while pair.console.poll_event().is_some() {}
}

#[test]
fn bytes_arrive_as_they_were_under_every_suite() {
    for suite in CipherSuite::ALL {
        let config = Config {
            suite: SuiteChoice::Exactly(suite),
            ..client()
        };
        let mut pair = Pair::new(config, server());
        let session = activate(&mut pair);
        talk(&mut pair, session, &suite.to_string());
        let mut observer = Observer::new(password(PASSWORD), None);
        let packets = pair.sent.iter().filter(|(direction, datagram)| {
            let seen = observer.observe(*direction, datagram);
            matches!(seen, Ok(Seen::InSession(PayloadType::SOL, _)))
        });
        assert!(packets.count() > 20, "{suite}: protected as agreed");
    }
}

#[test]
fn bytes_arrive_as_they_were_on_bad_networks() {
    for seed in 0..24 {
        let mut pair = Pair::seeded(client(), server(), seed);
        let session = activate(&mut pair);
        pair.network = Network {
            loss: 50 + (seed as u32 % 6) * 50,
            duplication: 100,
            delay: Duration::from_millis(seed % 4 * 50),
        };
        talk(&mut pair, session, &format!("seed {seed}"));
    }
}

#[test]
fn a_line_survives_an_outage_of_half_a_minute() {
    let mut pair = Pair::new(client(), server());
    pair.console.activate_sol(sol::Config::console());
    let session = {
        established(&mut pair);
        pair.event();
        pair.endpoint.sol_sessions().next().unwrap()
    };
    pair.network.loss = 1000;
    machine(&mut pair, session).write(b"printed");
    console(&mut pair).write(b"typed");
    // Short of the keep-alive at 15 s and its five attempts.
    pair.pass(Duration::from_secs(18));
    pair.network.loss = 0;
    pair.pass(Duration::from_secs(20));
    assert_eq!(console(&mut pair).read(100), b"printed");
    assert_eq!(machine(&mut pair, session).read(100), b"typed");
}

#[test]
fn an_open_line_is_kept_alive_until_nobody_answers() {
    let mut pair = Pair::new(client(), server());
    let session = activate(&mut pair);
    pair.pass(Duration::from_secs(600));
    assert!(pair.endpoint.is_active(session));
    pair.network.loss = 1000;
    // Packets that are repeated for ever hide nothing.
    console(&mut pair).write(b"x");
    let start = pair.now;
    let step = Step::KeepAlive;
    let failed = core::iter::from_fn(|| pair.event()).find(|event| *event != Event::Sol);
    let failed = failed.filter(|event| !matches!(event, Event::Response { .. }));
    assert_eq!(failed, Some(Event::Failed(Error::TimedOut { step })));
    assert!(pair.now.since(start) <= Duration::from_secs(21));
}

#[test]
fn closing_gives_the_line_back_first() {
    let mut pair = Pair::new(client(), server());
    let session = activate(&mut pair);
    pair.console.close();
    assert_eq!(pair.event(), Some(Event::Closed));
    let last = pair.executed.last().expect("a request").row().name;
    assert_eq!(last, "Deactivate Payload");
    assert!(!pair.endpoint.is_active(session));
}

#[test]
fn a_line_can_be_given_back_and_taken_again() {
    let mut pair = Pair::new(client(), server());
    let session = activate(&mut pair);
    for _ in 0..3 {
        assert!(pair.console.deactivate_sol());
        assert_eq!(pair.event(), Some(Event::SolDeactivated));
        assert!(pair.console.sol_mut().is_none() && !pair.console.deactivate_sol());
        assert!(pair.endpoint.sol_mut(session).is_none());
        pair.console.activate_sol(sol::Config::console());
        assert_eq!(pair.event(), Some(Event::SolActivated { port: 623 }));
        talk(&mut pair, session, "again");
    }
}

#[test]
fn the_console_hears_that_another_has_taken_the_line() {
    let mut pair = Pair::new(client(), server());
    let session = activate(&mut pair);
    machine(&mut pair, session).write(b"last words");
    assert_eq!(pair.event(), Some(Event::Sol));
    assert!(pair.endpoint.deactivate_sol(session, Deactivation::Taken));
    assert!(!pair.endpoint.deactivate_sol(session, Deactivation::Taken));
    assert_eq!(pair.endpoint.sol_sessions().count(), 0);
    let deactivated = core::iter::from_fn(|| pair.event()).find(|event| *event != Event::Sol);
    assert_eq!(deactivated, Some(Event::SolDeactivated));
    assert_eq!(console(&mut pair).read(100), b"last words");
    pair.console.close();
    assert_eq!(pair.event(), Some(Event::Closed));
    let names = pair.executed.iter().map(|request| request.row().name);
    assert_eq!(names.collect::<Vec<_>>(), ["Activate Payload"]);
}

#[test]
fn packets_without_a_line_are_dropped() {
    let mut pair = Pair::new(client(), server());
    let session = activate(&mut pair);
    console(&mut pair).write(b"x");
    pair.pass(Duration::ZERO);
    let mut observer = Observer::new(password(PASSWORD), None);
    for (direction, datagram) in &pair.sent {
        let _ = observer.observe(*direction, datagram);
    }
    assert!(pair.endpoint.deactivate_sol(session, Deactivation::Asked));
    let keys = observer.session.as_mut().expect("a session");
    // The packet once more, as one whose acknowledgement was lost.
    let payload = [1, 0, 0, 0, b'x'];
    let late = keys.seal(
        Direction::ToBmc,
        0,
        PayloadType::SOL,
        &payload,
        &mut pair.rng,
    );
    pair.dropped.clear();
    pair.inject(peer(1), late);
    assert_eq!(pair.dropped, [DropReason::PayloadType]);
    let mut out = Vec::new();
    let (now, rng) = (pair.now, &mut pair.rng);
    assert_eq!(pair.endpoint.poll_sol(now, rng, &mut out), None);
    assert!(pair.endpoint.is_active(session));
}

#[test]
fn a_line_ends_with_its_session() {
    let config = bmc::Config {
        idle_timeout: Duration::from_secs(5),
        ..server()
    };
    let mut pair = Pair::new(client(), config);
    let session = activate(&mut pair);
    pair.network.loss = 1000;
    machine(&mut pair, session).write(b"x");
    pair.pass(Duration::from_secs(6));
    assert!(!pair.endpoint.is_active(session));
    assert_eq!(pair.endpoint.sol_sessions().count(), 0);
    assert!(pair.endpoint.poll_timeout().is_none());
    assert!(!pair.endpoint.activate_sol(session, sol::Config::bmc()));
}

#[test]
fn a_break_reaches_the_machine() {
    let mut pair = Pair::new(client(), server());
    let session = activate(&mut pair);
    pair.network.loss = 300;
    console(&mut pair).send_break();
    pair.pass(Duration::from_secs(10));
    let port = machine(&mut pair, session);
    assert_eq!(port.poll_event(), Some(sol::Event::Break));
    assert_eq!(port.poll_event(), None);
}
