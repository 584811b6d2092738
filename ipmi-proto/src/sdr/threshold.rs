//! The six thresholds of a sensor with an analog reading.

use crate::command::bits::{bit, is_set};

/// A threshold; its number is its place in requests, answers and masks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Threshold {
    /// Lower non-critical.
    LowerNonCritical = 0,
    /// Lower critical.
    LowerCritical = 1,
    /// Lower non-recoverable.
    LowerNonRecoverable = 2,
    /// Upper non-critical.
    UpperNonCritical = 3,
    /// Upper critical.
    UpperCritical = 4,
    /// Upper non-recoverable.
    UpperNonRecoverable = 5,
}

impl Threshold {
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 6] = [
        Self::LowerNonCritical,
        Self::LowerCritical,
        Self::LowerNonRecoverable,
        Self::UpperNonCritical,
        Self::UpperCritical,
        Self::UpperNonRecoverable,
    ];

    /// Whether it is crossed upwards when things get worse.
    #[must_use]
    pub const fn is_upper(self) -> bool {
        self as u8 >= Self::UpperNonCritical as u8
    }
}

/// The crossing of a threshold: a state of sensors of the threshold type (table 42-2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ThresholdEvent {
    /// Which threshold.
    pub threshold: Threshold,
    /// Whether the reading went up.
    pub rising: bool,
}

impl ThresholdEvent {
    /// The number of the state, 0 to 11.
    #[must_use]
    pub const fn offset(self) -> u8 {
        self.threshold as u8 * 2 + self.rising as u8
    }

    /// The crossing with this number; none from 12 on.
    #[must_use]
    pub fn from_offset(offset: u8) -> Option<Self> {
        let threshold = Threshold::ALL.get(usize::from(offset / 2))?;
        Some(Self {
            threshold: *threshold,
            rising: is_set(offset, 0),
        })
    }
}

/// A set of thresholds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub struct ThresholdMask(u8);

impl ThresholdMask {
    /// The set with these bits; the upper two, which are reserved, are dropped.
    #[must_use]
    pub const fn from_bits(bits: u8) -> Self {
        Self(bits & 0x3F)
    }

    /// The bits on the wire.
    #[must_use]
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// This set and one more.
    #[must_use]
    pub const fn with(self, threshold: Threshold) -> Self {
        Self(self.0 | bit(threshold as u8, true))
    }

    /// Whether a threshold is in it.
    #[must_use]
    pub const fn contains(self, threshold: Threshold) -> bool {
        is_set(self.0, threshold as u8)
    }

    /// What is in either set.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl FromIterator<Threshold> for ThresholdMask {
    fn from_iter<I: IntoIterator<Item = Threshold>>(thresholds: I) -> Self {
        thresholds.into_iter().fold(Self::default(), Self::with)
    }
}

/// The raw values of some thresholds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub struct Thresholds([Option<u8>; 6]);

impl Thresholds {
    /// No threshold.
    pub const NONE: Self = Self([None; 6]);

    /// The raw value of a threshold.
    #[must_use]
    pub fn get(&self, threshold: Threshold) -> Option<u8> {
        self.0.get(threshold as usize).copied().flatten()
    }

    /// These thresholds, with another value for one of them.
    #[must_use]
    pub fn with(mut self, threshold: Threshold, value: u8) -> Self {
        if let Some(place) = self.0.get_mut(threshold as usize) {
            *place = Some(value);
        }
        self
    }

    /// Which ones there are.
    #[must_use]
    pub fn mask(&self) -> ThresholdMask {
        Threshold::ALL
            .into_iter()
            .filter(|threshold| self.get(*threshold).is_some())
            .collect()
    }

    /// The values in the order of commands (§35.8), those that there are not as 0.
    pub(crate) fn bytes(&self) -> [u8; 6] {
        self.0.map(Option::unwrap_or_default)
    }

    /// Those of the values, in the order of commands, that the mask names.
    pub(crate) fn from_bytes(mask: ThresholdMask, bytes: [u8; 6]) -> Self {
        Threshold::ALL
            .into_iter()
            .zip(bytes)
            .filter(|(threshold, _)| mask.contains(*threshold))
            .fold(Self::NONE, |thresholds, (threshold, value)| {
                thresholds.with(threshold, value)
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crossings_are_numbered_by_threshold_and_direction() {
        let offsets = (0..=12).map(ThresholdEvent::from_offset);
        for (offset, event) in (0..12).zip(offsets) {
            assert_eq!(event.unwrap().offset(), offset);
        }
        assert_eq!(ThresholdEvent::from_offset(12), None);
        let worst = ThresholdEvent {
            threshold: Threshold::UpperNonRecoverable,
            rising: true,
        };
        assert_eq!(worst.offset(), 0x0B);
        assert!(worst.threshold.is_upper());
        assert!(!Threshold::LowerNonRecoverable.is_upper());
    }

    #[test]
    fn only_named_thresholds_have_values() {
        let mask = ThresholdMask::from_bits(0xD0);
        assert!(mask.contains(Threshold::UpperCritical));
        assert_eq!(mask.bits(), 0x10);
        let thresholds = Thresholds::from_bytes(mask, [1, 2, 3, 4, 5, 6]);
        assert_eq!(
            thresholds,
            Thresholds::NONE.with(Threshold::UpperCritical, 5)
        );
        assert_eq!(thresholds.get(Threshold::LowerCritical), None);
        assert_eq!(thresholds.mask(), mask);
        assert_eq!(thresholds.bytes(), [0, 0, 0, 0, 5, 0]);
    }
}
