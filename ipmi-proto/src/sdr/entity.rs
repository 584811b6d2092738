//! What a sensor or a device belongs to, §39 and table 43-13.

use crate::command::bits::{bit, is_set};

/// One of several things of a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Entity {
    /// What kind of thing.
    pub id: EntityId,
    /// Which one, 0 to 127: from 60h on counted by its controller, below by the whole machine.
    pub instance: u8,
    /// Whether it only groups other entities.
    pub logical: bool,
}

impl Entity {
    /// The physical entity with this number.
    #[must_use]
    pub const fn new(id: EntityId, instance: u8) -> Self {
        Self {
            id,
            instance,
            logical: false,
        }
    }

    pub(super) const fn bytes(self) -> [u8; 2] {
        [self.id.0, bit(7, self.logical) | self.instance & 0x7F]
    }

    pub(super) const fn from_bytes([id, instance]: [u8; 2]) -> Self {
        Self {
            id: EntityId(id),
            instance: instance & 0x7F,
            logical: is_set(instance, 7),
        }
    }
}

named_codes! {
    /// A kind of thing. From 90h on the codes belong to chassis, board and system manufacturers.
    EntityId {
        UNSPECIFIED = 0x00, "Unspecified";
        OTHER = 0x01, "Other";
        UNKNOWN = 0x02, "Unknown";
        PROCESSOR = 0x03, "Processor";
        DISK = 0x04, "Disk or Disk Bay";
        PERIPHERAL_BAY = 0x05, "Peripheral Bay";
        MANAGEMENT_MODULE = 0x06, "System Management Module";
        SYSTEM_BOARD = 0x07, "System Board";
        MEMORY_MODULE = 0x08, "Memory Module";
        PROCESSOR_MODULE = 0x09, "Processor Module";
        POWER_SUPPLY = 0x0A, "Power Supply";
        ADD_IN_CARD = 0x0B, "Add-in Card";
        FRONT_PANEL_BOARD = 0x0C, "Front Panel Board";
        BACK_PANEL_BOARD = 0x0D, "Back Panel Board";
        POWER_SYSTEM_BOARD = 0x0E, "Power System Board";
        DRIVE_BACKPLANE = 0x0F, "Drive Backplane";
        INTERNAL_EXPANSION_BOARD = 0x10, "System Internal Expansion Board";
        OTHER_SYSTEM_BOARD = 0x11, "Other System Board";
        PROCESSOR_BOARD = 0x12, "Processor Board";
        POWER_UNIT = 0x13, "Power Unit";
        POWER_MODULE = 0x14, "Power Module";
        POWER_DISTRIBUTION_BOARD = 0x15, "Power Distribution Board";
        CHASSIS_BACK_PANEL_BOARD = 0x16, "Chassis Back Panel Board";
        SYSTEM_CHASSIS = 0x17, "System Chassis";
        SUB_CHASSIS = 0x18, "Sub-chassis";
        OTHER_CHASSIS_BOARD = 0x19, "Other Chassis Board";
        DISK_DRIVE_BAY = 0x1A, "Disk Drive Bay";
        PERIPHERAL_DRIVE_BAY = 0x1B, "Peripheral Bay";
        DEVICE_BAY = 0x1C, "Device Bay";
        FAN = 0x1D, "Fan or Cooling Device";
        COOLING_UNIT = 0x1E, "Cooling Unit";
        CABLE = 0x1F, "Cable or Interconnect";
        MEMORY_DEVICE = 0x20, "Memory Device";
        MANAGEMENT_SOFTWARE = 0x21, "System Management Software";
        SYSTEM_FIRMWARE = 0x22, "System Firmware";
        OPERATING_SYSTEM = 0x23, "Operating System";
        SYSTEM_BUS = 0x24, "System Bus";
        GROUP = 0x25, "Group";
        REMOTE_MANAGEMENT_COMMUNICATION = 0x26, "Remote Management Communication Device";
        EXTERNAL_ENVIRONMENT = 0x27, "External Environment";
        BATTERY = 0x28, "Battery";
        PROCESSING_BLADE = 0x29, "Processing Blade";
        CONNECTIVITY_SWITCH = 0x2A, "Connectivity Switch";
        PROCESSOR_MEMORY_MODULE = 0x2B, "Processor and Memory Module";
        IO_MODULE = 0x2C, "I/O Module";
        PROCESSOR_IO_MODULE = 0x2D, "Processor and I/O Module";
        MANAGEMENT_CONTROLLER_FIRMWARE = 0x2E, "Management Controller Firmware";
        IPMI_CHANNEL = 0x2F, "IPMI Channel";
        PCI_BUS = 0x30, "PCI Bus";
        PCI_EXPRESS_BUS = 0x31, "PCI Express Bus";
        SCSI_BUS = 0x32, "SCSI Bus";
        SATA_BUS = 0x33, "SATA or SAS Bus";
        FRONT_SIDE_BUS = 0x34, "Processor or Front-side Bus";
        REAL_TIME_CLOCK = 0x35, "Real Time Clock";
        AIR_INLET = 0x37, "Air Inlet";
        DCMI_AIR_INLET = 0x40, "Air Inlet (DCMI)";
        DCMI_PROCESSOR = 0x41, "Processor (DCMI)";
        DCMI_SYSTEM_BOARD = 0x42, "System Board (DCMI)";
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes() {
        let processor = Entity::new(EntityId::PROCESSOR, 1);
        assert_eq!(processor.bytes(), [0x03, 0x01]);
        let group = Entity {
            id: EntityId::POWER_SUPPLY,
            instance: 0x60,
            logical: true,
        };
        assert_eq!(group.bytes(), [0x0A, 0xE0]);
        assert_eq!(Entity::from_bytes([0x0A, 0xE0]), group);
    }
}
