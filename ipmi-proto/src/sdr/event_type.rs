//! Event/reading type codes, table 42-1.

/// What the states of a sensor are: which list their offsets count (7 bits).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventReadingType(u8);

/// The kinds of [`EventReadingType`]s.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EventClass {
    /// 00h: unspecified.
    Unspecified,
    /// 01h: the offset tells which threshold was crossed, and which way.
    Threshold,
    /// 02h to 0Ch: the offset counts one of the lists in table 42-2.
    Generic,
    /// 6Fh: the offset counts the list of the sensor's type in table 42-3.
    SensorSpecific,
    /// 70h to 7Fh: a manufacturer's list.
    Oem,
    /// All others.
    Reserved,
}

impl EventReadingType {
    /// 00h: unspecified.
    pub const UNSPECIFIED: Self = Self(0x00);
    /// 01h: threshold.
    pub const THRESHOLD: Self = Self(0x01);
    /// 02h: idle, active, busy.
    pub const USAGE: Self = Self(0x02);
    /// 03h: state deasserted, asserted.
    pub const DIGITAL_STATE: Self = Self(0x03);
    /// 04h: predictive failure deasserted, asserted.
    pub const PREDICTIVE_FAILURE: Self = Self(0x04);
    /// 05h: limit not exceeded, exceeded.
    pub const LIMIT: Self = Self(0x05);
    /// 06h: performance met, lags.
    pub const PERFORMANCE: Self = Self(0x06);
    /// 07h: transitions between severities.
    pub const SEVERITY: Self = Self(0x07);
    /// 08h: device removed, inserted.
    pub const PRESENCE: Self = Self(0x08);
    /// 09h: device disabled, enabled.
    pub const ENABLED: Self = Self(0x09);
    /// 0Ah: transitions between running, test, power off and others.
    pub const AVAILABILITY: Self = Self(0x0A);
    /// 0Bh: redundancy.
    pub const REDUNDANCY: Self = Self(0x0B);
    /// 0Ch: ACPI device power states D0 to D3.
    pub const ACPI_DEVICE_STATE: Self = Self(0x0C);
    /// 6Fh: the states of the sensor's type.
    pub const SENSOR_SPECIFIC: Self = Self(0x6F);

    /// The type with this code: the low seven bits, since the highest holds another field wherever codes appear.
    #[must_use]
    pub const fn new(bits: u8) -> Self {
        Self(bits & 0x7F)
    }

    /// The code, 0 to 127.
    #[must_use]
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// What kind of type it is.
    #[must_use]
    pub const fn class(self) -> EventClass {
        match self.0 {
            0x00 => EventClass::Unspecified,
            0x01 => EventClass::Threshold,
            0x02..=0x0C => EventClass::Generic,
            0x6F => EventClass::SensorSpecific,
            0x70..=0x7F => EventClass::Oem,
            _ => EventClass::Reserved,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes() {
        let class = |bits| EventReadingType::new(bits).class();
        assert_eq!(class(0x00), EventClass::Unspecified);
        assert_eq!(EventReadingType::THRESHOLD.class(), EventClass::Threshold);
        assert_eq!(class(0x0C), EventClass::Generic);
        assert_eq!(class(0x0D), EventClass::Reserved);
        assert_eq!(class(0xEF), EventClass::SensorSpecific);
        assert_eq!(class(0x70), EventClass::Oem);
    }
}
