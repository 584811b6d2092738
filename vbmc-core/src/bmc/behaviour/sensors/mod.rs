//! The machine's sensors: which there are, what they read, and what their records say.

use ipmi_proto::sdr::SensorNumber;

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
}

impl Sensor {
    /// Its number.
    pub(super) const fn number(self) -> SensorNumber {
        SensorNumber(self as u8)
    }
}
