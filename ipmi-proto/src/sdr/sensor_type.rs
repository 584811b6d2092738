//! What sensors measure, table 42-3.

named_codes! {
    /// What a sensor measures, and so the list of states that its sensor-specific offsets count. C0h to FFh belong to
    /// manufacturers.
    SensorType {
        TEMPERATURE = 0x01, "Temperature";
        VOLTAGE = 0x02, "Voltage";
        CURRENT = 0x03, "Current";
        FAN = 0x04, "Fan";
        PHYSICAL_SECURITY = 0x05, "Physical Security";
        PLATFORM_SECURITY = 0x06, "Platform Security";
        PROCESSOR = 0x07, "Processor";
        POWER_SUPPLY = 0x08, "Power Supply";
        POWER_UNIT = 0x09, "Power Unit";
        COOLING_DEVICE = 0x0A, "Cooling Device";
        OTHER_UNITS = 0x0B, "Other Units-based Sensor";
        MEMORY = 0x0C, "Memory";
        DRIVE_SLOT = 0x0D, "Drive Slot";
        POST_MEMORY_RESIZE = 0x0E, "POST Memory Resize";
        SYSTEM_FIRMWARE_PROGRESS = 0x0F, "System Firmware Progress";
        EVENT_LOGGING_DISABLED = 0x10, "Event Logging Disabled";
        WATCHDOG_1 = 0x11, "Watchdog 1";
        SYSTEM_EVENT = 0x12, "System Event";
        CRITICAL_INTERRUPT = 0x13, "Critical Interrupt";
        BUTTON = 0x14, "Button or Switch";
        MODULE = 0x15, "Module or Board";
        MICROCONTROLLER = 0x16, "Microcontroller or Coprocessor";
        ADD_IN_CARD = 0x17, "Add-in Card";
        CHASSIS = 0x18, "Chassis";
        CHIP_SET = 0x19, "Chip Set";
        OTHER_FRU = 0x1A, "Other FRU";
        CABLE = 0x1B, "Cable or Interconnect";
        TERMINATOR = 0x1C, "Terminator";
        SYSTEM_BOOT = 0x1D, "System Boot or Restart Initiated";
        BOOT_ERROR = 0x1E, "Boot Error";
        OS_BOOT = 0x1F, "OS Boot";
        OS_STOP = 0x20, "OS Stop or Shutdown";
        SLOT = 0x21, "Slot or Connector";
        SYSTEM_ACPI_POWER_STATE = 0x22, "System ACPI Power State";
        WATCHDOG_2 = 0x23, "Watchdog 2";
        PLATFORM_ALERT = 0x24, "Platform Alert";
        ENTITY_PRESENCE = 0x25, "Entity Presence";
        MONITOR_ASIC = 0x26, "Monitor ASIC or IC";
        LAN = 0x27, "LAN";
        MANAGEMENT_SUBSYSTEM_HEALTH = 0x28, "Management Subsystem Health";
        BATTERY = 0x29, "Battery";
        SESSION_AUDIT = 0x2A, "Session Audit";
        VERSION_CHANGE = 0x2B, "Version Change";
        FRU_STATE = 0x2C, "FRU State";
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::ToString as _;

    #[test]
    fn names() {
        assert_eq!(SensorType::WATCHDOG_2.name(), Some("Watchdog 2"));
        assert_eq!(SensorType::POWER_UNIT.to_string(), "Power Unit");
        assert_eq!(SensorType(0xC7).name(), None);
        assert_eq!(SensorType(0xC7).to_string(), "C7h");
    }
}
