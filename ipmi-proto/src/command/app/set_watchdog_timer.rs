//! Set Watchdog Timer, §27.6.

use alloc::vec::Vec;

use super::{TimerUse, TimerUses, WatchdogActions};
use crate::Privilege;
use crate::command::bits::{bit, is_set};
use crate::command::{Command, NetFn};
use crate::wire::{Decode, DecodeError, Encode, Reader};

/// Sets the watchdog, and stops it unless it is told not to. Reset Watchdog Timer starts it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SetWatchdogTimer {
    /// Who sets it.
    pub timer_use: TimerUse,
    /// That it runs out is not logged. Counts for one time only.
    pub dont_log: bool,
    /// If it runs, it goes on, from the new countdown.
    pub dont_stop: bool,
    /// What it does.
    pub actions: WatchdogActions,
    /// Seconds from the pre-timeout interrupt to the timeout.
    pub pre_timeout: u8,
    /// The expiration flags to clear.
    pub clear: TimerUses,
    /// The initial countdown, in steps of 100 ms.
    pub countdown: u16,
}

impl Command for SetWatchdogTimer {
    const NETFN: NetFn = NetFn::APP;
    const CODE: u8 = 0x24;
    const NAME: &'static str = "Set Watchdog Timer";
    const PRIVILEGE: Privilege = Privilege::Operator;
    type Response = ();
}

impl Encode for SetWatchdogTimer {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend([
            bit(7, self.dont_log) | bit(6, self.dont_stop) | self.timer_use as u8,
            self.actions.bits(),
            self.pre_timeout,
            self.clear.bits(),
        ]);
        out.extend(self.countdown.to_le_bytes());
    }
}

impl Decode for SetWatchdogTimer {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        let [timer_use, actions, pre_timeout, clear] = r.array()?;
        let countdown = r.u16()?;
        r.finish()?;
        Ok(Self {
            timer_use: TimerUse::from_bits(timer_use)
                .ok_or(DecodeError::Invalid("watchdog timer use"))?,
            dont_log: is_set(timer_use, 7),
            dont_stop: is_set(timer_use, 6),
            actions: WatchdogActions::from_bits(actions)?,
            pre_timeout,
            clear: TimerUses::from_bits(clear),
            countdown,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::app::{PreTimeoutInterrupt, TimeoutAction};
    use crate::command::testing;

    #[test]
    fn bytes() {
        let reset_after_a_minute = SetWatchdogTimer {
            timer_use: TimerUse::SmsOs,
            dont_log: true,
            dont_stop: true,
            actions: WatchdogActions {
                pre_timeout: PreTimeoutInterrupt::Nmi,
                timeout: TimeoutAction::Reset,
            },
            pre_timeout: 10,
            clear: TimerUses::NONE.with(TimerUse::SmsOs),
            countdown: 600,
        };
        let bytes = [0xC4, 0x21, 0x0A, 0x10, 0x58, 0x02];
        testing::request(&reset_after_a_minute, &bytes);
        let off = SetWatchdogTimer {
            dont_log: false,
            dont_stop: false,
            actions: WatchdogActions {
                pre_timeout: PreTimeoutInterrupt::None,
                timeout: TimeoutAction::None,
            },
            pre_timeout: 0,
            countdown: 0,
            ..reset_after_a_minute
        };
        testing::request(&off, &[0x04, 0x00, 0x00, 0x10, 0x00, 0x00]);
        testing::response::<SetWatchdogTimer>(&(), &[]);
    }

    #[test]
    fn reserved_values_are_refused() {
        let timer_use = DecodeError::Invalid("watchdog timer use");
        testing::refused::<SetWatchdogTimer>(&[0, 0, 0, 0, 0, 0], timer_use);
        testing::refused::<SetWatchdogTimer>(&[6, 0, 0, 0, 0, 0], timer_use);
        let interrupt = DecodeError::Invalid("pre-timeout interrupt");
        testing::refused::<SetWatchdogTimer>(&[4, 0x40, 0, 0, 0, 0], interrupt);
        let action = DecodeError::Invalid("timeout action");
        testing::refused::<SetWatchdogTimer>(&[4, 0x04, 0, 0, 0, 0], action);
        testing::refused::<SetWatchdogTimer>(&[4, 0, 0, 0, 0], DecodeError::Truncated);
    }
}
