//! Get SOL Configuration Parameters, §26.3.

use alloc::vec::Vec;

use super::SolSelector;
use crate::Privilege;
use crate::command::bits::{bit, is_set};
use crate::command::{Channel, Command, NetFn, ParameterData};
use crate::wire::{Decode, DecodeError, Encode, Reader};

/// Reads a parameter of serial over LAN.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GetSolConfigurationParameters {
    /// The channel.
    pub channel: Channel,
    /// Asks only for the revision of the parameters' form.
    pub revision_only: bool,
    /// Which parameter.
    pub selector: SolSelector,
    /// Which of several sets of it; no parameter of the specification's has any.
    pub set: u8,
    /// Which block of the set; no parameter of the specification's has any.
    pub block: u8,
}

impl GetSolConfigurationParameters {
    /// Completion code: the parameter is not supported.
    pub const NOT_SUPPORTED: u8 = 0x80;
}

impl Command for GetSolConfigurationParameters {
    const NETFN: NetFn = NetFn::TRANSPORT;
    const CODE: u8 = 0x22;
    const NAME: &'static str = "Get SOL Configuration Parameters";
    const PRIVILEGE: Privilege = Privilege::User;
    /// The value is a [`SolParameter`](super::SolParameter)'s.
    type Response = ParameterData;
}

impl Encode for GetSolConfigurationParameters {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend([
            bit(7, self.revision_only) | self.channel.number(),
            self.selector.0,
            self.set,
            self.block,
        ]);
    }
}

impl Decode for GetSolConfigurationParameters {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        let [channel, selector, set, block] = r.array()?;
        r.finish()?;
        Ok(Self {
            channel: Channel::new(channel),
            revision_only: is_set(channel, 7),
            selector: SolSelector(selector),
            set,
            block,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::testing;
    use crate::command::transport::SolParameter;

    #[test]
    fn what_ipmitool_s_sol_info_sends_and_ipmi_sim_answers() {
        type Get = GetSolConfigurationParameters;
        let get = Get {
            channel: Channel::new(1),
            revision_only: false,
            selector: SolSelector::ENABLE,
            set: 0,
            block: 0,
        };
        testing::request(&get, &[0x01, 0x01, 0x00, 0x00]);
        let enabled = SolParameter::Enable(true);
        testing::response::<Get>(&ParameterData::from(&enabled), &[0x11, 0x01]);
        let revision = Get {
            revision_only: true,
            ..get
        };
        testing::request(&revision, &[0x81, 0x01, 0x00, 0x00]);
        testing::response::<Get>(&ParameterData::REVISION, &[0x11]);
        testing::refused::<Get>(&[1, 1, 0], DecodeError::Truncated);
    }
}
