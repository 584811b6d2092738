//! How the packets of an IPMI 1.5 session are authenticated, §13.6.

use super::AuthTypes;
use crate::wire::DecodeError;

/// An authentication type of IPMI 1.5.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum AuthType {
    /// None.
    None = 0,
    /// MD2.
    Md2 = 1,
    /// MD5.
    Md5 = 2,
    /// The password itself, in the clear.
    Password = 4,
    /// OEM proprietary.
    Oem = 5,
}

impl AuthType {
    /// The type with this number, in the low four bits; the upper four are reserved.
    ///
    /// # Errors
    ///
    /// [`DecodeError::Invalid`] for the reserved numbers, and for the one that marks RMCP+.
    pub const fn from_bits(bits: u8) -> Result<Self, DecodeError> {
        Ok(match bits & 0x0F {
            0 => Self::None,
            1 => Self::Md2,
            2 => Self::Md5,
            4 => Self::Password,
            5 => Self::Oem,
            _ => return Err(DecodeError::Invalid("authentication type")),
        })
    }
}

impl AuthTypes {
    /// Whether this type is among them.
    #[must_use]
    pub const fn contains(self, auth_type: AuthType) -> bool {
        self.bits() & 1 << auth_type as u8 != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_s_number_is_the_number_of_its_bit() {
        for (auth_type, bit) in [
            (AuthType::None, AuthTypes::NONE),
            (AuthType::Md2, AuthTypes::MD2),
            (AuthType::Md5, AuthTypes::MD5),
            (AuthType::Password, AuthTypes::PASSWORD),
            (AuthType::Oem, AuthTypes::OEM),
        ] {
            assert_eq!(AuthType::from_bits(auth_type as u8), Ok(auth_type));
            assert!(AuthTypes::new(bit).contains(auth_type));
            assert!(!AuthTypes::new(!bit).contains(auth_type));
        }
        let error = Err(DecodeError::Invalid("authentication type"));
        assert_eq!(AuthType::from_bits(6), error);
    }
}
