//! What can be set of a sensor, §35.6 to §35.13 and §35.16: thresholds, hysteresis, and which crossings are told.
//!
//! All of it is kept, and Cold Reset forgets it: IPMI has no other way to be rid of a threshold.

use ipmi_proto::CompletionCode;
use ipmi_proto::command::sensor::{
    EnableChange, EventMasks, GetSensorReadingFactors, SensorEventEnables, SensorEventStatus,
    SensorReadingFactors, SetSensorEventEnable, SetSensorHysteresis, SetSensorThresholds,
    TypeOfSensor,
};
use ipmi_proto::sdr::{EventMask, Hysteresis, SensorMasks, SensorNumber, Threshold, Thresholds};

use super::{Sensor, repository};
use crate::bmc::SensorSettings;
use crate::bmc::behaviour::{Asker, Behaviour, Outcome, answer, ok, refuse};

impl SensorSettings {
    /// Its thresholds.
    pub(super) fn thresholds(&self) -> Thresholds {
        Threshold::ALL
            .into_iter()
            .zip(self.thresholds)
            .filter_map(|(threshold, value)| Some((threshold, value?)))
            .fold(Thresholds::NONE, |thresholds, (threshold, value)| {
                thresholds.with(threshold, value)
            })
    }

    /// Of the crossings that a record names, those that lead to events.
    pub(super) fn told(&self, masks: &SensorMasks) -> EventMasks {
        let (assertion, deassertion) = match masks {
            SensorMasks::Threshold(masks) => (masks.assertion, masks.deassertion),
            SensorMasks::Discrete(masks) => (masks.assertion, masks.deassertion),
        };
        let without = |mask: EventMask, muted: u16| EventMask::from_bits(mask.bits() & !muted);
        EventMasks {
            assertion: without(assertion, self.muted_assertions),
            deassertion: without(deassertion, self.muted_deassertions),
        }
    }
}

impl Behaviour {
    /// What is set of a sensor.
    pub(super) fn sensor_settings(&self, sensor: Sensor) -> SensorSettings {
        let kept = self.kept.now().sensors.get(&sensor.number().0);
        kept.copied().unwrap_or_default()
    }

    /// Changes what is set of a sensor, and answers once that is kept.
    fn set_sensor(
        &mut self,
        sensor: Sensor,
        asker: &Asker,
        change: impl FnOnce(&mut SensorSettings),
    ) -> Outcome {
        let mut settings = self.sensor_settings(sensor);
        change(&mut settings);
        let outcome = self.change_state(
            asker,
            |state| {
                let number = sensor.number().0;
                if settings == SensorSettings::default() {
                    state.sensors.remove(&number);
                } else {
                    state.sensors.insert(number, settings);
                }
            },
            |_| answer(Ok(())),
        );
        self.watch_sensors();
        outcome
    }

    /// Cold Reset: nothing is set any more.
    pub(in crate::bmc::behaviour) fn reset_sensors(&mut self) {
        self.note_state(|state| state.sensors.clear());
        self.watch_sensors();
    }

    /// Get Sensor Thresholds, §35.9.
    pub(in crate::bmc::behaviour) fn sensor_thresholds(&self, number: SensorNumber) -> Outcome {
        match analog(number) {
            Ok(sensor) => ok(self.sensor_settings(sensor).thresholds()),
            Err(code) => refuse(code),
        }
    }

    /// Set Sensor Thresholds, §35.8.
    pub(in crate::bmc::behaviour) fn set_sensor_thresholds(
        &mut self,
        request: &SetSensorThresholds,
        asker: &Asker,
    ) -> Outcome {
        let sensor = match analog(request.sensor) {
            Ok(sensor) => sensor,
            Err(code) => return refuse(code),
        };
        let new = request.thresholds;
        self.set_sensor(sensor, asker, |settings| {
            for (threshold, value) in Threshold::ALL.into_iter().zip(&mut settings.thresholds) {
                *value = new.get(threshold).or(*value);
            }
        })
    }

    /// Get Sensor Hysteresis, §35.7.
    pub(in crate::bmc::behaviour) fn sensor_hysteresis(&self, number: SensorNumber) -> Outcome {
        match analog(number) {
            Ok(sensor) => {
                let [positive, negative] = self.sensor_settings(sensor).hysteresis;
                ok(Hysteresis { positive, negative })
            }
            Err(code) => refuse(code),
        }
    }

    /// Set Sensor Hysteresis, §35.6.
    pub(in crate::bmc::behaviour) fn set_sensor_hysteresis(
        &mut self,
        request: &SetSensorHysteresis,
        asker: &Asker,
    ) -> Outcome {
        let sensor = match analog(request.sensor) {
            Ok(sensor) => sensor,
            Err(code) => return refuse(code),
        };
        let Hysteresis { positive, negative } = request.hysteresis;
        self.set_sensor(sensor, asker, |settings| {
            settings.hysteresis = [positive, negative];
        })
    }

    /// Get Sensor Event Enable, §35.11.
    pub(in crate::bmc::behaviour) fn sensor_event_enable(&self, number: SensorNumber) -> Outcome {
        let Some(sensor) = Sensor::numbered(number) else {
            return refuse(CompletionCode::NotPresent);
        };
        let settings = self.sensor_settings(sensor);
        ok(SensorEventEnables {
            events: settings.events,
            scanning: settings.scanning,
            states: settings.told(&sensor.masks()),
        })
    }

    /// Set Sensor Event Enable, §35.10. What happens to the machine is always logged, so sensors without thresholds have
    /// nothing to switch.
    pub(in crate::bmc::behaviour) fn set_sensor_event_enable(
        &mut self,
        request: &SetSensorEventEnable,
        asker: &Asker,
    ) -> Outcome {
        let sensor = match analog(request.sensor) {
            Ok(sensor) => sensor,
            Err(code) => return refuse(code),
        };
        let SetSensorEventEnable {
            events,
            scanning,
            change,
            ..
        } = *request;
        self.set_sensor(sensor, asker, |settings| {
            settings.events = events;
            settings.scanning = scanning;
            match change {
                EnableChange::None => {}
                EnableChange::Enable(masks) => {
                    settings.muted_assertions &= !masks.assertion.bits();
                    settings.muted_deassertions &= !masks.deassertion.bits();
                }
                EnableChange::Disable(masks) => {
                    settings.muted_assertions |= masks.assertion.bits();
                    settings.muted_deassertions |= masks.deassertion.bits();
                }
            }
        })
    }

    /// Get Sensor Event Status, §35.13.
    pub(in crate::bmc::behaviour) fn sensor_event_status(&self, number: SensorNumber) -> Outcome {
        let Some(sensor) = Sensor::numbered(number) else {
            return refuse(CompletionCode::NotPresent);
        };
        let settings = self.sensor_settings(sensor);
        ok(SensorEventStatus {
            events: settings.events,
            scanning: settings.scanning,
            unavailable: false,
            states: EventMasks {
                assertion: self.crossed(sensor),
                deassertion: EventMask::NONE,
            },
        })
    }
}

/// Get Sensor Type, §35.16.
pub(in crate::bmc::behaviour) fn kind(number: SensorNumber) -> Outcome {
    match Sensor::numbered(number) {
        Some(sensor) => ok(TypeOfSensor {
            sensor_type: sensor.measures(),
            kind: sensor.masks().kind(),
        }),
        None => refuse(CompletionCode::NotPresent),
    }
}

/// Get Sensor Reading Factors, §35.5. All sensors are linear: the factors are the same for all readings.
pub(in crate::bmc::behaviour) fn factors(request: &GetSensorReadingFactors) -> Outcome {
    let analog = analog(request.sensor).map(|sensor| sensor.analog());
    match analog {
        Ok(Some(repository::Analog { factors, .. })) => ok(SensorReadingFactors {
            next: request.reading,
            factors,
        }),
        Ok(None) => refuse(CompletionCode::IllegalForRecordType),
        Err(code) => refuse(code),
    }
}

/// The sensor with this number, which has a reading.
fn analog(number: SensorNumber) -> Result<Sensor, CompletionCode> {
    let sensor = Sensor::numbered(number).ok_or(CompletionCode::NotPresent)?;
    match sensor.analog() {
        Some(_) => Ok(sensor),
        None => Err(CompletionCode::IllegalForRecordType),
    }
}
