//! User ids and names: what the user commands and the session commands share (§6.9, §22.26 to §22.30).

use alloc::string::String;
use core::fmt;

use crate::wire::DecodeError;

/// Which slot of the user table: 1 to 63. Slot 1 belongs to the nameless user (§6.9.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UserId(u8);

impl UserId {
    /// The slot with this number.
    ///
    /// # Errors
    ///
    /// [`DecodeError::OutOfRange`] for 0 and for numbers over 63.
    pub const fn new(number: u8) -> Result<Self, DecodeError> {
        match number {
            1..=63 => Ok(Self(number)),
            _ => Err(DecodeError::OutOfRange("user id")),
        }
    }

    /// The slot that the low six bits name; the upper two hold other fields, or are reserved.
    pub(super) const fn from_bits(bits: u8) -> Result<Self, DecodeError> {
        Self::new(bits & 0x3F)
    }

    /// 1 to 63.
    #[must_use]
    pub const fn number(self) -> u8 {
        self.0
    }
}

/// A user's name: up to 16 bytes of any value, padded with zeros. Names are bytes: nothing says that they are text.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct UserName([u8; Self::LEN]);

impl UserName {
    /// The length on the wire.
    pub const LEN: usize = 16;

    /// The name with these bytes; none if they are more than 16.
    #[must_use]
    pub fn new(name: &[u8]) -> Option<Self> {
        let mut padded = [0; Self::LEN];
        padded.get_mut(..name.len())?.copy_from_slice(name);
        Some(Self(padded))
    }

    /// The name without its padding.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        let padding = self.0.iter().rev().take_while(|byte| **byte == 0).count();
        self.0
            .get(..Self::LEN.saturating_sub(padding))
            .unwrap_or_default()
    }

    /// The name with its padding, as the wire has it.
    #[must_use]
    pub const fn padded(&self) -> &[u8; Self::LEN] {
        &self.0
    }
}

impl From<[u8; Self::LEN]> for UserName {
    fn from(padded: [u8; Self::LEN]) -> Self {
        Self(padded)
    }
}

impl fmt::Debug for UserName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "UserName({:?})",
            String::from_utf8_lossy(self.as_bytes())
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_ids_are_1_to_63() {
        assert_eq!(UserId::new(1).map(UserId::number), Ok(1));
        assert_eq!(UserId::new(63).map(UserId::number), Ok(63));
        let error = DecodeError::OutOfRange("user id");
        assert_eq!(UserId::new(0), Err(error));
        assert_eq!(UserId::new(64), Err(error));
    }

    #[test]
    fn names_lose_their_padding_only() {
        assert_eq!(UserName::new(b"ad\0min").unwrap().as_bytes(), b"ad\0min");
        assert_eq!(UserName::new(b"").unwrap().as_bytes(), b"");
        assert_eq!(UserName::new(&[0xFF; 16]).unwrap().as_bytes(), [0xFF; 16]);
        assert_eq!(UserName::new(&[b'a'; 17]), None);
    }
}
