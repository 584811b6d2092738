//! Get System Info Parameters, §22.14b.

use alloc::vec::Vec;

use super::SystemInfoSelector;
use crate::Privilege;
use crate::command::bits::{bit, is_set};
use crate::command::{Command, NetFn, ParameterData};
use crate::wire::{Decode, DecodeError, Encode, Reader};

/// Reads a system info parameter, or one block of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GetSystemInfoParameters {
    /// Asks only for the revision of the parameters' form.
    pub revision_only: bool,
    /// Which parameter.
    pub selector: SystemInfoSelector,
    /// Which block of a text.
    pub set: u8,
    /// No parameter of the specification's has blocks within a set: 0.
    pub block: u8,
}

impl GetSystemInfoParameters {
    /// Completion code: the parameter is not supported.
    pub const NOT_SUPPORTED: u8 = 0x80;
}

impl Command for GetSystemInfoParameters {
    const NETFN: NetFn = NetFn::APP;
    const CODE: u8 = 0x59;
    const NAME: &'static str = "Get System Info Parameters";
    const PRIVILEGE: Privilege = Privilege::User;
    /// The value is a [`SystemInfoParameter`](super::SystemInfoParameter)'s.
    type Response = ParameterData;
}

impl Encode for GetSystemInfoParameters {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend([
            bit(7, self.revision_only),
            self.selector.0,
            self.set,
            self.block,
        ]);
    }
}

impl Decode for GetSystemInfoParameters {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        let [revision_only, selector, set, block] = r.array()?;
        r.finish()?;
        Ok(Self {
            revision_only: is_set(revision_only, 7),
            selector: SystemInfoSelector(selector),
            set,
            block,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::app::{InfoText, SystemInfoParameter};
    use crate::command::testing;

    #[test]
    fn what_freeipmi_s_bmc_info_asks() {
        type Get = GetSystemInfoParameters;
        let get = Get {
            revision_only: false,
            selector: SystemInfoSelector::FIRMWARE_VERSION,
            set: 0,
            block: 0,
        };
        testing::request(&get, &[0x00, 0x01, 0x00, 0x00]);
        let block = InfoText::utf8("1.16.3").block(0).unwrap();
        let version = SystemInfoParameter::FirmwareVersion(block);
        let bytes = b"\x11\x00\x01\x061.16.3\0\0\0\0\0\0\0\0";
        testing::response::<Get>(&ParameterData::from(&version), bytes);
    }

    #[test]
    fn the_revision_alone() {
        type Get = GetSystemInfoParameters;
        let get = Get {
            revision_only: true,
            selector: SystemInfoSelector(0),
            set: 0,
            block: 0,
        };
        testing::request(&get, &[0x80, 0x00, 0x00, 0x00]);
        testing::response::<Get>(&ParameterData::REVISION, &[0x11]);
        testing::refused::<Get>(&[0, 1, 0], DecodeError::Truncated);
    }
}
