//! What happens to the machine, and what is done to it over IPMI, as events.
//!
//! A command's event says by its second and third data bytes, as "OEM" ones, which user sent it and over which channel.
//! What a command leads to at the hypervisor is an event of its own: it happened as well.

use std::time::Duration;

use ipmi_proto::command::app::{TimeoutAction, UserId};
use ipmi_proto::sdr::EventReadingType;
use ipmi_proto::sel::{Direction, Entry, Event, EventData, EvmRevision, GeneratorId, Timestamp};
use tokio::time::Instant;

use super::Sel;
use super::commands::{now, timestamp};
use crate::bmc::behaviour::Behaviour;
use crate::bmc::behaviour::channel::LAN;
use crate::bmc::behaviour::sensors::{Sensor, offset};
use crate::host::{Change, Happening, PowerAction, StopReason, WatchdogAction};

/// How long after a reset another word of it counts as the same one: the hypervisor tells of ours, too, and firmware may
/// reset the machine once more when it comes up (SeaBIOS does).
pub(in crate::bmc::behaviour) const ECHO: Duration = Duration::from_secs(5);

/// What was seen, as far as it tells something about what comes next.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// When the machine was reset last, by whomever, unless something has happened since that leads to another.
    reset: Option<Instant>,
    /// When its own watchdog device said that it switches the machine off, by which QEMU ends as if it had failed.
    switched_off: Option<Instant>,
    /// Whether the crash of the present run is logged.
    crashed: bool,
    /// Whether a disk has failed since the machine was started or let go on.
    disk_failed: bool,
}

impl Sel {
    /// Whether a disk has failed, and nobody has let the machine go on since.
    pub(in crate::bmc::behaviour) const fn disk_failed(&self) -> bool {
        self.seen.disk_failed
    }
}

impl Behaviour {
    /// Something happened to the machine.
    pub(in crate::bmc::behaviour) fn log_change(&mut self, change: &Change) {
        if let Some((sensor, offset)) = self.event_of(change.what) {
            self.log_event(sensor, EventData::discrete(offset), timestamp(change.at));
        }
        // How it ended is one thing, that it did another.
        if matches!(change.what, Happening::Stopped(_)) {
            let off = EventData::discrete(offset::ACPI_SOFT_OFF);
            self.log_event(Sensor::State, off, timestamp(change.at));
        }
    }

    fn event_of(&mut self, what: Happening) -> Option<(Sensor, u8)> {
        Some(match what {
            Happening::Started => {
                self.sel.seen.crashed = false;
                self.sel.seen.disk_failed = false;
                (Sensor::State, offset::ACPI_WORKING)
            }
            Happening::Stopped(StopReason::Shutdown) => (Sensor::OsStop, offset::GRACEFUL_SHUTDOWN),
            Happening::Stopped(StopReason::Crashed) if !self.sel.seen.crashed => {
                (Sensor::OsStop, offset::CRITICAL_STOP)
            }
            Happening::Stopped(StopReason::Failed) => {
                let by_watchdog = self.sel.seen.switched_off.take();
                if by_watchdog.is_some_and(|at| at.elapsed() < ECHO) {
                    return None;
                }
                (Sensor::PowerUnit, offset::POWER_UNIT_FAILURE)
            }
            Happening::Reset => {
                self.sel.seen.reset = Some(Instant::now());
                self.sel.seen.crashed = false;
                (Sensor::Boot, offset::BOOT_WARM_RESET)
            }
            Happening::Crashed => {
                self.sel.seen.crashed = true;
                self.sel.seen.reset = None;
                (Sensor::OsStop, offset::CRITICAL_STOP)
            }
            Happening::WatchdogExpired(action) => (
                Sensor::Watchdog,
                match action {
                    WatchdogAction::Reset => {
                        self.sel.seen.reset = None;
                        offset::WATCHDOG_RESET
                    }
                    WatchdogAction::PowerOff => {
                        self.sel.seen.switched_off = Some(Instant::now());
                        offset::WATCHDOG_POWER_DOWN
                    }
                    WatchdogAction::Other => offset::WATCHDOG_EXPIRED,
                },
            ),
            // Told for every request that fails, of which there may be thousands.
            Happening::DiskError if !self.sel.seen.disk_failed => {
                self.sel.seen.disk_failed = true;
                (Sensor::Disk, offset::DRIVE_FAULT)
            }
            Happening::Resumed => {
                self.sel.seen.disk_failed = false;
                return None;
            }
            Happening::Stopped(_)
            | Happening::Paused(_)
            | Happening::ShuttingDown
            | Happening::DiskError => return None,
        })
    }

    /// Whether word of a reset is of one that is not known yet.
    pub(in crate::bmc::behaviour) fn is_new_reset(&self) -> bool {
        let known = self.sel.seen.reset.is_some_and(|at| at.elapsed() < ECHO);
        !known && !self.is_resetting()
    }

    /// A power action was done for somebody.
    pub(in crate::bmc::behaviour) fn log_action(
        &mut self,
        action: PowerAction,
        by: Option<UserId>,
    ) {
        let (sensor, offset) = match action {
            PowerAction::On => (Sensor::Boot, offset::BOOT_POWER_UP),
            PowerAction::Off => (Sensor::PowerUnit, offset::POWER_OFF),
            PowerAction::Cycle => (Sensor::PowerUnit, offset::POWER_CYCLE),
            PowerAction::Reset => {
                self.sel.seen.reset = Some(Instant::now());
                self.sel.seen.crashed = false;
                (Sensor::Boot, offset::BOOT_HARD_RESET)
            }
            PowerAction::Nmi => (Sensor::Interrupt, offset::NMI),
            PowerAction::Shutdown => (Sensor::Button, offset::POWER_BUTTON),
        };
        self.log_event(sensor, done_by(offset, by), now());
    }

    /// The watchdog timer has run out, or is about to.
    pub(in crate::bmc::behaviour) fn log_watchdog(&mut self, action: TimeoutAction, ahead: bool) {
        let offset = match action {
            _ if ahead => offset::WATCHDOG_INTERRUPT,
            TimeoutAction::None => offset::WATCHDOG_EXPIRED,
            TimeoutAction::Reset => offset::WATCHDOG_RESET,
            TimeoutAction::PowerDown => offset::WATCHDOG_POWER_DOWN,
            TimeoutAction::PowerCycle => offset::WATCHDOG_POWER_CYCLE,
        };
        self.log_event(Sensor::Watchdog, EventData::discrete(offset), now());
    }

    pub(super) fn log_event(&mut self, sensor: Sensor, data: EventData, time: Timestamp) {
        let event = Event {
            revision: EvmRevision::CURRENT,
            sensor_type: sensor.measures(),
            sensor: sensor.number(),
            direction: Direction::Assertion,
            kind: EventReadingType::SENSOR_SPECIFIC,
            data,
        };
        self.log_event_of_ours(event, time);
    }

    /// An event of our own, which happens now.
    pub(in crate::bmc::behaviour) fn log_own(&mut self, event: Event) {
        self.log_event_of_ours(event, now());
    }

    fn log_event_of_ours(&mut self, event: Event, time: Timestamp) {
        let generator = GeneratorId::BMC;
        let entry = Entry::System {
            time,
            generator,
            event,
        };
        self.log_entry(entry, time);
    }

    /// Adds an entry that nobody waits for.
    pub(in crate::bmc::behaviour) fn log_entry(&mut self, entry: Entry, time: Timestamp) {
        self.sel.log.add(entry, time);
        self.write_log();
    }
}

/// An event with the user who asked for it in data byte 2, and the channel in data byte 3.
fn done_by(offset: u8, by: Option<UserId>) -> EventData {
    /// "OEM code in byte 2", "OEM code in byte 3" (table 29-6).
    const OEM: u8 = 0b1010_0000;
    match by {
        Some(user) => EventData([OEM | offset, user.number(), LAN.number()]),
        None => EventData::discrete(offset),
    }
}
