//! The machine's sensors: which there are, what they read, and what their records say.
//!
//! `repository` has the records, `reading` what is true now, `settings` what can be set of a sensor, and `watch` tells
//! the event log of thresholds that are crossed. What happens to the machine comes by itself: `sel::happenings`.

pub(super) mod offset;
mod reading;
pub(super) mod repository;
mod settings;
#[cfg(test)]
mod tests;
mod watch;

use ipmi_proto::sdr::{SensorNumber, SensorType};

pub(super) use self::settings::{factors, kind};
pub(super) use self::watch::Watch;

/// The sensors by their numbers, which records of the event log keep: a number is never given to another sensor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Sensor {
    /// Power Unit: off, cycled, failed.
    PowerUnit = 0x01,
    /// System ACPI Power State: what the machine is up to.
    State = 0x02,
    /// OS Stop: shutdowns and crashes of the guest.
    OsStop = 0x03,
    /// System Boot: what the machine was started or reset by.
    Boot = 0x04,
    /// Watchdog 2.
    Watchdog = 0x05,
    /// Drive Slot: whether its disks work.
    Disk = 0x06,
    /// Button: the power button, which a soft shutdown presses.
    Button = 0x07,
    /// Critical Interrupt: NMIs.
    Interrupt = 0x08,
    /// Session Audit: refused logins.
    Session = 0x09,
    /// The share of its virtual CPUs' time in use.
    Cpu = 0x10,
    /// The share of its memory in use.
    Memory = 0x11,
    /// What is read from its disks.
    DiskRead = 0x12,
    /// What is written to its disks.
    DiskWritten = 0x13,
    /// What its network interfaces receive.
    Received = 0x14,
    /// What its network interfaces send.
    Sent = 0x15,
}

impl Sensor {
    /// All of them, in the order of their records.
    const ALL: [Self; 15] = [
        Self::PowerUnit,
        Self::State,
        Self::OsStop,
        Self::Boot,
        Self::Watchdog,
        Self::Disk,
        Self::Button,
        Self::Interrupt,
        Self::Session,
        Self::Cpu,
        Self::Memory,
        Self::DiskRead,
        Self::DiskWritten,
        Self::Received,
        Self::Sent,
    ];

    /// Its number.
    pub(super) const fn number(self) -> SensorNumber {
        SensorNumber(self as u8)
    }

    /// The sensor with this number, if there is one.
    fn numbered(number: SensorNumber) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|sensor| sensor.number() == number)
    }

    /// What it measures.
    pub(super) const fn measures(self) -> SensorType {
        match self {
            Self::PowerUnit => SensorType::POWER_UNIT,
            Self::State => SensorType::SYSTEM_ACPI_POWER_STATE,
            Self::OsStop => SensorType::OS_STOP,
            Self::Boot => SensorType::SYSTEM_BOOT,
            Self::Watchdog => SensorType::WATCHDOG_2,
            Self::Disk => SensorType::DRIVE_SLOT,
            Self::Button => SensorType::BUTTON,
            Self::Interrupt => SensorType::CRITICAL_INTERRUPT,
            Self::Session => SensorType::SESSION_AUDIT,
            Self::Cpu
            | Self::Memory
            | Self::DiskRead
            | Self::DiskWritten
            | Self::Received
            | Self::Sent => SensorType::OTHER_UNITS,
        }
    }
}
