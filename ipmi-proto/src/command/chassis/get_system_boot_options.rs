//! Get System Boot Options, §28.13.

use alloc::vec::Vec;

use super::{BootParameter, BootSelector};
use crate::Privilege;
use crate::command::bits::{bit, is_set};
use crate::command::{Command, NetFn};
use crate::wire::{Decode, DecodeError, Encode, Reader};

/// Reads a boot parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GetSystemBootOptions {
    /// Which one.
    pub selector: BootSelector,
    /// Which of several sets of it: for the mailbox, the number of the block. 0 for all others.
    pub set: u8,
    /// Which block of the set; no parameter of the specification's has any.
    pub block: u8,
}

impl GetSystemBootOptions {
    /// Completion code: the parameter is not supported.
    pub const NOT_SUPPORTED: u8 = 0x80;
}

impl Command for GetSystemBootOptions {
    const NETFN: NetFn = NetFn::CHASSIS;
    const CODE: u8 = 0x09;
    const NAME: &'static str = "Get System Boot Options";
    const PRIVILEGE: Privilege = Privilege::Operator;
    type Response = BootOptions;
}

impl Encode for GetSystemBootOptions {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend([self.selector.number(), self.set, self.block]);
    }
}

impl Decode for GetSystemBootOptions {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        let [selector, set, block] = r.array()?;
        r.finish()?;
        Ok(Self {
            selector: BootSelector::new(selector),
            set,
            block,
        })
    }
}

/// The answer to [`GetSystemBootOptions`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BootOptions {
    /// Whether the parameter is marked invalid.
    pub invalid: bool,
    /// The parameter and its value.
    pub parameter: BootParameter,
}

/// The version of the parameters' form, which IPMI 2.0 defines.
const VERSION: u8 = 1;

impl Encode for BootOptions {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(VERSION);
        out.push(bit(7, self.invalid) | self.parameter.selector().number());
        self.parameter.encode_value(out);
    }
}

impl Decode for BootOptions {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        let [version, selector] = r.array()?;
        if version & 0x0F != VERSION {
            return Err(DecodeError::Invalid("boot parameter version"));
        }
        Ok(Self {
            invalid: is_set(selector, 7),
            parameter: BootParameter::decode_value(BootSelector::new(selector), r.rest())?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::chassis::{BootDevice, BootFlags, MailboxBlock};
    use crate::command::testing;

    #[test]
    fn ipmitool_s_bootparam_get_5() {
        let get = GetSystemBootOptions {
            selector: BootSelector::FLAGS,
            set: 0,
            block: 0,
        };
        testing::request(&get, &[0x05, 0x00, 0x00]);
        let pxe_once = BootOptions {
            invalid: false,
            parameter: BootParameter::Flags(BootFlags {
                valid: true,
                device: BootDevice::Pxe,
                ..BootFlags::NONE
            }),
        };
        let bytes = [0x01, 0x05, 0x80, 0x04, 0, 0, 0];
        testing::response::<GetSystemBootOptions>(&pxe_once, &bytes);
    }

    #[test]
    fn a_mailbox_block_is_chosen_by_the_set_selector() {
        let get = GetSystemBootOptions {
            selector: BootSelector::MAILBOX,
            set: 4,
            block: 0,
        };
        testing::request(&get, &[0x07, 0x04, 0x00]);
        let block = BootOptions {
            invalid: true,
            parameter: BootParameter::Mailbox(MailboxBlock::new(4, b"0123456789abcdef").unwrap()),
        };
        let bytes = [&[0x01, 0x87, 0x04][..], b"0123456789abcdef"].concat();
        testing::response::<GetSystemBootOptions>(&block, &bytes);
    }

    #[test]
    fn the_selector_s_highest_bit_is_reserved_and_ignored() {
        let get = GetSystemBootOptions::decode(&[0x85, 0, 0]).unwrap();
        assert_eq!(get.selector, BootSelector::FLAGS);
        testing::refused::<GetSystemBootOptions>(&[5], DecodeError::Truncated);
    }
}
