//! The log's commands and events, over a simulated machine.

use std::time::{Duration, SystemTime};

use ipmi_proto::CompletionCode;
use ipmi_proto::bmc::{Refusal, RefusedLogin};
use ipmi_proto::command::app::UserId;
use ipmi_proto::command::chassis::ChassisControl;
use ipmi_proto::command::storage::{
    AddSelEntry, ClearSel, DeleteSelEntry, Erasure, ErasureState, GetSelEntry, GetSelInfo,
    GetSelTime, ReservationId, ReserveSel, SetSelTime,
};
use ipmi_proto::handshake::Username;
use ipmi_proto::sel::{Entry, Event, Record, RecordId, Timestamp};
use ipmi_proto::wire::Decode as _;

use crate::bmc::behaviour::testing::Bench;
use crate::host::{Change, Happening, StopReason, WatchdogAction};

fn get(record: RecordId) -> GetSelEntry {
    GetSelEntry {
        reservation: ReservationId::NONE,
        record,
        offset: 0,
        count: GetSelEntry::ALL,
    }
}

/// All records, as a console reads them.
fn records(bench: &mut Bench) -> Vec<Record> {
    let mut records = Vec::new();
    let mut next = RecordId::FIRST;
    while let Ok(part) = bench.ask(get(next)) {
        records.push(Record::decode(&part.data).unwrap());
        next = part.next;
        if next == RecordId::LAST {
            break;
        }
    }
    records
}

/// Sensor types and offsets of all events.
fn events(bench: &mut Bench) -> Vec<(u8, u8)> {
    let events = records(bench)
        .into_iter()
        .filter_map(|record| match record.entry {
            Entry::System { event, .. } => Some((event.sensor_type.0, event.data.offset())),
            _ => None,
        });
    events.collect()
}

fn oem(number: u8) -> AddSelEntry {
    AddSelEntry(Record {
        id: RecordId::FIRST,
        entry: Entry::Oem {
            kind: 0xE0,
            data: [number; 13],
        },
    })
}

async fn happens(bench: &mut Bench, what: Happening) {
    let at = SystemTime::now();
    bench.behaviour.happened(Change { at, what });
    bench.settle_all().await;
}

#[tokio::test]
async fn what_is_added_is_kept_over_a_restart() {
    let mut bench = Bench::new();
    assert_eq!(bench.ask(GetSelInfo).unwrap().entries, 0);
    assert_eq!(bench.change(oem(1)).await, Ok(RecordId(1)));
    assert_eq!(bench.change(oem(2)).await, Ok(RecordId(2)));
    let before = records(&mut bench);
    assert_eq!(before.len(), 2);
    let mut bench = bench.restart();
    assert_eq!(records(&mut bench), before);
    assert_eq!(bench.change(oem(3)).await, Ok(RecordId(3)));
}

#[tokio::test]
async fn a_full_disk_is_told_and_made_up_for() {
    let mut bench = Bench::new();
    bench.store.fail(std::io::ErrorKind::StorageFull);
    let refused = bench.change(oem(1)).await;
    assert_eq!(refused, Err(CompletionCode::Unspecified));
    bench.store.mend();
    bench.change(oem(2)).await.unwrap();
    assert_eq!(records(&mut bench.restart()).len(), 2);
}

#[tokio::test]
async fn clearing_needs_a_reservation_that_is_still_good() {
    let mut bench = Bench::new();
    bench.change(oem(1)).await.unwrap();
    let clear = |reservation| ClearSel {
        reservation,
        erasure: Erasure::Initiate,
    };
    let refused = Err(CompletionCode::InvalidReservation);
    assert_eq!(bench.ask(clear(ReservationId::NONE)), refused);
    let old = bench.ask(ReserveSel).unwrap();
    let new = bench.ask(ReserveSel).unwrap();
    assert_eq!(bench.ask(clear(old)), refused);
    assert_eq!(bench.change(clear(new)).await, Ok(ErasureState::Completed));
    bench.settle_all().await;
    assert!(records(&mut bench).is_empty());
    let info = bench.ask(GetSelInfo).unwrap();
    assert!(info.erased.unix_seconds().is_some());
    assert_eq!(bench.ask(clear(new)), refused, "it was used");
    let mut bench = bench.restart();
    assert!(records(&mut bench).is_empty());
    assert_eq!(bench.ask(GetSelInfo).unwrap().erased, info.erased);
}

#[tokio::test]
async fn a_record_can_be_deleted_and_read_in_parts() {
    let mut bench = Bench::new();
    bench.change(oem(1)).await.unwrap();
    bench.change(oem(2)).await.unwrap();
    let reservation = bench.ask(ReserveSel).unwrap();
    let part = GetSelEntry {
        reservation,
        offset: 3,
        count: 2,
        ..get(RecordId(2))
    };
    assert_eq!(bench.ask(part).unwrap().data, [2, 2]);
    let beyond = GetSelEntry { count: 14, ..part };
    assert_eq!(bench.ask(beyond), Err(CompletionCode::ParameterOutOfRange));
    let record = RecordId(1);
    let delete = DeleteSelEntry {
        reservation,
        record,
    };
    let info = bench.ask(GetSelInfo).unwrap();
    assert_eq!(info.erased, Timestamp::UNSPECIFIED);
    assert_eq!(bench.change(delete).await, Ok(record));
    let info = bench.ask(GetSelInfo).unwrap();
    assert!(info.erased.unix_seconds().is_some());
    assert_eq!(bench.ask(part), Err(CompletionCode::InvalidReservation));
    assert_eq!(records(&mut bench).len(), 1);
}

#[tokio::test]
async fn the_time_is_the_host_s() {
    let mut bench = Bench::new();
    let now = bench.ask(GetSelTime).unwrap();
    assert_eq!(bench.ask(SetSelTime(now)), Ok(()));
    let other = Timestamp::from_unix(1_000_000_000);
    let refused = Err(CompletionCode::NotSupportedInState);
    assert_eq!(bench.ask(SetSelTime(other)), refused);
}

#[tokio::test]
async fn what_happens_to_the_machine_is_logged() {
    use Happening::{Crashed, DiskError, Reset, Resumed, Started, Stopped, WatchdogExpired};
    let mut bench = Bench::new();
    for what in [
        Started,
        Resumed,
        Reset,
        WatchdogExpired(WatchdogAction::Reset),
        DiskError,
        DiskError,
        Resumed,
        DiskError,
        Stopped(StopReason::Shutdown),
        Started,
        Crashed,
        Stopped(StopReason::Crashed),
        WatchdogExpired(WatchdogAction::PowerOff),
        Stopped(StopReason::Failed),
        Stopped(StopReason::Failed),
    ] {
        happens(&mut bench, what).await;
    }
    let expected = [
        (0x22, 0x00), // working
        (0x1D, 0x02), // warm reset
        (0x23, 0x01), // hard reset
        (0x0D, 0x01), // drive fault, once
        (0x0D, 0x01), // and again after it went on
        (0x20, 0x03), // graceful shutdown
        (0x22, 0x05), // soft-off
        (0x22, 0x00), // working
        (0x20, 0x01), // run-time critical stop, once
        (0x22, 0x05), // soft-off
        (0x23, 0x02), // power down
        (0x22, 0x05), // soft-off
        (0x09, 0x06), // failure detected, not at the watchdog's
        (0x22, 0x05), // soft-off
    ];
    assert_eq!(events(&mut bench), expected);
}

#[tokio::test]
async fn a_command_is_logged_with_who_sent_it() {
    let mut bench = Bench::new();
    bench.ask(ChassisControl::PowerUp).unwrap();
    bench.ask(ChassisControl::HardReset).unwrap();
    happens(&mut bench, Happening::Reset).await;
    bench.settle_all().await;
    assert_eq!(events(&mut bench), [(0x1D, 0x00), (0x1D, 0x01)]);
    let first = records(&mut bench)[0];
    let Entry::System {
        event: Event { data, .. },
        ..
    } = first.entry
    else {
        panic!("an event")
    };
    assert_eq!(data.0, [0xA0, 2, 1], "user 2, over channel 1");
}

/// The hypervisor's word of a reset may come before the end of the call that asked for it, and twice.
#[tokio::test(start_paused = true)]
async fn a_reset_is_logged_once() {
    let mut bench = Bench::new();
    bench.machine.switch(true);
    bench.machine.hold();
    let reset = bench.send(ChassisControl::HardReset);
    happens(&mut bench, Happening::Reset).await;
    bench.machine.release();
    bench.settle().await;
    assert_eq!(bench.answer(reset), Some(Ok(Vec::new())));
    happens(&mut bench, Happening::Reset).await;
    tokio::time::advance(Duration::from_secs(60)).await;
    happens(&mut bench, Happening::Reset).await;
    happens(&mut bench, Happening::Reset).await;
    assert_eq!(events(&mut bench), [(0x1D, 0x01), (0x1D, 0x02)]);
    // But what leads to another one is at its beginning.
    happens(&mut bench, Happening::Crashed).await;
    happens(&mut bench, Happening::Reset).await;
    let expired = Happening::WatchdogExpired(WatchdogAction::Reset);
    happens(&mut bench, expired).await;
    happens(&mut bench, Happening::Reset).await;
    let more = [(0x20, 0x01), (0x1D, 0x02), (0x23, 0x01), (0x1D, 0x02)];
    assert_eq!(events(&mut bench)[2..], more);
}

#[tokio::test(start_paused = true)]
async fn refused_logins_cannot_fill_the_log_and_are_all_counted() {
    let mut bench = Bench::new();
    let id = |id| UserId::new(id).ok();
    let refuse = |bench: &mut Bench, user, reason| {
        bench.behaviour.login_refused(&RefusedLogin {
            peer: ([127, 0, 0, 1], 4000).into(),
            username: Username::new(b"root").unwrap(),
            user,
            reason,
        });
    };
    for _ in 0..100 {
        refuse(&mut bench, None, Refusal::NoSuchUser);
        refuse(&mut bench, id(3), Refusal::Credentials);
    }
    refuse(&mut bench, id(4), Refusal::Disabled);
    refuse(&mut bench, id(3), Refusal::Privilege);
    bench.settle_all().await;
    let data = |bench: &mut Bench| -> Vec<[u8; 3]> {
        let events = records(bench).into_iter();
        let events = events.filter_map(|record| match record.entry {
            Entry::System { event, .. } => Some(event.data.0),
            _ => None,
        });
        events.collect()
    };
    let expected = [[0xF2, 0, 1], [0xF2, 3, 1], [0xF2, 4, 1]];
    assert_eq!(
        data(&mut bench),
        expected,
        "right passwords are not invalid"
    );
    let due = bench.behaviour.deadline().expect("a count is due");
    tokio::time::advance(Duration::from_secs(60)).await;
    assert!(due <= tokio::time::Instant::now());
    bench.behaviour.timeout(due);
    assert_eq!(bench.behaviour.deadline(), None);
    refuse(&mut bench, id(3), Refusal::Credentials);
    bench.settle_all().await;
    assert_eq!(data(&mut bench)[3..], [[0xF2, 3, 1]]);
}
