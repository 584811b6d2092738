//! The watchdog timer: what its commands share (§27).

use crate::wire::DecodeError;

/// Who has set the timer, and what for (table 27-3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum TimerUse {
    /// The BIOS: fault resilient booting, phase 2.
    BiosFrb2 = 1,
    /// The BIOS: its self-test.
    BiosPost = 2,
    /// The loading of an operating system.
    OsLoad = 3,
    /// Software that runs under the operating system.
    SmsOs = 4,
    /// A manufacturer's.
    Oem = 5,
}

impl TimerUse {
    /// The use with this number, in the low three bits; none for the reserved ones.
    pub(super) const fn from_bits(bits: u8) -> Option<Self> {
        Some(match bits & 0x07 {
            1 => Self::BiosFrb2,
            2 => Self::BiosPost,
            3 => Self::OsLoad,
            4 => Self::SmsOs,
            5 => Self::Oem,
            _ => return None,
        })
    }
}

/// A set of timer uses: the expiration flags, which say under which uses the timer has run out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TimerUses(u8);

impl TimerUses {
    /// Bits 1 to 5, one for each use.
    const ALL: u8 = 0x3E;

    /// No use.
    pub const NONE: Self = Self(0);

    /// These and one more.
    #[must_use]
    pub const fn with(self, timer_use: TimerUse) -> Self {
        Self(self.0 | 1 << timer_use as u8)
    }

    /// These but not those.
    #[must_use]
    pub const fn without(self, others: Self) -> Self {
        Self(self.0 & !others.0)
    }

    /// Whether this use is among them.
    #[must_use]
    pub const fn contains(self, timer_use: TimerUse) -> bool {
        self.0 & 1 << timer_use as u8 != 0
    }

    pub(super) const fn bits(self) -> u8 {
        self.0
    }

    pub(super) const fn from_bits(bits: u8) -> Self {
        Self(bits & Self::ALL)
    }
}

/// What happens before the timer runs out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum PreTimeoutInterrupt {
    /// Nothing.
    None = 0,
    /// A system management interrupt.
    Smi = 1,
    /// A diagnostic interrupt (NMI).
    Nmi = 2,
    /// The interrupt that messages to the system's software cause.
    Messaging = 3,
}

/// What happens when the timer runs out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum TimeoutAction {
    /// Nothing but the expiration flag and the event.
    None = 0,
    /// Hard reset.
    Reset = 1,
    /// Power down.
    PowerDown = 2,
    /// Power cycle.
    PowerCycle = 3,
}

/// The two actions, which share a byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WatchdogActions {
    /// What happens before the timer runs out.
    pub pre_timeout: PreTimeoutInterrupt,
    /// What happens when it does.
    pub timeout: TimeoutAction,
}

impl WatchdogActions {
    pub(super) const fn bits(self) -> u8 {
        (self.pre_timeout as u8) << 4 | self.timeout as u8
    }

    pub(super) const fn from_bits(bits: u8) -> Result<Self, DecodeError> {
        Ok(Self {
            pre_timeout: match bits >> 4 & 0x07 {
                0 => PreTimeoutInterrupt::None,
                1 => PreTimeoutInterrupt::Smi,
                2 => PreTimeoutInterrupt::Nmi,
                3 => PreTimeoutInterrupt::Messaging,
                _ => return Err(DecodeError::Invalid("pre-timeout interrupt")),
            },
            timeout: match bits & 0x07 {
                0 => TimeoutAction::None,
                1 => TimeoutAction::Reset,
                2 => TimeoutAction::PowerDown,
                3 => TimeoutAction::PowerCycle,
                _ => return Err(DecodeError::Invalid("timeout action")),
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uses_are_set_and_cleared() {
        let both = TimerUses::NONE
            .with(TimerUse::SmsOs)
            .with(TimerUse::BiosPost);
        assert_eq!(both.bits(), 0x14);
        assert!(both.contains(TimerUse::SmsOs) && !both.contains(TimerUse::Oem));
        let cleared = both.without(TimerUses::NONE.with(TimerUse::SmsOs));
        assert_eq!(cleared, TimerUses::NONE.with(TimerUse::BiosPost));
        assert_eq!(TimerUses::from_bits(0xC1), TimerUses::NONE);
    }
}
