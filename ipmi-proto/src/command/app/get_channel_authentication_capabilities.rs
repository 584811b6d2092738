//! Get Channel Authentication Capabilities, §22.13.

use alloc::vec::Vec;

use crate::Privilege;
use crate::command::bits::{bit, is_set};
use crate::command::{Channel, Command, NetFn};
use crate::wire::{Decode, DecodeError, Encode, Reader};

/// Asks how a session may be opened: the first thing that every client sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GetChannelAuthenticationCapabilities {
    /// Asks for the IPMI 2.0 fields too.
    pub extended: bool,
    /// The channel asked about.
    pub channel: Channel,
    /// The level that the session is to have at most.
    pub privilege: Privilege,
}

impl Command for GetChannelAuthenticationCapabilities {
    const NETFN: NetFn = NetFn::APP;
    const CODE: u8 = 0x38;
    const NAME: &'static str = "Get Channel Authentication Capabilities";
    const PRIVILEGE: Privilege = Privilege::Callback;
    const SESSIONLESS: bool = true;
    type Response = ChannelAuthenticationCapabilities;
}

impl Encode for GetChannelAuthenticationCapabilities {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend([
            bit(7, self.extended) | self.channel.number(),
            self.privilege.bits(),
        ]);
    }
}

impl Decode for GetChannelAuthenticationCapabilities {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        let [channel, privilege] = r.array()?;
        r.finish()?;
        Ok(Self {
            extended: is_set(channel, 7),
            channel: Channel::new(channel),
            privilege: Privilege::from_bits(privilege & 0x0F)?,
        })
    }
}

/// The answer to [`GetChannelAuthenticationCapabilities`], 8 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChannelAuthenticationCapabilities {
    /// The channel's real number, also where [`Channel::PRESENT`] was asked about.
    pub channel: Channel,
    /// How packets of IPMI 1.5 sessions may be authenticated.
    pub auth_types: AuthTypes,
    /// The IPMI 2.0 fields. ipmitool gives up on RMCP+ where they are absent.
    pub extended: Option<ExtendedCapabilities>,
    /// Whether every packet of an IPMI 1.5 session must be authenticated, not only those that open it.
    pub per_message_auth: bool,
    /// Whether commands of User level must be authenticated in an IPMI 1.5 session.
    pub user_level_auth: bool,
    /// Whether users with a name may log in.
    pub named_users: bool,
    /// Whether the user without a name may log in with a password.
    pub nameless_user: bool,
    /// Whether the user without a name may log in without a password.
    pub anonymous: bool,
    /// IANA enterprise number of the one who defined the OEM authentication type, 24 bits; 0 where there is none.
    pub oem_id: u32,
    /// What that one says besides.
    pub oem_data: u8,
}

/// The fields that IPMI 2.0 added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExtendedCapabilities {
    /// Whether a K_g other than zero is set, so that the console needs it besides the user's password.
    pub kg_set: bool,
    /// Whether IPMI 2.0 (RMCP+) sessions are possible.
    pub v20: bool,
    /// Whether IPMI 1.5 sessions are possible.
    pub v15: bool,
}

/// The authentication types of IPMI 1.5 that a channel supports, one bit each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AuthTypes(u8);

impl AuthTypes {
    /// No authentication at all.
    pub const NONE: u8 = 1;
    /// MD2.
    pub const MD2: u8 = 1 << 1;
    /// MD5.
    pub const MD5: u8 = 1 << 2;
    /// The password itself, in the clear.
    pub const PASSWORD: u8 = 1 << 4;
    /// OEM proprietary.
    pub const OEM: u8 = 1 << 5;

    /// The types with these bits; others are dropped.
    #[must_use]
    pub const fn new(bits: u8) -> Self {
        Self(bits & (Self::NONE | Self::MD2 | Self::MD5 | Self::PASSWORD | Self::OEM))
    }

    /// The bits.
    #[must_use]
    pub const fn bits(self) -> u8 {
        self.0
    }
}

impl Encode for ChannelAuthenticationCapabilities {
    fn encode(&self, out: &mut Vec<u8>) {
        let kg_set = self.extended.is_some_and(|extended| extended.kg_set);
        out.extend([
            self.channel.number(),
            self.auth_types.bits() | bit(7, self.extended.is_some()),
            bit(5, kg_set)
                | bit(4, !self.per_message_auth)
                | bit(3, !self.user_level_auth)
                | bit(2, self.named_users)
                | bit(1, self.nameless_user)
                | bit(0, self.anonymous),
            self.extended
                .map_or(0, |extended| bit(1, extended.v20) | bit(0, extended.v15)),
        ]);
        let [low, mid, high, _] = self.oem_id.to_le_bytes();
        out.extend([low, mid, high, self.oem_data]);
    }
}

impl Decode for ChannelAuthenticationCapabilities {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        let [channel, auth_types, status, versions] = r.array()?;
        let [low, mid, high, oem_data] = r.array()?;
        r.finish()?;
        Ok(Self {
            channel: Channel::new(channel),
            auth_types: AuthTypes::new(auth_types),
            extended: is_set(auth_types, 7).then_some(ExtendedCapabilities {
                kg_set: is_set(status, 5),
                v20: is_set(versions, 1),
                v15: is_set(versions, 0),
            }),
            per_message_auth: !is_set(status, 4),
            user_level_auth: !is_set(status, 3),
            named_users: is_set(status, 2),
            nameless_user: is_set(status, 1),
            anonymous: is_set(status, 0),
            oem_id: u32::from_le_bytes([low, mid, high, 0]),
            oem_data,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::testing;

    #[test]
    fn the_request_of_ipmitool() {
        let asked = GetChannelAuthenticationCapabilities {
            extended: true,
            channel: Channel::PRESENT,
            privilege: Privilege::Administrator,
        };
        testing::request(&asked, &[0x8E, 0x04]);
        let first_edition = GetChannelAuthenticationCapabilities {
            extended: false,
            ..asked
        };
        testing::request(&first_edition, &[0x0E, 0x04]);
    }

    #[test]
    fn reserved_levels_are_refused() {
        type Get = GetChannelAuthenticationCapabilities;
        let error = DecodeError::Invalid("privilege level");
        testing::refused::<Get>(&[0x8E, 0x00], error);
        testing::refused::<Get>(&[0x8E, 0x06], error);
        testing::refused::<Get>(&[0x8E], DecodeError::Truncated);
    }

    #[test]
    fn responses() {
        type Get = GetChannelAuthenticationCapabilities;
        let rmcp_plus_only = ChannelAuthenticationCapabilities {
            channel: Channel::new(1),
            auth_types: AuthTypes::default(),
            extended: Some(ExtendedCapabilities {
                kg_set: false,
                v20: true,
                v15: false,
            }),
            per_message_auth: true,
            user_level_auth: true,
            named_users: true,
            nameless_user: false,
            anonymous: false,
            oem_id: 0,
            oem_data: 0,
        };
        testing::response::<Get>(&rmcp_plus_only, &[0x01, 0x80, 0x04, 0x02, 0, 0, 0, 0]);
        let everything = ChannelAuthenticationCapabilities {
            auth_types: AuthTypes::new(0xFF),
            extended: Some(ExtendedCapabilities {
                kg_set: true,
                v20: true,
                v15: true,
            }),
            per_message_auth: false,
            user_level_auth: false,
            named_users: true,
            nameless_user: true,
            anonymous: true,
            oem_id: 0x0A_BCDE,
            oem_data: 7,
            ..rmcp_plus_only
        };
        let bytes = [0x01, 0xB7, 0x3F, 0x03, 0xDE, 0xBC, 0x0A, 7];
        testing::response::<Get>(&everything, &bytes);
    }
    #[test]
    fn the_responses_of_ipmi_sim() {
        type Get = GetChannelAuthenticationCapabilities;
        let first_edition = ChannelAuthenticationCapabilities {
            channel: Channel::new(1),
            auth_types: AuthTypes::new(AuthTypes::MD2 | AuthTypes::MD5 | AuthTypes::PASSWORD),
            extended: None,
            per_message_auth: true,
            user_level_auth: true,
            named_users: true,
            nameless_user: false,
            anonymous: true,
            oem_id: 0,
            oem_data: 0,
        };
        testing::response::<Get>(&first_edition, &[0x01, 0x16, 0x05, 0, 0, 0, 0, 0]);
        let with_kg = ChannelAuthenticationCapabilities {
            extended: Some(ExtendedCapabilities {
                kg_set: true,
                v20: true,
                v15: true,
            }),
            ..first_edition
        };
        testing::response::<Get>(&with_kg, &[0x01, 0x96, 0x25, 0x03, 0, 0, 0, 0]);
    }
}
