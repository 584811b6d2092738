//! Get PEF Configuration Parameters, §30.4.

use alloc::vec::Vec;

use super::{PefParameter, PefSelector};
use crate::Privilege;
use crate::command::bits::{bit, is_set};
use crate::command::{Command, NetFn};
use crate::wire::{Decode, DecodeError, Encode, Reader};

/// Reads a parameter of platform event filtering.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GetPefConfigurationParameters {
    /// Asks only for the revision of the parameters' form.
    pub revision_only: bool,
    /// Which parameter.
    pub selector: PefSelector,
    /// Which entry of a table, or which string; 0 for all others.
    pub set: u8,
    /// Which block of a string; 0 for all others.
    pub block: u8,
}

impl GetPefConfigurationParameters {
    /// Completion code: the parameter is not supported.
    pub const NOT_SUPPORTED: u8 = 0x80;
}

impl Command for GetPefConfigurationParameters {
    const NETFN: NetFn = NetFn::SENSOR_EVENT;
    const CODE: u8 = 0x13;
    const NAME: &'static str = "Get PEF Configuration Parameters";
    const PRIVILEGE: Privilege = Privilege::Operator;
    type Response = PefConfiguration;
}

impl Encode for GetPefConfigurationParameters {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend([
            bit(7, self.revision_only) | self.selector.number(),
            self.set,
            self.block,
        ]);
    }
}

impl Decode for GetPefConfigurationParameters {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        let [selector, set, block] = r.array()?;
        r.finish()?;
        Ok(Self {
            revision_only: is_set(selector, 7),
            selector: PefSelector::new(selector),
            set,
            block,
        })
    }
}

/// The answer to [`GetPefConfigurationParameters`]. It does not say which parameter it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PefConfiguration {
    /// The parameter's value; empty where only the revision was asked for.
    pub data: Vec<u8>,
}

impl PefConfiguration {
    /// Only the revision.
    pub const REVISION: Self = Self { data: Vec::new() };

    /// The value, of the parameter that was asked for.
    ///
    /// # Errors
    ///
    /// [`DecodeError`] says what is wrong with it.
    pub fn parameter(&self, selector: PefSelector) -> Result<PefParameter, DecodeError> {
        PefParameter::decode_value(selector, &self.data)
    }
}

impl From<&PefParameter> for PefConfiguration {
    fn from(parameter: &PefParameter) -> Self {
        let mut data = Vec::new();
        parameter.encode(&mut data);
        Self { data }
    }
}

/// Revision 1, compatible back to 1: the only one there is.
const REVISION: u8 = 0x11;

impl Encode for PefConfiguration {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(REVISION);
        out.extend(&self.data);
    }
}

impl Decode for PefConfiguration {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        // The low nibble says down to which revision the form is compatible.
        if r.u8()? & 0x0F != REVISION & 0x0F {
            return Err(DecodeError::Invalid("PEF parameter revision"));
        }
        Ok(Self {
            data: r.rest().to_vec(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::testing;

    type Get = GetPefConfigurationParameters;

    #[test]
    fn an_entry_of_a_table() {
        let get = Get {
            revision_only: false,
            selector: PefSelector::ALERT_POLICY,
            set: 2,
            block: 0,
        };
        testing::request(&get, &[0x09, 0x02, 0x00]);
        let count = PefParameter::AlertPolicyCount(4);
        let answer = PefConfiguration::from(&count);
        testing::response::<Get>(&answer, &[0x11, 0x04]);
        let selector = PefSelector::ALERT_POLICY_COUNT;
        assert_eq!(answer.parameter(selector), Ok(count));
    }

    #[test]
    fn the_revision_alone() {
        let get = Get {
            revision_only: true,
            selector: PefSelector::SET_IN_PROGRESS,
            set: 0,
            block: 0,
        };
        testing::request(&get, &[0x80, 0x00, 0x00]);
        testing::response::<Get>(&PefConfiguration::REVISION, &[0x11]);
        testing::refused::<Get>(&[1, 0], DecodeError::Truncated);
        let revision = Err(DecodeError::Invalid("PEF parameter revision"));
        assert_eq!(PefConfiguration::decode(&[0x12, 0]), revision);
    }
}
