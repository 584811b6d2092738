//! Set SOL Configuration Parameters, §26.2.

use alloc::vec::Vec;

use super::{SolParameter, SolSelector};
use crate::Privilege;
use crate::command::{Channel, Command, NetFn};
use crate::wire::{Decode, DecodeError, Encode, Reader};

/// Writes a parameter of serial over LAN.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetSolConfigurationParameters {
    /// The channel.
    pub channel: Channel,
    /// The parameter with its new value.
    pub parameter: SolParameter,
}

impl SetSolConfigurationParameters {
    /// Completion code: the parameter is not supported.
    pub const NOT_SUPPORTED: u8 = 0x80;
    /// Completion code: "set in progress" cannot be taken, since another holds it.
    pub const SET_IN_PROGRESS: u8 = 0x81;
    /// Completion code: the parameter can only be read.
    pub const READ_ONLY: u8 = 0x82;
}

impl Command for SetSolConfigurationParameters {
    const NETFN: NetFn = NetFn::TRANSPORT;
    const CODE: u8 = 0x21;
    const NAME: &'static str = "Set SOL Configuration Parameters";
    const PRIVILEGE: Privilege = Privilege::Administrator;
    type Response = ();
}

impl Encode for SetSolConfigurationParameters {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend([self.channel.number(), self.parameter.selector().0]);
        self.parameter.encode(out);
    }
}

impl Decode for SetSolConfigurationParameters {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        let [channel, selector] = r.array()?;
        Ok(Self {
            channel: Channel::new(channel),
            parameter: SolParameter::decode_value(SolSelector(selector), r.rest())?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::testing;
    use crate::command::transport::{BitRate, SolRetry};

    #[test]
    fn what_ipmitool_s_sol_set_sends() {
        let set = |parameter| SetSolConfigurationParameters {
            channel: Channel::new(1),
            parameter,
        };
        testing::request(&set(SolParameter::Enable(true)), &[0x01, 0x01, 0x01]);
        let retry = SolRetry {
            count: 7,
            interval: 10,
        };
        testing::request(&set(SolParameter::Retry(retry)), &[0x01, 0x04, 0x07, 0x0A]);
        let rate = SolParameter::VolatileBitRate(BitRate::Bps38400);
        testing::request(&set(rate), &[0x01, 0x06, 0x08]);
        testing::response::<SetSolConfigurationParameters>(&(), &[]);
    }

    #[test]
    fn short_requests_are_refused() {
        type Set = SetSolConfigurationParameters;
        testing::refused::<Set>(&[1], DecodeError::Truncated);
        testing::refused::<Set>(&[1, 4, 7], DecodeError::Truncated);
        testing::refused::<Set>(&[1, 6, 5], DecodeError::Invalid("bit rate"));
    }
}
