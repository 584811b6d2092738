//! Get LAN Configuration Parameters, §23.2.

use alloc::vec::Vec;

use super::LanSelector;
use crate::Privilege;
use crate::command::bits::{bit, is_set};
use crate::command::{Channel, Command, NetFn, ParameterData};
use crate::wire::{Decode, DecodeError, Encode, Reader};

/// Reads a parameter of a LAN channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GetLanConfigurationParameters {
    /// The channel.
    pub channel: Channel,
    /// Asks only for the revision of the parameters' form.
    pub revision_only: bool,
    /// Which parameter.
    pub selector: LanSelector,
    /// Which of several sets of it; 0 where there is only one.
    pub set: u8,
    /// Which block of the set; 0 where there is only one.
    pub block: u8,
}

impl GetLanConfigurationParameters {
    /// Completion code: the parameter is not supported.
    pub const NOT_SUPPORTED: u8 = 0x80;
}

impl Command for GetLanConfigurationParameters {
    const NETFN: NetFn = NetFn::TRANSPORT;
    const CODE: u8 = 0x02;
    const NAME: &'static str = "Get LAN Configuration Parameters";
    const PRIVILEGE: Privilege = Privilege::Operator;
    /// The value is a [`LanParameter`](super::LanParameter)'s.
    type Response = ParameterData;
}

impl Encode for GetLanConfigurationParameters {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend([
            bit(7, self.revision_only) | self.channel.number(),
            self.selector.0,
            self.set,
            self.block,
        ]);
    }
}

impl Decode for GetLanConfigurationParameters {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        let [channel, selector, set, block] = r.array()?;
        r.finish()?;
        Ok(Self {
            channel: Channel::new(channel),
            revision_only: is_set(channel, 7),
            selector: LanSelector(selector),
            set,
            block,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::testing;
    use crate::command::transport::LanParameter;
    use core::net::Ipv4Addr;

    #[test]
    fn what_ipmitool_s_lan_print_sends_and_gets() {
        type Get = GetLanConfigurationParameters;
        let get = Get {
            channel: Channel::new(1),
            revision_only: false,
            selector: LanSelector::ADDRESS,
            set: 0,
            block: 0,
        };
        testing::request(&get, &[0x01, 0x03, 0x00, 0x00]);
        let address = LanParameter::Address(Ipv4Addr::new(192, 0, 2, 1));
        testing::response::<Get>(&ParameterData::from(&address), &[0x11, 192, 0, 2, 1]);
    }

    #[test]
    fn the_revision_alone() {
        type Get = GetLanConfigurationParameters;
        let get = Get {
            channel: Channel::new(1),
            revision_only: true,
            selector: LanSelector(0),
            set: 0,
            block: 0,
        };
        testing::request(&get, &[0x81, 0x00, 0x00, 0x00]);
        testing::response::<Get>(&ParameterData::REVISION, &[0x11]);
        testing::refused::<Get>(&[1, 3, 0], DecodeError::Truncated);
    }
}
