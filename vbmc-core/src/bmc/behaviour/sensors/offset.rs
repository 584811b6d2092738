//! The states of the sensors that have no reading, by their offsets in table 42-3.

use ipmi_proto::sdr::EventMask;

use super::Sensor;

pub(in super::super) const POWER_OFF: u8 = 0x00;
pub(in super::super) const POWER_CYCLE: u8 = 0x01;
pub(in super::super) const POWER_UNIT_FAILURE: u8 = 0x06;
pub(in super::super) const ACPI_WORKING: u8 = 0x00;
pub(super) const ACPI_SLEEPING: u8 = 0x03;
pub(in super::super) const ACPI_SOFT_OFF: u8 = 0x05;
pub(in super::super) const CRITICAL_STOP: u8 = 0x01;
pub(in super::super) const GRACEFUL_SHUTDOWN: u8 = 0x03;
pub(in super::super) const BOOT_POWER_UP: u8 = 0x00;
pub(in super::super) const BOOT_HARD_RESET: u8 = 0x01;
pub(in super::super) const BOOT_WARM_RESET: u8 = 0x02;
pub(in super::super) const WATCHDOG_EXPIRED: u8 = 0x00;
pub(in super::super) const WATCHDOG_RESET: u8 = 0x01;
pub(in super::super) const WATCHDOG_POWER_DOWN: u8 = 0x02;
pub(in super::super) const WATCHDOG_POWER_CYCLE: u8 = 0x03;
pub(in super::super) const WATCHDOG_INTERRUPT: u8 = 0x08;
pub(in super::super) const DRIVE_FAULT: u8 = 0x01;
pub(in super::super) const POWER_BUTTON: u8 = 0x00;
pub(in super::super) const NMI: u8 = 0x00;
pub(in super::super) const INVALID_LOGIN: u8 = 0x02;

/// The states of a sensor that lead to events.
pub(super) fn events(sensor: Sensor) -> EventMask {
    mask(match sensor {
        Sensor::PowerUnit => &[POWER_OFF, POWER_CYCLE, POWER_UNIT_FAILURE],
        Sensor::State => &[ACPI_WORKING, ACPI_SOFT_OFF],
        Sensor::OsStop => &[CRITICAL_STOP, GRACEFUL_SHUTDOWN],
        Sensor::Boot => &[BOOT_POWER_UP, BOOT_HARD_RESET, BOOT_WARM_RESET],
        Sensor::Watchdog => &[
            WATCHDOG_EXPIRED,
            WATCHDOG_RESET,
            WATCHDOG_POWER_DOWN,
            WATCHDOG_POWER_CYCLE,
            WATCHDOG_INTERRUPT,
        ],
        Sensor::Disk => &[DRIVE_FAULT],
        Sensor::Button => &[POWER_BUTTON],
        Sensor::Interrupt => &[NMI],
        Sensor::Session => &[INVALID_LOGIN],
        _ => &[],
    })
}

/// The states of a sensor that last, so that they can be read. The others are over in a moment.
pub(super) fn readable(sensor: Sensor) -> EventMask {
    mask(match sensor {
        Sensor::PowerUnit => &[POWER_OFF],
        Sensor::State => &[ACPI_WORKING, ACPI_SLEEPING, ACPI_SOFT_OFF],
        Sensor::OsStop => &[CRITICAL_STOP, GRACEFUL_SHUTDOWN],
        Sensor::Watchdog => &[WATCHDOG_EXPIRED],
        Sensor::Disk => &[DRIVE_FAULT],
        _ => &[],
    })
}

fn mask(offsets: &[u8]) -> EventMask {
    offsets
        .iter()
        .fold(EventMask::NONE, |mask, offset| mask.with(*offset))
}
