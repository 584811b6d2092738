use std::collections::HashSet;
use std::time::Duration;

use ipmi_proto::CompletionCode;
use ipmi_proto::command::app::ColdReset;
use ipmi_proto::command::chassis::ChassisControl;
use ipmi_proto::command::sensor::{
    EnableChange, EventMasks, GetDeviceSdr, GetDeviceSdrInfo, GetSensorEventEnable,
    GetSensorEventStatus, GetSensorHysteresis, GetSensorReading, GetSensorReadingFactors,
    GetSensorThresholds, GetSensorType, Rearm, RearmSensorEvents, SensorReading,
    SetSensorEventEnable, SetSensorHysteresis, SetSensorThresholds,
};
use ipmi_proto::command::storage::{
    ClearSdrRepository, Erasure, GetSdr, GetSdrRepositoryAllocationInfo, GetSdrRepositoryInfo,
    GetSelEntry, ReservationId, ReserveSdrRepository,
};
use ipmi_proto::sdr::{
    Body, EventMask, Hysteresis, Record, RecordId, SensorNumber, Threshold, ThresholdEvent,
    ThresholdMask, Thresholds,
};
use ipmi_proto::sel::{self, Direction, Entry, Event};
use ipmi_proto::wire::{Decode as _, Encode as _};
use tokio::time::Instant;

use super::repository::{RECORDS, REVISED};
use super::{Sensor, offset};
use crate::bmc::behaviour::testing::Bench;
use crate::host::{Change, Figures, Happening, HostError, MachineState, StopReason};

const CPU: SensorNumber = Sensor::Cpu.number();
const BUSY: Figures = Figures {
    state: MachineState::Running,
    cpu: Some(0.95),
    memory_used: Some(512 << 20),
    memory: Some(1024 << 20),
    disk_read: Some(101e6),
    disk_written: Some(0.0),
    received: Some(9e9),
    sent: None,
};
const IDLE: Figures = Figures {
    cpu: Some(0.02),
    ..BUSY
};

fn read(bench: &mut Bench, sensor: Sensor) -> SensorReading {
    let sensor = sensor.number();
    bench.ask(GetSensorReading { sensor }).unwrap()
}

/// What the sensor reads in its own unit, as a client works it out from the record; none where it is unavailable.
fn value(bench: &mut Bench, sensor: Sensor) -> Option<f64> {
    let reading = read(bench, sensor);
    let records = RECORDS.iter().map(|bytes| Record::decode(bytes).unwrap());
    let record = records.filter_map(|record| match record.body {
        Body::FullSensor(full) => Some(full),
        _ => None,
    });
    let full = record
        .into_iter()
        .find(|full| full.sensor.number == sensor.number());
    (!reading.unavailable).then(|| full.unwrap().physical(reading.reading).unwrap())
}

fn states(bench: &mut Bench, sensor: Sensor) -> Option<Vec<u8>> {
    let reading = read(bench, sensor);
    (!reading.unavailable).then(|| reading.state.unwrap().states().offsets().collect())
}

async fn pass(bench: &mut Bench) {
    tokio::time::advance(Duration::from_secs(10)).await;
    bench.behaviour.timeout(Instant::now());
}

/// The threshold events in the log, oldest first.
fn crossings(bench: &mut Bench) -> Vec<(Direction, Event)> {
    let mut events = Vec::new();
    let mut record = sel::RecordId::FIRST;
    while record != sel::RecordId::LAST {
        let get = GetSelEntry {
            reservation: ReservationId::NONE,
            record,
            offset: 0,
            count: GetSelEntry::ALL,
        };
        let Ok(part) = bench.ask(get) else { break };
        let entry = sel::Record::decode(&part.data).unwrap().entry;
        if let Entry::System { event, .. } = entry
            && event.data.trigger_reading().is_some()
        {
            events.push((event.direction, event));
        }
        record = part.next;
    }
    events
}

fn upper(threshold: Threshold, value: u8) -> SetSensorThresholds {
    SetSensorThresholds {
        sensor: CPU,
        thresholds: Thresholds::NONE.with(threshold, value),
    }
}

#[tokio::test]
async fn the_records_can_be_read_one_after_the_other_and_in_parts() {
    let mut bench = Bench::new();
    let info = bench.ask(GetSdrRepositoryInfo).unwrap();
    let reservation = bench.ask(ReserveSdrRepository).unwrap();
    let mut get = GetSdr {
        reservation,
        record: RecordId::FIRST,
        offset: 0,
        count: GetSdr::ALL,
    };
    let mut names = HashSet::new();
    loop {
        let part = bench.ask(get).unwrap();
        let record = Record::decode(&part.data).unwrap();
        let mut again = Vec::new();
        record.encode(&mut again);
        assert_eq!(again, part.data);
        let device = GetDeviceSdr(get);
        assert_eq!(bench.ask(device).unwrap(), part);
        assert!(names.insert(record.body.name().unwrap().to_string()));
        let half = GetSdr {
            offset: 5,
            count: 7,
            ..get
        };
        assert_eq!(bench.ask(half).unwrap().data, part.data[5..12]);
        if part.next == RecordId::LAST {
            break;
        }
        get.record = part.next;
    }
    assert_eq!(names.len(), usize::from(info.records));
    assert_eq!(names.len(), Sensor::ALL.len() + 2);
    let last = bench
        .ask(GetSdr {
            record: RecordId::LAST,
            ..get
        })
        .unwrap();
    assert_eq!(last, bench.ask(get).unwrap());
    let allocation = bench.ask(GetSdrRepositoryAllocationInfo).unwrap();
    let bytes: usize = RECORDS.iter().map(Vec::len).sum();
    assert_eq!(allocation.units, u16::try_from(bytes).ok());
    let sensors = bench.ask(GetDeviceSdrInfo::Sensors).unwrap();
    assert_eq!(usize::from(sensors.count), Sensor::ALL.len());
}

#[tokio::test]
async fn what_is_not_in_the_repository_is_refused() {
    let mut bench = Bench::new();
    let reservation = bench.ask(ReserveSdrRepository).unwrap();
    let get = GetSdr {
        reservation,
        record: RecordId(1),
        offset: 0,
        count: GetSdr::ALL,
    };
    for (request, code) in [
        (
            GetSdr {
                record: RecordId(900),
                ..get
            },
            CompletionCode::NotPresent,
        ),
        (
            GetSdr { offset: 200, ..get },
            CompletionCode::ParameterOutOfRange,
        ),
        (
            GetSdr { count: 200, ..get },
            CompletionCode::ParameterOutOfRange,
        ),
        (
            GetSdr {
                offset: 1,
                reservation: ReservationId(7),
                ..get
            },
            CompletionCode::InvalidReservation,
        ),
    ] {
        assert_eq!(bench.ask(request).unwrap_err(), code, "{request:?}");
    }
    let clear = ClearSdrRepository {
        reservation,
        erasure: Erasure::Initiate,
    };
    assert_eq!(bench.ask(clear), Err(CompletionCode::InvalidCommand));
}

/// If this fails, the records have changed: put the present time into [`REVISED`], and both numbers here.
#[test]
fn the_records_change_together_with_their_date() {
    let bytes = RECORDS.iter().flatten();
    let sum = bytes.fold(0u32, |sum, byte| {
        sum.wrapping_mul(31).wrapping_add((*byte).into())
    });
    assert_eq!((REVISED, sum), (1_795_382_000, 3_382_649_907));
}

#[tokio::test]
async fn readings_are_what_the_machine_does() {
    let mut bench = Bench::new();
    assert_eq!(value(&mut bench, Sensor::Cpu), None, "it does not tell");
    bench.machine.set_figures(BUSY);
    assert_eq!(value(&mut bench, Sensor::Cpu), None, "it is off");
    bench.machine.switch(true);
    for (sensor, expected) in [
        (Sensor::Cpu, Some(95.0)),
        (Sensor::Memory, Some(50.0)),
        (Sensor::DiskRead, Some(100.0)),
        (Sensor::DiskWritten, Some(0.0)),
        (Sensor::Received, Some(1275.0)),
        (Sensor::Sent, None),
    ] {
        assert_eq!(value(&mut bench, sensor), expected, "{sensor:?}");
    }
}

#[tokio::test]
async fn states_are_those_that_hold() {
    let mut bench = Bench::new();
    let off = vec![offset::ACPI_SOFT_OFF];
    let working = vec![offset::ACPI_WORKING];
    let power_off = vec![offset::POWER_OFF];
    assert_eq!(states(&mut bench, Sensor::PowerUnit), Some(power_off));
    assert_eq!(states(&mut bench, Sensor::State), Some(off));
    bench.machine.switch(true);
    assert_eq!(states(&mut bench, Sensor::PowerUnit), Some(vec![]));
    assert_eq!(states(&mut bench, Sensor::State), Some(working));
    for (state, sensor, expected) in [
        (
            MachineState::Suspended,
            Sensor::State,
            offset::ACPI_SLEEPING,
        ),
        (MachineState::Crashed, Sensor::OsStop, offset::CRITICAL_STOP),
        (
            MachineState::ShuttingDown,
            Sensor::OsStop,
            offset::GRACEFUL_SHUTDOWN,
        ),
    ] {
        bench.machine.set_figures(Figures { state, ..BUSY });
        assert_eq!(states(&mut bench, sensor), Some(vec![expected]));
    }
    for (what, failed) in [
        (Happening::DiskError, true),
        (Happening::Resumed, false),
        (Happening::DiskError, true),
        (Happening::Stopped(StopReason::Destroyed), true),
        (Happening::Started, false),
    ] {
        let at = std::time::SystemTime::now();
        bench.behaviour.happened(Change { at, what });
        let fault = if failed {
            vec![offset::DRIVE_FAULT]
        } else {
            vec![]
        };
        assert_eq!(states(&mut bench, Sensor::Disk), Some(fault), "{what:?}");
    }
    bench.settle_all().await;
}

#[tokio::test]
async fn figures_from_before_the_machine_was_switched_are_not_shown() {
    let mut bench = Bench::new();
    bench.machine.set_stale_figures(BUSY);
    assert_eq!(value(&mut bench, Sensor::Cpu), None);
    let off = vec![offset::ACPI_SOFT_OFF];
    assert_eq!(states(&mut bench, Sensor::State), Some(off));
    bench.machine.switch(true);
    bench.machine.set_stale_figures(Figures::default());
    assert_eq!(value(&mut bench, Sensor::Cpu), None);
    let working = vec![offset::ACPI_WORKING];
    assert_eq!(states(&mut bench, Sensor::State), Some(working));
}

#[tokio::test]
async fn a_hypervisor_that_is_away_is_not_guessed_at() {
    let mut bench = Bench::new();
    bench.machine.make_unavailable();
    for sensor in [Sensor::Cpu, Sensor::State, Sensor::PowerUnit] {
        let sensor = sensor.number();
        let refused = Err(CompletionCode::NodeBusy);
        assert_eq!(bench.ask(GetSensorReading { sensor }), refused);
    }
    bench.machine.break_with(HostError::NotFound("gone".into()));
    let refused = Err(CompletionCode::NotSupportedInState);
    assert_eq!(bench.ask(GetSensorReading { sensor: CPU }), refused);
}

#[tokio::test]
async fn sensors_that_there_are_not_or_that_have_no_reading_are_told_apart() {
    let mut bench = Bench::new();
    let sensor = SensorNumber(0x77);
    let missing = CompletionCode::NotPresent;
    assert_eq!(bench.ask(GetSensorReading { sensor }), Err(missing));
    assert_eq!(bench.ask(GetSensorThresholds { sensor }), Err(missing));
    assert_eq!(bench.ask(GetSensorType { sensor }), Err(missing));
    assert_eq!(bench.ask(GetSensorEventStatus { sensor }), Err(missing));
    let sensor = Sensor::Boot.number();
    let illegal = CompletionCode::IllegalForRecordType;
    let reading = 0;
    assert_eq!(bench.ask(GetSensorThresholds { sensor }), Err(illegal));
    assert_eq!(bench.ask(GetSensorHysteresis { sensor }), Err(illegal));
    let factors = GetSensorReadingFactors { sensor, reading };
    assert_eq!(bench.ask(factors), Err(illegal));
    let enables = bench.ask(GetSensorEventEnable { sensor }).unwrap();
    assert_eq!(enables.states.assertion, offset::events(Sensor::Boot));
    let boot = bench.ask(GetSensorType { sensor }).unwrap();
    assert_eq!(boot.sensor_type, Sensor::Boot.measures());
}

#[tokio::test(start_paused = true)]
async fn a_threshold_that_is_crossed_is_logged_and_again_when_it_is_left() {
    let mut bench = Bench::new();
    bench.machine.switch(true);
    bench.machine.set_figures(IDLE);
    assert_eq!(bench.behaviour.deadline(), None, "nothing to watch");
    bench
        .change(upper(Threshold::UpperCritical, 90))
        .await
        .unwrap();
    let thresholds = bench.ask(GetSensorThresholds { sensor: CPU }).unwrap();
    assert_eq!(thresholds.get(Threshold::UpperCritical), Some(90));
    assert_eq!(thresholds.get(Threshold::UpperNonCritical), None);
    pass(&mut bench).await;
    assert_eq!(crossings(&mut bench), []);

    bench.machine.set_figures(BUSY);
    let above = read(&mut bench, Sensor::Cpu).state.unwrap().thresholds();
    assert_eq!(
        above,
        ThresholdMask::default().with(Threshold::UpperCritical)
    );
    pass(&mut bench).await;
    pass(&mut bench).await;
    let going_high = ThresholdEvent {
        threshold: Threshold::UpperCritical,
        rising: true,
    };
    let status = bench.ask(GetSensorEventStatus { sensor: CPU }).unwrap();
    let expected = EventMask::NONE.with_threshold(going_high);
    assert_eq!(status.states.assertion, expected);

    bench.machine.set_figures(IDLE);
    pass(&mut bench).await;
    let told = crossings(&mut bench);
    let [(Direction::Assertion, up), (Direction::Deassertion, down)] = told[..] else {
        panic!("one crossing, and back: {told:?}")
    };
    assert_eq!((up.sensor, up.data.offset()), (CPU, going_high.offset()));
    assert_eq!(up.data.trigger_reading(), Some(95));
    assert_eq!(up.data.trigger_threshold(), Some(90));
    assert_eq!(down.data.trigger_reading(), Some(2));
    bench.settle_all().await;
}

#[tokio::test(start_paused = true)]
async fn thresholds_outlive_a_restart_and_a_cold_reset_forgets_them() {
    let mut bench = Bench::new();
    bench
        .change(upper(Threshold::UpperNonCritical, 80))
        .await
        .unwrap();
    let mut bench = bench.restart();
    assert!(bench.behaviour.deadline().is_some(), "it is watched again");
    let thresholds = bench.ask(GetSensorThresholds { sensor: CPU }).unwrap();
    assert_eq!(thresholds.get(Threshold::UpperNonCritical), Some(80));
    bench.ask(ColdReset).unwrap();
    bench.settle_all().await;
    let thresholds = bench.ask(GetSensorThresholds { sensor: CPU }).unwrap();
    assert_eq!(thresholds, Thresholds::NONE);
    assert_eq!(bench.behaviour.deadline(), None);
}

#[tokio::test(start_paused = true)]
async fn hysteresis_keeps_a_reading_at_the_threshold_quiet() {
    let mut bench = Bench::new();
    bench.machine.switch(true);
    bench.machine.set_figures(BUSY);
    bench
        .change(upper(Threshold::UpperCritical, 95))
        .await
        .unwrap();
    let hysteresis = Hysteresis {
        positive: 10,
        negative: 0,
    };
    let set = SetSensorHysteresis {
        sensor: CPU,
        hysteresis,
    };
    bench.change(set).await.unwrap();
    let kept = bench.ask(GetSensorHysteresis { sensor: CPU }).unwrap();
    assert_eq!(kept, hysteresis);
    for cpu in [0.95, 0.9, 0.86, 0.95] {
        bench.machine.set_figures(Figures {
            cpu: Some(cpu),
            ..BUSY
        });
        pass(&mut bench).await;
    }
    assert_eq!(crossings(&mut bench).len(), 1);
    bench.machine.set_figures(IDLE);
    pass(&mut bench).await;
    assert_eq!(crossings(&mut bench).len(), 2);
    bench.settle_all().await;
}

#[tokio::test(start_paused = true)]
async fn crossings_that_are_switched_off_are_not_told() {
    let mut bench = Bench::new();
    bench.machine.switch(true);
    bench.machine.set_figures(IDLE);
    let crossing = ThresholdEvent {
        threshold: Threshold::UpperCritical,
        rising: true,
    };
    let masks = EventMasks {
        assertion: EventMask::NONE.with_threshold(crossing),
        deassertion: EventMask::NONE,
    };
    let enable = |events, change| SetSensorEventEnable {
        sensor: CPU,
        events,
        scanning: true,
        change,
    };
    bench
        .change(upper(Threshold::UpperCritical, 90))
        .await
        .unwrap();
    let muted = enable(true, EnableChange::Disable(masks));
    bench.change(muted).await.unwrap();
    let told = bench.ask(GetSensorEventEnable { sensor: CPU }).unwrap();
    assert!(told.events && !told.states.assertion.contains(crossing.offset()));
    bench.machine.set_figures(BUSY);
    pass(&mut bench).await;
    assert_eq!(crossings(&mut bench), []);

    let rearm = RearmSensorEvents {
        sensor: CPU,
        states: Rearm::All,
    };
    bench
        .change(enable(true, EnableChange::Enable(masks)))
        .await
        .unwrap();
    bench.ask(rearm).unwrap();
    pass(&mut bench).await;
    assert_eq!(crossings(&mut bench).len(), 1);

    bench
        .change(enable(false, EnableChange::None))
        .await
        .unwrap();
    assert_eq!(bench.behaviour.deadline(), None, "nothing to watch");
    let session = SetSensorEventEnable {
        sensor: Sensor::Session.number(),
        ..enable(false, EnableChange::None)
    };
    let refused = Err(CompletionCode::IllegalForRecordType);
    assert_eq!(bench.ask(session), refused, "what happens is always logged");
    bench.settle_all().await;
}

#[tokio::test(start_paused = true)]
async fn a_machine_that_is_off_crosses_nothing() {
    let mut bench = Bench::new();
    bench.machine.set_figures(IDLE);
    let thresholds = Thresholds::NONE.with(Threshold::LowerCritical, 50);
    let set = SetSensorThresholds {
        sensor: CPU,
        thresholds,
    };
    bench.change(set).await.unwrap();
    pass(&mut bench).await;
    assert_eq!(crossings(&mut bench), []);
    bench.ask(ChassisControl::PowerUp).unwrap();
    pass(&mut bench).await;
    assert_eq!(crossings(&mut bench).len(), 1);
    bench.settle_all().await;
}
