//! How a raw reading becomes a physical value, §36.3: value = (M * raw + B * 10^Bexp) * 10^Rexp.

use crate::wire::{DecodeError, Reader};

/// The factors of the conversion, and how exact a reading is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ReadingFactors {
    /// M, -512 to 511.
    pub m: i16,
    /// B, -512 to 511.
    pub b: i16,
    /// The power of ten of B ("K1"), -8 to 7.
    pub b_exponent: i8,
    /// The power of ten of the result ("K2"), -8 to 7.
    pub result_exponent: i8,
    /// Tolerance in half raw counts, 0 to 63.
    pub tolerance: u8,
    /// Accuracy in 1/100 percent, 0 to 1023, before its exponent.
    pub accuracy: u16,
    /// The power of ten of the accuracy, 0 to 3.
    pub accuracy_exponent: u8,
}

/// What follows on the conversion by the factors (sensor record byte 24).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Linearization(u8);

impl Linearization {
    /// Nothing: the value is what the factors make of the reading.
    pub const LINEAR: Self = Self(0x00);

    /// The linearization with this number, 0 to 127; the highest bit is dropped.
    #[must_use]
    pub const fn new(bits: u8) -> Self {
        Self(bits & 0x7F)
    }

    /// The number, 0 to 127.
    #[must_use]
    pub const fn bits(self) -> u8 {
        self.0
    }
}

impl ReadingFactors {
    /// The value is the raw reading.
    pub const IDENTITY: Self = Self::scaled(1, 0);

    /// The value is the raw reading times `m` (-512 to 511), times ten to the power of `exponent` (-8 to 7).
    #[must_use]
    pub const fn scaled(m: i16, exponent: i8) -> Self {
        Self {
            m,
            b: 0,
            b_exponent: 0,
            result_exponent: exponent,
            tolerance: 0,
            accuracy: 0,
            accuracy_exponent: 0,
        }
    }

    /// The finest scale on which the raw readings 0 to 255 reach from 0 to `maximum` at least, which is positive and
    /// at most 1.3e12.
    #[must_use]
    pub fn covering(maximum: f64) -> Self {
        (-8..=7)
            .find_map(|exponent| {
                let step = maximum / 255.0 / power_of_ten(exponent);
                let whole = step as i64;
                let m = whole.saturating_add((step > whole as f64).into());
                let m = i16::try_from(m).ok().filter(|m| *m <= M_MAX)?;
                Some(Self::scaled(m.max(1), exponent))
            })
            .unwrap_or(Self::scaled(M_MAX, 7))
    }

    /// The physical value of a raw reading.
    #[must_use]
    pub fn physical(&self, raw: i16) -> f64 {
        let offset = f64::from(self.b) * power_of_ten(self.b_exponent);
        (f64::from(self.m) * f64::from(raw) + offset) * power_of_ten(self.result_exponent)
    }

    /// The raw reading that comes nearest to a physical value; it may lie outside of what a byte can hold. None where
    /// M is 0 or the value is not a number.
    #[must_use]
    pub fn raw(&self, physical: f64) -> Option<i64> {
        if self.m == 0 || physical.is_nan() {
            return None;
        }
        let offset = f64::from(self.b) * power_of_ten(self.b_exponent);
        let raw = (physical / power_of_ten(self.result_exponent) - offset) / f64::from(self.m);
        Some((raw + if raw < 0.0 { -0.5 } else { 0.5 }) as i64)
    }

    /// The six bytes; `low_bits` go into the two bits that are free.
    pub(crate) fn bytes(&self, low_bits: u8) -> [u8; 6] {
        let [m, m_high] = self.m.to_le_bytes();
        let [b, b_high] = self.b.to_le_bytes();
        let [accuracy, accuracy_high] = (self.accuracy << 2 & 0x0FFC).to_le_bytes();
        [
            m,
            m_high << 6 | self.tolerance & 0x3F,
            b,
            b_high << 6 | accuracy >> 2,
            accuracy_high << 4 | (self.accuracy_exponent & 0x03) << 2 | low_bits & 0x03,
            self.result_exponent.cast_unsigned() << 4 | self.b_exponent.cast_unsigned() & 0x0F,
        ]
    }

    /// Reads six bytes. Also the two bits in them that belong to something else.
    pub(crate) fn read(r: &mut Reader<'_>) -> Result<(Self, u8), DecodeError> {
        let [m, tolerance, b, accuracy, accuracy_high, exponents] = r.array()?;
        let factors = Self {
            m: ten_bits(m, tolerance),
            b: ten_bits(b, accuracy),
            b_exponent: (exponents << 4).cast_signed() >> 4,
            result_exponent: exponents.cast_signed() >> 4,
            tolerance: tolerance & 0x3F,
            accuracy: u16::from(accuracy & 0x3F) | u16::from(accuracy_high & 0xF0) << 2,
            accuracy_exponent: accuracy_high >> 2 & 0x03,
        };
        Ok((factors, accuracy_high & 0x03))
    }
}

/// The highest value of M.
const M_MAX: i16 = 511;

/// The signed number of ten bits, the upper two in the two highest bits of the second byte.
const fn ten_bits(low: u8, high: u8) -> i16 {
    // Up to the sign's place, and back with the sign.
    i16::from_le_bytes([low, high >> 6]) << 6 >> 6
}

/// `f64::powi` is not in `core`.
fn power_of_ten(exponent: i8) -> f64 {
    let power = (0..exponent.unsigned_abs()).fold(1.0, |power, _| power * 10.0);
    if exponent < 0 { 1.0 / power } else { power }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_extremes_have_their_bits_where_they_belong() {
        let factors = ReadingFactors {
            m: -257,
            b: 496,
            b_exponent: 5,
            result_exponent: -6,
            tolerance: 53,
            accuracy: 682,
            accuracy_exponent: 3,
        };
        let bytes = [0xFF, 0xB5, 0xF0, 0x6A, 0xAD, 0xA5];
        assert_eq!(factors.bytes(0b01), bytes);
        let read = ReadingFactors::read(&mut Reader::new(&bytes));
        assert_eq!(read, Ok((factors, 0b01)));
    }

    #[test]
    fn a_fan_a_voltage_and_a_temperature() {
        assert_eq!(ReadingFactors::scaled(75, 0).physical(100), 7500.0);
        let voltage = ReadingFactors {
            b: 5,
            b_exponent: 1,
            ..ReadingFactors::scaled(62, -3)
        };
        let volts = voltage.physical(194);
        assert!((volts - 12.078).abs() < 1e-9, "{volts}");
        assert_eq!(voltage.raw(12.078), Some(194));
        assert_eq!(ReadingFactors::IDENTITY.raw(-4.6), Some(-5));
    }

    #[test]
    fn without_m_there_is_no_way_back() {
        assert_eq!(ReadingFactors::scaled(0, 0).raw(1.0), None);
        assert_eq!(ReadingFactors::IDENTITY.raw(f64::NAN), None);
        let endless = ReadingFactors::IDENTITY.raw(f64::INFINITY);
        assert_eq!(endless, Some(i64::MAX));
    }

    #[test]
    fn scales_are_as_fine_as_they_can_be() {
        assert_eq!(
            ReadingFactors::covering(100.0),
            ReadingFactors::scaled(393, -3)
        );
        assert_eq!(
            ReadingFactors::covering(255.0),
            ReadingFactors::scaled(100, -2)
        );
        assert_eq!(ReadingFactors::covering(0.0), ReadingFactors::scaled(1, -8));
        assert_eq!(
            ReadingFactors::covering(1e99),
            ReadingFactors::scaled(511, 7)
        );
    }

    proptest! {
        #[test]
        fn a_scale_reaches_its_maximum(maximum in 1e-3..1e12) {
            let factors = ReadingFactors::covering(maximum);
            prop_assert!(factors.physical(255) >= maximum * (1.0 - 1e-12));
            prop_assert!(factors.physical(255) <= maximum * 1.021);
        }

        #[test]
        fn bytes_survive_a_round_trip(bytes: [u8; 6]) {
            let (factors, low) = ReadingFactors::read(&mut Reader::new(&bytes)).unwrap();
            prop_assert_eq!(factors.bytes(low), bytes);
        }

        #[test]
        fn values_survive_a_round_trip(
            raw in 0..=255_i16,
            m in 1..=511_i16,
            b in -512..=511_i16,
            b_exponent in -2..=3_i8,
            result_exponent in -8..=7_i8,
        ) {
            let factors = ReadingFactors { b, b_exponent, ..ReadingFactors::scaled(m, result_exponent) };
            prop_assert_eq!(factors.raw(factors.physical(raw)), Some(raw.into()));
        }
    }
}
