//! Get System Restart Cause, §28.11.

use alloc::vec::Vec;

use crate::Privilege;
use crate::command::{Channel, Command, NetFn};
use crate::wire::{Decode, DecodeError, Encode, Reader};

/// Asks why the machine last started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GetSystemRestartCause;

impl Command for GetSystemRestartCause {
    const NETFN: NetFn = NetFn::CHASSIS;
    const CODE: u8 = 0x07;
    const NAME: &'static str = "Get System Restart Cause";
    const PRIVILEGE: Privilege = Privilege::User;
    type Response = SystemRestart;
}

without_data!(GetSystemRestartCause);

/// The answer to [`GetSystemRestartCause`], 2 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SystemRestart {
    /// Why.
    pub cause: RestartCause,
    /// The channel that the order came in on; 0 where there was none.
    pub channel: Channel,
}

/// Why a machine started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum RestartCause {
    /// Unknown.
    Unknown = 0x0,
    /// A Chassis Control command.
    ChassisControl = 0x1,
    /// The reset button.
    ResetButton = 0x2,
    /// The power button.
    PowerButton = 0x3,
    /// The watchdog.
    Watchdog = 0x4,
    /// The manufacturer's own.
    Oem = 0x5,
    /// The mains returned, and the policy is "always on".
    AlwaysOn = 0x6,
    /// The mains returned, and the policy is "as it was".
    RestorePrevious = 0x7,
    /// A reset by a platform event filter.
    PefReset = 0x8,
    /// A power cycle by a platform event filter.
    PefPowerCycle = 0x9,
    /// A reset by software (Ctrl-Alt-Del).
    SoftReset = 0xA,
    /// The clock.
    RtcWakeup = 0xB,
}

impl Encode for SystemRestart {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend([self.cause as u8, self.channel.number()]);
    }
}

impl Decode for SystemRestart {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        let [cause, channel] = r.array()?;
        r.finish()?;
        Ok(Self {
            cause: match cause & 0x0F {
                0x0 => RestartCause::Unknown,
                0x1 => RestartCause::ChassisControl,
                0x2 => RestartCause::ResetButton,
                0x3 => RestartCause::PowerButton,
                0x4 => RestartCause::Watchdog,
                0x5 => RestartCause::Oem,
                0x6 => RestartCause::AlwaysOn,
                0x7 => RestartCause::RestorePrevious,
                0x8 => RestartCause::PefReset,
                0x9 => RestartCause::PefPowerCycle,
                0xA => RestartCause::SoftReset,
                0xB => RestartCause::RtcWakeup,
                _ => return Err(DecodeError::Invalid("restart cause")),
            },
            channel: Channel::new(channel),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::testing;

    #[test]
    fn bytes() {
        testing::request(&GetSystemRestartCause, &[]);
        let by_command = SystemRestart {
            cause: RestartCause::ChassisControl,
            channel: Channel::new(1),
        };
        testing::response::<GetSystemRestartCause>(&by_command, &[0x01, 0x01]);
        let error = Err(DecodeError::Invalid("restart cause"));
        assert_eq!(SystemRestart::decode(&[0x0C, 0]), error);
    }
}
