//! HMAC over parts, for the few algorithms of RAKP.

use core::fmt;

use hmac::Hmac;
use hmac::digest::{KeyInit, Mac};
use md5::Md5;
use sha1::Sha1;
use sha2::Sha256;
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop};

use super::Authentication;

/// The longest digest: SHA-256.
const MAX_LEN: usize = 32;
/// MD5, SHA-1 and SHA-256 all work on blocks of 64 bytes.
const BLOCK_LEN: usize = 64;

/// The output of a hash function: 0 (no algorithm), 16, 20 or 32 bytes. Compares in constant time.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Digest {
    bytes: [u8; MAX_LEN],
    len: usize,
}

impl Digest {
    /// The digest of no algorithm.
    pub(crate) const EMPTY: Self = Self {
        bytes: [0; MAX_LEN],
        len: 0,
    };

    fn new(output: &[u8]) -> Self {
        let mut digest = Self::EMPTY;
        for (to, from) in digest.bytes.iter_mut().zip(output) {
            *to = *from;
        }
        digest.len = output.len().min(MAX_LEN);
        digest
    }

    /// All its bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }

    /// Its first `len` bytes, or all when it is shorter.
    #[must_use]
    pub fn truncated(&self, len: usize) -> &[u8] {
        self.bytes.get(..len.min(self.len)).unwrap_or_default()
    }

    /// Whether `received` equals the first `len` bytes. The time does not depend on where they differ.
    #[must_use]
    pub fn matches(&self, received: &[u8], len: usize) -> bool {
        self.truncated(len).ct_eq(received).into()
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({} bytes)", self.len)
    }
}

/// HMAC over the concatenation of `parts`, with the hash of `algorithm`; empty for [`Authentication::None`].
pub(super) fn hmac(algorithm: Authentication, key: &[u8], parts: &[&[u8]]) -> Digest {
    match algorithm {
        Authentication::None => Digest::EMPTY,
        Authentication::HmacSha1 => compute::<Hmac<Sha1>>(keyed(key), parts),
        Authentication::HmacMd5 => compute::<Hmac<Md5>>(keyed(key), parts),
        Authentication::HmacSha256 => compute::<Hmac<Sha256>>(keyed(key), parts),
    }
}

/// An HMAC under `key`. All keys of IPMI are shorter than a block, where HMAC pads them with zeros: doing that here
/// leaves nothing that could fail.
pub(super) fn keyed<M: KeyInit>(key: &[u8]) -> M {
    debug_assert!(key.len() <= BLOCK_LEN);
    let mut block = hmac::digest::Key::<M>::default();
    for (to, from) in block.iter_mut().zip(key) {
        *to = *from;
    }
    let mac = M::new(&block);
    block.as_mut_slice().zeroize();
    mac
}

fn compute<M: Mac>(mut mac: M, parts: &[&[u8]]) -> Digest {
    for part in parts {
        mac.update(part);
    }
    Digest::new(&mac.finalize().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc_2202_and_4231_second_cases() {
        let parts: [&[u8]; 2] = [b"what do ya want ", b"for nothing?"];
        let md5 = hmac(Authentication::HmacMd5, b"Jefe", &parts);
        assert_eq!(
            md5.as_bytes(),
            0x750c783e6ab0b503eaa86e310a5db738u128.to_be_bytes()
        );
        let sha1 = hmac(Authentication::HmacSha1, b"Jefe", &parts);
        assert_eq!(sha1.truncated(4), [0xef, 0xfc, 0xdf, 0x6a]);
        assert_eq!(sha1.as_bytes().len(), 20);
        let sha256 = hmac(Authentication::HmacSha256, b"Jefe", &parts);
        assert_eq!(sha256.truncated(4), [0x5b, 0xdc, 0xc1, 0x46]);
        assert!(sha256.matches(&[0x5b, 0xdc, 0xc1, 0x46], 4));
        assert!(!sha256.matches(&[0x5b, 0xdc, 0xc1, 0x47], 4));
        assert!(!sha256.matches(&[0x5b, 0xdc, 0xc1], 4));
    }
}
