//! Set System Boot Options, §28.12.

use alloc::vec::Vec;

use super::{BootParameter, BootSelector};
use crate::Privilege;
use crate::command::bits::{bit, is_set};
use crate::command::{Command, NetFn};
use crate::wire::{Decode, DecodeError, Encode, Reader};

/// Writes a boot parameter, or marks one as valid or invalid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetSystemBootOptions {
    /// Whether the parameter is marked invalid, otherwise valid.
    pub mark_invalid: bool,
    /// What is written besides.
    pub change: BootChange,
}

/// What [`SetSystemBootOptions`] does with the parameter's value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BootChange {
    /// Nothing: the request has no data, and only the mark changes.
    MarkOnly(BootSelector),
    /// It is replaced.
    Write(BootParameter),
}

impl BootChange {
    /// The parameter concerned.
    #[must_use]
    pub const fn selector(&self) -> BootSelector {
        match self {
            Self::MarkOnly(selector) => *selector,
            Self::Write(parameter) => parameter.selector(),
        }
    }
}

impl SetSystemBootOptions {
    /// Completion code: the parameter is not supported.
    pub const NOT_SUPPORTED: u8 = 0x80;
    /// Completion code: "set in progress" cannot be taken, since another holds it.
    pub const SET_IN_PROGRESS: u8 = 0x81;
    /// Completion code: the parameter can only be read.
    pub const READ_ONLY: u8 = 0x82;
}

impl Command for SetSystemBootOptions {
    const NETFN: NetFn = NetFn::CHASSIS;
    const CODE: u8 = 0x08;
    const NAME: &'static str = "Set System Boot Options";
    const PRIVILEGE: Privilege = Privilege::Operator;
    type Response = ();
}

impl Encode for SetSystemBootOptions {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(bit(7, self.mark_invalid) | self.change.selector().number());
        if let BootChange::Write(parameter) = &self.change {
            parameter.encode_value(out);
        }
    }
}

impl Decode for SetSystemBootOptions {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        let first = r.u8()?;
        let selector = BootSelector::new(first);
        let change = if r.is_empty() {
            BootChange::MarkOnly(selector)
        } else {
            BootChange::Write(BootParameter::decode_value(selector, r.rest())?)
        };
        Ok(Self {
            mark_invalid: is_set(first, 7),
            change,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::chassis::{
        BootDevice, BootFlags, InfoAcknowledge, SetInProgress, ValidBitClearing,
    };
    use crate::command::testing;

    fn write(parameter: BootParameter) -> SetSystemBootOptions {
        SetSystemBootOptions {
            mark_invalid: false,
            change: BootChange::Write(parameter),
        }
    }

    #[test]
    fn the_five_requests_of_ipmitool_s_bootdev() {
        let begin = BootParameter::SetInProgress(SetInProgress::InProgress);
        testing::request(&write(begin), &[0x00, 0x01]);
        let acknowledge = BootParameter::InfoAcknowledge(InfoAcknowledge {
            mask: 1,
            handled: 1,
        });
        testing::request(&write(acknowledge), &[0x04, 0x01, 0x01]);
        let flags = BootParameter::Flags(BootFlags {
            valid: true,
            device: BootDevice::Pxe,
            ..BootFlags::NONE
        });
        testing::request(&write(flags), &[0x05, 0x80, 0x04, 0, 0, 0]);
        let commit = BootParameter::SetInProgress(SetInProgress::Commit);
        testing::request(&write(commit), &[0x00, 0x02]);
        let end = BootParameter::SetInProgress(SetInProgress::Complete);
        testing::request(&write(end), &[0x00, 0x00]);
        testing::response::<SetSystemBootOptions>(&(), &[]);
    }

    #[test]
    fn the_raw_request_of_ironic() {
        let keep = BootParameter::ValidBitClearing(ValidBitClearing {
            keep_on_timeout: true,
            ..ValidBitClearing::default()
        });
        testing::request(&write(keep), &[0x03, 0x08]);
    }

    #[test]
    fn without_data_only_the_mark_changes() {
        let mark = SetSystemBootOptions {
            mark_invalid: true,
            change: BootChange::MarkOnly(BootSelector::FLAGS),
        };
        testing::request(&mark, &[0x85]);
        testing::refused::<SetSystemBootOptions>(&[], DecodeError::Truncated);
    }

    #[test]
    fn unknown_parameters_are_decoded() {
        let other = BootParameter::Other {
            selector: BootSelector::new(0x40),
            data: [1].to_vec(),
        };
        testing::request(&write(other), &[0x40, 1]);
    }
    #[test]
    fn what_freeipmi_s_ipmi_config_commits() {
        let keep = BootParameter::ValidBitClearing(ValidBitClearing {
            keep_on_pef: true,
            keep_on_timeout: true,
            keep_on_watchdog: true,
            keep_on_reset: true,
            keep_on_power_button: true,
        });
        testing::request(&write(keep), &[0x03, 0x1F]);
        let acknowledge = BootParameter::InfoAcknowledge(InfoAcknowledge {
            mask: 0xFF,
            handled: 0xFF,
        });
        testing::request(&write(acknowledge), &[0x04, 0xFF, 0xFF]);
    }
}
