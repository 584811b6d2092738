//! Full sensor records, type 01h, §43.1.

use alloc::vec::Vec;

use super::{
    AnalogFormat, IdString, Linearization, ReadingFactors, Sensor, SensorDirection, SensorMasks,
    ThresholdMask, Thresholds,
};
use crate::command::bits::{bit, is_set};
use crate::wire::{Decode, DecodeError, Encode, Reader};

/// A sensor whose readings may be analog.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct FullSensor {
    /// What compact records tell too.
    pub sensor: Sensor,
    /// What follows on the conversion by `factors`.
    pub linearization: Linearization,
    /// How a raw reading becomes a physical value.
    pub factors: ReadingFactors,
    /// Whether it watches what goes in or what comes out.
    pub direction: SensorDirection,
    /// What readings are to be expected.
    pub range: ReadingRange,
    /// The thresholds that it starts with, raw: those that can be read or set.
    pub thresholds: Thresholds,
    /// The hysteresis that it starts with.
    pub hysteresis: Hysteresis,
    /// A byte of the manufacturer's.
    pub oem: u8,
    /// Its name.
    pub name: IdString,
}

/// The readings to be expected of a sensor, all raw.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ReadingRange {
    /// A normal one.
    pub nominal: Option<u8>,
    /// The highest normal one.
    pub normal_maximum: Option<u8>,
    /// The lowest normal one.
    pub normal_minimum: Option<u8>,
    /// The highest possible one.
    pub maximum: u8,
    /// The lowest possible one.
    pub minimum: u8,
}

impl ReadingRange {
    /// Nothing is known but what an unsigned byte can hold.
    pub const UNSIGNED: Self = Self {
        nominal: None,
        normal_maximum: None,
        normal_minimum: None,
        maximum: 0xFF,
        minimum: 0x00,
    };
}

/// How far a reading must go back over a threshold before the crossing counts as undone: raw counts, 0 for none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub struct Hysteresis {
    /// For thresholds that are crossed upwards.
    pub positive: u8,
    /// For thresholds that are crossed downwards.
    pub negative: u8,
}

impl FullSensor {
    /// The physical value of a raw reading, in the sensor's unit. None without an analog reading, and for sensors that
    /// are not linear.
    #[must_use]
    pub fn physical(&self, raw: u8) -> Option<f64> {
        let number = self.analog()?.number(raw)?;
        Some(self.factors.physical(number))
    }

    /// The raw reading that comes nearest to a physical value. None without an analog reading, for sensors that are not
    /// linear, and for what is not a number.
    #[must_use]
    pub fn raw(&self, physical: f64) -> Option<u8> {
        let format = self.analog()?;
        format.raw(self.factors.raw(physical)?)
    }

    fn analog(&self) -> Option<AnalogFormat> {
        (self.linearization == Linearization::LINEAR).then_some(self.sensor.units.format)
    }
}

impl Encode for FullSensor {
    fn encode(&self, out: &mut Vec<u8>) {
        self.sensor.encode(out);
        out.push(self.linearization.bits());
        out.extend(self.factors.bytes(self.direction as u8));
        let range = &self.range;
        out.extend([
            bit(2, range.normal_minimum.is_some())
                | bit(1, range.normal_maximum.is_some())
                | bit(0, range.nominal.is_some()),
            range.nominal.unwrap_or(0),
            range.normal_maximum.unwrap_or(0),
            range.normal_minimum.unwrap_or(0),
            range.maximum,
            range.minimum,
        ]);
        // Records name the worst one first, commands last.
        let [lnc, lc, lnr, unc, uc, unr] = self.thresholds.bytes();
        out.extend([unr, uc, unc, lnr, lc, lnc]);
        out.extend([self.hysteresis.positive, self.hysteresis.negative]);
        out.extend([0, 0, self.oem]);
        self.name.encode(out);
    }
}

impl Decode for FullSensor {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        let sensor = Sensor::read(&mut r)?;
        let linearization = Linearization::new(r.u8()?);
        let (factors, direction) = ReadingFactors::read(&mut r)?;
        let [flags, nominal, normal_maximum, normal_minimum] = r.array()?;
        let [maximum, minimum] = r.array()?;
        let [unr, uc, unc, lnr, lc, lnc] = r.array()?;
        let known = match sensor.masks {
            SensorMasks::Threshold(masks) => masks.readable.union(masks.settable),
            SensorMasks::Discrete(_) => ThresholdMask::default(),
        };
        let [positive, negative, _, _, oem] = r.array()?;
        Ok(Self {
            sensor,
            linearization,
            factors,
            direction: SensorDirection::from_bits(direction),
            range: ReadingRange {
                nominal: is_set(flags, 0).then_some(nominal),
                normal_maximum: is_set(flags, 1).then_some(normal_maximum),
                normal_minimum: is_set(flags, 2).then_some(normal_minimum),
                maximum,
                minimum,
            },
            thresholds: Thresholds::from_bytes(known, [lnc, lc, lnr, unc, uc, unr]),
            hysteresis: Hysteresis { positive, negative },
            oem,
            name: IdString::read(&mut r)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sdr::{
        Entity, EntityId, EventControl, EventMask, HysteresisSupport, SensorCapabilities,
        SensorInitialization, SensorNumber, SensorOwner, SensorType, Threshold, ThresholdMasks,
        ThresholdSupport, Unit, Units,
    };

    /// The temperature of a server's processor, as its BMC tells of it.
    const CPU_TEMP: [u8; 51] = [
        0x20, 0x00, 0x01, 0x03, 0x01, 0x7F, 0x68, 0x01, 0x01, 0x00, 0x72, 0x00, 0x72, 0x3F, 0x3F,
        0x80, 0x01, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x07, 0x28, 0x59, 0xFC, 0x7F,
        0x80, 0x64, 0x64, 0x5F, 0x00, 0x00, 0x00, 0x02, 0x02, 0x00, 0x00, 0x00, 0xC8, b'C', b'P',
        b'U', b' ', b'T', b'e', b'm', b'p',
    ];

    fn cpu_temp() -> FullSensor {
        let all = ThresholdMask::from_bits(0x3F);
        let too_hot = EventMask::NONE.with(9);
        FullSensor {
            sensor: Sensor {
                owner: SensorOwner::BMC,
                number: SensorNumber(1),
                entity: Entity::new(EntityId::PROCESSOR, 1),
                initialization: SensorInitialization {
                    settable: false,
                    scanning: true,
                    events: true,
                    thresholds: true,
                    hysteresis: true,
                    sensor_type: true,
                    events_by_default: true,
                    scanning_by_default: true,
                },
                capabilities: SensorCapabilities {
                    ignore_if_absent: false,
                    auto_rearm: true,
                    hysteresis: HysteresisSupport::Settable,
                    thresholds: ThresholdSupport::Settable,
                    events: EventControl::PerState,
                },
                sensor_type: SensorType::TEMPERATURE,
                masks: SensorMasks::Threshold(ThresholdMasks {
                    assertion: too_hot,
                    deassertion: too_hot,
                    compared: all,
                    readable: all,
                    settable: all,
                }),
                units: Units {
                    format: AnalogFormat::TwosComplement,
                    ..Units::unsigned(Unit::DEGREES_C)
                },
            },
            linearization: Linearization::LINEAR,
            factors: ReadingFactors::IDENTITY,
            direction: SensorDirection::Unspecified,
            range: ReadingRange {
                nominal: Some(40),
                normal_maximum: Some(89),
                normal_minimum: Some(0xFC),
                maximum: 127,
                minimum: 0x80,
            },
            thresholds: Thresholds::from_bytes(all, [0, 0, 0, 0x5F, 0x64, 0x64]),
            hysteresis: Hysteresis {
                positive: 2,
                negative: 2,
            },
            oem: 0,
            name: IdString::new("CPU Temp"),
        }
    }

    #[test]
    fn a_server_s_temperature_sensor() {
        let mut out = Vec::new();
        cpu_temp().encode(&mut out);
        assert_eq!(out, CPU_TEMP);
        assert_eq!(FullSensor::decode(&CPU_TEMP), Ok(cpu_temp()));
    }

    #[test]
    fn readings_and_values() {
        let sensor = cpu_temp();
        assert_eq!(sensor.physical(0xFC), Some(-4.0));
        assert_eq!(sensor.raw(-4.0), Some(0xFC));
        assert_eq!(sensor.raw(1000.0), Some(0x7F));
        assert_eq!(sensor.raw(-1000.0), Some(0x80));
        let hot = sensor.thresholds.get(Threshold::UpperCritical);
        assert_eq!(hot.and_then(|raw| sensor.physical(raw)), Some(100.0));
    }

    #[test]
    fn a_falling_line_has_its_limits_the_other_way_round() {
        let mut sensor = cpu_temp();
        sensor.sensor.units = Units::unsigned(Unit::DEGREES_C);
        sensor.factors = ReadingFactors {
            b: 100,
            ..ReadingFactors::scaled(-1, 0)
        };
        assert_eq!(sensor.physical(30), Some(70.0));
        assert_eq!(sensor.raw(70.0), Some(30));
        assert_eq!(sensor.raw(1000.0), Some(0));
    }

    #[test]
    fn only_linear_sensors_with_a_reading_have_values() {
        let mut sensor = cpu_temp();
        sensor.linearization = Linearization::new(0x70);
        assert_eq!((sensor.physical(1), sensor.raw(1.0)), (None, None));
        sensor.linearization = Linearization::LINEAR;
        sensor.sensor.units = Units::NONE;
        assert_eq!((sensor.physical(1), sensor.raw(1.0)), (None, None));
    }

    #[test]
    fn a_record_that_breaks_off_is_refused() {
        for len in 0..CPU_TEMP.len() {
            let short = FullSensor::decode(&CPU_TEMP[..len]);
            assert_eq!(short, Err(DecodeError::Truncated));
        }
    }
}
