//! Chassis Control, §28.3.

use alloc::vec::Vec;

use crate::Privilege;
use crate::command::{Command, NetFn};
use crate::wire::{Decode, DecodeError, Encode, Reader};

/// Switches the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum ChassisControl {
    /// Off at once, as if the plug were pulled.
    PowerDown = 0,
    /// On.
    PowerUp = 1,
    /// Off, then on.
    PowerCycle = 2,
    /// The reset button.
    HardReset = 3,
    /// A diagnostic interrupt (NMI).
    DiagnosticInterrupt = 4,
    /// Asks the operating system to shut down, through ACPI.
    SoftShutdown = 5,
}

impl Command for ChassisControl {
    const NETFN: NetFn = NetFn::CHASSIS;
    const CODE: u8 = 0x02;
    const NAME: &'static str = "Chassis Control";
    const PRIVILEGE: Privilege = Privilege::Operator;
    type Response = ();
}

impl Encode for ChassisControl {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(*self as u8);
    }
}

impl Decode for ChassisControl {
    /// Takes the low nibble; the high one is reserved.
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        let control = r.u8()?;
        r.finish()?;
        Ok(match control & 0x0F {
            0 => Self::PowerDown,
            1 => Self::PowerUp,
            2 => Self::PowerCycle,
            3 => Self::HardReset,
            4 => Self::DiagnosticInterrupt,
            5 => Self::SoftShutdown,
            _ => return Err(DecodeError::Invalid("chassis control")),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::testing;

    #[test]
    fn bytes() {
        testing::request(&ChassisControl::PowerDown, &[0]);
        testing::request(&ChassisControl::SoftShutdown, &[5]);
        testing::refused::<ChassisControl>(&[6], DecodeError::Invalid("chassis control"));
        testing::refused::<ChassisControl>(&[], DecodeError::Truncated);
    }
}
