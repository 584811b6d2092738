//! Get ACPI Power State, §20.7.

use alloc::vec::Vec;

use crate::Privilege;
use crate::command::{Command, NetFn};
use crate::wire::{Decode, DecodeError, Encode, Reader};

/// Asks for the machine's power state in ACPI's terms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GetAcpiPowerState;

impl Command for GetAcpiPowerState {
    const NETFN: NetFn = NetFn::APP;
    const CODE: u8 = 0x07;
    const NAME: &'static str = "Get ACPI Power State";
    const PRIVILEGE: Privilege = Privilege::User;
    type Response = AcpiPowerState;
}

without_data!(GetAcpiPowerState);

/// The answer to [`GetAcpiPowerState`], 2 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AcpiPowerState {
    /// The machine's.
    pub system: AcpiSystemState,
    /// The BMC's own.
    pub device: AcpiDeviceState,
}

/// ACPI system power state (table 20-9).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum AcpiSystemState {
    /// S0/G0: working.
    Working = 0x00,
    /// S1: asleep, hardware and processor context kept.
    S1 = 0x01,
    /// S2: asleep, processor context lost.
    S2 = 0x02,
    /// S3: asleep, only memory kept.
    S3 = 0x03,
    /// S4: suspended to disk.
    S4 = 0x04,
    /// S5/G2: switched off by software.
    SoftOff = 0x05,
    /// S4 or S5; which one cannot be told.
    SuspendedOrSoftOff = 0x06,
    /// G3: without power.
    MechanicalOff = 0x07,
    /// One of S1 to S3; which one cannot be told.
    Sleeping = 0x08,
    /// G1: one of S1 to S4; which one cannot be told.
    SleepingOrSuspended = 0x09,
    /// S5 entered by override (the power button held for 4 seconds).
    OffByOverride = 0x0A,
    /// On, without ACPI.
    LegacyOn = 0x20,
    /// Off, without ACPI.
    LegacyOff = 0x21,
    /// Unknown.
    Unknown = 0x2A,
}

/// ACPI device power state (table 20-9).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum AcpiDeviceState {
    /// D0: working.
    D0 = 0x00,
    /// D1.
    D1 = 0x01,
    /// D2.
    D2 = 0x02,
    /// D3: off.
    D3 = 0x03,
    /// Unknown.
    Unknown = 0x2A,
}

impl AcpiSystemState {
    /// The state in the low seven bits.
    pub(super) const fn from_bits(bits: u8) -> Result<Self, DecodeError> {
        Ok(match bits & 0x7F {
            0x00 => Self::Working,
            0x01 => Self::S1,
            0x02 => Self::S2,
            0x03 => Self::S3,
            0x04 => Self::S4,
            0x05 => Self::SoftOff,
            0x06 => Self::SuspendedOrSoftOff,
            0x07 => Self::MechanicalOff,
            0x08 => Self::Sleeping,
            0x09 => Self::SleepingOrSuspended,
            0x0A => Self::OffByOverride,
            0x20 => Self::LegacyOn,
            0x21 => Self::LegacyOff,
            0x2A => Self::Unknown,
            _ => return Err(DecodeError::Invalid("ACPI system power state")),
        })
    }
}

impl AcpiDeviceState {
    /// The state in the low seven bits.
    pub(super) const fn from_bits(bits: u8) -> Result<Self, DecodeError> {
        Ok(match bits & 0x7F {
            0x00 => Self::D0,
            0x01 => Self::D1,
            0x02 => Self::D2,
            0x03 => Self::D3,
            0x2A => Self::Unknown,
            _ => return Err(DecodeError::Invalid("ACPI device power state")),
        })
    }
}

impl Encode for AcpiPowerState {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend([self.system as u8, self.device as u8]);
    }
}

impl Decode for AcpiPowerState {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        let [system, device] = r.array()?;
        r.finish()?;
        Ok(Self {
            system: AcpiSystemState::from_bits(system)?,
            device: AcpiDeviceState::from_bits(device)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::testing;

    #[test]
    fn bytes() {
        testing::request(&GetAcpiPowerState, &[]);
        let working = AcpiPowerState {
            system: AcpiSystemState::Working,
            device: AcpiDeviceState::D0,
        };
        testing::response::<GetAcpiPowerState>(&working, &[0x00, 0x00]);
        let off = AcpiPowerState {
            system: AcpiSystemState::SoftOff,
            device: AcpiDeviceState::Unknown,
        };
        testing::response::<GetAcpiPowerState>(&off, &[0x05, 0x2A]);
    }

    #[test]
    fn reserved_states_are_refused() {
        let error = Err(DecodeError::Invalid("ACPI system power state"));
        assert_eq!(AcpiPowerState::decode(&[0x0B, 0]), error);
        let error = Err(DecodeError::Invalid("ACPI device power state"));
        assert_eq!(AcpiPowerState::decode(&[0, 4]), error);
    }
}
