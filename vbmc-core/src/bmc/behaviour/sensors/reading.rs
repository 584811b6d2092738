//! What the sensors read, from what the hypervisor tells, §35.14.

use ipmi_proto::CompletionCode;
use ipmi_proto::command::sensor::{GetSensorReading, SensorReading, SensorState};
use ipmi_proto::sdr::{EventMask, Threshold, ThresholdMask, Thresholds};

use super::{Sensor, offset};
use crate::bmc::behaviour::{Asker, Behaviour, Outcome, answer, refuse};
use crate::host::{Figures, MachineState, Reply};

/// How many bytes throughput counts in.
const MEGABYTE: f64 = 1e6;

impl Sensor {
    /// The raw reading of a sensor that has one; none where the hypervisor does not tell.
    pub(super) fn reading(self, figures: &Figures) -> Option<u8> {
        if figures.state == MachineState::Off {
            return None;
        }
        let value = match self {
            Self::Cpu => figures.cpu? * 100.0,
            Self::Memory => {
                let (used, memory) = figures.memory_used.zip(figures.memory)?;
                used as f64 * 100.0 / memory.max(1) as f64
            }
            Self::DiskRead => figures.disk_read? / MEGABYTE,
            Self::DiskWritten => figures.disk_written? / MEGABYTE,
            Self::Received => figures.received? / MEGABYTE,
            Self::Sent => figures.sent? / MEGABYTE,
            _ => return None,
        };
        Some(self.analog()?.raw(value))
    }
}

/// The thresholds that a reading is at or beyond.
pub(super) fn exceeded(thresholds: &Thresholds, reading: u8) -> ThresholdMask {
    Threshold::ALL
        .into_iter()
        .filter(|threshold| {
            thresholds.get(*threshold).is_some_and(|limit| {
                if threshold.is_upper() {
                    reading >= limit
                } else {
                    reading <= limit
                }
            })
        })
        .collect()
}

impl Behaviour {
    /// Get Sensor Reading, §35.14.
    pub(in crate::bmc::behaviour) fn sensor_reading(
        &mut self,
        request: &GetSensorReading,
        asker: &Asker,
    ) -> Outcome {
        let Some(sensor) = Sensor::numbered(request.sensor) else {
            return refuse(CompletionCode::NotPresent);
        };
        match sensor {
            Sensor::PowerUnit => self.with_power(asker, move |this, power| {
                answer(Ok(this.states_read(sensor, Some(power_states(power.on)))))
            }),
            Sensor::State | Sensor::OsStop => self.with_figures(asker, move |this, figures| {
                let states = this.machine_states(sensor, this.if_present(figures));
                answer(Ok(this.states_read(sensor, states)))
            }),
            _ if sensor.analog().is_some() => self.with_figures(asker, move |this, figures| {
                let figures = this.if_present(figures);
                let reading = figures.and_then(|figures| sensor.reading(&figures));
                answer(Ok(this.value_read(sensor, reading)))
            }),
            _ => {
                let states = self.states_of_our_own(sensor);
                Outcome::Answered(answer(Ok(self.states_read(sensor, Some(states)))))
            }
        }
    }

    fn value_read(&self, sensor: Sensor, reading: Option<u8>) -> SensorReading {
        let settings = self.sensor_settings(sensor);
        let reading = reading.filter(|_| settings.scanning);
        SensorReading {
            reading: reading.unwrap_or(0),
            events: settings.events,
            scanning: settings.scanning,
            unavailable: reading.is_none(),
            state: Some(SensorState::from_thresholds(
                reading.map_or(ThresholdMask::default(), |reading| {
                    exceeded(&settings.thresholds(), reading)
                }),
            )),
        }
    }

    fn states_read(&self, sensor: Sensor, states: Option<EventMask>) -> SensorReading {
        let settings = self.sensor_settings(sensor);
        SensorReading {
            reading: 0,
            events: settings.events,
            scanning: settings.scanning,
            unavailable: states.is_none(),
            state: Some(SensorState::from_states(states.unwrap_or(EventMask::NONE))),
        }
    }

    /// The figures, unless they are from before the machine was switched: they may be a second old, and the power state
    /// never is.
    fn if_present(&self, figures: Option<Figures>) -> Option<Figures> {
        match self.host.power() {
            Reply::Now(Ok(power)) if power.on => {
                figures.filter(|figures| figures.state != MachineState::Off)
            }
            Reply::Now(Ok(_)) => Some(Figures::default()),
            _ => figures,
        }
    }

    /// The states that hold of a sensor that tells what the machine is up to. Of a machine without figures it is known
    /// whether it is on.
    fn machine_states(&self, sensor: Sensor, figures: Option<Figures>) -> Option<EventMask> {
        let state = match (figures, self.host.power()) {
            (Some(figures), _) => figures.state,
            (None, Reply::Now(Ok(power))) if power.on => MachineState::Running,
            (None, Reply::Now(Ok(_))) => MachineState::Off,
            (None, _) => return None,
        };
        let offset = match (sensor, state) {
            (Sensor::State, MachineState::Off) => offset::ACPI_SOFT_OFF,
            (Sensor::State, MachineState::Suspended) => offset::ACPI_SLEEPING,
            (Sensor::State, _) => offset::ACPI_WORKING,
            (_, MachineState::Crashed) => offset::CRITICAL_STOP,
            (_, MachineState::ShuttingDown) => offset::GRACEFUL_SHUTDOWN,
            _ => return Some(EventMask::NONE),
        };
        Some(EventMask::NONE.with(offset))
    }

    /// The states of a sensor that the hypervisor is not asked about.
    fn states_of_our_own(&self, sensor: Sensor) -> EventMask {
        match sensor {
            Sensor::Watchdog if self.watchdog_has_expired() => {
                EventMask::NONE.with(offset::WATCHDOG_EXPIRED)
            }
            Sensor::Disk if self.sel.disk_failed() => EventMask::NONE.with(offset::DRIVE_FAULT),
            _ => EventMask::NONE,
        }
    }
}

fn power_states(on: bool) -> EventMask {
    if on {
        EventMask::NONE
    } else {
        EventMask::NONE.with(offset::POWER_OFF)
    }
}
