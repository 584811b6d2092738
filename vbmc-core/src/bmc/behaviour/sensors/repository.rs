//! The sensor data records, and the commands that read them, §33 and §35.
//!
//! All BMCs have the same records, made once for the whole process. Nobody can change them, so that a reservation is
//! never cancelled, and the commands that add, delete and clear records do not exist.

use std::sync::LazyLock;

use ipmi_proto::CompletionCode;
use ipmi_proto::command::Channel;
use ipmi_proto::command::sensor::{DeviceSdrInfo, GetDeviceSdrInfo, SensorPopulation};
use ipmi_proto::command::storage::{
    AllocationInfo, GetSdr, ReservationId, SdrPart, SdrRepositoryInfo, SdrRepositorySupport,
};
use ipmi_proto::fru::DeviceId;
use ipmi_proto::sdr::{
    Body, CompactSensor, ControllerCapabilities, ControllerInitialization, DiscreteMasks, Entity,
    EntityId, EventControl, EventMask, EventReadingType, FruAccess, FruDeviceLocator, FullSensor,
    Hysteresis, HysteresisSupport, IdString, Linearization, ManagementControllerLocator,
    ReadingFactors, ReadingRange, Record, RecordId, SensorCapabilities, SensorDirection,
    SensorInitialization, SensorMasks, SensorOwner, SensorSharing, Threshold, ThresholdEvent,
    ThresholdMask, ThresholdMasks, ThresholdSupport, Thresholds, Unit, Units,
};
use ipmi_proto::sdr::{Modifier, Sensor as SensorRecord};
use ipmi_proto::sel::Timestamp;
use ipmi_proto::wire::Encode as _;

use super::{Sensor, offset};
use crate::bmc::behaviour::{Outcome, ok, refuse};

/// When the records were changed last, in seconds since 1970: clients keep their copies until this changes. A test
/// tells when it has to.
pub(super) const REVISED: u64 = 1_795_382_000;

/// The one reservation, which everybody gets.
const RESERVATION: ReservationId = ReservationId(1);

/// The records as they are sent. Record `n` has the id `n + 1`: 0 means "first" in requests.
pub(super) static RECORDS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    bodies()
        .zip(1..)
        .map(|(body, id)| {
            let mut bytes = Vec::new();
            let id = RecordId(id);
            Record { id, body }.encode(&mut bytes);
            bytes
        })
        .collect()
});

fn bodies() -> impl Iterator<Item = Body> {
    let locators = [
        Body::ManagementControllerLocator(controller()),
        Body::FruDeviceLocator(inventory()),
    ];
    let sensors = Sensor::ALL.into_iter().map(|sensor| match sensor.analog() {
        Some(analog) => Body::FullSensor(full(sensor, analog)),
        None => Body::CompactSensor(compact(sensor)),
    });
    locators.into_iter().chain(sensors)
}

fn controller() -> ManagementControllerLocator {
    ManagementControllerLocator {
        address: SensorOwner::BMC.id,
        channel: Channel::IPMB,
        initialization: ControllerInitialization::STATIC,
        capabilities: ControllerCapabilities {
            chassis: true,
            fru_inventory: true,
            sel: true,
            sdr_repository: true,
            sensors: true,
            ..ControllerCapabilities::default()
        },
        entity: Entity::new(EntityId::MANAGEMENT_MODULE, 1),
        oem: 0,
        name: IdString::new("BMC"),
    }
}

fn inventory() -> FruDeviceLocator {
    FruDeviceLocator {
        controller: SensorOwner::BMC.id,
        channel: Channel::IPMB,
        access: FruAccess::Logical(DeviceId::BMC),
        device_type: FruDeviceLocator::BEHIND_CONTROLLER,
        device_type_modifier: 0,
        entity: Entity::new(EntityId::SYSTEM_BOARD, 1),
        oem: 0,
        name: IdString::new("Machine"),
    }
}

/// How a sensor's reading is a number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Analog {
    pub(super) units: Units,
    pub(super) factors: ReadingFactors,
    /// The highest reading, raw.
    pub(super) maximum: u8,
}

impl Analog {
    const PERCENT: Self = Self {
        units: Units::PERCENT,
        factors: ReadingFactors::IDENTITY,
        maximum: 100,
    };

    /// Up to 1275 MB/s in steps of 5: what a network card of 10 Gbit/s can do. The steps are equal ones because ipmitool
    /// would set wrong thresholds on any other scale.
    const THROUGHPUT: Self = Self {
        units: Units {
            modifier: Modifier::DividedBy(Unit::SECONDS),
            ..Units::unsigned(Unit::MEGABYTES)
        },
        factors: ReadingFactors::scaled(5, 0),
        maximum: 255,
    };

    /// The raw reading that is nearest to a value in the sensor's unit.
    pub(super) fn raw(&self, value: f64) -> u8 {
        let raw = self.factors.raw(value).unwrap_or(0);
        u8::try_from(raw.clamp(0, i64::from(self.maximum))).unwrap_or(self.maximum)
    }
}

impl Sensor {
    /// How its reading is a number; none for the sensors that have states instead.
    pub(super) const fn analog(self) -> Option<Analog> {
        match self {
            Self::Cpu | Self::Memory => Some(Analog::PERCENT),
            Self::DiskRead | Self::DiskWritten | Self::Received | Self::Sent => {
                Some(Analog::THROUGHPUT)
            }
            _ => None,
        }
    }

    /// The masks of its record.
    pub(super) fn masks(self) -> SensorMasks {
        if self.analog().is_none() {
            return SensorMasks::Discrete(DiscreteMasks {
                kind: EventReadingType::SENSOR_SPECIFIC,
                assertion: offset::events(self),
                deassertion: EventMask::NONE,
                readable: offset::readable(self),
            });
        }
        let all: ThresholdMask = Threshold::ALL.into_iter().collect();
        let crossings = Threshold::ALL
            .into_iter()
            .map(crossing)
            .fold(EventMask::NONE, EventMask::with_threshold);
        SensorMasks::Threshold(ThresholdMasks {
            assertion: crossings,
            deassertion: crossings,
            compared: all,
            readable: all,
            settable: all,
        })
    }

    fn name(self) -> IdString {
        IdString::new(match self {
            Self::PowerUnit => "Power Unit",
            Self::State => "ACPI State",
            Self::OsStop => "OS Stop",
            Self::Boot => "System Boot",
            Self::Watchdog => "Watchdog",
            Self::Disk => "Disks",
            Self::Button => "Power Button",
            Self::Interrupt => "Interrupt",
            Self::Session => "Logins",
            Self::Cpu => "CPU Use",
            Self::Memory => "Memory Use",
            Self::DiskRead => "Disk Read",
            Self::DiskWritten => "Disk Write",
            Self::Received => "Net Receive",
            Self::Sent => "Net Send",
        })
    }

    const fn entity(self) -> Entity {
        let id = match self {
            Self::PowerUnit => EntityId::POWER_UNIT,
            Self::State | Self::Interrupt => EntityId::SYSTEM_BOARD,
            Self::OsStop => EntityId::OPERATING_SYSTEM,
            Self::Boot => EntityId::SYSTEM_FIRMWARE,
            Self::Watchdog | Self::Session => EntityId::MANAGEMENT_MODULE,
            Self::Disk | Self::DiskRead | Self::DiskWritten => EntityId::DISK,
            Self::Button => EntityId::FRONT_PANEL_BOARD,
            Self::Cpu => EntityId::PROCESSOR,
            Self::Memory => EntityId::MEMORY_DEVICE,
            Self::Received | Self::Sent => EntityId::ADD_IN_CARD,
        };
        Entity::new(id, 1)
    }

    fn record(self, units: Units) -> SensorRecord {
        let analog = self.analog().is_some();
        SensorRecord {
            owner: SensorOwner::BMC,
            number: self.number(),
            entity: self.entity(),
            initialization: SensorInitialization {
                events_by_default: true,
                scanning_by_default: true,
                ..SensorInitialization::default()
            },
            capabilities: SensorCapabilities {
                ignore_if_absent: false,
                auto_rearm: true,
                hysteresis: if analog {
                    HysteresisSupport::Settable
                } else {
                    HysteresisSupport::None
                },
                thresholds: if analog {
                    ThresholdSupport::Settable
                } else {
                    ThresholdSupport::None
                },
                // What happens to the machine is always logged.
                events: if analog {
                    EventControl::PerState
                } else {
                    EventControl::GlobalOnly
                },
            },
            sensor_type: self.measures(),
            masks: self.masks(),
            units,
        }
    }
}

/// What happens when a reading gets worse than a threshold.
pub(super) fn crossing(threshold: Threshold) -> ThresholdEvent {
    ThresholdEvent {
        threshold,
        rising: threshold.is_upper(),
    }
}

fn full(sensor: Sensor, analog: Analog) -> FullSensor {
    FullSensor {
        sensor: sensor.record(analog.units),
        linearization: Linearization::LINEAR,
        factors: analog.factors,
        direction: SensorDirection::Unspecified,
        range: ReadingRange {
            maximum: analog.maximum,
            ..ReadingRange::UNSIGNED
        },
        thresholds: Thresholds::NONE,
        hysteresis: Hysteresis::default(),
        oem: 0,
        name: sensor.name(),
    }
}

fn compact(sensor: Sensor) -> CompactSensor {
    CompactSensor {
        sensor: sensor.record(Units::NONE),
        direction: SensorDirection::Unspecified,
        sharing: SensorSharing::SINGLE,
        hysteresis: Hysteresis::default(),
        oem: 0,
        name: sensor.name(),
    }
}

/// How many there are of something of which there are few.
fn count(things: usize) -> u8 {
    things.try_into().unwrap_or(u8::MAX)
}

/// Get SDR Repository Info, §33.9.
pub(in crate::bmc::behaviour) fn info() -> Outcome {
    ok(SdrRepositoryInfo {
        records: count(RECORDS.len()).into(),
        free: Some(0),
        added: Timestamp::from_unix(REVISED),
        erased: Timestamp::UNSPECIFIED,
        support: SdrRepositorySupport {
            reserve: true,
            allocation_info: true,
            ..SdrRepositorySupport::default()
        },
    })
}

/// Get SDR Repository Allocation Info, §33.10.
pub(in crate::bmc::behaviour) fn allocation() -> Outcome {
    let bytes = RECORDS.iter().map(Vec::len);
    let largest = bytes.clone().max().unwrap_or(0);
    ok(AllocationInfo {
        units: bytes.sum::<usize>().try_into().ok(),
        unit_size: Some(1),
        free: 0,
        largest_free: 0,
        largest_record: count(largest),
    })
}

/// Reserve SDR Repository, §33.11, and Reserve Device SDR Repository, §35.4.
pub(in crate::bmc::behaviour) fn reserve() -> Outcome {
    ok(RESERVATION)
}

/// Get SDR, §33.12, and Get Device SDR, §35.3.
pub(in crate::bmc::behaviour) fn part(request: &GetSdr) -> Outcome {
    if request.offset != 0 && request.reservation != RESERVATION {
        return refuse(CompletionCode::InvalidReservation);
    }
    let index = match request.record {
        RecordId::FIRST => Some(0),
        RecordId::LAST => RECORDS.len().checked_sub(1),
        RecordId(id) => Some(usize::from(id) - 1),
    };
    let Some((index, record)) = index.and_then(|index| Some((index, RECORDS.get(index)?))) else {
        return refuse(CompletionCode::NotPresent);
    };
    let Some(rest) = record.get(usize::from(request.offset)..) else {
        return refuse(CompletionCode::ParameterOutOfRange);
    };
    let data = match request.count {
        GetSdr::ALL => rest,
        count => match rest.get(..usize::from(count)) {
            Some(part) => part,
            None => return refuse(CompletionCode::ParameterOutOfRange),
        },
    };
    let next = match index + 2 {
        id if id <= RECORDS.len() => RecordId(count(id).into()),
        _ => RecordId::LAST,
    };
    ok(SdrPart {
        next,
        data: data.to_vec(),
    })
}

/// Get Device SDR Info, §35.2.
pub(in crate::bmc::behaviour) fn device_info(request: GetDeviceSdrInfo) -> Outcome {
    ok(DeviceSdrInfo {
        count: count(match request {
            GetDeviceSdrInfo::Sensors => Sensor::ALL.len(),
            GetDeviceSdrInfo::Records => RECORDS.len(),
        }),
        luns: [true, false, false, false],
        population: SensorPopulation::Static,
    })
}
