//! What a platform event filter can do (table 17-1).

use crate::command::bits::{bit, is_set};

/// A set of actions: those that there are, that are allowed, or that a filter takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub struct PefActions {
    /// Send an alert.
    pub alert: bool,
    /// Switch the machine off.
    pub power_down: bool,
    /// Reset it.
    pub reset: bool,
    /// Switch it off and on.
    pub power_cycle: bool,
    /// What the manufacturer defines.
    pub oem: bool,
    /// Send a diagnostic interrupt.
    pub diagnostic_interrupt: bool,
}

impl PefActions {
    /// The low six bits of the byte in which they appear.
    pub(super) const fn bits(self) -> u8 {
        bit(5, self.diagnostic_interrupt)
            | bit(4, self.oem)
            | bit(3, self.power_cycle)
            | bit(2, self.reset)
            | bit(1, self.power_down)
            | bit(0, self.alert)
    }

    /// The upper two bits are another field's.
    pub(super) const fn from_bits(bits: u8) -> Self {
        Self {
            diagnostic_interrupt: is_set(bits, 5),
            oem: is_set(bits, 4),
            power_cycle: is_set(bits, 3),
            reset: is_set(bits, 2),
            power_down: is_set(bits, 1),
            alert: is_set(bits, 0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn six_bits_are_kept() {
        for bits in 0..=255 {
            assert_eq!(PefActions::from_bits(bits).bits(), bits & 0x3F);
        }
    }
}
