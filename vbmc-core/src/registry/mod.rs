//! BMCs on disk, in VirtualBMC's own form: `<config_dir>/<domain>/config`, an INI file with one section, so that an
//! existing installation keeps working and can go back.
//!
//! | File | What lives there |
//! |---|---|
//! | `mod.rs` | [`BmcConfig`], what is kept of a BMC |
//! | `name.rs` | [`BmcName`], what may be a directory |
//! | `check.rs` | the limits of every setting |
//! | `ini.rs` | INI text as Python's `ConfigParser` has it |
//! | `codec.rs` | settings to keys and back |
//! | `store.rs` | [`Registry`]: the directories and files of all BMCs |
//! | `beside.rs` | [`Beside`]: the files beside a BMC's settings |
//! | `replace.rs` | a file written so that no crash and no full disk breaks it |
//! | `watch.rs` | [`Changes`]: what other programs do to them |
//!
//! Whether a BMC runs is not known here; that is [`fleet`](crate::fleet)'s.

use std::net::{IpAddr, SocketAddr};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::Secret;
use crate::host::Target;

mod beside;
pub mod check;
mod codec;
pub mod ini;
mod name;
mod replace;
mod store;
mod watch;

pub use beside::Beside;
pub use check::Invalid;
pub use codec::{cipher_suites, console_history, v15_auth};
pub use name::{BmcName, NameError};
pub use store::{Loaded, Registry, RegistryError};
pub use watch::{Change, Changes};

/// The user that VirtualBMC's `username` and `password` are.
pub const FIRST_USER: u8 = 2;

/// The highest id that a user can have.
pub const MAX_USER_ID: u8 = 16;

/// What stands for "no access" in [`UserRecord::privilege`] (§22.26).
pub const NO_ACCESS: u8 = 15;

/// What is kept of one BMC.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BmcConfig {
    /// The domain that it controls; also the BMC's name, unless somebody wrote another one into the file.
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
    /// How IPMI 1.5 sessions may be authenticated; empty: there are none. Key `ipmi_1_5`, as in `md5,password`.
    pub v15: Vec<V15Auth>,
    /// How many bytes of what the machine says on its console are kept; none: the daemon's default. Key
    /// `console_history`.
    pub console_history: Option<u32>,
    /// What was set over IPMI for users 1 to 16 beyond the first user's name and password, by id. Keys `user_N_...`.
    pub users: Vec<UserRecord>,
}

/// A way to authenticate an IPMI 1.5 session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum V15Auth {
    /// Not at all: whoever knows a user's name is in.
    None,
    /// By an MD5 digest of the password and each packet.
    Md5,
    /// By the password, in the clear.
    Password,
}

impl V15Auth {
    /// The word for it in a BMC's file.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Md5 => "md5",
            Self::Password => "password",
        }
    }
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
    /// A user of whom nothing was set: nobody who could log in.
    #[must_use]
    pub fn unset(id: u8) -> Self {
        Self {
            id,
            name: String::new(),
            password: None,
            long_password: false,
            privilege: NO_ACCESS,
            enabled: false,
            messaging: false,
            callback_only: false,
            link_auth: false,
        }
    }

    /// Gives the user a password, of 20 bytes where it does not fit into 16.
    pub fn set_password(&mut self, password: Secret) {
        self.long_password = password.reveal().len() > check::MAX_SHORT_PASSWORD;
        self.password = Some(password);
    }

    /// A user that can do everything: what the `username` and `password` of VirtualBMC's form stand for.
    #[must_use]
    pub fn administrator(id: u8, name: impl Into<String>, password: Secret) -> Self {
        Self {
            id,
            name: name.into(),
            long_password: password.reveal().len() > check::MAX_SHORT_PASSWORD,
            password: Some(password),
            privilege: 4,
            enabled: true,
            messaging: true,
            callback_only: false,
            link_auth: false,
        }
    }
}

/// Why a file makes no BMC.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// It is no INI file.
    #[error(transparent)]
    Syntax(#[from] ini::SyntaxError),
    /// It has no section `[VirtualBMC]`.
    #[error("section [VirtualBMC] is missing")]
    NoSection,
    /// A key is missing that has no default.
    #[error("key \"{0}\" is missing")]
    Missing(&'static str),
    /// A value cannot be.
    #[error(transparent)]
    Invalid(#[from] Invalid),
}

impl BmcConfig {
    /// Checks every setting against IPMI's limits, and that its file can keep it.
    ///
    /// # Errors
    ///
    /// The first setting that cannot be.
    pub fn check(&self) -> Result<(), Invalid> {
        check::line("domain_name", &self.domain_name)?;
        check::user_name("username", &self.username)?;
        check::password("password", self.password.reveal())?;
        check::port(self.port)?;
        check::line("libvirt_uri", &self.libvirt_uri)?;
        let sasl_user = self.libvirt_sasl_username.as_deref();
        let sasl_password = self.libvirt_sasl_password.as_ref().map(Secret::reveal);
        check::sasl(sasl_user, sasl_password)?;
        check::line("libvirt_sasl_username", sasl_user.unwrap_or_default())?;
        check::line("libvirt_sasl_password", sasl_password.unwrap_or_default())?;
        check::suites("cipher_suites", self.cipher_suites.as_deref())?;
        if let Some(kg) = &self.kg {
            check::password("kg", kg.reveal())?;
        }
        for user in &self.users {
            check::user_name(&format!("user_{}_name", user.id), &user.name)?;
            if codec::privilege_name(user.privilege).is_none() {
                let key = format!("user_{}_privilege", user.id);
                return Err(Invalid::new(key, "is a reserved level"));
            }
            if let Some(password) = &user.password {
                check::password(&format!("user_{}_password", user.id), password.reveal())?;
            }
        }
        Ok(())
    }

    /// Where it listens.
    #[must_use]
    pub fn listen(&self) -> SocketAddr {
        SocketAddr::new(self.address, self.port)
    }

    /// The machine that it controls.
    #[must_use]
    pub fn target(&self) -> Target {
        let sasl = self
            .libvirt_sasl_username
            .clone()
            .zip(self.libvirt_sasl_password.clone());
        Target {
            uri: self.libvirt_uri.clone(),
            sasl,
            domain: self.domain_name.clone(),
        }
    }

    /// All users by id, the first one included.
    #[must_use]
    pub fn all_users(&self) -> Vec<UserRecord> {
        let mut users = self.users.clone();
        if !users.iter().any(|user| user.id == FIRST_USER) {
            users.push(codec::first_user(self));
        }
        users.sort_by_key(|user| user.id);
        users
    }

    /// Changes the first user's name, password or both; whatever else was set for it over IPMI stays.
    ///
    /// # Errors
    ///
    /// Never for a BMC that was read from its file, which has a first user.
    pub fn set_first_user(
        &mut self,
        name: Option<String>,
        password: Option<Secret>,
    ) -> Result<(), Invalid> {
        self.change_user(FIRST_USER, |user| {
            if let Some(name) = name {
                user.name = name;
            }
            if let Some(password) = password {
                user.set_password(password);
            }
        })
    }

    /// Changes the user with this id, or makes one of it of whom nothing was set yet.
    ///
    /// # Errors
    ///
    /// When there can be no such user, or the first one would be without a password.
    pub fn change_user(
        &mut self,
        id: u8,
        change: impl FnOnce(&mut UserRecord),
    ) -> Result<(), Invalid> {
        if !(1..=MAX_USER_ID).contains(&id) {
            let problem = format!("cannot be: ids go from 1 to {MAX_USER_ID}");
            return Err(Invalid::new(format!("user {id}"), problem));
        }
        let mut users = self.all_users();
        let old = users.iter().position(|user| user.id == id);
        let mut user = old.map_or_else(|| UserRecord::unset(id), |old| users.remove(old));
        change(&mut user);
        if id == 1 && !user.name.is_empty() {
            let problem = "is the one without a name (IPMI has it so): name another one, such as 3";
            return Err(Invalid::new("user 1", problem));
        }
        users.push(user);
        self.set_users(&users)
    }

    /// Removes the user with this id.
    ///
    /// # Errors
    ///
    /// When it is the first one, which VirtualBMC's form cannot be without.
    pub fn remove_user(&mut self, id: u8) -> Result<(), Invalid> {
        if id == FIRST_USER {
            let problem = "cannot be deleted: give it another name and password, or disable it";
            return Err(Invalid::new("user 2", problem));
        }
        self.users.retain(|user| user.id != id);
        Ok(())
    }

    /// Takes over all users, as [`all_users`](Self::all_users) gives them. The first one's name and password go where
    /// VirtualBMC looks for them.
    ///
    /// # Errors
    ///
    /// When the first user is missing or without a password, which VirtualBMC's form cannot express.
    pub fn set_users(&mut self, users: &[UserRecord]) -> Result<(), Invalid> {
        let first = users.iter().find(|user| user.id == FIRST_USER);
        let Some((name, password)) =
            first.and_then(|user| Some((&user.name, user.password.as_ref()?)))
        else {
            return Err(Invalid::new("user 2", "must be there and have a password"));
        };
        self.username = name.clone();
        self.password = password.clone();
        let kept = users.iter().filter(|user| codec::is_kept(user, self));
        self.users = kept.cloned().collect();
        self.users.sort_by_key(|user| user.id);
        Ok(())
    }
}
