//! What raw readings mean, §36: linear sensors, those with one of the eleven curves, and those whose every reading has
//! factors of its own, for which the BMC has to be asked.

use std::collections::HashMap;

use ipmi_proto::command::sensor::GetSensorReadingFactors;
use ipmi_proto::sdr::{FullSensor, ReadingFactors};

use crate::ipmi::{Console, Error};

/// Sensors from here on have factors for each reading (table 43-1, byte 24).
const NON_LINEAR: u8 = 0x70;

/// The physical value of a raw reading, as far as the sensor's record alone tells it.
pub(in crate::commands) fn physical(sensor: &FullSensor, raw: u8) -> Option<f64> {
    let number = sensor.sensor.units.format.number(raw)?;
    let x = sensor.factors.physical(number);
    let value = match sensor.linearization.bits() {
        0 => x,
        1 => x.ln(),
        2 => x.log10(),
        3 => x.log2(),
        4 => x.exp(),
        5 => 10_f64.powf(x),
        6 => x.exp2(),
        7 => x.recip(),
        8 => x.powi(2),
        9 => x.powi(3),
        10 => x.sqrt(),
        11 => x.cbrt(),
        _ => return None,
    };
    value.is_finite().then_some(value)
}

/// How a sensor's readings are meant.
#[derive(Debug, Default)]
pub(super) struct Scale<'a> {
    /// None: it has no readings.
    sensor: Option<&'a FullSensor>,
    /// What the BMC has told of raw readings.
    factors: HashMap<u8, ReadingFactors>,
}

impl<'a> Scale<'a> {
    /// Of the readings `raw` at least. What the BMC doesn't tell remains unknown.
    pub(super) async fn of(
        sensor: Option<&'a FullSensor>,
        raw: impl IntoIterator<Item = u8>,
        console: &mut Console,
    ) -> Result<Self, Error> {
        let mut factors = HashMap::new();
        if let Some(sensor) = sensor.filter(|s| s.linearization.bits() >= NON_LINEAR) {
            for reading in raw {
                let sensor = sensor.sensor.number;
                let ask = GetSensorReadingFactors { sensor, reading };
                match console.request(&ask).await {
                    Ok(told) => _ = factors.insert(reading, told.factors),
                    Err(error) if error.is_refusal() => {}
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(Self { sensor, factors })
    }

    /// The physical value of a raw reading.
    pub(super) fn value(&self, raw: u8) -> Option<f64> {
        let sensor = self.sensor?;
        match self.factors.get(&raw) {
            Some(factors) => Some(factors.physical(sensor.sensor.units.format.number(raw)?)),
            None => physical(sensor, raw),
        }
    }
}

#[cfg(test)]
mod tests {
    use ipmi_proto::sdr::{Body, Linearization, Record};
    use ipmi_proto::wire::Decode as _;

    use super::*;

    /// A temperature called "Temp", whose M is 2.
    fn sensor(linearization: u8) -> FullSensor {
        let mut bytes = vec![1, 0, 0x51, 1, 0x33, 0x20, 0, 1, 3, 1, 0x7F, 0x68, 1, 1];
        bytes.extend([0, 0, 0, 0, 0x3F, 0x3F, 0, 1, 0, 0, 2, 0, 0, 0, 0, 0]);
        bytes.extend([0, 0, 0, 0, 0xFF, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xC4]);
        bytes.extend(b"Temp");
        bytes[4] = u8::try_from(bytes.len() - 5).unwrap();
        let Body::FullSensor(mut sensor) = Record::decode(&bytes).unwrap().body else {
            panic!("a full sensor record");
        };
        sensor.linearization = Linearization::new(linearization);
        sensor
    }

    #[test]
    fn the_curves_of_the_specification() {
        for (curve, raw, value) in [
            (0, 8, 16.0),
            (1, 0, f64::NAN),
            (2, 50, 2.0),
            (3, 4, 3.0),
            (4, 0, 1.0),
            (5, 1, 100.0),
            (6, 2, 16.0),
            (7, 4, 0.125),
            (7, 0, f64::NAN),
            (8, 3, 36.0),
            (9, 1, 8.0),
            (10, 8, 4.0),
            (11, 4, 2.0),
            (12, 4, f64::NAN),
            (0x70, 4, f64::NAN),
        ] {
            let expected = Some(value).filter(|value| !value.is_nan());
            assert_eq!(physical(&sensor(curve), raw), expected, "curve {curve}");
        }
    }

    #[test]
    fn what_the_bmc_has_told_of_a_reading_holds() {
        let sensor = sensor(0x70);
        let scale = Scale {
            sensor: Some(&sensor),
            factors: HashMap::from([(4, ReadingFactors::scaled(3, 1))]),
        };
        assert_eq!(scale.value(4), Some(120.0));
        assert_eq!(scale.value(5), None);
    }
}
