//! Reset Watchdog Timer, §27.5.

use crate::Privilege;
use crate::command::{Command, NetFn};

/// Starts the watchdog, or starts it anew, from its initial countdown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResetWatchdogTimer;

impl ResetWatchdogTimer {
    /// Completion code: the timer has not been set since the BMC started.
    pub const NOT_INITIALISED: u8 = 0x80;
}

impl Command for ResetWatchdogTimer {
    const NETFN: NetFn = NetFn::APP;
    const CODE: u8 = 0x22;
    const NAME: &'static str = "Reset Watchdog Timer";
    const PRIVILEGE: Privilege = Privilege::Operator;
    type Response = ();
}

without_data!(ResetWatchdogTimer);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::testing;

    #[test]
    fn bytes() {
        testing::request(&ResetWatchdogTimer, &[]);
        testing::response::<ResetWatchdogTimer>(&(), &[]);
    }
}
