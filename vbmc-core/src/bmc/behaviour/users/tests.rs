use std::io;

use ipmi_proto::Privilege;

use super::*;
use crate::bmc::behaviour::testing::Bench;

fn id(number: u8) -> UserId {
    UserId::new(number).unwrap()
}

fn bench() -> Bench {
    Bench::with(|settings| {
        let admin = UserRecord::administrator(2, "admin", Secret::new("password"));
        settings.users = vec![admin];
    })
}

fn short(password: &str) -> SizedPassword {
    let mut padded = [0; 16];
    padded[..password.len()].copy_from_slice(password.as_bytes());
    SizedPassword::short(&padded)
}

fn long(password: &str) -> SizedPassword {
    let mut padded = [0; 20];
    padded[..password.len()].copy_from_slice(password.as_bytes());
    SizedPassword::long(&padded)
}

fn operation(user: u8, operation: PasswordOperation) -> SetUserPassword {
    SetUserPassword {
        user: id(user),
        operation,
    }
}

fn named(user: u8, name: &[u8]) -> SetUserName {
    SetUserName {
        user: id(user),
        name: Username::new(name).unwrap(),
    }
}

fn access(bench: &mut Bench, user: u8) -> UserAccess {
    let channel = channel::LAN;
    let user = id(user);
    bench.ask(GetUserAccess { channel, user }).unwrap()
}

fn name(bench: &mut Bench, user: u8) -> Username {
    bench.ask(GetUserName { user: id(user) }).unwrap()
}

#[tokio::test]
async fn a_user_made_as_ipmitool_makes_one() {
    let mut bench = bench();
    assert_eq!(bench.change(named(3, b"bob")).await, Ok(()));
    let set = PasswordOperation::Set(long("seventeen letters"));
    assert_eq!(bench.change(operation(3, set)).await, Ok(()));
    let set = SetUserAccess {
        channel: channel::LAN,
        user: id(3),
        rights: Some(UserRights {
            messaging: true,
            ..UserRights::default()
        }),
        limit: Some(Privilege::Operator),
        session_limit: Some(0),
    };
    assert_eq!(bench.change(set).await, Ok(()));
    let enable = operation(3, PasswordOperation::Enable);
    assert_eq!(bench.change(enable).await, Ok(()));

    let bob = UserRecord {
        privilege: 3,
        ..UserRecord::administrator(3, "bob", Secret::new("seventeen letters"))
    };
    assert_eq!(bench.saved().last(), Some(&bob));
    assert_eq!(name(&mut bench, 3).as_bytes(), b"bob");
    let access = access(&mut bench, 3);
    assert_eq!(
        (access.slots, access.enabled, access.enabled_users),
        (16, Some(true), 2)
    );
    assert_eq!(access.limit, Some(Privilege::Operator));
    let users = bench.behaviour.endpoint_config().unwrap().users;
    assert_eq!(users.get(id(3)).unwrap().name.as_bytes(), b"bob");
}

#[tokio::test]
async fn a_change_ends_the_user_s_other_sessions() {
    let mut bench = bench();
    bench.session = 7;
    let set = PasswordOperation::Set(short("new"));
    bench.change(operation(2, set)).await.unwrap();
    assert_eq!(
        bench.behaviour.take_effects(),
        [
            Effect::ConfigChanged,
            Effect::EndSessionsOf {
                user: id(2),
                except: Some(7)
            }
        ]
    );
}

#[tokio::test]
async fn what_cannot_be_saved_has_never_been() {
    let mut bench = bench();
    bench.store.fail(io::ErrorKind::StorageFull);
    let set = PasswordOperation::Set(short("new"));
    let refused = bench.change(operation(2, set)).await;
    assert_eq!(refused, Err(CompletionCode::Unspecified));
    assert!(bench.behaviour.take_effects().is_empty());
    let old = PasswordOperation::Test(short("password"));
    assert_eq!(bench.ask(operation(2, old)), Ok(()));
}

#[tokio::test]
async fn a_second_change_meanwhile_is_busy() {
    let mut bench = bench();
    let first = bench.send(named(3, b"bob"));
    let other = bench.send(named(4, b"eve"));
    let same = bench.send(named(3, b"bob"));
    assert_eq!(bench.answer(other), Some(Err(CompletionCode::NodeBusy)));
    bench.settle().await;
    assert_eq!(bench.answer(first), Some(Ok(Vec::new())));
    assert_eq!(bench.answer(same), Some(Ok(Vec::new())));
    assert_eq!(bench.saved().len(), 1);
}

#[tokio::test]
async fn passwords_are_tested() {
    let mut bench = bench();
    let test = |user, password| operation(user, PasswordOperation::Test(password));
    let wrong = Err(SetUserPassword::TEST_FAILED.into());
    let size = Err(SetUserPassword::WRONG_SIZE.into());
    assert_eq!(bench.ask(test(2, short("password"))), Ok(()));
    assert_eq!(bench.ask(test(2, short("passwort"))), wrong);
    assert_eq!(bench.ask(test(2, long("password"))), size);
    assert_eq!(bench.ask(test(5, short(""))), wrong);
    let set = PasswordOperation::Set(long("twenty letters, long"));
    bench.change(operation(2, set)).await.unwrap();
    assert_eq!(bench.ask(test(2, long("twenty letters, long"))), Ok(()));
    assert_eq!(bench.ask(test(2, long("twenty letters, lone"))), wrong);
    assert_eq!(bench.ask(test(2, short("twenty letters, "))), size);
}

#[tokio::test]
async fn names_and_passwords_that_the_file_cannot_keep_are_refused() {
    let mut bench = bench();
    let invalid = Err(CompletionCode::InvalidDataField);
    for bad in [&b"\xFF\xFE"[..], b"a\nb", b"a\0b", b" a"] {
        assert_eq!(bench.ask(named(3, bad)), invalid);
        let mut padded = [0; 16];
        padded[..bad.len()].copy_from_slice(bad);
        let set = PasswordOperation::Set(SizedPassword::short(&padded));
        assert_eq!(bench.ask(operation(3, set)), invalid);
    }
}

#[tokio::test]
async fn users_1_and_2_stay() {
    let mut bench = bench();
    let invalid = Err(CompletionCode::InvalidDataField);
    assert_eq!(bench.ask(named(1, b"root")), invalid);
    assert_eq!(bench.ask(named(2, b"")), invalid);
    assert_eq!(name(&mut bench, 1).as_bytes(), b"");
    // Another one goes with its name.
    bench.change(named(3, b"bob")).await.unwrap();
    bench.change(named(3, b"")).await.unwrap();
    assert_eq!(bench.saved().last(), Some(&UserRecord::unset(3)));
}

#[tokio::test]
async fn there_are_sixteen_users() {
    let mut bench = bench();
    let out_of_range = CompletionCode::ParameterOutOfRange;
    assert_eq!(access(&mut bench, 16).limit, None);
    assert_eq!(bench.ask(named(17, b"x")), Err(out_of_range));
    let get = GetUserName { user: id(17) };
    assert_eq!(bench.ask(get).map(drop), Err(out_of_range));
}

#[tokio::test]
async fn no_change_is_not_saved() {
    let mut bench = bench();
    let enable = operation(2, PasswordOperation::Enable);
    assert_eq!(bench.ask(enable), Ok(()));
    assert!(bench.saved().is_empty());
}

#[tokio::test]
async fn settings_from_outside_end_the_sessions_of_those_who_changed() {
    let mut bench = bench();
    let mut new = bench.behaviour.settings().clone();
    bench.behaviour.update(new.clone());
    assert!(bench.behaviour.take_effects().is_empty());
    new.users[0].password = Some(Secret::new("another"));
    let bob = UserRecord::administrator(3, "bob", Secret::new("password"));
    new.users.push(bob);
    bench.behaviour.update(new);
    let ended = |user| Effect::EndSessionsOf { user, except: None };
    assert_eq!(bench.behaviour.take_effects(), [ended(id(2)), ended(id(3))]);
}

#[tokio::test]
async fn our_own_change_that_comes_back_from_the_file_ends_no_session_of_ours() {
    let mut bench = bench();
    bench.session = 7;
    let set = PasswordOperation::Set(short("new"));
    let number = bench.send(operation(2, set));
    let mut new = bench.behaviour.settings().clone();
    new.users[0].password = Some(Secret::new("new"));
    bench.behaviour.update(new);
    assert!(bench.behaviour.take_effects().is_empty());
    bench.settle().await;
    assert_eq!(bench.answer(number), Some(Ok(Vec::new())));
    let except = Some(7);
    let user = id(2);
    let ended = Effect::EndSessionsOf { user, except };
    assert!(bench.behaviour.take_effects().contains(&ended));
}

#[tokio::test]
async fn what_is_changed_elsewhere_meanwhile_stays() {
    let mut bench = bench();
    let number = bench.send(named(3, b"bob"));
    let mut new = bench.behaviour.settings().clone();
    let eve = UserRecord::administrator(4, "eve", Secret::new("password"));
    new.users.push(eve.clone());
    bench.behaviour.update(new);
    bench.settle().await;
    assert_eq!(bench.answer(number), Some(Ok(Vec::new())));
    let users = &bench.behaviour.settings().users;
    assert_eq!(
        users.iter().map(|user| user.id).collect::<Vec<_>>(),
        [2, 3, 4]
    );
    assert_eq!(users[2], eve);
}

#[tokio::test]
async fn of_two_changes_to_one_user_the_later_one_holds() {
    let mut bench = bench();
    let number = bench.send(named(3, b"bob"));
    let bob = UserRecord {
        name: "bob".to_owned(),
        ..UserRecord::unset(3)
    };
    let mut new = bench.behaviour.settings().clone();
    new.users.push(bob);
    bench.behaviour.update(new.clone());
    new.users[1].name = "bert".to_owned();
    bench.behaviour.update(new);
    bench.settle().await;
    assert_eq!(bench.answer(number), Some(Ok(Vec::new())));
    assert_eq!(name(&mut bench, 3).as_bytes(), b"bert");
}
