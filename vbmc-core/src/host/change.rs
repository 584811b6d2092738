//! What happens to a machine, as its hypervisor tells it.

use std::time::SystemTime;

/// Hears of what happens to a machine. See [`Host::observe`](super::Host::observe).
pub trait Observer: Send + Sync + 'static {
    /// Something happened. Called on a thread that serves many machines: pass it on and return.
    fn happened(&self, change: Change);
}

/// Something that happened to a machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    /// When it was noticed.
    pub at: SystemTime,
    /// What it was.
    pub what: Happening,
}

/// What can happen to a machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Happening {
    /// It was switched on.
    Started,
    /// It is off.
    Stopped(StopReason),
    /// The guest restarted itself, or the reset button was pressed; the machine stayed on.
    Reset,
    /// It stands still, but is on.
    Paused(PauseReason),
    /// It goes on.
    Resumed,
    /// The guest's operating system broke down (a panic device or the hypervisor told so).
    Crashed,
    /// The guest was asked to shut down, and began to.
    ShuttingDown,
    /// The machine's own watchdog device expired.
    WatchdogExpired(WatchdogAction),
    /// A disk failed to read or write.
    DiskError,
}

/// What a machine's own watchdog device does when it expires.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum WatchdogAction {
    /// It resets the machine.
    Reset,
    /// It switches the machine off.
    PowerOff,
    /// Nothing, or something that IPMI has no word for.
    Other,
}

/// Why a machine is off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StopReason {
    /// The guest shut down.
    Shutdown,
    /// It was switched off.
    Destroyed,
    /// It crashed.
    Crashed,
    /// The hypervisor failed to run it.
    Failed,
    /// It went to another hypervisor, or its memory to the disk.
    Moved,
    /// Nobody saw it happen.
    Unknown,
}

/// Why a machine stands still.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PauseReason {
    /// Somebody wanted it so.
    Requested,
    /// A disk failed, or is full.
    DiskError,
    /// Its watchdog device expired.
    Watchdog,
    /// Something else.
    Other,
}
