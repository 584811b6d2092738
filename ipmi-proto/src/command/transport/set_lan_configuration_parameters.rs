//! Set LAN Configuration Parameters, §23.1.

use alloc::vec::Vec;

use super::{LanParameter, LanSelector};
use crate::Privilege;
use crate::command::{Channel, Command, NetFn};
use crate::wire::{Decode, DecodeError, Encode, Reader};

/// Writes a parameter of a LAN channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetLanConfigurationParameters {
    /// The channel.
    pub channel: Channel,
    /// The parameter with its new value.
    pub parameter: LanParameter,
}

impl SetLanConfigurationParameters {
    /// Completion code: the parameter is not supported.
    pub const NOT_SUPPORTED: u8 = 0x80;
    /// Completion code: "set in progress" cannot be taken, since another holds it.
    pub const SET_IN_PROGRESS: u8 = 0x81;
    /// Completion code: the parameter can only be read.
    pub const READ_ONLY: u8 = 0x82;
}

impl Command for SetLanConfigurationParameters {
    const NETFN: NetFn = NetFn::TRANSPORT;
    const CODE: u8 = 0x01;
    const NAME: &'static str = "Set LAN Configuration Parameters";
    const PRIVILEGE: Privilege = Privilege::Administrator;
    type Response = ();
}

impl Encode for SetLanConfigurationParameters {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend([self.channel.number(), self.parameter.selector().0]);
        self.parameter.encode(out);
    }
}

impl Decode for SetLanConfigurationParameters {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        let [channel, selector] = r.array()?;
        Ok(Self {
            channel: Channel::new(channel),
            parameter: LanParameter::decode_value(LanSelector(selector), r.rest())?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::app::AuthTypes;
    use crate::command::transport::{
        AddressSource, ArpControl, BadPasswordThreshold, CipherSuitePrivileges, VlanId,
    };
    use crate::command::{SetInProgress, testing};
    use core::net::Ipv4Addr;

    #[track_caller]
    fn sent(parameter: LanParameter, bytes: &[u8]) {
        let set = SetLanConfigurationParameters {
            channel: Channel::new(1),
            parameter,
        };
        testing::request(&set, bytes);
    }

    #[test]
    fn what_ipmitool_s_lan_set_sends() {
        let begin = LanParameter::SetInProgress(SetInProgress::InProgress);
        sent(begin, &[1, 0, 1]);
        let address = LanParameter::Address(Ipv4Addr::new(192, 0, 2, 1));
        sent(address, &[1, 3, 192, 0, 2, 1]);
        let dhcp = LanParameter::AddressSource(AddressSource::Dhcp);
        sent(dhcp, &[1, 4, 2]);
        sent(
            LanParameter::Mac([2, 0, 0, 0, 0, 9]),
            &[1, 5, 2, 0, 0, 0, 0, 9],
        );
        let mask = LanParameter::SubnetMask(Ipv4Addr::new(255, 255, 255, 0));
        sent(mask, &[1, 6, 255, 255, 255, 0]);
        let arp = LanParameter::ArpControl(ArpControl {
            responses: true,
            gratuitous: true,
        });
        sent(arp, &[1, 10, 3]);
        let community = LanParameter::Community(*b"public\0\0\0\0\0\0\0\0\0\0\0\0");
        sent(community, b"\x01\x10public\0\0\0\0\0\0\0\0\0\0\0\0");
        let vlan = LanParameter::VlanId(VlanId {
            enabled: true,
            id: 10,
        });
        sent(vlan, &[1, 20, 10, 0x80]);
        // "aaaaXXXXXXXXXXX"
        let mut levels = [None; 16];
        levels[..4].fill(Some(Privilege::Administrator));
        let privileges = LanParameter::CipherSuitePrivileges(CipherSuitePrivileges(levels));
        sent(privileges, &[1, 24, 0, 0x44, 0x44, 0, 0, 0, 0, 0, 0]);
        let threshold = LanParameter::BadPasswordThreshold(BadPasswordThreshold {
            event: true,
            attempts: 3,
            reset_interval: 6,
            lockout_interval: 30,
        });
        sent(threshold, &[1, 26, 1, 3, 6, 0, 30, 0]);
        let end = LanParameter::SetInProgress(SetInProgress::Commit);
        sent(end, &[1, 0, 2]);
        testing::response::<SetLanConfigurationParameters>(&(), &[]);
    }

    #[test]
    fn authentication_types_for_every_level() {
        let [none, md5] = [0, AuthTypes::MD5 | AuthTypes::PASSWORD].map(AuthTypes::new);
        let enables = LanParameter::AuthEnables([md5, md5, md5, md5, none]);
        sent(enables, &[1, 2, 0x14, 0x14, 0x14, 0x14, 0]);
    }

    #[test]
    fn unknown_parameters_are_decoded_and_short_ones_refused() {
        let other = LanParameter::Other {
            selector: LanSelector(0xC0),
            data: [1].to_vec(),
        };
        sent(other, &[1, 0xC0, 1]);
        type Set = SetLanConfigurationParameters;
        testing::refused::<Set>(&[1], DecodeError::Truncated);
        testing::refused::<Set>(&[1, 3, 192], DecodeError::Truncated);
        testing::refused::<Set>(&[1, 0, 3], DecodeError::Invalid("set in progress"));
    }
}
