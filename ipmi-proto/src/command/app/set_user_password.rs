//! Set User Password, §22.30.

use alloc::vec::Vec;
use core::fmt;

use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop};

use super::UserId;
use crate::Privilege;
use crate::command::bits::{bit, is_set};
use crate::command::{Command, NetFn};
use crate::wire::{Decode, DecodeError, Encode, Reader};

/// Enables or disables a user, or sets or tests the user's password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetUserPassword {
    /// The user.
    pub user: UserId,
    /// What to do.
    pub operation: PasswordOperation,
}

/// What [`SetUserPassword`] does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PasswordOperation {
    /// The user can log in no more. The password stays.
    Disable,
    /// The user can log in again.
    Enable,
    /// This is the password from now on.
    Set(Password),
    /// Is this the password? The completion code says.
    Test(Password),
}

impl SetUserPassword {
    /// Completion code: the tested password is another.
    pub const TEST_FAILED: u8 = 0x80;
    /// Completion code: the tested password is of the other size.
    pub const WRONG_SIZE: u8 = 0x81;
}

/// A password as it was sent: with zeros up to 16 bytes, the form of IPMI 1.5, or up to 20.
///
/// `Debug` does not show it, comparing takes the same time wherever it differs, dropping wipes it.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Password {
    padded: [u8; Self::LONG],
    long: bool,
}

impl Password {
    /// The length of the short form.
    pub const SHORT: usize = 16;
    /// The length of the long form.
    pub const LONG: usize = 20;

    /// A password in the 16-byte form.
    #[must_use]
    pub fn short(padded: &[u8; Self::SHORT]) -> Self {
        let mut password = Self {
            padded: [0; Self::LONG],
            long: false,
        };
        for (to, from) in password.padded.iter_mut().zip(padded) {
            *to = *from;
        }
        password
    }

    /// A password in the 20-byte form.
    #[must_use]
    pub const fn long(padded: &[u8; Self::LONG]) -> Self {
        Self {
            padded: *padded,
            long: true,
        }
    }

    /// Whether it came in the 20-byte form.
    #[must_use]
    pub const fn is_long(&self) -> bool {
        self.long
    }

    /// The password with its padding: 16 or 20 bytes.
    #[must_use]
    pub fn padded(&self) -> &[u8] {
        let len = if self.long { Self::LONG } else { Self::SHORT };
        self.padded.get(..len).unwrap_or_default()
    }

    /// The password without its padding.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        let end = self.padded.iter().rposition(|byte| *byte != 0);
        let len = end.map_or(0, |last| last + 1);
        self.padded.get(..len).unwrap_or_default()
    }
}

impl PartialEq for Password {
    fn eq(&self, other: &Self) -> bool {
        self.long == other.long && bool::from(self.padded.ct_eq(&other.padded))
    }
}

impl Eq for Password {}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(..)")
    }
}

impl Command for SetUserPassword {
    const NETFN: NetFn = NetFn::APP;
    const CODE: u8 = 0x47;
    const NAME: &'static str = "Set User Password";
    const PRIVILEGE: Privilege = Privilege::Administrator;
    type Response = ();
}

const DISABLE: u8 = 0;
const ENABLE: u8 = 1;
const SET: u8 = 2;
const TEST: u8 = 3;

impl Encode for SetUserPassword {
    fn encode(&self, out: &mut Vec<u8>) {
        let (operation, password) = match &self.operation {
            PasswordOperation::Disable => (DISABLE, None),
            PasswordOperation::Enable => (ENABLE, None),
            PasswordOperation::Set(password) => (SET, Some(password)),
            PasswordOperation::Test(password) => (TEST, Some(password)),
        };
        let long = password.is_some_and(Password::is_long);
        out.extend([bit(7, long) | self.user.number(), operation]);
        out.extend(password.map_or(&[][..], Password::padded));
    }
}

impl Decode for SetUserPassword {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        let [user, operation] = r.array()?;
        // To enable and disable needs no password, but clients send one all the same.
        let password = match (operation & 0x03, r.is_empty()) {
            (DISABLE | ENABLE, true) => None,
            _ if is_set(user, 7) => Some(Password::long(&r.array()?)),
            _ => Some(Password::short(&r.array()?)),
        };
        r.finish()?;
        Ok(Self {
            user: UserId::from_bits(user)?,
            operation: match (operation & 0x03, password) {
                (DISABLE, _) => PasswordOperation::Disable,
                (ENABLE, _) => PasswordOperation::Enable,
                (SET, Some(password)) => PasswordOperation::Set(password),
                (_, Some(password)) => PasswordOperation::Test(password),
                (_, None) => return Err(DecodeError::Truncated),
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::testing;
    use std::format;

    fn asked(operation: PasswordOperation) -> SetUserPassword {
        SetUserPassword {
            user: UserId::new(2).unwrap(),
            operation,
        }
    }

    #[test]
    fn both_sizes() {
        let short = Password::short(b"password\0\0\0\0\0\0\0\0");
        let bytes = b"\x02\x02password\0\0\0\0\0\0\0\0";
        testing::request(&asked(PasswordOperation::Set(short)), bytes);
        let long = Password::long(b"a-password-of-20-byt");
        let bytes = b"\x82\x03a-password-of-20-byt";
        testing::request(&asked(PasswordOperation::Test(long)), bytes);
        testing::response::<SetUserPassword>(&(), &[]);
    }

    #[test]
    fn enabling_needs_no_password_but_may_bring_one() {
        testing::request(&asked(PasswordOperation::Disable), &[0x02, 0x00]);
        testing::request(&asked(PasswordOperation::Enable), &[0x02, 0x01]);
        let enable = Ok(asked(PasswordOperation::Enable));
        let with_short = [&[0x02, 0x01][..], &[0; 16]].concat();
        assert_eq!(SetUserPassword::decode(&with_short), enable);
        let with_long = [&[0x82, 0x01][..], &[0; 20]].concat();
        assert_eq!(SetUserPassword::decode(&with_long), enable);
    }

    #[test]
    fn other_lengths_are_refused() {
        testing::refused::<SetUserPassword>(&[2, 2], DecodeError::Truncated);
        testing::refused::<SetUserPassword>(&[0x82; 18], DecodeError::Truncated);
        testing::refused::<SetUserPassword>(&[2; 22], DecodeError::Trailing);
    }

    #[test]
    fn the_padding_is_no_part_of_it_and_the_size_is() {
        let short = Password::short(b"pass\0\0\0\0\0\0\0\0\0\0\0\0");
        let long = Password::long(b"pass\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0");
        assert_eq!(short.as_bytes(), b"pass");
        assert_eq!(short.as_bytes(), long.as_bytes());
        assert_ne!(short, long);
    }

    #[test]
    fn debug_shows_no_password() {
        let short = Password::short(b"password\0\0\0\0\0\0\0\0");
        let shown = format!("{:?}", asked(PasswordOperation::Set(short)));
        assert!(shown.ends_with("operation: Set(Password(..)) }"), "{shown}");
    }
}
