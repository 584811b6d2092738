//! What encrypts a session's payloads: AES-CBC-128, §13.29.

use alloc::vec::Vec;
use core::fmt;
use core::ops::Range;

use aes::Aes128;
use aes::cipher::block_padding::NoPadding;
use aes::cipher::{BlockModeDecrypt, BlockModeEncrypt, InnerIvInit, Key, KeyInit};
use rand_core::Rng;

use super::Confidentiality;
use crate::wire::DecodeError;

/// The block of AES, and the length of the initialisation vector, in bytes.
const BLOCK_LEN: usize = 16;

/// Encrypts and decrypts payloads, with the key expanded once.
#[derive(Clone)]
#[allow(
    clippy::large_enum_variant,
    reason = "one per session; boxing would cost every packet"
)]
pub enum ConfidentialityKey {
    /// Payloads go in the clear.
    None,
    /// AES-CBC-128.
    AesCbc128(Aes128),
}

impl ConfidentialityKey {
    /// The key is the first 16 bytes of K2.
    pub(super) fn new(algorithm: Confidentiality, k2: &[u8]) -> Self {
        match algorithm {
            Confidentiality::None => Self::None,
            Confidentiality::AesCbc128 => {
                let mut key = Key::<Aes128>::default();
                for (to, from) in key.iter_mut().zip(k2) {
                    *to = *from;
                }
                Self::AesCbc128(Aes128::new(&key))
            }
        }
    }

    /// The algorithm.
    #[must_use]
    pub const fn algorithm(&self) -> Confidentiality {
        match self {
            Self::None => Confidentiality::None,
            Self::AesCbc128(_) => Confidentiality::AesCbc128,
        }
    }

    /// Lets `write` append a payload to `out`, and encrypts it there: IV, payload, pad bytes 01 02 03.., pad length.
    pub fn seal(&self, out: &mut Vec<u8>, rng: &mut impl Rng, write: impl FnOnce(&mut Vec<u8>)) {
        let Self::AesCbc128(key) = self else {
            return write(out);
        };
        let mut iv = [0; BLOCK_LEN];
        rng.fill_bytes(&mut iv);
        out.extend_from_slice(&iv);
        let start = out.len();
        write(out);
        let pad = (BLOCK_LEN - (out.len() - start + 1) % BLOCK_LEN) % BLOCK_LEN;
        // At most 15: no pad byte needs more than its low half.
        out.extend((1..=pad).map(|byte| byte as u8));
        out.push(pad as u8);
        let plain = out.get_mut(start..).unwrap_or_default();
        let len = plain.len();
        let sealed = cbc::Encryptor::<&Aes128>::inner_iv_init(key, &iv.into())
            .encrypt_padded::<NoPadding>(plain, len);
        debug_assert!(sealed.is_ok(), "the payload was padded to whole blocks");
    }

    /// Decrypts a payload in place and says where in `sealed` the plain payload lies.
    ///
    /// # Errors
    ///
    /// [`DecodeError::Truncated`] when it is no IV and whole blocks; [`DecodeError::Invalid`] when the padding is
    /// wrong. Call it on authenticated bytes only: then neither says anything to an attacker.
    pub fn open(&self, sealed: &mut [u8]) -> Result<Range<usize>, DecodeError> {
        let Self::AesCbc128(key) = self else {
            return Ok(0..sealed.len());
        };
        let (iv, blocks) = sealed
            .split_first_chunk_mut::<BLOCK_LEN>()
            .ok_or(DecodeError::Truncated)?;
        if blocks.is_empty() {
            return Err(DecodeError::Truncated);
        }
        let iv = (*iv).into();
        let plain = cbc::Decryptor::<&Aes128>::inner_iv_init(key, &iv)
            .decrypt_padded::<NoPadding>(blocks)
            .map_err(|_| DecodeError::Truncated)?;
        let (&pad, padded) = plain.split_last().ok_or(DecodeError::Truncated)?;
        let len = padded
            .len()
            .checked_sub(usize::from(pad))
            .ok_or(DecodeError::Invalid("pad length"))?;
        let padding = padded.get(len..).unwrap_or_default();
        if usize::from(pad) >= BLOCK_LEN
            || padding
                .iter()
                .zip(1u8..)
                .any(|(byte, expected)| *byte != expected)
        {
            return Err(DecodeError::Invalid("padding"));
        }
        Ok(BLOCK_LEN..BLOCK_LEN + len)
    }
}

impl fmt::Debug for ConfidentialityKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ConfidentialityKey({:?})", self.algorithm())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng as _;
    use rand::rngs::StdRng;

    #[test]
    fn payloads_of_every_length_come_back() {
        let key = ConfidentialityKey::new(Confidentiality::AesCbc128, &[9; 20]);
        let mut rng = StdRng::seed_from_u64(1);
        for len in 0..50 {
            let payload: Vec<u8> = (0..len).collect();
            let mut out = Vec::from([0xEE]);
            key.seal(&mut out, &mut rng, |out| out.extend_from_slice(&payload));
            let sealed = &mut out[1..];
            assert_eq!(sealed.len() % BLOCK_LEN, 0);
            let range = key.open(sealed).unwrap();
            assert_eq!(&sealed[range], payload);
        }
    }

    #[test]
    fn what_is_no_sealed_payload_is_refused() {
        let key = ConfidentialityKey::new(Confidentiality::AesCbc128, &[9; 20]);
        for len in [0, 1, 15, 16, 17, 31, 33] {
            assert_eq!(
                key.open(&mut std::vec![0; len]),
                Err(DecodeError::Truncated),
                "{len} bytes"
            );
        }
        assert!(matches!(
            key.open(&mut [0; 32]),
            Err(DecodeError::Invalid(_))
        ));
    }
}
