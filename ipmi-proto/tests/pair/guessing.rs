//! Wrong passwords make the next try wait, for the user and the source that had them, and for nobody else.

use core::time::Duration;

use ipmi_proto::bmc::{self, Refusal, User, V15};
use ipmi_proto::command::app::{AuthType, AuthTypes};
use ipmi_proto::console::{Config, Console, Error, Event, Step};
use ipmi_proto::handshake::{Rakp3, RakpStatus, RequestedPrivilege};
use ipmi_proto::session::v20::{PayloadType, encode_sessionless};
use ipmi_proto::wire::Encode as _;
use ipmi_proto::{CompletionCode, Privilege};

use super::support::pair::Pair;
use super::support::v15::V15Console;
use super::support::{PASSWORD, all_suites, name, password, users};
use super::{client, established, failed, server};

/// Logs in once; the console leaves without a word about the password if that is wrong.
fn log_in(pair: &mut Pair, user: &[u8], secret: &[u8]) -> Result<(), Error> {
    pair.console = Console::new(Config {
        username: name(user),
        password: password(secret),
        privilege: RequestedPrivilege::Highest,
        ..client()
    });
    match pair.event() {
        Some(Event::Established(_)) => {
            pair.console.close();
            pair.event();
            Ok(())
        }
        Some(Event::Failed(error)) => Err(error),
        other => panic!("{other:?}"),
    }
}

/// A console that does not mind a wrong RAKP 2, and sends RAKP 3 all the same: it guesses.
fn guess(pair: &mut Pair, user: &[u8]) -> Option<RakpStatus> {
    pair.sent.clear();
    let end = log_in(pair, user, b"a guess");
    if let Err(Error::Refused { status, .. }) = end {
        return Some(status);
    }
    assert_eq!(end, Err(Error::WrongPassword));
    None
}

/// Logs in up to RAKP 2. Gives the RAKP 3 that would follow.
fn half(pair: &mut Pair, user: &[u8]) -> Vec<u8> {
    pair.console = Console::new(Config {
        username: name(user),
        ..client()
    });
    let mut datagram = Vec::new();
    for _ in 0..4 {
        assert!(
            pair.console
                .poll_transmit(pair.now, &mut pair.rng, &mut datagram)
        );
        let mut sent = core::mem::take(&mut datagram);
        if sent[5] == 0x14 {
            return sent;
        }
        let mut out = Vec::new();
        let (now, from) = (pair.now, pair.peer);
        let event = pair
            .endpoint
            .handle(now, from, &mut sent, &mut pair.rng, &mut out);
        assert!(matches!(event, bmc::Event::Reply), "{event:?}");
        let _ = pair.console.handle(pair.now, &mut out, &mut pair.rng);
    }
    panic!("no RAKP 3");
}

/// Sends RAKP 3 with a wrong code in the place of the console's farewell.
fn fail(pair: &mut Pair, user: &[u8]) {
    let mut sent = half(pair, user);
    let bmc_id = u32::from_le_bytes(sent[20..24].try_into().unwrap());
    let rakp3 = Rakp3 {
        tag: 0,
        bmc_id,
        result: Ok(vec![0; 32]),
    };
    sent.clear();
    encode_sessionless(PayloadType::RAKP_3, &mut sent, |out| rakp3.encode(out));
    let from = pair.peer;
    pair.inject(from, sent);
}

#[test]
fn five_tries_are_free_and_then_the_wait_doubles() {
    let mut pair = Pair::new(client(), server());
    for _ in 0..4 {
        fail(&mut pair, b"admin");
    }
    assert_eq!(log_in(&mut pair, b"admin", PASSWORD), Ok(()), "forgiven");
    for _ in 0..5 {
        fail(&mut pair, b"admin");
    }
    let busy = Err(Error::Refused {
        step: Step::Rakp1,
        status: RakpStatus::InsufficientResources,
    });
    for wait in [1, 2, 4] {
        assert_eq!(log_in(&mut pair, b"admin", PASSWORD), busy, "even if right");
        pair.pass(Duration::from_secs(wait));
        fail(&mut pair, b"admin");
    }
    pair.pass(Duration::from_secs(8));
    assert_eq!(log_in(&mut pair, b"admin", PASSWORD), Ok(()));
}

#[test]
fn others_do_not_wait() {
    let mut pair = Pair::new(client(), server());
    for _ in 0..5 {
        fail(&mut pair, b"admin");
    }
    assert!(log_in(&mut pair, b"admin", PASSWORD).is_err());
    assert_eq!(log_in(&mut pair, b"oper", PASSWORD), Ok(()));
    pair.peer = super::support::peer(2);
    assert_eq!(log_in(&mut pair, b"admin", PASSWORD), Ok(()));
}

#[test]
fn a_user_that_does_not_exist_waits_just_the_same() {
    let mut pair = Pair::new(client(), server());
    for user in [&b"admin"[..], b"nobody"] {
        for _ in 0..5 {
            assert_eq!(guess(&mut pair, user), None);
            fail(&mut pair, user);
        }
        let status = RakpStatus::InsufficientResources;
        assert_eq!(guess(&mut pair, user), Some(status));
    }
}

#[test]
fn handshakes_begun_in_advance_gain_nothing() {
    let mut pair = Pair::new(client(), server());
    let mut consoles: Vec<Console> = (0..20).map(|_| Console::new(client())).collect();
    let mut last = Vec::new();
    for console in &mut consoles {
        for _ in 0..3 {
            let (mut datagram, mut out) = (Vec::new(), Vec::new());
            assert!(console.poll_transmit(pair.now, &mut pair.rng, &mut datagram));
            let (now, from) = (pair.now, pair.peer);
            pair.endpoint
                .handle(now, from, &mut datagram, &mut pair.rng, &mut out);
            let _ = console.handle(now, &mut out, &mut pair.rng);
        }
        let mut rakp3 = Vec::new();
        assert!(console.poll_transmit(pair.now, &mut pair.rng, &mut rakp3));
        assert_eq!(rakp3[5], 0x14);
        last.push(rakp3);
    }
    let right = last.pop().unwrap();
    for mut wrong in last {
        *wrong.last_mut().unwrap() ^= 1;
        let from = pair.peer;
        pair.inject(from, wrong);
    }
    let from = pair.peer;
    pair.inject(from, right);
    assert_eq!(pair.endpoint.active_sessions(), 0);
    let reasons: Vec<Refusal> = core::iter::from_fn(|| pair.endpoint.poll_refused_login())
        .map(|refused| refused.reason)
        .collect();
    assert_eq!(reasons.len(), 16, "the last ones");
    assert_eq!(reasons.last(), Some(&Refusal::MustWait));
}

#[test]
fn the_driver_hears_who_was_refused_and_why() {
    type Change = fn(&mut User);
    let mut pair = Pair::new(client(), server());
    assert!(log_in(&mut pair, b"admin", b"wrong").is_err());
    pair.pass(Duration::from_secs(1));
    fail(&mut pair, b"nobody");
    let mut heard = || {
        let refused = pair.endpoint.poll_refused_login()?;
        assert_eq!(refused.peer, super::support::peer(1));
        Some((refused.username, refused.reason))
    };
    assert_eq!(heard(), Some((name(b"admin"), Refusal::ByConsole)));
    assert_eq!(heard(), Some((name(b"nobody"), Refusal::NoSuchUser)));
    assert_eq!(heard(), None);
    let changes: [(Change, Refusal); 2] = [
        (|user| user.messaging = false, Refusal::Messaging),
        (|user| user.enabled = false, Refusal::Disabled),
    ];
    for (change, reason) in changes {
        let mut pair = Pair::new(client(), server());
        let users = &mut pair.endpoint.config_mut().users;
        let found = users.iter().find(|(_, user)| user.name == name(b"admin"));
        let (id, mut user) = found.map(|(id, user)| (id, user.clone())).unwrap();
        change(&mut user);
        users.set(id, Some(user));
        assert!(log_in(&mut pair, b"admin", PASSWORD).is_err());
        pair.pass(Duration::from_secs(1));
        let refused = pair.endpoint.poll_refused_login().expect("a refusal");
        assert_eq!((refused.user, refused.reason), (Some(id), reason));
    }

    let config = Config {
        username: name(b"user"),
        name_only: true,
        ..client()
    };
    let mut pair = Pair::new(config, server());
    failed(&mut pair);
    let refused = pair.endpoint.poll_refused_login().expect("a refusal");
    assert_eq!(refused.reason, Refusal::Privilege);
    let mut pair = Pair::new(client(), server());
    established(&mut pair);
    assert_eq!(pair.endpoint.poll_refused_login(), None);
}

#[test]
fn a_console_that_falls_silent_after_rakp_2_was_refused() {
    let mut pair = Pair::new(client(), server());
    half(&mut pair, b"admin");
    pair.endpoint.handle_timeout(pair.now);
    assert_eq!(pair.endpoint.poll_refused_login(), None, "not yet");
    pair.now = pair.endpoint.poll_timeout().expect("an end of waiting");
    pair.endpoint.handle_timeout(pair.now);
    let refused = pair.endpoint.poll_refused_login().expect("a refusal");
    assert_eq!(
        (refused.username, refused.reason),
        (name(b"admin"), Refusal::GivenUp)
    );
    assert_eq!(refused.peer, pair.peer);
}

#[test]
fn a_login_that_was_begun_anew_was_not_refused() {
    let mut pair = Pair::new(client(), server());
    half(&mut pair, b"nobody");
    half(&mut pair, b"admin");
    pair.console = Console::new(client());
    established(&mut pair);
    pair.now = pair.now + Duration::from_secs(11);
    pair.endpoint.handle_timeout(pair.now);
    let refused = pair.endpoint.poll_refused_login().expect("a refusal");
    assert_eq!(
        refused.username,
        name(b"nobody"),
        "another's login tells nothing"
    );
    assert_eq!(pair.endpoint.poll_refused_login(), None);
}

#[test]
fn a_login_goes_on_while_another_of_the_same_user_ends() {
    let mut pair = Pair::new(client(), server());
    let rakp3 = half(&mut pair, b"admin");
    pair.console = Console::new(client());
    established(&mut pair);
    let from = pair.peer;
    pair.inject(from, rakp3);
    assert_eq!(pair.endpoint.active_sessions(), 2);
}

#[test]
fn both_protocols_count() {
    let v15 = V15 {
        auth_types: AuthTypes::new(AuthTypes::MD5),
        per_message_auth: true,
    };
    let config = bmc::Config {
        v15,
        suites: all_suites(),
        ..bmc::Config::new(users())
    };
    let mut pair = Pair::new(client(), config);
    let mut console = V15Console::new(AuthType::Md5, b"a guess");
    let (now, rng, endpoint) = (pair.now, &mut pair.rng, &mut pair.endpoint);
    for _ in 0..5 {
        let challenge = console.challenge(endpoint, now, rng, b"admin").unwrap();
        let activation = console.activation(&challenge, Privilege::User);
        let datagram = console.datagram(&activation);
        assert!(console.send(endpoint, now, rng, &datagram).is_err());
    }
    let refused = console.challenge(endpoint, now, rng, b"admin");
    assert_eq!(refused, Err(CompletionCode::NodeBusy));
    assert!(log_in(&mut pair, b"admin", PASSWORD).is_err());
    pair.pass(Duration::from_secs(1));
    assert_eq!(log_in(&mut pair, b"admin", PASSWORD), Ok(()));
}
