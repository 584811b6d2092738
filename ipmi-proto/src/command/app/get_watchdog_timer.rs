//! Get Watchdog Timer, §27.7.

use alloc::vec::Vec;

use super::{TimerUse, TimerUses, WatchdogActions};
use crate::Privilege;
use crate::command::bits::{bit, is_set};
use crate::command::{Command, NetFn};
use crate::wire::{Decode, DecodeError, Encode, Reader};

/// Asks how the watchdog is set, and how far it has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GetWatchdogTimer;

impl Command for GetWatchdogTimer {
    const NETFN: NetFn = NetFn::APP;
    const CODE: u8 = 0x25;
    const NAME: &'static str = "Get Watchdog Timer";
    const PRIVILEGE: Privilege = Privilege::User;
    type Response = WatchdogTimer;
}

without_data!(GetWatchdogTimer);

/// The answer to [`GetWatchdogTimer`], 8 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WatchdogTimer {
    /// Who has set it; none where the BMC names a reserved use, as some do until somebody has.
    pub timer_use: Option<TimerUse>,
    /// That it runs out is not logged.
    pub dont_log: bool,
    /// Whether it runs.
    pub running: bool,
    /// What it does.
    pub actions: WatchdogActions,
    /// Seconds from the pre-timeout interrupt to the timeout.
    pub pre_timeout: u8,
    /// The uses under which it has run out.
    pub expired: TimerUses,
    /// The initial countdown, in steps of 100 ms.
    pub initial: u16,
    /// What is left of it, in steps of 100 ms.
    pub present: u16,
}

impl Encode for WatchdogTimer {
    fn encode(&self, out: &mut Vec<u8>) {
        let timer_use = self.timer_use.map_or(0, |timer_use| timer_use as u8);
        out.extend([
            bit(7, self.dont_log) | bit(6, self.running) | timer_use,
            self.actions.bits(),
            self.pre_timeout,
            self.expired.bits(),
        ]);
        out.extend(self.initial.to_le_bytes());
        out.extend(self.present.to_le_bytes());
    }
}

impl Decode for WatchdogTimer {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        let [timer_use, actions, pre_timeout, expired] = r.array()?;
        let (initial, present) = (r.u16()?, r.u16()?);
        r.finish()?;
        Ok(Self {
            timer_use: TimerUse::from_bits(timer_use),
            dont_log: is_set(timer_use, 7),
            running: is_set(timer_use, 6),
            actions: WatchdogActions::from_bits(actions)?,
            pre_timeout,
            expired: TimerUses::from_bits(expired),
            initial,
            present,
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
        testing::request(&GetWatchdogTimer, &[]);
        let running = WatchdogTimer {
            timer_use: Some(TimerUse::SmsOs),
            dont_log: false,
            running: true,
            actions: WatchdogActions {
                pre_timeout: PreTimeoutInterrupt::Messaging,
                timeout: TimeoutAction::PowerCycle,
            },
            pre_timeout: 5,
            expired: TimerUses::NONE.with(TimerUse::OsLoad),
            initial: 600,
            present: 0x0102,
        };
        let bytes = [0x44, 0x33, 0x05, 0x08, 0x58, 0x02, 0x02, 0x01];
        testing::response::<GetWatchdogTimer>(&running, &bytes);
    }

    #[test]
    fn a_timer_that_nobody_has_set_is_understood() {
        let never_set = WatchdogTimer::decode(&[0; 8]).unwrap();
        assert_eq!(never_set.timer_use, None);
        assert!(!never_set.running);
        assert_eq!(WatchdogTimer::decode(&[0; 7]), Err(DecodeError::Truncated));
    }
}
