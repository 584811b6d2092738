//! The system info parameters that Set and Get System Info Parameters write and read, table 22-16c.

use alloc::vec::Vec;

use super::TextBlock;
use crate::command::{ParameterData, SetInProgress};
use crate::wire::{DecodeError, Encode, Reader};

/// A system info parameter's number. 192 to 255 are manufacturers'.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SystemInfoSelector(pub u8);

impl SystemInfoSelector {
    /// [`SystemInfoParameter::SetInProgress`].
    pub const SET_IN_PROGRESS: Self = Self(0);
    /// [`SystemInfoParameter::FirmwareVersion`].
    pub const FIRMWARE_VERSION: Self = Self(1);
    /// [`SystemInfoParameter::SystemName`].
    pub const SYSTEM_NAME: Self = Self(2);
    /// [`SystemInfoParameter::PrimaryOsName`].
    pub const PRIMARY_OS_NAME: Self = Self(3);
    /// [`SystemInfoParameter::OsName`].
    pub const OS_NAME: Self = Self(4);
    /// [`SystemInfoParameter::OsVersion`].
    pub const OS_VERSION: Self = Self(5);
    /// [`SystemInfoParameter::BmcUrl`].
    pub const BMC_URL: Self = Self(6);
    /// [`SystemInfoParameter::ManagementUrl`].
    pub const MANAGEMENT_URL: Self = Self(7);
}

/// A system info parameter with its value: for texts, one block of it. The set selector says which.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SystemInfoParameter {
    /// 0: whether someone is writing parameters that belong together.
    SetInProgress(SetInProgress),
    /// 1: the version of the machine's firmware.
    FirmwareVersion(TextBlock),
    /// 2: the machine's name.
    SystemName(TextBlock),
    /// 3: the name of the operating system that the machine starts normally. Kept.
    PrimaryOsName(TextBlock),
    /// 4: the name of the operating system that runs. Forgotten when the machine starts.
    OsName(TextBlock),
    /// 5: its version. Forgotten when the machine starts.
    OsVersion(TextBlock),
    /// 6: where the BMC's web pages are.
    BmcUrl(TextBlock),
    /// 7: where the operating system or the hypervisor is managed.
    ManagementUrl(TextBlock),
    /// Any other: a manufacturer's (192 to 255) or a reserved one.
    Other {
        /// Which one; not one of those above.
        selector: SystemInfoSelector,
        /// Its value.
        data: Vec<u8>,
    },
}

impl SystemInfoParameter {
    /// Which parameter it is.
    #[must_use]
    pub const fn selector(&self) -> SystemInfoSelector {
        match self {
            Self::SetInProgress(_) => SystemInfoSelector::SET_IN_PROGRESS,
            Self::FirmwareVersion(_) => SystemInfoSelector::FIRMWARE_VERSION,
            Self::SystemName(_) => SystemInfoSelector::SYSTEM_NAME,
            Self::PrimaryOsName(_) => SystemInfoSelector::PRIMARY_OS_NAME,
            Self::OsName(_) => SystemInfoSelector::OS_NAME,
            Self::OsVersion(_) => SystemInfoSelector::OS_VERSION,
            Self::BmcUrl(_) => SystemInfoSelector::BMC_URL,
            Self::ManagementUrl(_) => SystemInfoSelector::MANAGEMENT_URL,
            Self::Other { selector, .. } => *selector,
        }
    }

    /// Reads the value of this parameter.
    ///
    /// # Errors
    ///
    /// [`DecodeError`], also where bytes follow the value.
    pub fn decode_value(selector: SystemInfoSelector, input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        let text = match selector {
            SystemInfoSelector::SET_IN_PROGRESS => {
                let state = SetInProgress::from_bits(r.u8()?)?;
                r.finish()?;
                return Ok(Self::SetInProgress(state));
            }
            SystemInfoSelector::FIRMWARE_VERSION => Self::FirmwareVersion,
            SystemInfoSelector::SYSTEM_NAME => Self::SystemName,
            SystemInfoSelector::PRIMARY_OS_NAME => Self::PrimaryOsName,
            SystemInfoSelector::OS_NAME => Self::OsName,
            SystemInfoSelector::OS_VERSION => Self::OsVersion,
            SystemInfoSelector::BMC_URL => Self::BmcUrl,
            SystemInfoSelector::MANAGEMENT_URL => Self::ManagementUrl,
            selector => {
                let data = r.rest().to_vec();
                return Ok(Self::Other { selector, data });
            }
        };
        TextBlock::read(&mut r).map(text)
    }
}

/// The value alone: the number stands elsewhere in a request, and nowhere in an answer.
impl Encode for SystemInfoParameter {
    fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Self::SetInProgress(state) => out.push(*state as u8),
            Self::FirmwareVersion(block)
            | Self::SystemName(block)
            | Self::PrimaryOsName(block)
            | Self::OsName(block)
            | Self::OsVersion(block)
            | Self::BmcUrl(block)
            | Self::ManagementUrl(block) => block.encode(out),
            Self::Other { data, .. } => out.extend(data),
        }
    }
}

impl From<&SystemInfoParameter> for ParameterData {
    fn from(parameter: &SystemInfoParameter) -> Self {
        Self::of(parameter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::app::InfoText;

    #[track_caller]
    fn both_ways(parameter: SystemInfoParameter, number: u8, bytes: &[u8]) {
        let mut out = Vec::new();
        parameter.encode(&mut out);
        assert_eq!(parameter.selector(), SystemInfoSelector(number));
        assert_eq!(out, bytes);
        let decoded = SystemInfoParameter::decode_value(SystemInfoSelector(number), bytes);
        assert_eq!(decoded, Ok(parameter));
    }

    #[test]
    fn every_parameter_has_its_number() {
        let state = SystemInfoParameter::SetInProgress(SetInProgress::Commit);
        both_ways(state, 0, &[2]);
        type Text = fn(TextBlock) -> SystemInfoParameter;
        let texts: [Text; 7] = [
            SystemInfoParameter::FirmwareVersion,
            SystemInfoParameter::SystemName,
            SystemInfoParameter::PrimaryOsName,
            SystemInfoParameter::OsName,
            SystemInfoParameter::OsVersion,
            SystemInfoParameter::BmcUrl,
            SystemInfoParameter::ManagementUrl,
        ];
        let block = InfoText::utf8("1.2").block(0).unwrap();
        for (text, number) in texts.iter().zip(1..) {
            let bytes = b"\0\x01\x031.2\0\0\0\0\0\0\0\0\0\0\0";
            both_ways(text(block.clone()), number, bytes);
        }
        let other = SystemInfoParameter::Other {
            selector: SystemInfoSelector(0xE4),
            data: [1, 2].to_vec(),
        };
        both_ways(other, 0xE4, &[1, 2]);
    }

    #[test]
    fn wrong_values_and_lengths_are_refused() {
        let refused = |number, bytes: &[u8], error| {
            let decoded = SystemInfoParameter::decode_value(SystemInfoSelector(number), bytes);
            assert_eq!(decoded, Err(error));
        };
        refused(0, &[3], DecodeError::Invalid("set in progress"));
        refused(0, &[0, 0], DecodeError::Trailing);
        refused(2, &[], DecodeError::Truncated);
    }
}
