//! The key schedule: every key and authentication code of RAKP, §13.31 and §13.32. No key is derived elsewhere.

use core::fmt;

use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop};

use super::digest::{Digest, hmac};
use super::{Authentication, CipherSuite, ConfidentialityKey, IntegrityKey, Protection};
use crate::handshake::{RoleByte, Username};

/// The longest password, in bytes, of IPMI 2.0. IPMI 1.5 takes 16.
pub const MAX_PASSWORD_LEN: usize = 20;

/// A user's password, K\[UID\]: up to 20 bytes. Compares in constant time.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Password {
    bytes: [u8; MAX_PASSWORD_LEN],
    len: usize,
}

/// The password or key is longer than 20 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it is {0} bytes long; IPMI takes at most {MAX_PASSWORD_LEN}")]
pub struct PasswordTooLong(pub usize);

impl Password {
    /// The password of no bytes.
    #[must_use]
    pub const fn empty() -> Self {
        Self {
            bytes: [0; MAX_PASSWORD_LEN],
            len: 0,
        }
    }

    /// Takes a password. Zero bytes at its end are padding, as on the wire, and do not count.
    ///
    /// # Errors
    ///
    /// [`PasswordTooLong`]; it is never cut silently.
    pub fn new(password: &[u8]) -> Result<Self, PasswordTooLong> {
        let len = password
            .iter()
            .rposition(|byte| *byte != 0)
            .map_or(0, |last| last + 1);
        if len > MAX_PASSWORD_LEN {
            return Err(PasswordTooLong(len));
        }
        let mut bytes = [0; MAX_PASSWORD_LEN];
        for (to, from) in bytes.iter_mut().zip(password) {
            *to = *from;
        }
        Ok(Self { bytes, len })
    }

    /// The password without padding.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }

    /// The password padded with zeros to 20 bytes.
    #[must_use]
    pub const fn padded(&self) -> &[u8; MAX_PASSWORD_LEN] {
        &self.bytes
    }
}

impl From<[u8; MAX_PASSWORD_LEN]> for Password {
    /// Takes a password with its padding, as the wire has it.
    fn from(bytes: [u8; MAX_PASSWORD_LEN]) -> Self {
        let len = bytes
            .iter()
            .rposition(|byte| *byte != 0)
            .map_or(0, |last| last + 1);
        Self { bytes, len }
    }
}

impl PartialEq for Password {
    fn eq(&self, other: &Self) -> bool {
        self.bytes.ct_eq(&other.bytes).into()
    }
}

impl Eq for Password {}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(***)")
    }
}

/// The BMC key K_g, known to the BMC and all its consoles: up to 20 bytes.
#[derive(Clone, PartialEq, Eq)]
pub struct BmcKey(Password);

impl BmcKey {
    /// Takes a key; zero bytes at its end do not count.
    ///
    /// # Errors
    ///
    /// [`PasswordTooLong`].
    pub fn new(key: &[u8]) -> Result<Self, PasswordTooLong> {
        Password::new(key).map(Self)
    }
}

impl fmt::Debug for BmcKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BmcKey(***)")
    }
}

/// What both ends know of each other when RAKP 1 has been answered. Holds no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handshake {
    /// SID_M: the session id that the console chose.
    pub console_id: u32,
    /// SID_C: the session id that the BMC chose.
    pub bmc_id: u32,
    /// R_M: the console's random number.
    pub console_random: [u8; 16],
    /// R_C: the BMC's random number.
    pub bmc_random: [u8; 16],
    /// GUID_C: the BMC's GUID.
    pub guid: [u8; 16],
    /// Role_M: the whole byte as the console sent it.
    pub role: RoleByte,
    /// UName_M: the user's name.
    pub username: Username,
}

impl Handshake {
    /// The key exchange authentication code in RAKP 2: proves that the BMC knows the password.
    #[must_use]
    pub fn rakp2_code(&self, algorithm: Authentication, password: &Password) -> Digest {
        let parts: [&[u8]; 8] = [
            &self.console_id.to_le_bytes(),
            &self.bmc_id.to_le_bytes(),
            &self.console_random,
            &self.bmc_random,
            &self.guid,
            &[self.role.0],
            &[self.username.len()],
            self.username.as_bytes(),
        ];
        hmac(algorithm, password.padded(), &parts)
    }

    /// The key exchange authentication code in RAKP 3: proves that the console knows the password.
    #[must_use]
    pub fn rakp3_code(&self, algorithm: Authentication, password: &Password) -> Digest {
        let parts: [&[u8]; 5] = [
            &self.bmc_random,
            &self.console_id.to_le_bytes(),
            &[self.role.0],
            &[self.username.len()],
            self.username.as_bytes(),
        ];
        hmac(algorithm, password.padded(), &parts)
    }

    /// The session integrity key and what follows from it: SIK, K1 and K2.
    ///
    /// Without a K_g, the user's password stands in its place ("one-key" login).
    #[must_use]
    pub fn session_keys(
        &self,
        suite: CipherSuite,
        password: &Password,
        kg: Option<&BmcKey>,
    ) -> SessionKeys {
        let algorithm = suite.authentication();
        let key = kg.map_or(password, |kg| &kg.0);
        let parts: [&[u8]; 5] = [
            &self.console_random,
            &self.bmc_random,
            &[self.role.0],
            &[self.username.len()],
            self.username.as_bytes(),
        ];
        let sik = hmac(algorithm, key.padded(), &parts);
        let k1 = hmac(algorithm, sik.as_bytes(), &[&[0x01; 20]]);
        let k2 = hmac(algorithm, sik.as_bytes(), &[&[0x02; 20]]);
        SessionKeys { suite, sik, k1, k2 }
    }
}

/// The keys of one session: SIK, K1, K2.
#[derive(Debug)]
pub struct SessionKeys {
    suite: CipherSuite,
    sik: Digest,
    k1: Digest,
    k2: Digest,
}

impl SessionKeys {
    /// The integrity check value in RAKP 4, made with the SIK. Its first
    /// [`check_len`](Authentication::check_len) bytes are sent.
    #[must_use]
    pub fn rakp4_check(&self, handshake: &Handshake) -> Digest {
        let parts: [&[u8]; 3] = [
            &handshake.console_random,
            &handshake.bmc_id.to_le_bytes(),
            &handshake.guid,
        ];
        hmac(self.suite.authentication(), self.sik.as_bytes(), &parts)
    }

    /// What protects the session's packets. The password is needed by MD5-128 alone.
    #[must_use]
    pub fn protection(&self, password: &Password) -> Protection {
        Protection {
            integrity: IntegrityKey::new(self.suite.integrity(), self.k1.as_bytes(), password),
            confidentiality: ConfidentialityKey::new(
                self.suite.confidentiality(),
                self.k2.as_bytes(),
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_never_cut() {
        assert_eq!(Password::new(&[b'x'; 21]), Err(PasswordTooLong(21)));
        assert_eq!(Password::new(b"secret\0\0").unwrap().as_bytes(), b"secret");
        assert_eq!(Password::new(&[0; 32]).unwrap().as_bytes(), b"");
        assert!(!std::format!("{:?}", Password::new(b"secret").unwrap()).contains("secret"));
    }
}
