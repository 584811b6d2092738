//! BMCs on disk, in VirtualBMC's own form: `<config_dir>/<domain>/config`, an INI file with one section.
//!
//! Placeholder: [`BmcConfig`] is the agreed type.

use std::net::IpAddr;

use crate::Secret;

/// What is kept of one BMC.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BmcConfig {
    /// The domain that it controls; also the BMC's name.
    pub domain_name: String,
    /// The first user's name, 16 bytes at most.
    pub username: String,
    /// The first user's password, 20 bytes at most.
    pub password: Secret,
    /// The address that it listens on.
    pub address: IpAddr,
    /// The UDP port.
    pub port: u16,
    /// The hypervisor.
    pub libvirt_uri: String,
    /// SASL user for the hypervisor.
    pub libvirt_sasl_username: Option<String>,
    /// SASL password for the hypervisor.
    pub libvirt_sasl_password: Option<Secret>,
    /// Whether it is to run.
    pub active: bool,
    /// The cipher suites that it accepts; none: the daemon's default. Key `cipher_suites`, as in `3,17`.
    pub cipher_suites: Option<Vec<u8>>,
    /// The BMC key K_g, 20 bytes at most. Key `kg`.
    pub kg: Option<Secret>,
    /// What was set over IPMI for users 1 to 16 beyond the first user's name and password. Keys `user_N_...`.
    pub users: Vec<UserRecord>,
}

/// One user of a BMC, as kept in its file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserRecord {
    /// 1 to 16. User 2 is the first user: its name and password stand in the file's `username` and `password`.
    pub id: u8,
    /// The name, 16 bytes at most.
    pub name: String,
    /// The password, 20 bytes at most. None: no password was set yet, the user cannot log in.
    pub password: Option<Secret>,
    /// Whether `password` was set as one of 20 bytes (IPMI 2.0 only) rather than 16.
    pub long_password: bool,
    /// The privilege limit, 1 (CALLBACK) to 5 (OEM), or 15: no access.
    pub privilege: u8,
    /// Whether the user is enabled.
    pub enabled: bool,
    /// Whether IPMI messaging is allowed: without it the user cannot log in over LAN.
    pub messaging: bool,
    /// Whether the user is restricted to callback connections. Kept and reported.
    pub callback_only: bool,
    /// Whether the user may be used for link authentication. Kept and reported.
    pub link_auth: bool,
}

impl UserRecord {
    /// A user that can do everything: what the `username` and `password` of VirtualBMC's form stand for.
    #[must_use]
    pub fn administrator(id: u8, name: impl Into<String>, password: Secret) -> Self {
        Self {
            id,
            name: name.into(),
            long_password: password.reveal().len() > 16,
            password: Some(password),
            privilege: 4,
            enabled: true,
            messaging: true,
            callback_only: false,
            link_auth: false,
        }
    }
}
