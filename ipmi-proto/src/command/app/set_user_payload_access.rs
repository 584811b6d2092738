//! Set User Payload Access, §24.6.

use alloc::vec::Vec;

use super::{PayloadSet, UserId};
use crate::Privilege;
use crate::command::{Channel, Command, NetFn};
use crate::wire::{Decode, DecodeError, Encode, Reader};

/// Gives a user the right to activate payloads, or takes it away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SetUserPayloadAccess {
    /// The channel.
    pub channel: Channel,
    /// The user.
    pub user: UserId,
    /// Whether the user gets the right, or loses it.
    pub enable: bool,
    /// For which payloads; what concerns the others stays as it is. IPMI messages cannot be among them.
    pub payloads: PayloadSet,
}

impl Command for SetUserPayloadAccess {
    const NETFN: NetFn = NetFn::APP;
    const CODE: u8 = 0x4C;
    const NAME: &'static str = "Set User Payload Access";
    const PRIVILEGE: Privilege = Privilege::Administrator;
    type Response = ();
}

const ENABLE: u8 = 0;
const DISABLE: u8 = 1;

impl Encode for SetUserPayloadAccess {
    fn encode(&self, out: &mut Vec<u8>) {
        let operation = if self.enable { ENABLE } else { DISABLE };
        out.extend([self.channel.number(), operation << 6 | self.user.number()]);
        out.extend(self.payloads.access_bytes());
    }
}

impl Decode for SetUserPayloadAccess {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        let [channel, user] = r.array()?;
        let payloads = PayloadSet::from_access_bytes(r.array()?);
        r.finish()?;
        Ok(Self {
            channel: Channel::new(channel),
            user: UserId::from_bits(user)?,
            enable: match user >> 6 {
                ENABLE => true,
                DISABLE => false,
                _ => return Err(DecodeError::Invalid("payload access operation")),
            },
            payloads,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::app::PayloadNumber;
    use crate::command::testing;

    #[test]
    fn what_ipmitool_s_sol_payload_sends() {
        let enable = SetUserPayloadAccess {
            channel: Channel::new(1),
            user: UserId::new(2).unwrap(),
            enable: true,
            payloads: PayloadSet::EMPTY.with(PayloadNumber::SOL),
        };
        testing::request(&enable, &[0x01, 0x02, 0x02, 0, 0, 0]);
        let disable = SetUserPayloadAccess {
            enable: false,
            ..enable
        };
        testing::request(&disable, &[0x01, 0x42, 0x02, 0, 0, 0]);
        testing::response::<SetUserPayloadAccess>(&(), &[]);
    }

    #[test]
    fn reserved_values_are_refused() {
        let operation = DecodeError::Invalid("payload access operation");
        testing::refused::<SetUserPayloadAccess>(&[1, 0x82, 2, 0, 0, 0], operation);
        let user = DecodeError::OutOfRange("user id");
        testing::refused::<SetUserPayloadAccess>(&[1, 0, 2, 0, 0, 0], user);
        testing::refused::<SetUserPayloadAccess>(&[1, 2, 2], DecodeError::Truncated);
    }
}
