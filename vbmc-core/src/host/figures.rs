//! What a machine does at present, for sensors.

/// What a machine does at present. What the hypervisor does not tell is left out.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Figures {
    /// What it is up to.
    pub state: MachineState,
    /// The share of its virtual CPUs' time in use, 0 to 1.
    pub cpu: Option<f64>,
    /// The memory in use, in bytes.
    pub memory_used: Option<u64>,
    /// The memory that it has, in bytes.
    pub memory: Option<u64>,
    /// Bytes per second read from its disks.
    pub disk_read: Option<f64>,
    /// Bytes per second written to its disks.
    pub disk_written: Option<f64>,
    /// Bytes per second received by its network interfaces.
    pub received: Option<f64>,
    /// Bytes per second sent by its network interfaces.
    pub sent: Option<f64>,
}

/// What a machine is up to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MachineState {
    /// Off.
    #[default]
    Off,
    /// On, and running.
    Running,
    /// On, and standing still.
    Paused,
    /// On, and shutting down.
    ShuttingDown,
    /// Its guest has crashed, and it was kept.
    Crashed,
    /// On, and asleep (ACPI S3).
    Suspended,
}
