//! Crossings of thresholds become events. There is something to watch, and a timer, only while a threshold is set.

use std::time::Duration;

use ipmi_proto::CompletionCode;
use ipmi_proto::command::sensor::{Rearm, RearmSensorEvents};
use ipmi_proto::sdr::{EventMask, EventReadingType, Threshold, ThresholdMask};
use ipmi_proto::sel::{Direction, Event, EventData, EvmRevision};
use tokio::time::Instant;

use super::{Sensor, repository::crossing};
use crate::bmc::SensorSettings;
use crate::bmc::behaviour::calls::Fit;
use crate::bmc::behaviour::{Behaviour, Done, Outcome, ok, refuse};
use crate::host::{Figures, Reply};

/// How often readings are compared with thresholds.
const INTERVAL: Duration = Duration::from_secs(10);

/// What was seen of the sensors that have thresholds.
#[derive(Debug)]
pub(in crate::bmc::behaviour) struct Watch {
    next: Instant,
    /// The thresholds that are crossed, by sensor.
    crossed: Vec<(Sensor, ThresholdMask)>,
}

impl Behaviour {
    /// Watches the sensors if there is something to watch, beginning at once, and otherwise stops.
    pub(in crate::bmc::behaviour) fn watch_sensors(&mut self) {
        let mut sensors = self.kept.now().sensors.values();
        if !sensors.any(SensorSettings::is_watched) {
            self.watch = None;
            return;
        }
        let now = Instant::now();
        let watch = self.watch.get_or_insert_with(|| {
            Box::new(Watch {
                next: now,
                crossed: Vec::new(),
            })
        });
        watch.next = now;
    }

    /// When the sensors are to be looked at next.
    pub(in crate::bmc::behaviour) fn watch_due(&self) -> Option<Instant> {
        self.watch.as_ref().map(|watch| watch.next)
    }

    /// Looks at the sensors if it is time to.
    pub(in crate::bmc::behaviour) fn watch_step(&mut self, now: Instant) {
        let Some(watch) = self.watch.as_mut().filter(|watch| watch.next <= now) else {
            return;
        };
        watch.next = now + INTERVAL;
        if self.calls.figures.fit(&()) != Fit::Free {
            return; // what it brings will be looked at
        }
        match self.host.figures() {
            Reply::Now(Ok(figures)) => self.compare(&figures),
            // Nothing is known, so nothing has changed.
            Reply::Now(Err(_)) => {}
            Reply::Later(call) => {
                self.calls.figures.wait((), None);
                let call = Box::pin(async move { call.await.map(Some) });
                self.mailbox.run(call, Done::Figures);
            }
        }
    }

    /// Compares what the machine does with the thresholds. A sensor that cannot be read stays as it was.
    pub(in crate::bmc::behaviour) fn compare(&mut self, figures: &Figures) {
        if self.watch.is_none() {
            return;
        }
        for sensor in Sensor::ALL {
            let settings = self.sensor_settings(sensor);
            let reading = sensor.reading(figures).filter(|_| settings.scanning);
            let Some(reading) = reading else { continue };
            let before = self.crossed_by(sensor);
            let now = crossed(&settings, before, reading);
            if now != before {
                self.note_crossed(sensor, now);
                self.tell(sensor, &settings, reading, before, now);
            }
        }
    }

    fn tell(
        &mut self,
        sensor: Sensor,
        settings: &SensorSettings,
        reading: u8,
        before: ThresholdMask,
        now: ThresholdMask,
    ) {
        let told = settings.told(&sensor.masks());
        let changed =
            |threshold: &Threshold| now.contains(*threshold) != before.contains(*threshold);
        for threshold in Threshold::ALL.into_iter().filter(changed) {
            let crossing = crossing(threshold);
            let (direction, told) = if now.contains(threshold) {
                (Direction::Assertion, told.assertion)
            } else {
                (Direction::Deassertion, told.deassertion)
            };
            // A threshold that is not set any more has nothing to tell.
            let Some(limit) = settings.thresholds().get(threshold) else {
                continue;
            };
            if settings.events && told.contains(crossing.offset()) {
                self.log_own(Event {
                    revision: EvmRevision::CURRENT,
                    sensor_type: sensor.measures(),
                    sensor: sensor.number(),
                    direction,
                    kind: EventReadingType::THRESHOLD,
                    data: EventData::threshold(crossing, reading, limit),
                });
            }
        }
    }

    /// Re-arm Sensor Events, §35.12: what still holds is told again.
    pub(in crate::bmc::behaviour) fn rearm_sensor(
        &mut self,
        request: &RearmSensorEvents,
    ) -> Outcome {
        let Some(sensor) = Sensor::numbered(request.sensor) else {
            return refuse(CompletionCode::NotPresent);
        };
        let forgotten = match request.states {
            Rearm::All => EventMask::from_bits(u16::MAX),
            Rearm::Selected(masks) => masks.assertion,
        };
        let left = self.crossed_by(sensor);
        let left = Threshold::ALL.into_iter().filter(|threshold| {
            left.contains(*threshold) && !forgotten.contains(crossing(*threshold).offset())
        });
        let left = left.collect();
        self.note_crossed(sensor, left);
        self.watch_sensors();
        ok(())
    }

    /// The crossings of a sensor that were told of and still hold.
    pub(super) fn crossed(&self, sensor: Sensor) -> EventMask {
        let crossed = self.crossed_by(sensor);
        Threshold::ALL
            .into_iter()
            .filter(|threshold| crossed.contains(*threshold))
            .map(crossing)
            .fold(EventMask::NONE, EventMask::with_threshold)
    }

    fn crossed_by(&self, sensor: Sensor) -> ThresholdMask {
        let mut seen = self.watch.iter().flat_map(|watch| &watch.crossed);
        seen.find(|(of, _)| *of == sensor)
            .map(|(_, crossed)| *crossed)
            .unwrap_or_default()
    }

    fn note_crossed(&mut self, sensor: Sensor, crossed: ThresholdMask) {
        if let Some(watch) = &mut self.watch {
            watch.crossed.retain(|(of, _)| *of != sensor);
            if crossed != ThresholdMask::default() {
                watch.crossed.push((sensor, crossed));
            }
        }
    }
}

impl SensorSettings {
    /// Whether a crossing could lead to an event.
    fn is_watched(&self) -> bool {
        self.events && self.scanning && self.thresholds.iter().any(Option::is_some)
    }
}

/// The thresholds that are crossed now. One that was crossed stays so until the reading is back by more than the
/// hysteresis.
fn crossed(settings: &SensorSettings, before: ThresholdMask, reading: u8) -> ThresholdMask {
    let [positive, negative] = settings.hysteresis;
    let thresholds = settings.thresholds();
    let is_crossed = |threshold: &Threshold| {
        let Some(limit) = thresholds.get(*threshold) else {
            return false;
        };
        let slack = |hysteresis| match before.contains(*threshold) {
            true => hysteresis,
            false => 0,
        };
        if threshold.is_upper() {
            reading >= limit.saturating_sub(slack(positive))
        } else {
            reading <= limit.saturating_add(slack(negative))
        }
    };
    Threshold::ALL.into_iter().filter(is_crossed).collect()
}
