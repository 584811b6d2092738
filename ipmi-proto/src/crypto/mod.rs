//! Cipher suites, the key schedule, and what protects the packets of a session.
//!
//! Every key derivation of the protocol stands in `keys`, every cipher suite in `suite`. Nothing here knows a
//! packet's layout. All secrets are cleared from memory on drop.

mod aes;
mod digest;
mod integrity;
mod keys;
mod suite;

pub use aes::ConfidentialityKey;
pub use digest::Digest;
pub use integrity::{BadMac, IntegrityKey, MAX_MAC_LEN};
pub use keys::{BmcKey, Handshake, MAX_PASSWORD_LEN, Password, PasswordTooLong, SessionKeys};
pub use suite::{Authentication, CipherSuite, CipherSuites, Confidentiality, Integrity};

/// The two keys that protect a session's packets in both directions. They exist in an active session only.
#[derive(Debug)]
pub struct Protection {
    /// Signs and verifies; from K1.
    pub integrity: IntegrityKey,
    /// Encrypts and decrypts; from K2.
    pub confidentiality: ConfidentialityKey,
}
