//! Set System Info Parameters, §22.14a.

use alloc::vec::Vec;

use super::{SystemInfoParameter, SystemInfoSelector};
use crate::Privilege;
use crate::command::{Command, NetFn};
use crate::wire::{Decode, DecodeError, Encode, Reader};

/// Writes a system info parameter, or one block of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetSystemInfoParameters(pub SystemInfoParameter);

impl SetSystemInfoParameters {
    /// Completion code: the parameter is not supported.
    pub const NOT_SUPPORTED: u8 = 0x80;
    /// Completion code: "set in progress" cannot be taken, since another holds it.
    pub const SET_IN_PROGRESS: u8 = 0x81;
    /// Completion code: the parameter can only be read.
    pub const READ_ONLY: u8 = 0x82;
}

impl Command for SetSystemInfoParameters {
    const NETFN: NetFn = NetFn::APP;
    const CODE: u8 = 0x58;
    const NAME: &'static str = "Set System Info Parameters";
    const PRIVILEGE: Privilege = Privilege::Administrator;
    type Response = ();
}

impl Encode for SetSystemInfoParameters {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(self.0.selector().0);
        self.0.encode(out);
    }
}

impl Decode for SetSystemInfoParameters {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        let selector = SystemInfoSelector(r.u8()?);
        SystemInfoParameter::decode_value(selector, r.rest()).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::app::InfoText;
    use crate::command::testing;

    #[test]
    fn a_long_name_takes_two_requests() {
        let name = InfoText::utf8("a-machine.example.org");
        let set = |number| {
            SetSystemInfoParameters(SystemInfoParameter::SystemName(name.block(number).unwrap()))
        };
        testing::request(&set(0), b"\x02\x00\x01\x15a-machine.exam");
        testing::request(&set(1), b"\x02\x01ple.org\0\0\0\0\0\0\0\0\0");
        testing::response::<SetSystemInfoParameters>(&(), &[]);
        testing::refused::<SetSystemInfoParameters>(&[], DecodeError::Truncated);
    }
}
