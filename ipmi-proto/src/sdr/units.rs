//! What the readings of a sensor count, §43.17.

use alloc::vec::Vec;
use core::fmt;

use super::AnalogFormat;
use crate::command::bits::{bit, is_set};
use crate::wire::{DecodeError, Encode, Reader};

/// The unit of a sensor's readings, and what number a raw reading is: three bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Units {
    /// What number a raw reading is.
    pub format: AnalogFormat,
    /// Whether the reading is a percentage.
    pub percentage: bool,
    /// The unit.
    pub base: Unit,
    /// What it is multiplied with or divided by.
    pub modifier: Modifier,
    /// Per which time.
    pub rate: Rate,
}

/// A second unit beside the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Modifier {
    /// None.
    None,
    /// The first one is divided by this.
    DividedBy(Unit),
    /// The first one is multiplied with this.
    Times(Unit),
}

/// A time that a reading is a rate over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Rate {
    /// The reading is no rate.
    None = 0,
    /// Per microsecond.
    PerMicrosecond = 1,
    /// Per millisecond.
    PerMillisecond = 2,
    /// Per second.
    PerSecond = 3,
    /// Per minute.
    PerMinute = 4,
    /// Per hour.
    PerHour = 5,
    /// Per day.
    PerDay = 6,
}

impl Units {
    /// For sensors without an analog reading.
    pub const NONE: Self = Self {
        format: AnalogFormat::None,
        percentage: false,
        base: Unit::UNSPECIFIED,
        modifier: Modifier::None,
        rate: Rate::None,
    };

    /// Percent, 0 to 255.
    pub const PERCENT: Self = Self {
        percentage: true,
        ..Self::unsigned(Unit::UNSPECIFIED)
    };

    /// So many of a unit, never negative.
    #[must_use]
    pub const fn unsigned(base: Unit) -> Self {
        Self {
            format: AnalogFormat::Unsigned,
            base,
            ..Self::NONE
        }
    }

    /// Reads three bytes. What is reserved counts as nothing.
    pub(super) fn read(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let [flags, base, modifier] = r.array()?;
        let modifier = Unit(modifier);
        Ok(Self {
            format: AnalogFormat::from_bits(flags >> 6),
            percentage: is_set(flags, 0),
            base: Unit(base),
            modifier: match flags >> 1 & 0x03 {
                1 => Modifier::DividedBy(modifier),
                2 => Modifier::Times(modifier),
                _ => Modifier::None,
            },
            rate: match flags >> 3 & 0x07 {
                1 => Rate::PerMicrosecond,
                2 => Rate::PerMillisecond,
                3 => Rate::PerSecond,
                4 => Rate::PerMinute,
                5 => Rate::PerHour,
                6 => Rate::PerDay,
                _ => Rate::None,
            },
        })
    }
}

impl Encode for Units {
    fn encode(&self, out: &mut Vec<u8>) {
        let (how, modifier) = match self.modifier {
            Modifier::None => (0, Unit::UNSPECIFIED),
            Modifier::DividedBy(unit) => (1, unit),
            Modifier::Times(unit) => (2, unit),
        };
        out.extend([
            (self.format as u8) << 6 | (self.rate as u8) << 3 | how << 1 | bit(0, self.percentage),
            self.base.0,
            modifier.0,
        ]);
    }
}

impl fmt::Display for Units {
    /// As people write them: "°C", "MB/s". Nothing where there is no unit.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.percentage {
            f.write_str("%")?;
        }
        if self.base != Unit::UNSPECIFIED {
            let space = if self.percentage { " " } else { "" };
            write!(f, "{space}{}", self.base)?;
        }
        match self.modifier {
            Modifier::None => {}
            Modifier::DividedBy(unit) => write!(f, "/{unit}")?,
            Modifier::Times(unit) => write!(f, "*{unit}")?,
        }
        f.write_str(match self.rate {
            Rate::None => "",
            Rate::PerMicrosecond => "/us",
            Rate::PerMillisecond => "/ms",
            Rate::PerSecond => "/s",
            Rate::PerMinute => "/min",
            Rate::PerHour => "/h",
            Rate::PerDay => "/d",
        })
    }
}

named_codes! {
    /// A unit, by its code in table 43-15; its name is the usual symbol, where there is one.
    Unit {
        UNSPECIFIED = 0, "unspecified";
        DEGREES_C = 1, "\u{b0}C";
        DEGREES_F = 2, "\u{b0}F";
        KELVIN = 3, "K";
        VOLTS = 4, "V";
        AMPS = 5, "A";
        WATTS = 6, "W";
        JOULES = 7, "J";
        COULOMBS = 8, "C";
        VA = 9, "VA";
        NITS = 10, "nt";
        LUMEN = 11, "lm";
        LUX = 12, "lx";
        CANDELA = 13, "cd";
        KPA = 14, "kPa";
        PSI = 15, "psi";
        NEWTON = 16, "N";
        CFM = 17, "CFM";
        RPM = 18, "RPM";
        HZ = 19, "Hz";
        MICROSECONDS = 20, "us";
        MILLISECONDS = 21, "ms";
        SECONDS = 22, "s";
        MINUTES = 23, "min";
        HOURS = 24, "h";
        DAYS = 25, "d";
        WEEKS = 26, "weeks";
        MILS = 27, "mil";
        INCHES = 28, "in";
        FEET = 29, "ft";
        CUBIC_INCHES = 30, "in\u{b3}";
        CUBIC_FEET = 31, "ft\u{b3}";
        MILLIMETERS = 32, "mm";
        CENTIMETERS = 33, "cm";
        METERS = 34, "m";
        CUBIC_CENTIMETERS = 35, "cm\u{b3}";
        CUBIC_METERS = 36, "m\u{b3}";
        LITERS = 37, "l";
        FLUID_OUNCES = 38, "fl oz";
        RADIANS = 39, "rad";
        STERADIANS = 40, "sr";
        REVOLUTIONS = 41, "revolutions";
        CYCLES = 42, "cycles";
        GRAVITIES = 43, "g";
        OUNCES = 44, "oz";
        POUNDS = 45, "lb";
        FOOT_POUNDS = 46, "ft lb";
        OUNCE_INCHES = 47, "oz in";
        GAUSS = 48, "G";
        GILBERTS = 49, "Gb";
        HENRIES = 50, "H";
        MILLIHENRIES = 51, "mH";
        FARADS = 52, "F";
        MICROFARADS = 53, "uF";
        OHMS = 54, "ohm";
        SIEMENS = 55, "S";
        MOLES = 56, "mol";
        BECQUERELS = 57, "Bq";
        PPM = 58, "ppm";
        DECIBELS = 60, "dB";
        DBA = 61, "dBA";
        DBC = 62, "dBC";
        GRAYS = 63, "Gy";
        SIEVERTS = 64, "Sv";
        COLOR_TEMPERATURE = 65, "K (color)";
        BITS = 66, "bit";
        KILOBITS = 67, "kbit";
        MEGABITS = 68, "Mbit";
        GIGABITS = 69, "Gbit";
        BYTES = 70, "B";
        KILOBYTES = 71, "kB";
        MEGABYTES = 72, "MB";
        GIGABYTES = 73, "GB";
        WORDS = 74, "words";
        DWORDS = 75, "dwords";
        QWORDS = 76, "qwords";
        LINES = 77, "lines";
        HITS = 78, "hits";
        MISSES = 79, "misses";
        RETRIES = 80, "retries";
        RESETS = 81, "resets";
        OVERRUNS = 82, "overruns";
        UNDERRUNS = 83, "underruns";
        COLLISIONS = 84, "collisions";
        PACKETS = 85, "packets";
        MESSAGES = 86, "messages";
        CHARACTERS = 87, "characters";
        ERRORS = 88, "errors";
        CORRECTABLE_ERRORS = 89, "correctable errors";
        UNCORRECTABLE_ERRORS = 90, "uncorrectable errors";
        FATAL_ERRORS = 91, "fatal errors";
        GRAMS = 92, "grams";
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::ToString as _;

    #[track_caller]
    fn both_ways(units: Units, bytes: [u8; 3], shown: &str) {
        let mut out = Vec::new();
        units.encode(&mut out);
        assert_eq!(out, bytes);
        assert_eq!(Units::read(&mut Reader::new(&bytes)), Ok(units));
        assert_eq!(units.to_string(), shown);
    }

    #[test]
    fn bytes_and_names() {
        both_ways(Units::NONE, [0xC0, 0, 0], "");
        both_ways(Units::PERCENT, [0x01, 0, 0], "%");
        let celsius = Units {
            format: AnalogFormat::TwosComplement,
            ..Units::unsigned(Unit::DEGREES_C)
        };
        both_ways(celsius, [0x80, 1, 0], "°C");
        let throughput = Units {
            rate: Rate::PerSecond,
            ..Units::unsigned(Unit::MEGABYTES)
        };
        both_ways(throughput, [0x18, 72, 0], "MB/s");
        let everything = Units {
            percentage: true,
            modifier: Modifier::Times(Unit::KPA),
            rate: Rate::PerHour,
            ..Units::unsigned(Unit::AMPS)
        };
        both_ways(everything, [0x2D, 5, 14], "% A*kPa/h");
    }

    #[test]
    fn what_is_reserved_is_ignored() {
        let units = Units::read(&mut Reader::new(&[0x3E, 0x3B, 0]));
        assert_eq!(units, Ok(Units::unsigned(Unit(59))));
    }
}
