//! How a raw reading is a number.

/// What number the byte of a raw reading is (sensor units 1, bits 7 and 6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum AnalogFormat {
    /// 0 to 255.
    Unsigned = 0,
    /// -127 to 127, in 1's complement.
    OnesComplement = 1,
    /// -128 to 127, in 2's complement.
    TwosComplement = 2,
    /// The sensor has no analog reading.
    None = 3,
}

impl AnalogFormat {
    pub(super) const fn from_bits(bits: u8) -> Self {
        match bits & 0x03 {
            0 => Self::Unsigned,
            1 => Self::OnesComplement,
            2 => Self::TwosComplement,
            _ => Self::None,
        }
    }

    /// The number that a raw reading is; none without an analog reading.
    #[must_use]
    pub const fn number(self, raw: u8) -> Option<i16> {
        match self {
            Self::Unsigned => Some(raw as i16),
            Self::OnesComplement if raw >= 0x80 => Some(-((!raw) as i16)),
            Self::OnesComplement => Some(raw as i16),
            Self::TwosComplement => Some(raw.cast_signed() as i16),
            Self::None => None,
        }
    }

    /// The raw reading of the number that is nearest to this one; none without an analog reading.
    #[must_use]
    pub fn raw(self, number: i64) -> Option<u8> {
        let [raw, ..] = match self {
            Self::Unsigned => number.clamp(0, 255).to_le_bytes(),
            Self::OnesComplement => {
                let number = number.clamp(-127, 127);
                (number - i64::from(number < 0)).to_le_bytes()
            }
            Self::TwosComplement => number.clamp(-128, 127).to_le_bytes(),
            Self::None => return None,
        };
        Some(raw)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_raw_reading_survives_a_round_trip() {
        for raw in 0..=255 {
            for format in [AnalogFormat::Unsigned, AnalogFormat::TwosComplement] {
                let number = format.number(raw).unwrap();
                assert_eq!(format.raw(number.into()), Some(raw));
            }
            // FFh is a second zero.
            let number = AnalogFormat::OnesComplement.number(raw).unwrap();
            let again = AnalogFormat::OnesComplement.raw(number.into());
            assert_eq!(again, Some(if raw == 0xFF { 0 } else { raw }));
        }
        assert_eq!(AnalogFormat::None.number(1), None);
        assert_eq!(AnalogFormat::None.raw(1), None);
    }

    #[test]
    fn signs_and_limits() {
        assert_eq!(AnalogFormat::OnesComplement.number(0xFE), Some(-1));
        assert_eq!(AnalogFormat::TwosComplement.number(0xFE), Some(-2));
        assert_eq!(AnalogFormat::Unsigned.raw(-5), Some(0));
        assert_eq!(AnalogFormat::Unsigned.raw(i64::MAX), Some(255));
        assert_eq!(AnalogFormat::OnesComplement.raw(-1000), Some(0x80));
        assert_eq!(AnalogFormat::TwosComplement.raw(-1000), Some(0x80));
    }
}
