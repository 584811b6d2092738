//! What signs a session's packets, §13.28.4.

use core::fmt;

use hmac::Hmac;
use hmac::digest::{Digest as _, Mac};
use md5::Md5;
use sha1::Sha1;
use sha2::Sha256;
use subtle::ConstantTimeEq;

use super::digest::keyed;
use super::{Integrity, Password};

/// The longest authentication code at the end of a packet, in bytes.
pub const MAX_MAC_LEN: usize = 16;

/// A packet whose authentication code is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the packet's authentication code is wrong")]
pub struct BadMac;

/// Signs and verifies packets. The HMAC states are keyed once, which halves the work for every packet.
#[derive(Clone)]
#[allow(
    clippy::large_enum_variant,
    reason = "one per session; boxing would cost every packet"
)]
pub enum IntegrityKey {
    /// Packets are not signed.
    None,
    /// HMAC-SHA1-96.
    HmacSha1_96(Hmac<Sha1>),
    /// HMAC-MD5-128.
    HmacMd5_128(Hmac<Md5>),
    /// MD5-128, which hashes the password before and behind the packet.
    Md5_128(Password),
    /// HMAC-SHA256-128.
    HmacSha256_128(Hmac<Sha256>),
}

impl IntegrityKey {
    pub(super) fn new(algorithm: Integrity, k1: &[u8], password: &Password) -> Self {
        match algorithm {
            Integrity::None => Self::None,
            Integrity::HmacSha1_96 => Self::HmacSha1_96(keyed(k1)),
            Integrity::HmacMd5_128 => Self::HmacMd5_128(keyed(k1)),
            Integrity::Md5_128 => Self::Md5_128(password.clone()),
            Integrity::HmacSha256_128 => Self::HmacSha256_128(keyed(k1)),
        }
    }

    /// The algorithm.
    #[must_use]
    pub const fn algorithm(&self) -> Integrity {
        match self {
            Self::None => Integrity::None,
            Self::HmacSha1_96(_) => Integrity::HmacSha1_96,
            Self::HmacMd5_128(_) => Integrity::HmacMd5_128,
            Self::Md5_128(_) => Integrity::Md5_128,
            Self::HmacSha256_128(_) => Integrity::HmacSha256_128,
        }
    }

    /// The authentication code of `signed`; only the first [`mac_len`](Integrity::mac_len) bytes count.
    #[must_use]
    pub fn sign(&self, signed: &[u8]) -> [u8; MAX_MAC_LEN] {
        let mut mac = [0; MAX_MAC_LEN];
        let mut put = |output: &[u8]| {
            for (to, from) in mac.iter_mut().zip(output) {
                *to = *from;
            }
        };
        match self {
            Self::None => {}
            Self::HmacSha1_96(key) => {
                put(&key.clone().chain_update(signed).finalize().into_bytes())
            }
            Self::HmacMd5_128(key) => {
                put(&key.clone().chain_update(signed).finalize().into_bytes())
            }
            Self::Md5_128(password) => put(&md5_128(password, signed)),
            Self::HmacSha256_128(key) => {
                put(&key.clone().chain_update(signed).finalize().into_bytes())
            }
        }
        mac
    }

    /// Verifies the code of a packet, in constant time.
    ///
    /// # Errors
    ///
    /// [`BadMac`] for a wrong code or one of the wrong length.
    pub fn verify(&self, signed: &[u8], mac: &[u8]) -> Result<(), BadMac> {
        if mac.len() != self.algorithm().mac_len() {
            return Err(BadMac);
        }
        let correct = match self {
            Self::None => true,
            Self::HmacSha1_96(key) => key
                .clone()
                .chain_update(signed)
                .verify_truncated_left(mac)
                .is_ok(),
            Self::HmacMd5_128(key) => key
                .clone()
                .chain_update(signed)
                .verify_truncated_left(mac)
                .is_ok(),
            Self::Md5_128(password) => md5_128(password, signed).ct_eq(mac).into(),
            Self::HmacSha256_128(key) => key
                .clone()
                .chain_update(signed)
                .verify_truncated_left(mac)
                .is_ok(),
        };
        if correct { Ok(()) } else { Err(BadMac) }
    }
}

/// The password goes in padded to 20 bytes: so FreeIPMI, the one client that speaks suites 11 and 12, has it.
fn md5_128(password: &Password, signed: &[u8]) -> [u8; 16] {
    Md5::new()
        .chain_update(password.padded())
        .chain_update(signed)
        .chain_update(password.padded())
        .finalize()
        .into()
}

impl fmt::Debug for IntegrityKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "IntegrityKey({:?})", self.algorithm())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn freeipmi_s_md5_128() {
        // Captured from `ipmi-chassis -I 12 -p password`, FreeIPMI 1.6.10.
        let signed = [
            0x06, 0xC0, 0x7C, 0xDD, 0xCB, 0x59, 0x01, 0x00, 0x00, 0x00, 0x20, 0x00, 0xB2, 0x5C,
            0xE7, 0x2F, 0xAD, 0x34, 0x4F, 0x6C, 0x9C, 0xD0, 0xD9, 0xCC, 0x53, 0x30, 0x56, 0x24,
            0x63, 0xD1, 0xD1, 0x3C, 0x1E, 0xA4, 0x84, 0x0B, 0xA5, 0xF6, 0x35, 0x91, 0x66, 0x24,
            0x3B, 0x42, 0xFF, 0xFF, 0x02, 0x07,
        ];
        let mac = [
            0x5A, 0x96, 0x4E, 0xBD, 0xB2, 0xF5, 0x68, 0xBB, 0xC4, 0x83, 0x74, 0xD2, 0x05, 0xF7,
            0x37, 0x4F,
        ];
        let password = Password::new(b"password").unwrap();
        let key = IntegrityKey::new(Integrity::Md5_128, &[], &password);
        assert_eq!(key.verify(&signed, &mac), Ok(()));
    }

    #[test]
    fn every_algorithm_verifies_its_own_and_nothing_else() {
        let password = Password::new(b"password").unwrap();
        for algorithm in [
            Integrity::HmacSha1_96,
            Integrity::HmacMd5_128,
            Integrity::Md5_128,
            Integrity::HmacSha256_128,
        ] {
            let key = IntegrityKey::new(algorithm, &[7; 20], &password);
            let len = algorithm.mac_len();
            let mac = key.sign(b"packet");
            assert_eq!(key.verify(b"packet", &mac[..len]), Ok(()));
            assert_eq!(key.verify(b"packed", &mac[..len]), Err(BadMac));
            assert_eq!(key.verify(b"packet", &mac[..len - 1]), Err(BadMac));
            assert_eq!(key.verify(b"packet", &[]), Err(BadMac));
        }
    }
}
