//! What the states of sensors are called: generic ones (table 42-2), and those of a sensor's type (table 42-3).

use super::{EventReadingType, SensorType};

/// What the state with this offset is called, of sensors with this type and kind of states. None where the specification
/// has no name for it, as for thresholds (see [`ThresholdEvent`](super::ThresholdEvent)) and for what manufacturers define.
#[must_use]
pub fn state_name(
    kind: EventReadingType,
    sensor_type: SensorType,
    offset: u8,
) -> Option<&'static str> {
    let names = match kind {
        EventReadingType::SENSOR_SPECIFIC => specific(sensor_type),
        _ => generic(kind),
    };
    let name = names.get(usize::from(offset)).copied();
    name.filter(|name| !name.is_empty())
}

/// Table 42-2, by offset. Empty: reserved.
const fn generic(kind: EventReadingType) -> &'static [&'static str] {
    match kind {
        EventReadingType::USAGE => &["Idle", "Active", "Busy"],
        EventReadingType::DIGITAL_STATE => &["State deasserted", "State asserted"],
        EventReadingType::PREDICTIVE_FAILURE => &[
            "Predictive failure deasserted",
            "Predictive failure asserted",
        ],
        EventReadingType::LIMIT => &["Limit not exceeded", "Limit exceeded"],
        EventReadingType::PERFORMANCE => &["Performance met", "Performance lags"],
        EventReadingType::SEVERITY => &[
            "OK",
            "Non-critical from OK",
            "Critical from less severe",
            "Non-recoverable from less severe",
            "Non-critical from more severe",
            "Critical from non-recoverable",
            "Non-recoverable",
            "Monitor",
            "Informational",
        ],
        EventReadingType::PRESENCE => &["Absent", "Present"],
        EventReadingType::ENABLED => &["Disabled", "Enabled"],
        EventReadingType::AVAILABILITY => &[
            "Running",
            "In test",
            "Power off",
            "On line",
            "Off line",
            "Off duty",
            "Degraded",
            "Power save",
            "Install error",
        ],
        EventReadingType::REDUNDANCY => &[
            "Fully redundant",
            "Redundancy lost",
            "Redundancy degraded",
            "Non-redundant, sufficient from redundant",
            "Non-redundant, sufficient from insufficient",
            "Non-redundant, insufficient",
            "Redundancy degraded from fully redundant",
            "Redundancy degraded from non-redundant",
        ],
        EventReadingType::ACPI_DEVICE_STATE => &["D0", "D1", "D2", "D3"],
        _ => &[],
    }
}

/// Table 42-3, by offset, for the types that machines and their controllers log. Empty: reserved.
const fn specific(sensor_type: SensorType) -> &'static [&'static str] {
    match sensor_type {
        SensorType::PHYSICAL_SECURITY => &[
            "General chassis intrusion",
            "Drive bay intrusion",
            "I/O card area intrusion",
            "Processor area intrusion",
            "LAN lost",
            "Unauthorized dock",
            "Fan area intrusion",
        ],
        SensorType::PLATFORM_SECURITY => &[
            "Secure mode violation attempt",
            "Pre-boot user password violation",
            "Pre-boot setup password violation",
            "Pre-boot network password violation",
            "Other pre-boot password violation",
            "Out-of-band access password violation",
        ],
        SensorType::PROCESSOR => &[
            "IERR",
            "Thermal trip",
            "FRB1/BIST failure",
            "FRB2/hang in POST failure",
            "FRB3/processor startup failure",
            "Configuration error",
            "Uncorrectable CPU-complex error",
            "Presence detected",
            "Disabled",
            "Terminator presence detected",
            "Automatically throttled",
            "Machine check exception",
            "Correctable machine check error",
        ],
        SensorType::POWER_SUPPLY => &[
            "Presence detected",
            "Failure detected",
            "Predictive failure",
            "Input lost",
            "Input lost or out of range",
            "Input out of range, but present",
            "Configuration error",
            "Inactive",
        ],
        SensorType::POWER_UNIT => &[
            "Power off or down",
            "Power cycle",
            "240 VA power down",
            "Interlock power down",
            "AC lost",
            "Soft power control failure",
            "Failure detected",
            "Predictive failure",
        ],
        SensorType::MEMORY => &[
            "Correctable ECC",
            "Uncorrectable ECC",
            "Parity",
            "Memory scrub failed",
            "Memory device disabled",
            "Correctable ECC logging limit reached",
            "Presence detected",
            "Configuration error",
            "Spare",
            "Throttled",
            "Critical overtemperature",
        ],
        SensorType::DRIVE_SLOT => &[
            "Drive present",
            "Drive fault",
            "Predictive failure",
            "Hot spare",
            "Consistency check in progress",
            "In critical array",
            "In failed array",
            "Rebuild in progress",
            "Rebuild aborted",
        ],
        SensorType::SYSTEM_FIRMWARE_PROGRESS => {
            &["Firmware error", "Firmware hang", "Firmware progress"]
        }
        SensorType::EVENT_LOGGING_DISABLED => &[
            "Correctable memory error logging disabled",
            "Event logging disabled for a type",
            "Log cleared",
            "All event logging disabled",
            "Log full",
            "Log almost full",
            "Correctable machine check error logging disabled",
        ],
        SensorType::WATCHDOG_1 => &[
            "BIOS reset",
            "OS reset",
            "OS shut down",
            "OS power down",
            "OS power cycle",
            "OS NMI or diagnostic interrupt",
            "OS expired",
            "OS pre-timeout interrupt",
        ],
        SensorType::SYSTEM_EVENT => &[
            "System reconfigured",
            "OEM system boot event",
            "Undetermined hardware failure",
            "Entry added to auxiliary log",
            "PEF action",
            "Timestamp clock synchronized",
        ],
        SensorType::CRITICAL_INTERRUPT => &[
            "NMI or diagnostic interrupt",
            "Bus timeout",
            "I/O channel check NMI",
            "Software NMI",
            "PCI PERR",
            "PCI SERR",
            "EISA fail safe timeout",
            "Bus correctable error",
            "Bus uncorrectable error",
            "Fatal NMI",
            "Bus fatal error",
            "Bus degraded",
        ],
        SensorType::BUTTON => &[
            "Power button pressed",
            "Sleep button pressed",
            "Reset button pressed",
            "FRU latch open",
            "FRU service request",
        ],
        SensorType::CHIP_SET => &["Soft power control failure", "Thermal trip"],
        SensorType::CABLE => &["Connected", "Incorrectly connected"],
        SensorType::SYSTEM_BOOT => &[
            "Initiated by power up",
            "Initiated by hard reset",
            "Initiated by warm reset",
            "User requested PXE boot",
            "Automatic boot to diagnostic",
            "Initiated by the OS, hard reset",
            "Initiated by the OS, warm reset",
            "System restart",
        ],
        SensorType::BOOT_ERROR => &[
            "No bootable media",
            "Non-bootable diskette left in drive",
            "PXE server not found",
            "Invalid boot sector",
            "Timeout waiting for selection",
        ],
        SensorType::OS_BOOT => &[
            "A: boot completed",
            "C: boot completed",
            "PXE boot completed",
            "Diagnostic boot completed",
            "CD-ROM boot completed",
            "ROM boot completed",
            "Boot completed, device not specified",
            "Installation started",
            "Installation completed",
            "Installation aborted",
            "Installation failed",
        ],
        SensorType::OS_STOP => &[
            "Critical stop while loading",
            "Run-time critical stop",
            "Graceful stop",
            "Graceful shutdown",
            "Soft shutdown by PEF",
            "Agent not responding",
        ],
        SensorType::SLOT => &[
            "Fault",
            "Identify",
            "Device installed",
            "Ready for device installation",
            "Ready for device removal",
            "Slot power is off",
            "Device removal request",
            "Interlock",
            "Disabled",
            "Spare device",
        ],
        SensorType::SYSTEM_ACPI_POWER_STATE => &[
            "S0/G0: working",
            "S1: sleeping, hardware and processor context kept",
            "S2: sleeping, processor context lost",
            "S3: sleeping, memory kept",
            "S4: non-volatile sleep, suspended to disk",
            "S5/G2: soft off",
            "S4/S5: soft off",
            "G3: mechanical off",
            "Sleeping in S1, S2 or S3",
            "G1: sleeping",
            "S5: entered by override",
            "Legacy on",
            "Legacy off",
            "",
            "Unknown",
        ],
        SensorType::WATCHDOG_2 => &[
            "Timer expired",
            "Hard reset",
            "Power down",
            "Power cycle",
            "",
            "",
            "",
            "",
            "Timer interrupt",
        ],
        SensorType::PLATFORM_ALERT => &["Page", "LAN alert", "PET", "SNMP OEM alert"],
        SensorType::ENTITY_PRESENCE => &["Present", "Absent", "Disabled"],
        SensorType::LAN => &["Heartbeat lost", "Heartbeat"],
        SensorType::MANAGEMENT_SUBSYSTEM_HEALTH => &[
            "Sensor access degraded or unavailable",
            "Controller access degraded or unavailable",
            "Controller off line",
            "Controller unavailable",
            "Sensor failure",
            "FRU failure",
        ],
        SensorType::BATTERY => &["Low", "Failed", "Presence detected"],
        SensorType::SESSION_AUDIT => &[
            "Session activated",
            "Session deactivated",
            "Invalid user name or password",
            "Account disabled by invalid passwords",
        ],
        SensorType::VERSION_CHANGE => &[
            "Hardware change detected",
            "Firmware or software change detected",
            "Hardware incompatibility detected",
            "Firmware or software incompatibility detected",
            "Invalid or unsupported hardware version",
            "Invalid or unsupported firmware or software version",
            "Hardware change successful",
            "Firmware or software change successful",
        ],
        SensorType::FRU_STATE => &[
            "Not installed",
            "Inactive",
            "Activation requested",
            "Activation in progress",
            "Active",
            "Deactivation requested",
            "Deactivation in progress",
            "Communication lost",
        ],
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kind_says_which_table_counts() {
        let name = |kind, offset| state_name(kind, SensorType::WATCHDOG_2, offset);
        assert_eq!(
            name(EventReadingType::SENSOR_SPECIFIC, 8),
            Some("Timer interrupt")
        );
        assert_eq!(name(EventReadingType::SENSOR_SPECIFIC, 4), None);
        assert_eq!(name(EventReadingType::SENSOR_SPECIFIC, 15), None);
        assert_eq!(name(EventReadingType::LIMIT, 1), Some("Limit exceeded"));
        assert_eq!(name(EventReadingType::THRESHOLD, 1), None);
        assert_eq!(name(EventReadingType::new(0x70), 1), None);
    }

    /// Offsets have four bits.
    #[test]
    fn no_list_is_longer_than_offsets_reach() {
        for kind in 0..=0x0C {
            assert!(generic(EventReadingType::new(kind)).len() <= 15);
        }
        for sensor_type in 0..=u8::MAX {
            assert!(specific(SensorType(sensor_type)).len() <= 15);
        }
    }
}
