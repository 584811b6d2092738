//! Set Channel Security Keys, §22.25.

use alloc::vec::Vec;
use core::fmt;

use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::command::{Channel, Command, NetFn};
use crate::crypto::{BmcKey, MAX_PASSWORD_LEN};
use crate::wire::{Decode, DecodeError, Encode, Reader};
use crate::{CompletionCode, Privilege};

/// Reads, sets or locks a channel's key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetChannelSecurityKeys {
    /// The channel.
    pub channel: Channel,
    /// Which key.
    pub key: ChannelKey,
    /// What to do with it.
    pub operation: KeyOperation,
}

/// A key that all users of a channel share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum ChannelKey {
    /// K_R, from which BMCs without a random source make their random numbers.
    Kr = 0,
    /// K_G, the BMC key of the RAKP handshake.
    Kg = 1,
}

/// What [`SetChannelSecurityKeys`] does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyOperation {
    /// Reads the key, unless it is locked.
    Read,
    /// Sets the key, unless it is locked.
    Set(SecurityKey),
    /// Locks the key: it can be read and set no more.
    Lock,
}

impl SetChannelSecurityKeys {
    /// Completion code: the key is locked.
    pub const LOCKED: u8 = 0x80;
    /// Completion code: the key has too few bytes.
    pub const TOO_SHORT: u8 = 0x81;
    /// Completion code: the key has too many bytes.
    pub const TOO_LONG: u8 = 0x82;
    /// Completion code: the key is not good enough.
    pub const UNFIT: u8 = 0x83;
    /// Completion code: this BMC has no use for K_R.
    pub const KR_NOT_USED: u8 = 0x84;
}

/// A key as it came, of whatever length. Compares in constant time.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct SecurityKey(Vec<u8>);

impl SecurityKey {
    /// The length that keys must have.
    pub const LEN: usize = MAX_PASSWORD_LEN;

    /// A key of the right length.
    #[must_use]
    pub fn new(key: &[u8; Self::LEN]) -> Self {
        Self(key.to_vec())
    }

    /// Its bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The key as the BMC's K_g. One that is too short is padded with zeros, not refused with
    /// [`SetChannelSecurityKeys::TOO_SHORT`]: FreeIPMI sends keys without their padding, and none at all to clear one.
    ///
    /// # Errors
    ///
    /// [`SetChannelSecurityKeys::TOO_LONG`] for more than 20 bytes.
    pub fn to_kg(&self) -> Result<BmcKey, CompletionCode> {
        let too_long = CompletionCode::CommandSpecific(SetChannelSecurityKeys::TOO_LONG);
        if self.0.len() > Self::LEN {
            return Err(too_long);
        }
        BmcKey::new(&self.0).map_err(|_| too_long)
    }
}

impl PartialEq for SecurityKey {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for SecurityKey {}

impl fmt::Debug for SecurityKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecurityKey(***)")
    }
}

impl Command for SetChannelSecurityKeys {
    const NETFN: NetFn = NetFn::APP;
    const CODE: u8 = 0x56;
    const NAME: &'static str = "Set Channel Security Keys";
    const PRIVILEGE: Privilege = Privilege::Administrator;
    type Response = ChannelSecurityKey;
}

const READ: u8 = 0;
const SET: u8 = 1;
const LOCK: u8 = 2;

impl Encode for SetChannelSecurityKeys {
    fn encode(&self, out: &mut Vec<u8>) {
        let (operation, value) = match &self.operation {
            KeyOperation::Read => (READ, &[][..]),
            KeyOperation::Set(value) => (SET, value.as_bytes()),
            KeyOperation::Lock => (LOCK, &[][..]),
        };
        out.extend([self.channel.number(), operation, self.key as u8]);
        out.extend(value);
    }
}

impl Decode for SetChannelSecurityKeys {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        let [channel, operation, key] = r.array()?;
        let operation = match operation & 0x03 {
            READ => KeyOperation::Read,
            SET => KeyOperation::Set(SecurityKey(r.rest().to_vec())),
            LOCK => KeyOperation::Lock,
            _ => return Err(DecodeError::Invalid("key operation")),
        };
        r.finish()?;
        Ok(Self {
            channel: Channel::new(channel),
            key: match key {
                0 => ChannelKey::Kr,
                1 => ChannelKey::Kg,
                _ => return Err(DecodeError::OutOfRange("key id")),
            },
            operation,
        })
    }
}

/// The answer to [`SetChannelSecurityKeys`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelSecurityKey {
    /// Whether the key is locked.
    pub lock: KeyLock,
    /// The key, where it was asked for; none otherwise.
    pub value: Option<SecurityKey>,
}

/// Whether a key can be read and set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum KeyLock {
    /// It can, and cannot be locked.
    NotLockable = 0,
    /// It cannot.
    Locked = 1,
    /// It can, until it is locked.
    Unlocked = 2,
}

impl Encode for ChannelSecurityKey {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(self.lock as u8);
        out.extend(self.value.iter().flat_map(SecurityKey::as_bytes));
    }
}

impl Decode for ChannelSecurityKey {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        let lock = r.u8()?;
        let value = (!r.is_empty()).then(|| SecurityKey(r.rest().to_vec()));
        Ok(Self {
            lock: match lock & 0x03 {
                0 => KeyLock::NotLockable,
                1 => KeyLock::Locked,
                2 => KeyLock::Unlocked,
                _ => return Err(DecodeError::Invalid("key lock status")),
            },
            value,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::testing;
    use std::format;

    const KEY: [u8; 20] = *b"0123456789abcdefghij";

    fn asked(operation: KeyOperation) -> SetChannelSecurityKeys {
        SetChannelSecurityKeys {
            channel: Channel::new(1),
            key: ChannelKey::Kg,
            operation,
        }
    }

    #[test]
    fn what_ipmitool_s_channel_setkg_sends() {
        let set = asked(KeyOperation::Set(SecurityKey::new(&KEY)));
        testing::request(&set, b"\x01\x01\x010123456789abcdefghij");
        let done = ChannelSecurityKey {
            lock: KeyLock::Unlocked,
            value: None,
        };
        testing::response::<SetChannelSecurityKeys>(&done, &[0x02]);
    }

    #[test]
    fn what_freeipmi_s_ipmi_config_sends() {
        let kr = SetChannelSecurityKeys {
            key: ChannelKey::Kr,
            ..asked(KeyOperation::Read)
        };
        testing::request(&kr, &[0x01, 0x00, 0x00]);
        testing::request(&asked(KeyOperation::Read), &[0x01, 0x00, 0x01]);
        let read = ChannelSecurityKey {
            lock: KeyLock::NotLockable,
            value: Some(SecurityKey::new(&KEY)),
        };
        testing::response::<SetChannelSecurityKeys>(&read, b"\x000123456789abcdefghij");
        testing::request(&asked(KeyOperation::Lock), &[0x01, 0x02, 0x01]);
    }

    #[test]
    fn a_short_key_is_padded_and_a_long_one_refused() {
        let kg = |key: &[u8]| {
            let bytes = [&[1, 1, 1][..], key].concat();
            let KeyOperation::Set(key) = SetChannelSecurityKeys::decode(&bytes).unwrap().operation
            else {
                panic!("not a set");
            };
            key.to_kg()
        };
        assert_eq!(kg(&KEY), Ok(BmcKey::new(&KEY).unwrap()));
        assert_eq!(kg(b"short"), Ok(BmcKey::new(b"short").unwrap()));
        let none = BmcKey::new(&[]).unwrap();
        assert_eq!(kg(&[0; 20]), Ok(none.clone()));
        assert_eq!(kg(&[]), Ok(none));
        let long = CompletionCode::CommandSpecific(SetChannelSecurityKeys::TOO_LONG);
        assert_eq!(kg(&[1; 21]), Err(long));
        assert_eq!(kg(&[0; 21]), Err(long));
    }

    #[test]
    fn reserved_values_are_refused() {
        let operation = DecodeError::Invalid("key operation");
        testing::refused::<SetChannelSecurityKeys>(&[1, 3, 1], operation);
        let key = DecodeError::OutOfRange("key id");
        testing::refused::<SetChannelSecurityKeys>(&[1, 0, 2], key);
        testing::refused::<SetChannelSecurityKeys>(&[1, 0], DecodeError::Truncated);
        testing::refused::<SetChannelSecurityKeys>(&[1, 0, 1, 0], DecodeError::Trailing);
        let lock = Err(DecodeError::Invalid("key lock status"));
        assert_eq!(ChannelSecurityKey::decode(&[3]), lock);
    }

    #[test]
    fn debug_shows_no_key() {
        let shown = format!("{:?}", asked(KeyOperation::Set(SecurityKey::new(&KEY))));
        assert!(shown.contains("SecurityKey(***)"), "{shown}");
        assert!(!shown.contains("48"), "{shown}");
    }
}
