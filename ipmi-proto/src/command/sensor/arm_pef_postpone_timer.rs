//! Arm PEF Postpone Timer, §30.2.

use alloc::vec::Vec;

use crate::Privilege;
use crate::command::{Command, NetFn};
use crate::wire::{Decode, DecodeError, Encode, Reader};

/// Holds platform event filtering off while the machine's own software handles events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ArmPefPostponeTimer {
    /// Stops the timer.
    Disable,
    /// Holds filtering off for so many seconds, 1 to 253.
    Seconds(u8),
    /// Holds filtering off until this is taken back.
    DisablePef,
    /// Only asks how far the timer is.
    GetRemaining,
}

impl Command for ArmPefPostponeTimer {
    const NETFN: NetFn = NetFn::SENSOR_EVENT;
    const CODE: u8 = 0x11;
    const NAME: &'static str = "Arm PEF Postpone Timer";
    const PRIVILEGE: Privilege = Privilege::Administrator;
    type Response = PefPostponement;
}

const DISABLE: u8 = 0x00;
const DISABLE_PEF: u8 = 0xFE;
const GET_REMAINING: u8 = 0xFF;

impl Encode for ArmPefPostponeTimer {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(match self {
            Self::Disable => DISABLE,
            Self::Seconds(seconds) => *seconds,
            Self::DisablePef => DISABLE_PEF,
            Self::GetRemaining => GET_REMAINING,
        });
    }
}

impl Decode for ArmPefPostponeTimer {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        let timer = match r.u8()? {
            DISABLE => Self::Disable,
            DISABLE_PEF => Self::DisablePef,
            GET_REMAINING => Self::GetRemaining,
            seconds => Self::Seconds(seconds),
        };
        r.finish()?;
        Ok(timer)
    }
}

/// The answer to [`ArmPefPostponeTimer`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PefPostponement(u8);

impl PefPostponement {
    /// The timer does not run.
    pub const NONE: Self = Self(DISABLE);
    /// Filtering is held off without end.
    pub const ENDLESS: Self = Self(DISABLE_PEF);

    /// The timer runs for so many more seconds, at most 253.
    #[must_use]
    pub const fn seconds(seconds: u8) -> Self {
        if seconds < DISABLE_PEF {
            Self(seconds)
        } else {
            Self(DISABLE_PEF - 1)
        }
    }

    /// How many seconds are left; 0 where the timer does not run, none where filtering is held off without end.
    #[must_use]
    pub const fn remaining(self) -> Option<u8> {
        if self.0 < DISABLE_PEF {
            Some(self.0)
        } else {
            None
        }
    }
}

impl Encode for PefPostponement {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(self.0);
    }
}

impl Decode for PefPostponement {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        let countdown = r.u8()?;
        r.finish()?;
        Ok(Self(countdown))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::testing;

    #[test]
    fn bytes() {
        type Arm = ArmPefPostponeTimer;
        testing::request(&Arm::Disable, &[0x00]);
        testing::request(&Arm::Seconds(253), &[0xFD]);
        testing::request(&Arm::DisablePef, &[0xFE]);
        testing::request(&Arm::GetRemaining, &[0xFF]);
        testing::response::<Arm>(&PefPostponement::seconds(60), &[0x3C]);
        testing::response::<Arm>(&PefPostponement::ENDLESS, &[0xFE]);
    }

    #[test]
    fn what_is_left() {
        assert_eq!(PefPostponement::NONE.remaining(), Some(0));
        assert_eq!(PefPostponement::seconds(255).remaining(), Some(253));
        assert_eq!(PefPostponement::ENDLESS.remaining(), None);
    }
}
