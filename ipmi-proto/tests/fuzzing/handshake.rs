//! Both ends in a handshake, with anything at all spliced into it.

use core::time::Duration;

use arbitrary::{Arbitrary, Unstructured};
use ipmi_proto::console::{Config, Console, Event, SuiteChoice};
use ipmi_proto::crypto::{Authentication, BmcKey, CipherSuite};

use super::support::{PASSWORD, name, password};
use super::{Ends, sessionless};

/// What happens to the next datagram.
#[derive(Debug, Arbitrary)]
enum Fate<'a> {
    Arrives,
    Lost,
    Twice,
    Flipped {
        bit: u16,
    },
    Cut {
        by: u8,
    },
    /// Something else arrives instead.
    Replaced {
        bytes: &'a [u8],
    },
    /// Another payload arrives in the same headers.
    Payload {
        kind: u8,
        payload: &'a [u8],
    },
    /// Arrives, and before it something that stands earlier in the exchange.
    After {
        earlier: u8,
    },
}

#[derive(Debug, Arbitrary)]
struct Start {
    /// None: asks the BMC.
    suite: Option<u8>,
    right_password: bool,
    right_kg: bool,
    known_user: bool,
    name_only: bool,
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
    let user = if start.known_user { "admin" } else { "nobody" };
    let secret = if start.right_password {
        PASSWORD
    } else {
        b"wrong"
    };
    let mut console = Console::new(Config {
        suite: suite.map_or(SuiteChoice::Auto, SuiteChoice::Exactly),
        name_only: start.name_only,
        kg: (!start.right_kg).then(|| BmcKey::new(b"wrong").expect("a short key")),
        ..Config::new(name(user.as_bytes()), password(secret))
    });
    let mut ends = Ends::new();
    let mut earlier: Vec<Vec<u8>> = Vec::new();
    for _ in 0..200 {
        let mut datagram = Vec::new();
        if !console.poll_transmit(ends.now, &mut ends.rng, &mut datagram) {
            let Some(at) = console.poll_timeout() else {
                break;
            };
            ends.now = at.max(ends.now + Duration::from_millis(1));
            console.handle_timeout(ends.now);
            ends.endpoint.handle_timeout(ends.now);
            continue;
        }
        for arrived in suffer(&mut input, &mut earlier, datagram) {
            let Some(answer) = ends.deliver(&arrived) else {
                continue;
            };
            for mut arrived in suffer(&mut input, &mut earlier, answer) {
                let _ = console.handle(ends.now, &mut arrived, &mut ends.rng);
            }
        }
        if let Some(Event::Established(_)) = console.poll_event() {
            assert_ne!(ends.endpoint.active_sessions(), 0);
            assert!(start.known_user && (start.right_password || is_open(suite)));
            assert!(start.right_kg || is_open(suite));
            console.close();
        }
    }
    let has_password = start.known_user && start.right_password;
    if !has_password && suite.is_some_and(|suite| suite.authentication() != Authentication::None) {
        assert_eq!(
            ends.endpoint.active_sessions(),
            0,
            "nobody proved a password"
        );
    }
}

/// Whether a suite lets everybody in who knows a name.
fn is_open(suite: Option<CipherSuite>) -> bool {
    suite.is_some_and(|suite| suite.authentication() == Authentication::None)
}

fn suffer(
    input: &mut Unstructured<'_>,
    earlier: &mut Vec<Vec<u8>>,
    mut datagram: Vec<u8>,
) -> Vec<Vec<u8>> {
    earlier.push(datagram.clone());
    let fate = if input.is_empty() {
        Fate::Arrives
    } else {
        input.arbitrary().unwrap_or(Fate::Arrives)
    };
    match fate {
        Fate::Arrives => {}
        Fate::Lost => return Vec::new(),
        Fate::Twice => return vec![datagram.clone(), datagram],
        Fate::Flipped { bit } => {
            let bit = usize::from(bit) % (datagram.len() * 8);
            datagram[bit / 8] ^= 1 << (bit % 8);
        }
        Fate::Cut { by } => datagram.truncate(datagram.len().saturating_sub(by.into())),
        Fate::Replaced { bytes } => datagram = bytes.to_vec(),
        Fate::Payload { kind, payload } => datagram = sessionless(kind, payload),
        Fate::After { earlier: which } => {
            let first = earlier[usize::from(which) % earlier.len()].clone();
            return vec![first, datagram];
        }
    }
    vec![datagram]
}
