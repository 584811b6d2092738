//! User ids: what the user commands and the session commands share (§6.9, §22.26 to §22.30).

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
}
