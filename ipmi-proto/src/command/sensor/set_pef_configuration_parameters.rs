//! Set PEF Configuration Parameters, §30.3.

use alloc::vec::Vec;

use super::{PefParameter, PefSelector};
use crate::Privilege;
use crate::command::{Command, NetFn};
use crate::wire::{Decode, DecodeError, Encode, Reader};

/// Writes a parameter of platform event filtering.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetPefConfigurationParameters(pub PefParameter);

impl SetPefConfigurationParameters {
    /// Completion code: the parameter is not supported.
    pub const NOT_SUPPORTED: u8 = 0x80;
    /// Completion code: "set in progress" cannot be taken, since another holds it.
    pub const SET_IN_PROGRESS: u8 = 0x81;
    /// Completion code: the parameter can only be read.
    pub const READ_ONLY: u8 = 0x82;
}

impl Command for SetPefConfigurationParameters {
    const NETFN: NetFn = NetFn::SENSOR_EVENT;
    const CODE: u8 = 0x12;
    const NAME: &'static str = "Set PEF Configuration Parameters";
    const PRIVILEGE: Privilege = Privilege::Administrator;
    type Response = ();
}

impl Encode for SetPefConfigurationParameters {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(self.0.selector().number());
        self.0.encode(out);
    }
}

impl Decode for SetPefConfigurationParameters {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        let selector = PefSelector::new(r.u8()?);
        PefParameter::decode_value(selector, r.rest()).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::sensor::PefControl;
    use crate::command::testing;

    #[test]
    fn bytes() {
        type Set = SetPefConfigurationParameters;
        let control = PefControl {
            enabled: true,
            ..PefControl::default()
        };
        let set = SetPefConfigurationParameters(PefParameter::Control(control));
        testing::request(&set, &[0x01, 0x01]);
        testing::response::<Set>(&(), &[]);
        testing::refused::<Set>(&[], DecodeError::Truncated);
        testing::refused::<Set>(&[0x01], DecodeError::Truncated);
    }
}
