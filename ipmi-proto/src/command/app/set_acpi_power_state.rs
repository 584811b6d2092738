//! Set ACPI Power State, §20.6.

use alloc::vec::Vec;

use super::{AcpiDeviceState, AcpiSystemState};
use crate::Privilege;
use crate::command::bits::{bit, is_set};
use crate::command::{Command, NetFn};
use crate::wire::{Decode, DecodeError, Encode, Reader};

/// Tells the BMC which power state the system's software has entered. It changes no power.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SetAcpiPowerState {
    /// The machine's; none leaves it as it is.
    pub system: Option<AcpiSystemState>,
    /// The BMC's own; none leaves it as it is.
    pub device: Option<AcpiDeviceState>,
}

impl Command for SetAcpiPowerState {
    const NETFN: NetFn = NetFn::APP;
    const CODE: u8 = 0x06;
    const NAME: &'static str = "Set ACPI Power State";
    const PRIVILEGE: Privilege = Privilege::Administrator;
    type Response = ();
}

/// What stands in the place of a state that is to stay as it is.
const NO_CHANGE: u8 = 0x7F;

impl Encode for SetAcpiPowerState {
    fn encode(&self, out: &mut Vec<u8>) {
        let set = |state: Option<u8>| state.map_or(NO_CHANGE, |state| bit(7, true) | state);
        out.extend([
            set(self.system.map(|state| state as u8)),
            set(self.device.map(|state| state as u8)),
        ]);
    }
}

impl Decode for SetAcpiPowerState {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        let [system, device] = r.array()?;
        r.finish()?;
        let is_change = |byte: &u8| is_set(*byte, 7) && byte & 0x7F != NO_CHANGE;
        Ok(Self {
            system: Some(system)
                .filter(is_change)
                .map(AcpiSystemState::from_bits)
                .transpose()?,
            device: Some(device)
                .filter(is_change)
                .map(AcpiDeviceState::from_bits)
                .transpose()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::testing;

    #[test]
    fn bytes() {
        let asleep = SetAcpiPowerState {
            system: Some(AcpiSystemState::S3),
            device: Some(AcpiDeviceState::D0),
        };
        testing::request(&asleep, &[0x83, 0x80]);
        let device_only = SetAcpiPowerState {
            system: None,
            ..asleep
        };
        testing::request(&device_only, &[0x7F, 0x80]);
        testing::response::<SetAcpiPowerState>(&(), &[]);
    }

    #[test]
    fn a_state_without_its_bit_is_no_change() {
        let neither = SetAcpiPowerState {
            system: None,
            device: None,
        };
        assert_eq!(SetAcpiPowerState::decode(&[0x05, 0xFF]), Ok(neither));
    }

    #[test]
    fn reserved_states_are_refused() {
        let system = DecodeError::Invalid("ACPI system power state");
        testing::refused::<SetAcpiPowerState>(&[0x8B, 0], system);
        let device = DecodeError::Invalid("ACPI device power state");
        testing::refused::<SetAcpiPowerState>(&[0, 0x84], device);
        testing::refused::<SetAcpiPowerState>(&[0x80], DecodeError::Truncated);
    }
}
