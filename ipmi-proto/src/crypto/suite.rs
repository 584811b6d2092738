//! Cipher suites, §22.15.2: triples of an authentication, an integrity and a confidentiality algorithm.

use core::fmt;

use crate::wire::DecodeError;

/// How the RAKP messages are authenticated, and which hash derives the keys (§13.28).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Authentication {
    /// RAKP-none: anybody who knows a user's name gets in.
    None = 0,
    /// RAKP-HMAC-SHA1.
    HmacSha1 = 1,
    /// RAKP-HMAC-MD5.
    HmacMd5 = 2,
    /// RAKP-HMAC-SHA256.
    HmacSha256 = 3,
}

impl Authentication {
    /// How long the key exchange authentication code in RAKP 2 and 3 is, in bytes.
    #[must_use]
    pub const fn code_len(self) -> usize {
        match self {
            Self::None => 0,
            Self::HmacSha1 => 20,
            Self::HmacMd5 => 16,
            Self::HmacSha256 => 32,
        }
    }

    /// How long the integrity check value in RAKP 4 is, in bytes.
    #[must_use]
    pub const fn check_len(self) -> usize {
        match self {
            Self::None => 0,
            Self::HmacSha1 => 12,
            Self::HmacMd5 | Self::HmacSha256 => 16,
        }
    }
}

/// How the packets of a session are signed (§13.28.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Integrity {
    /// Not at all.
    None = 0,
    /// HMAC-SHA1-96, 12 bytes.
    HmacSha1_96 = 1,
    /// HMAC-MD5-128, 16 bytes.
    HmacMd5_128 = 2,
    /// MD5-128 over password, packet and password, 16 bytes.
    Md5_128 = 3,
    /// HMAC-SHA256-128, 16 bytes.
    HmacSha256_128 = 4,
}

impl Integrity {
    /// How long the authentication code at the end of a packet is, in bytes.
    #[must_use]
    pub const fn mac_len(self) -> usize {
        match self {
            Self::None => 0,
            Self::HmacSha1_96 => 12,
            Self::HmacMd5_128 | Self::Md5_128 | Self::HmacSha256_128 => 16,
        }
    }
}

/// How the payloads of a session are encrypted (§13.29).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Confidentiality {
    /// Not at all.
    None = 0,
    /// AES-CBC-128.
    AesCbc128 = 1,
}

/// A cipher suite that this library implements. The xRC4 suites (4, 5, 9, 10, 13, 14, 18, 19) are not among them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CipherSuite {
    id: u8,
    authentication: Authentication,
    integrity: Integrity,
    confidentiality: Confidentiality,
}

impl CipherSuite {
    /// SHA-1 with AES: what ipmitool before 1.8.19 and most others use when they are not told.
    pub const SUITE_3: Self = Self::ALL[3];
    /// SHA-256 with AES: the best there is.
    pub const SUITE_17: Self = Self::ALL[11];

    /// All suites, by id (table 22-20).
    pub const ALL: [Self; 12] = {
        use Authentication as A;
        use Confidentiality as C;
        use Integrity as I;
        const fn suite(id: u8, authentication: A, integrity: I, confidentiality: C) -> CipherSuite {
            CipherSuite {
                id,
                authentication,
                integrity,
                confidentiality,
            }
        }
        [
            suite(0, A::None, I::None, C::None),
            suite(1, A::HmacSha1, I::None, C::None),
            suite(2, A::HmacSha1, I::HmacSha1_96, C::None),
            suite(3, A::HmacSha1, I::HmacSha1_96, C::AesCbc128),
            suite(6, A::HmacMd5, I::None, C::None),
            suite(7, A::HmacMd5, I::HmacMd5_128, C::None),
            suite(8, A::HmacMd5, I::HmacMd5_128, C::AesCbc128),
            suite(11, A::HmacMd5, I::Md5_128, C::None),
            suite(12, A::HmacMd5, I::Md5_128, C::AesCbc128),
            suite(15, A::HmacSha256, I::None, C::None),
            suite(16, A::HmacSha256, I::HmacSha256_128, C::None),
            suite(17, A::HmacSha256, I::HmacSha256_128, C::AesCbc128),
        ]
    };

    /// The suite with this id, if it is implemented.
    #[must_use]
    pub fn from_id(id: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|suite| suite.id == id)
    }

    /// Its id, as in `ipmitool -C`.
    #[must_use]
    pub const fn id(self) -> u8 {
        self.id
    }

    /// How its handshake is authenticated.
    #[must_use]
    pub const fn authentication(self) -> Authentication {
        self.authentication
    }

    /// How its packets are signed.
    #[must_use]
    pub const fn integrity(self) -> Integrity {
        self.integrity
    }

    /// How its payloads are encrypted.
    #[must_use]
    pub const fn confidentiality(self) -> Confidentiality {
        self.confidentiality
    }

    /// Whether it authenticates, signs and encrypts. What is not complete lets somebody on the way in.
    #[must_use]
    pub fn is_complete(self) -> bool {
        self.authentication != Authentication::None
            && self.integrity != Integrity::None
            && self.confidentiality != Confidentiality::None
    }
}

impl fmt::Display for CipherSuite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cipher suite {}", self.id)
    }
}

/// A set of cipher suites.
///
/// It is a set of whole suites, never of algorithms: accepting suites 3 and 0 must not accept SHA-1 without encryption.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CipherSuites(u32);

impl CipherSuites {
    /// Suites 3 and 17: what is on unless configured otherwise.
    pub const DEFAULT: Self = Self(1 << 3 | 1 << 17);

    /// The suites with these ids.
    ///
    /// # Errors
    ///
    /// [`DecodeError::OutOfRange`] for an id that is not implemented.
    pub fn from_ids(ids: impl IntoIterator<Item = u8>) -> Result<Self, DecodeError> {
        ids.into_iter().try_fold(Self(0), |set, id| {
            let suite = CipherSuite::from_id(id).ok_or(DecodeError::OutOfRange("cipher suite"))?;
            Ok(Self(set.0 | 1 << suite.id))
        })
    }

    /// Whether `suite` is in the set.
    #[must_use]
    pub const fn contains(self, suite: CipherSuite) -> bool {
        self.0 & 1 << suite.id != 0
    }

    /// The set without the suites that `keep` refuses.
    #[must_use]
    pub fn filter(self, keep: impl Fn(CipherSuite) -> bool) -> Self {
        let refused = self.iter().filter(|suite| !keep(*suite));
        refused.fold(self, |set, suite| Self(set.0 & !(1 << suite.id)))
    }

    /// The suites of the set, by id.
    pub fn iter(self) -> impl Iterator<Item = CipherSuite> {
        CipherSuite::ALL
            .into_iter()
            .filter(move |suite| self.contains(*suite))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn named_suites_are_the_right_ones() {
        assert_eq!(
            (CipherSuite::SUITE_3.id(), CipherSuite::SUITE_17.id()),
            (3, 17)
        );
        let default: std::vec::Vec<_> = CipherSuites::DEFAULT.iter().map(CipherSuite::id).collect();
        assert_eq!(default, [3, 17]);
        assert!(CipherSuites::DEFAULT.iter().all(CipherSuite::is_complete));
    }

    #[test]
    fn rc4_is_not_there() {
        assert_eq!(
            CipherSuites::from_ids([3, 4]),
            Err(DecodeError::OutOfRange("cipher suite"))
        );
    }
}
