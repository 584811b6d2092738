//! IPMI 1.5 sessions, by a console that is nothing but wire types.
#![allow(
    clippy::result_large_err,
    reason = "an event is large, and a test makes few"
)]

use core::time::Duration;

use ipmi_proto::bmc::{self, Answer, DropReason, Endpoint, Event, Refusal, User, V15};
use ipmi_proto::command::Request;
use ipmi_proto::command::app::{
    ActivateSession, ActivatedSession, AuthType, AuthTypes, CloseSession,
    GetChannelAuthenticationCapabilities, GetDeviceId, GetSessionChallenge, GetSessionInfo,
    SessionChallenge, SessionInfo, SessionProtocol, SetSessionPrivilegeLevel, UserId,
};
use ipmi_proto::command::chassis::ChassisControl;
use ipmi_proto::command::{Channel, Command};
use ipmi_proto::session::Replay;
use ipmi_proto::session::v20::Rejected;
use ipmi_proto::wire::Decode as _;
use ipmi_proto::{CompletionCode, Privilege, Time, sol};
use rand::SeedableRng as _;
use rand::rngs::StdRng;

use super::server;
use super::support::v15::{FIRST, Reply, V15Console};
use super::support::{PASSWORD, name, password, peer};

const TYPES: [AuthType; 3] = [AuthType::None, AuthType::Md5, AuthType::Password];

struct World {
    now: Time,
    rng: StdRng,
    endpoint: Endpoint,
    console: V15Console,
}

fn all() -> V15 {
    V15 {
        auth_types: AuthTypes::new(0xFF),
        per_message_auth: true,
    }
}

impl World {
    fn new(auth_type: AuthType, v15: V15) -> Self {
        let mut rng = StdRng::seed_from_u64(1);
        let config = bmc::Config { v15, ..server() };
        Self {
            now: Time::ORIGIN,
            endpoint: Endpoint::new(config, &mut rng),
            rng,
            console: V15Console::new(auth_type, PASSWORD),
        }
    }

    fn open(auth_type: AuthType) -> Self {
        let mut world = Self::new(auth_type, all());
        let activated = world.log_in(b"admin", Privilege::Administrator);
        assert_eq!(activated.expect("a session").auth_type, auth_type);
        world
    }

    /// Get Session Challenge, the first step of a login.
    fn challenge(&mut self, user: &[u8]) -> Result<SessionChallenge, CompletionCode> {
        self.console
            .challenge(&mut self.endpoint, self.now, &mut self.rng, user)
    }

    fn log_in(
        &mut self,
        user: &[u8],
        privilege: Privilege,
    ) -> Result<ActivatedSession, CompletionCode> {
        let challenge = self.challenge(user)?;
        let activation = self.console.activation(&challenge, privilege);
        let reply = self.ask(&activation).expect("an answer");
        if reply.completion != CompletionCode::Ok {
            return Err(reply.completion);
        }
        assert_eq!(reply.sequence, FIRST);
        let activated = ActivatedSession::decode(&reply.data).expect("an activated session");
        self.console.id = activated.id;
        self.console.sequence = activated.inbound_sequence;
        Ok(activated)
    }

    fn ask<C: Command>(&mut self, command: &C) -> Result<Reply, Event> {
        let datagram = self.console.datagram(command);
        self.send(&datagram)
    }

    fn send(&mut self, datagram: &[u8]) -> Result<Reply, Event> {
        self.console
            .send(&mut self.endpoint, self.now, &mut self.rng, datagram)
    }

    fn dropped(&mut self, datagram: &[u8]) -> DropReason {
        match self.send(datagram) {
            Err(Event::Dropped(reason)) => reason,
            other => panic!("not dropped but {other:?}"),
        }
    }

    /// Asks for something that the driver answers.
    fn executed<C: Command>(&mut self, command: &C) -> Reply {
        match self.ask(command) {
            Err(Event::Request(incoming)) => {
                let answer = Answer::of(Ok::<_, CompletionCode>(()));
                let mut out = Vec::new();
                let token = incoming.token;
                self.endpoint
                    .respond(self.now, token, answer, &mut self.rng, &mut out)
                    .expect("the session is there");
                self.console.read(&mut out)
            }
            other => panic!("not executed but {other:?}"),
        }
    }

    fn refused(&mut self) -> Option<Refusal> {
        self.endpoint
            .poll_refused_login()
            .map(|refused| refused.reason)
    }
}

#[test]
fn a_session_opens_works_and_closes_under_every_type() {
    for auth_type in TYPES {
        let mut world = World::open(auth_type);
        let raise = SetSessionPrivilegeLevel {
            level: Some(Privilege::Administrator),
        };
        let reply = world.ask(&raise).expect("an answer");
        assert_eq!(
            (reply.completion, reply.sequence),
            (CompletionCode::Ok, FIRST + 1)
        );
        assert_eq!(world.executed(&ChassisControl::PowerUp).sequence, FIRST + 2);
        let info = world.ask(&GetSessionInfo::Current).expect("an answer");
        let session = SessionInfo::decode(&info.data).unwrap().session.unwrap();
        assert_eq!(session.protocol, SessionProtocol::V15);
        assert_eq!(session.privilege, Privilege::Administrator);
        let id = world.console.id;
        assert!(
            !world.endpoint.activate_sol(id, sol::Config::bmc()),
            "no payloads"
        );
        let reply = world.ask(&CloseSession::Id(id)).expect("an answer");
        assert_eq!(reply.completion, CompletionCode::Ok);
        let late = world.console.datagram(&GetDeviceId);
        assert_eq!(world.dropped(&late), DropReason::UnknownSession);
        assert_eq!(world.refused(), None);
    }
}

#[test]
fn what_is_offered_is_what_is_configured() {
    let ask = GetChannelAuthenticationCapabilities {
        extended: true,
        channel: Channel::PRESENT,
        privilege: Privilege::Administrator,
    };
    for (v15, offered) in [(V15::DISABLED, 0), (all(), 0x15)] {
        let mut world = World::new(AuthType::Md5, v15);
        let reply = world.ask(&ask).expect("an answer");
        let capabilities =
            <GetChannelAuthenticationCapabilities as Command>::Response::decode(&reply.data)
                .unwrap();
        assert_eq!(capabilities.auth_types.bits(), offered);
        assert_eq!(capabilities.extended.unwrap().v15, offered != 0);
    }
    let mut world = World::new(AuthType::Md5, V15::DISABLED);
    let refused = Err(CompletionCode::InvalidDataField);
    assert_eq!(world.log_in(b"admin", Privilege::User).map(|_| ()), refused);
}

#[test]
fn a_wrong_password_has_no_answer_and_one_try() {
    for auth_type in [AuthType::Md5, AuthType::Password] {
        let mut world = World::new(auth_type, all());
        let challenge = world.challenge(b"admin").unwrap();
        let activation = world.console.activation(&challenge, Privilege::User);
        let right = world.console.datagram(&activation);
        world.console.key = V15Console::new(auth_type, b"guess").key;
        let wrong = world.console.datagram(&activation);
        assert!(matches!(
            world.dropped(&wrong),
            DropReason::Rejected(Rejected::BadMac(_))
        ));
        assert_eq!(world.refused(), Some(Refusal::Credentials));
        assert_eq!(world.dropped(&right), DropReason::UnknownSession);
        assert_eq!(world.endpoint.active_sessions(), 0);
    }
}

#[test]
fn another_challenge_opens_nothing() {
    for auth_type in TYPES {
        let mut world = World::new(auth_type, all());
        let mut challenge = world.challenge(b"admin").unwrap();
        challenge.challenge[15] ^= 1;
        let activation = world.console.activation(&challenge, Privilege::User);
        let datagram = world.console.datagram(&activation);
        world.dropped(&datagram);
        assert_eq!(world.endpoint.active_sessions(), 0);
        assert_eq!(world.refused(), Some(Refusal::Credentials));
    }
}

#[test]
fn who_cannot_log_in_hears_why_as_far_as_the_specification_wants() {
    let mut world = World::new(AuthType::Md5, all());
    let code = |code| Err(CompletionCode::CommandSpecific(code));
    let mut long = User::new(name(b"long"), password(&[b'x'; 17]), Privilege::User);
    let users = &mut world.endpoint.config_mut().users;
    users.set(UserId::new(9).unwrap(), Some(long.clone()));
    let absent = Refusal::NoSuchUser;
    for (user, reason) in [(&b"nobody"[..], absent), (b"long", Refusal::LongPassword)] {
        let result = world.log_in(user, Privilege::User).map(|_| ());
        assert_eq!(result, code(GetSessionChallenge::INVALID_NAME));
        assert_eq!(world.refused(), Some(reason));
    }
    let result = world.log_in(b"", Privilege::User).map(|_| ());
    assert_eq!(result, code(GetSessionChallenge::NULL_NAME_NOT_ENABLED));
    world.refused();
    let result = world.log_in(b"user", Privilege::Operator).map(|_| ());
    assert_eq!(result, code(ActivateSession::PRIVILEGE_EXCEEDED));
    assert_eq!(world.refused(), Some(Refusal::Privilege));
    let activated = world.log_in(b"oper", Privilege::User).expect("a session");
    assert_eq!(activated.limit, Privilege::User);
    let raise = SetSessionPrivilegeLevel {
        level: Some(Privilege::Operator),
    };
    let reply = world.ask(&raise).expect("an answer");
    assert_eq!(reply.completion, CompletionCode::CommandSpecific(0x81));
    // With 16 bytes there is room.
    long.password = Some(password(&[b'x'; 16]));
    let users = &mut world.endpoint.config_mut().users;
    users.set(UserId::new(9).unwrap(), Some(long));
    world.console = V15Console::new(AuthType::Md5, &[b'x'; 16]);
    world.log_in(b"long", Privilege::User).expect("a session");
}

#[test]
fn a_repeated_activation_is_answered_again() {
    for auth_type in TYPES {
        let mut world = World::new(auth_type, all());
        let challenge = world.challenge(b"admin").unwrap();
        let activation = world.console.activation(&challenge, Privilege::User);
        let datagram = world.console.datagram(&activation);
        let first = world.send(&datagram).expect("an answer");
        for _ in 0..3 {
            assert_eq!(world.send(&datagram).as_ref().ok(), Some(&first));
        }
        // FreeIPMI takes another rqSeq for it.
        let again = world.console.datagram(&activation);
        assert_eq!(world.send(&again).as_ref().ok(), Some(&first));
        assert_eq!(world.endpoint.active_sessions(), 1);
        let other = ActivateSession {
            outbound_sequence: 1,
            ..activation
        };
        let other = world.console.datagram(&other);
        assert_eq!(world.dropped(&other), DropReason::NeedsSession);
    }
}

#[test]
fn a_repeated_request_is_answered_from_the_store_and_a_replay_not_at_all() {
    let mut world = World::open(AuthType::Md5);
    let first = world.executed(&GetDeviceId);
    // ipmitool repeats the request under a new session number.
    world.console.request -= 1;
    let again = world.console.datagram(&GetDeviceId);
    let reply = world.send(&again).expect("the stored answer");
    assert_eq!(
        (reply.completion, reply.data),
        (first.completion, first.data)
    );
    let replayed = DropReason::Rejected(Rejected::Replay(Replay::Duplicate));
    assert_eq!(world.dropped(&again), replayed);
    world.console.sequence += 9;
    let ahead = world.console.datagram(&GetDeviceId);
    let too_new = DropReason::Rejected(Rejected::Replay(Replay::TooNew));
    assert_eq!(world.dropped(&ahead), too_new);
}

#[test]
fn bare_packets_get_in_only_where_that_is_agreed() {
    let mut world = World::open(AuthType::Md5);
    world.console.every = false;
    let bare = world.console.datagram(&GetDeviceId);
    let unauthenticated = DropReason::Rejected(Rejected::Unauthenticated);
    assert_eq!(world.dropped(&bare), unauthenticated);

    let lax = V15 {
        per_message_auth: false,
        ..all()
    };
    let mut world = World::new(AuthType::Md5, lax);
    let activated = world.log_in(b"admin", Privilege::User).expect("a session");
    assert_eq!(activated.auth_type, AuthType::None);
    world.console.every = false;
    assert_eq!(world.executed(&GetDeviceId).completion, CompletionCode::Ok);
    // Without numbers too.
    world.console.sequence = 0;
    world.executed(&GetDeviceId);
}

#[test]
fn a_challenge_expires_and_floods_of_them_take_bounded_room() {
    let mut world = World::new(AuthType::Md5, all());
    let challenge = world.challenge(b"admin").unwrap();
    let activation = world.console.activation(&challenge, Privilege::User);
    let datagram = world.console.datagram(&activation);
    world.now = world.now + Duration::from_secs(10);
    assert_eq!(world.dropped(&datagram), DropReason::UnknownSession);

    for number in 0..10_000 {
        let mut flooder = V15Console::new(AuthType::Md5, b"x");
        flooder.peer = peer(1000 + number);
        let World {
            now, rng, endpoint, ..
        } = &mut world;
        let _ = flooder.challenge(endpoint, *now, rng, b"admin");
    }
    world.log_in(b"admin", Privilege::User).expect("a session");
}

#[test]
fn one_source_asks_only_so_often() {
    let mut world = World::new(AuthType::Md5, all());
    let request = GetSessionChallenge {
        auth_type: AuthType::Md5,
        name: name(b"admin"),
    };
    let answered = (0..1000).filter(|_| world.ask(&request).is_ok()).count();
    assert_eq!(answered, 256);
}

#[test]
fn nothing_changed_gets_in() {
    let mut world = World::open(AuthType::Md5);
    let good = world.console.datagram(&GetDeviceId);
    for bit in 4 * 8..good.len() * 8 {
        let mut bad = good.clone();
        bad[bit / 8] ^= 1 << (bit % 8);
        world.dropped(&bad);
    }
    assert!(matches!(world.send(&good), Err(Event::Request(_))));
}

#[test]
fn a_second_login_inside_a_session_is_refused() {
    let mut world = World::open(AuthType::Md5);
    let request = GetSessionChallenge {
        auth_type: AuthType::Md5,
        name: name(b"admin"),
    };
    let reply = world.ask(&request).expect("an answer");
    assert_eq!(reply.completion, CompletionCode::NotSupportedInState);
    assert!(matches!(
        Request::GetSessionChallenge(request).row().code,
        0x39
    ));
}

#[test]
fn sessions_expire() {
    let mut world = World::open(AuthType::Md5);
    world.now = world.now + Duration::from_secs(60);
    world.endpoint.handle_timeout(world.now);
    assert_eq!(world.endpoint.active_sessions(), 0);
    assert_eq!(world.endpoint.poll_timeout(), None);
}
