//! Set User Password, §22.30.

use alloc::vec::Vec;

use super::UserId;
use crate::Privilege;
use crate::command::bits::{bit, is_set};
use crate::command::{Command, NetFn};
use crate::crypto::{MAX_PASSWORD_LEN, Password};
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
    Set(SizedPassword),
    /// Is this the password? The completion code says.
    Test(SizedPassword),
}

impl SetUserPassword {
    /// Completion code: the tested password is another.
    pub const TEST_FAILED: u8 = 0x80;
    /// Completion code: the tested password is of the other size.
    pub const WRONG_SIZE: u8 = 0x81;
}

/// A password in one of the two sizes that it can have on the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SizedPassword {
    password: Password,
    long: bool,
}

impl SizedPassword {
    /// The length of the short form, which IPMI 1.5 has too.
    pub const SHORT: usize = 16;
    /// The length of the long form.
    pub const LONG: usize = MAX_PASSWORD_LEN;

    /// A password in the 16-byte form.
    #[must_use]
    pub fn short(padded: &[u8; Self::SHORT]) -> Self {
        let mut bytes = [0; Self::LONG];
        for (to, from) in bytes.iter_mut().zip(padded) {
            *to = *from;
        }
        Self {
            password: Password::from(bytes),
            long: false,
        }
    }

    /// A password in the 20-byte form.
    #[must_use]
    pub fn long(padded: &[u8; Self::LONG]) -> Self {
        Self {
            password: Password::from(*padded),
            long: true,
        }
    }

    /// Whether it came in the 20-byte form.
    #[must_use]
    pub const fn is_long(&self) -> bool {
        self.long
    }

    /// The password itself.
    #[must_use]
    pub const fn password(&self) -> &Password {
        &self.password
    }

    fn padded(&self) -> &[u8] {
        let len = if self.long { Self::LONG } else { Self::SHORT };
        self.password.padded().get(..len).unwrap_or_default()
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
        let long = password.is_some_and(SizedPassword::is_long);
        out.extend([bit(7, long) | self.user.number(), operation]);
        out.extend(password.map_or(&[][..], SizedPassword::padded));
    }
}

impl Decode for SetUserPassword {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        let [user, operation] = r.array()?;
        // To enable and disable needs no password, but clients send one all the same.
        let password = match (operation & 0x03, r.is_empty()) {
            (DISABLE | ENABLE, true) => None,
            _ if is_set(user, 7) => Some(SizedPassword::long(&r.array()?)),
            _ => Some(SizedPassword::short(&r.array()?)),
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
        let short = SizedPassword::short(b"password\0\0\0\0\0\0\0\0");
        let bytes = b"\x02\x02password\0\0\0\0\0\0\0\0";
        testing::request(&asked(PasswordOperation::Set(short)), bytes);
        let long = SizedPassword::long(b"a-password-of-20-byt");
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
        let short = SizedPassword::short(b"pass\0\0\0\0\0\0\0\0\0\0\0\0");
        let long = SizedPassword::long(b"pass\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0");
        assert_eq!(short.password().as_bytes(), b"pass");
        assert_eq!(short.password(), long.password());
        assert_ne!(short, long);
    }

    #[test]
    fn debug_shows_no_password() {
        let short = SizedPassword::short(b"password\0\0\0\0\0\0\0\0");
        let shown = format!("{:?}", asked(PasswordOperation::Set(short)));
        assert!(
            !shown.contains("password\0") && shown.contains("Password(***)"),
            "{shown}"
        );
    }
}
