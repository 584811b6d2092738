//! Datagrams into the console end in every state.

use core::time::Duration;

use arbitrary::{Arbitrary, Unstructured};
use ipmi_proto::CompletionCode;
use ipmi_proto::command::NetFn;
use ipmi_proto::command::chassis::GetChassisStatus;
use ipmi_proto::console::{Config, Console, Event, SuiteChoice};
use ipmi_proto::crypto::{CipherSuite, Integrity};
use ipmi_proto::message::{Header, encode_response};
use ipmi_proto::session::v20::PayloadType;

use super::support::observer::{Direction, Observer};
use super::support::{PASSWORD, name, password};
use super::{Ends, payload_type, sessionless};

#[derive(Debug, Arbitrary)]
struct Start {
    suite: Option<u8>,
    /// How many datagrams the two ends exchange before.
    datagrams: u8,
    requests: u8,
    window: u8,
    keep_alive: bool,
}

#[derive(Debug, Arbitrary)]
enum Step<'a> {
    /// Bytes as they are.
    Raw {
        bytes: &'a [u8],
    },
    /// A payload with the headers that it needs.
    Sessionless {
        kind: u8,
        payload: &'a [u8],
    },
    /// Any payload in a genuine packet of the session.
    Sealed {
        ahead: i8,
        kind: u8,
        payload: &'a [u8],
    },
    /// A response in a genuine packet of the session.
    Response {
        sequence: u8,
        netfn: u8,
        command: u8,
        completion: u8,
        data: &'a [u8],
    },
    /// The two ends go on.
    Exchange {
        datagrams: u8,
    },
    Request,
    Close,
    Timeout,
}

/// The fuzz target's body.
pub(crate) fn run(data: &[u8]) {
    let mut input = Unstructured::new(data);
    let Ok(start) = input.arbitrary::<Start>() else {
        return;
    };
    let suite = start
        .suite
        .map(|suite| CipherSuite::ALL[usize::from(suite) % CipherSuite::ALL.len()]);
    let mut console = Console::new(Config {
        suite: suite.map_or(SuiteChoice::Auto, SuiteChoice::Exactly),
        window: start.window.into(),
        keep_alive: start.keep_alive.then_some(Duration::from_secs(30)),
        ..Config::new(name(b"admin"), password(PASSWORD))
    });
    let mut asked = 0;
    let mut answered = 0;
    let mut observer = Observer::new(password(PASSWORD), None);
    let mut ends = Ends::new();
    for _ in 0..start.requests % 20 {
        console.request(&GetChassisStatus);
        asked += 1;
    }
    ends.exchange(
        &mut console,
        &mut observer,
        usize::from(start.datagrams % 16),
    );
    for _ in 0..100 {
        if input.is_empty() {
            break;
        }
        let Ok(step) = input.arbitrary::<Step<'_>>() else {
            break;
        };
        match step {
            Step::Raw { bytes } => {
                let before = format!("{console:?}");
                let signed = observer
                    .session
                    .as_ref()
                    .is_some_and(|keys| keys.suite.integrity() != Integrity::None);
                let taken = console.handle(ends.now, &mut bytes.to_vec(), &mut ends.rng);
                if signed && before == "Console(active)" {
                    assert!(taken.is_err(), "a packet without the key");
                }
            }
            Step::Sessionless { kind, payload } => {
                let mut datagram = sessionless(kind, payload);
                let _ = console.handle(ends.now, &mut datagram, &mut ends.rng);
            }
            Step::Sealed {
                ahead,
                kind,
                payload,
            } => {
                let kind = payload_type(kind).unwrap_or(PayloadType::IPMI);
                seal(&mut console, &mut observer, &mut ends, ahead, kind, payload);
            }
            Step::Response {
                sequence,
                netfn,
                command,
                completion,
                data,
            } => {
                let header = Header::request(NetFn::new(netfn), command, sequence);
                let mut payload = Vec::new();
                let completion = CompletionCode::from(completion);
                encode_response(&header, completion, data, &mut payload);
                let kind = PayloadType::IPMI;
                seal(&mut console, &mut observer, &mut ends, 0, kind, &payload);
            }
            Step::Exchange { datagrams } => {
                ends.exchange(&mut console, &mut observer, usize::from(datagrams % 32));
            }
            Step::Request => {
                console.request(&GetChassisStatus);
                asked += 1;
            }
            Step::Close => console.close(),
            Step::Timeout => {
                if let Some(at) = console.poll_timeout() {
                    ends.now = at.max(ends.now);
                    console.handle_timeout(ends.now);
                }
            }
        }
        answered += responses(&mut console);
    }
    console.close();
    for _ in 0..10 {
        let mut lost = Vec::new();
        while console.poll_transmit(ends.now, &mut ends.rng, &mut lost) {}
        answered += responses(&mut console);
        let Some(at) = console.poll_timeout() else {
            break;
        };
        ends.now = at;
        console.handle_timeout(ends.now);
    }
    assert!(console.is_ended(), "a closed console comes to its end");
    assert_eq!(asked, answered, "every request comes to its end, once");
}

fn responses(console: &mut Console) -> usize {
    core::iter::from_fn(|| console.poll_event())
        .filter(|event| matches!(event, Event::Response { .. }))
        .count()
}

fn seal(
    console: &mut Console,
    observer: &mut Observer,
    ends: &mut Ends,
    ahead: i8,
    kind: PayloadType,
    payload: &[u8],
) {
    if let Some(keys) = &mut observer.session {
        let direction = Direction::ToConsole;
        let mut datagram = keys.seal(direction, ahead.into(), kind, payload, &mut ends.rng);
        let _ = console.handle(ends.now, &mut datagram, &mut ends.rng);
    }
}
