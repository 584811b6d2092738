//! What is set over IPMI, on the disk.

use std::fs;
use std::sync::Arc;

use super::{config, free_port, name, open};
use crate::Secret;
use crate::bmc::Store as _;
use crate::fleet::slot::Slot;
use crate::fleet::store::FileStore;
use crate::fleet::{Fleet, FleetError, events};
use crate::registry::UserRecord;

fn store_of(fleet: &Fleet, slot: &Arc<Slot>) -> FileStore {
    FileStore {
        fleet: Arc::downgrade(&fleet.0),
        slot: Arc::downgrade(slot),
    }
}

#[tokio::test]
async fn a_user_set_over_ipmi_leaves_those_who_are_in_the_file_by_now() {
    let dir = tempfile::tempdir().unwrap();
    let fleet = open(dir.path()).await;
    fleet.add(config("a", free_port())).await.unwrap();
    let slot = fleet.slot(&name("a"));
    let eve = UserRecord::administrator(4, "eve", Secret::new("password"));
    let added = fleet.0.registry.update(&name("a"), |config| {
        config.change_user(4, |user| user.clone_from(&eve))?;
        Ok::<(), FleetError>(())
    });
    added.unwrap();
    let bob = UserRecord::administrator(3, "bob", Secret::new("password"));
    store_of(&fleet, &slot).save_user(&bob).unwrap();
    let users = fleet.0.registry.load(&name("a")).unwrap().all_users();
    assert_eq!(users[1..], [bob, eve]);
}

#[tokio::test]
async fn damaged_files_cost_what_cannot_be_read_and_are_kept() {
    let dir = tempfile::tempdir().unwrap();
    let fleet = open(dir.path()).await;
    fleet.add(config("a", free_port())).await.unwrap();
    let slot = fleet.slot(&name("a"));
    let store = store_of(&fleet, &slot);
    let file = |name: &str| dir.path().join("a").join(name);
    let damaged = br#"{"chassis":{"restore":"new","powered":60}}"#;
    fs::write(file("state.json"), damaged).unwrap();
    for _ in 0..2 {
        assert_eq!(store.load_state().unwrap().chassis.powered, 60);
        assert_eq!(fs::read(file("state.json.damaged")).unwrap(), damaged);
    }
    let records = [[7; 16], [9; 16]];
    let mut log = events::encode(&records).into_bytes();
    log.splice(33..33, *b"\xFF\n");
    fs::write(file("events"), &log).unwrap();
    for _ in 0..2 {
        assert_eq!(store.load_events().unwrap(), records);
        assert_eq!(fs::read(file("events.damaged")).unwrap(), log);
    }
    // Not a file: nothing is written over it.
    fs::remove_file(file("events")).unwrap();
    fs::create_dir(file("events")).unwrap();
    let error = store.load_events().unwrap_err().to_string();
    assert!(error.contains("events.damaged"), "{error}");
    store.append_events(&records).unwrap();
    assert_eq!(store.load_events().unwrap(), records);
}

#[tokio::test]
async fn nothing_of_a_bmc_whose_file_is_gone_goes_to_the_next_of_that_name() {
    let dir = tempfile::tempdir().unwrap();
    let fleet = open(dir.path()).await;
    let old = dir.path().join("a");
    fs::create_dir(&old).unwrap();
    for file in [
        "state.json",
        "events",
        "state.json.damaged",
        "events.damaged",
    ] {
        fs::write(old.join(file), "{}").unwrap();
    }
    fleet.add(config("a", free_port())).await.unwrap();
    let left = fs::read_dir(&old).unwrap();
    let left: Vec<_> = left.map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["config"]);
}

#[tokio::test]
async fn users_set_over_ipmi_are_kept_and_nothing_restarts() {
    let dir = tempfile::tempdir().unwrap();
    let fleet = open(dir.path()).await;
    fleet.add(config("a", free_port())).await.unwrap();
    fleet.start(&name("a")).await.unwrap();
    let slot = fleet.slot(&name("a"));
    let store = store_of(&fleet, &slot);
    let mut user = config("a", 1).all_users().remove(0);
    user.password = Some(Secret::new("changed"));
    store.save_user(&user).unwrap();
    let loaded = fleet.0.registry.load(&name("a"));
    assert_eq!(loaded.as_ref().unwrap().password.reveal(), "changed");
    assert!(loaded.as_ref().unwrap().users.is_empty());
    assert!(!slot.differs(&loaded), "our own write is no news");

    user.password = None;
    store.save_user(&user).unwrap_err();
    assert_eq!(
        fleet.show(&name("a")).await.unwrap().config.unwrap(),
        loaded.unwrap()
    );
}
