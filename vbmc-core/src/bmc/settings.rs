//! What a BMC is told, and the protocol endpoint's form of it.

use std::net::SocketAddr;
use std::time::Duration;

use ipmi_proto::Privilege;
use ipmi_proto::bmc::{Config, User, Users};
use ipmi_proto::command::app::{AuthTypes, UserId};
use ipmi_proto::crypto::{BmcKey, CipherSuite, CipherSuites, Password};
use ipmi_proto::handshake::Username;

use crate::Secret;
use crate::registry::{NO_ACCESS, UserRecord, V15Auth};

/// What a BMC needs to know beside its host.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Its name, for the log.
    pub name: String,
    /// The name of the machine behind it, for the log.
    pub domain: String,
    /// Where it listens. `[::]` falls back to `0.0.0.0` on a machine without IPv6.
    pub listen: SocketAddr,
    /// All users; the first one of VirtualBMC's form is user 2, an administrator.
    pub users: Vec<UserRecord>,
    /// The BMC key K_g.
    pub kg: Option<Secret>,
    /// The cipher suites that it accepts.
    pub cipher_suites: Vec<u8>,
    /// How IPMI 1.5 sessions may be authenticated; empty: there are none.
    pub v15: Vec<V15Auth>,
    /// After how long without a chassis control a boot override that was set is taken back (§28.13: 60 s). None:
    /// never, since virtual machines are slow to be scheduled.
    pub boot_flags_expiry: Option<Duration>,
    /// What tells one boot of the host from the next, such as Linux's `/proc/sys/kernel/random/boot_id`. When it has
    /// changed since the BMC last ran, the power restore policy is applied. None: it never is.
    pub host_boot: Option<String>,
    /// How many bytes of what the machine says on its console are kept since it was switched on, for a console that is
    /// opened later. More than 0 keeps the machine's console open all the time, so that nobody else can have it.
    pub console_history: usize,
}

impl Settings {
    /// The defaults for a BMC that listens on `listen`: no user yet, cipher suites 3 and 17.
    #[must_use]
    pub fn new(name: impl Into<String>, listen: SocketAddr) -> Self {
        let name = name.into();
        Self {
            domain: name.clone(),
            name,
            listen,
            users: Vec::new(),
            kg: None,
            cipher_suites: vec![3, 17],
            v15: Vec::new(),
            boot_flags_expiry: None,
            host_boot: None,
            console_history: 0,
        }
    }
}

/// Settings that no BMC can have. Names the setting and the limit, never a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// A user's id is not 1 to 16.
    #[error("user {0}: ids go from 1 to {max}", max = Users::MAX)]
    UserId(u8),
    /// A user's name is too long.
    #[error("user {id}: the name is {len} bytes long; IPMI takes at most {max}", max = Username::MAX_LEN)]
    NameTooLong {
        /// The user.
        id: u8,
        /// The length of the name.
        len: usize,
    },
    /// A user's password is too long.
    #[error("user {id}: the password is {len} bytes long; IPMI takes at most {max}", max = ipmi_proto::crypto::MAX_PASSWORD_LEN)]
    PasswordTooLong {
        /// The user.
        id: u8,
        /// The length of the password.
        len: usize,
    },
    /// A user's privilege limit is a reserved number.
    #[error(
        "user {id}: {privilege} is no privilege limit; give 1 (CALLBACK) to 5 (OEM), or 15 for no access"
    )]
    Privilege {
        /// The user.
        id: u8,
        /// What was given.
        privilege: u8,
    },
    /// The BMC key is too long.
    #[error("the key K_g is {0} bytes long; IPMI takes at most {max}", max = ipmi_proto::crypto::MAX_PASSWORD_LEN)]
    KeyTooLong(usize),
    /// A cipher suite does not exist.
    #[error("cipher suite {0} does not exist; 3 and 17 are the usual ones")]
    CipherSuite(u8),
}

/// A user's privilege limit; none: no access.
pub(super) fn privilege(user: &UserRecord) -> Result<Option<Privilege>, SettingsError> {
    match user.privilege {
        NO_ACCESS => Ok(None),
        bits => Privilege::from_bits(bits)
            .map(Some)
            .map_err(|_| SettingsError::Privilege {
                id: user.id,
                privilege: bits,
            }),
    }
}

/// The ways to authenticate IPMI 1.5 sessions, as the wire has them.
pub(super) fn auth_types(settings: &Settings) -> AuthTypes {
    let bits = settings.v15.iter().map(|auth| match auth {
        V15Auth::None => AuthTypes::NONE,
        V15Auth::Md5 => AuthTypes::MD5,
        V15Auth::Password => AuthTypes::PASSWORD,
    });
    AuthTypes::new(bits.fold(0, |all, bit| all | bit))
}

/// The endpoint's settings. `limit` is the channel's: nobody gets a higher level than that.
pub(super) fn config(settings: &Settings, limit: Privilege) -> Result<Config, SettingsError> {
    let mut config = Config::new(users(&settings.users, limit)?);
    config.v15.auth_types = auth_types(settings);
    if let Some(kg) = &settings.kg {
        let kg = kg.reveal();
        let key = BmcKey::new(kg.as_bytes()).map_err(|_| SettingsError::KeyTooLong(kg.len()))?;
        config.kg = Some(key);
    }
    let suites = settings.cipher_suites.iter().copied();
    let unknown = suites
        .clone()
        .find(|id| CipherSuite::from_id(*id).is_none());
    config.suites = CipherSuites::from_ids(suites)
        .map_err(|_| SettingsError::CipherSuite(unknown.unwrap_or_default()))?;
    Ok(config)
}

/// The endpoint's user table.
pub(super) fn users(records: &[UserRecord], limit: Privilege) -> Result<Users, SettingsError> {
    let mut users = Users::default();
    for record in records {
        let id = record.id;
        let name = Username::new(record.name.as_bytes())
            .map_err(|error| SettingsError::NameTooLong { id, len: error.0 })?;
        let password = record
            .password
            .as_ref()
            .map(|password| Password::new(password.reveal().as_bytes()))
            .transpose()
            .map_err(|error| SettingsError::PasswordTooLong { id, len: error.0 })?;
        let user = User {
            name,
            password,
            privilege: privilege(record)?.map(|privilege| privilege.min(limit)),
            enabled: record.enabled,
            messaging: record.messaging,
            callback_only: record.callback_only,
            link_auth: record.link_auth,
        };
        let slot = UserId::new(id).map_err(|_| SettingsError::UserId(id))?;
        if !users.set(slot, Some(user)) {
            return Err(SettingsError::UserId(id));
        }
    }
    Ok(users)
}

/// Says so in the log where something was switched on that lets others take part.
pub(super) fn warn_of_weakness(bmc: &str, config: &Config) {
    if config.v15.is_enabled() {
        tracing::warn!(
            bmc,
            "IPMI 1.5 sessions are on: they encrypt nothing, and whoever is on the way can read and take part"
        );
    }
    let suites = config.suites;
    for suite in suites.iter().filter(|suite| !suite.is_complete()) {
        tracing::warn!(
            bmc,
            %suite,
            "this suite does not authenticate, sign and encrypt all it carries; whoever is on the way can take part"
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> Settings {
        let mut settings = Settings::new("bmc", ([127, 0, 0, 1], 623).into());
        let admin = UserRecord::administrator(2, "admin", Secret::new("password"));
        settings.users = vec![admin];
        settings
    }

    fn refused(change: impl FnOnce(&mut Settings)) -> SettingsError {
        let mut settings = settings();
        change(&mut settings);
        config(&settings, Privilege::Oem).unwrap_err()
    }

    #[test]
    fn the_usual_settings() {
        let config = config(&settings(), Privilege::Oem).unwrap();
        assert_eq!(config.suites, CipherSuites::DEFAULT);
        let (id, user) = config.users.iter().next().unwrap();
        assert_eq!(id.number(), 2);
        assert_eq!(user.name.as_bytes(), b"admin");
        assert_eq!(user.privilege, Some(Privilege::Administrator));
    }

    #[test]
    fn the_channel_s_limit_holds_for_everybody() {
        let config = config(&settings(), Privilege::User).unwrap();
        let (_, user) = config.users.iter().next().unwrap();
        assert_eq!(user.privilege, Some(Privilege::User));
    }

    #[test]
    fn what_ipmi_cannot_hold_is_named_and_no_password_is_shown() {
        let long = "x".repeat(21);
        let error = refused(|s| s.users[0].name = "a name of 17 bytes".to_owned());
        assert_eq!(error, SettingsError::NameTooLong { id: 2, len: 18 });
        let error = refused(|s| s.users[0].password = Some(Secret::new(long.as_str())));
        assert_eq!(error, SettingsError::PasswordTooLong { id: 2, len: 21 });
        assert!(!error.to_string().contains(&long));
        let error = refused(|s| s.kg = Some(Secret::new(long.as_str())));
        assert_eq!(error, SettingsError::KeyTooLong(21));
        assert_eq!(refused(|s| s.users[0].id = 17), SettingsError::UserId(17));
        assert_eq!(refused(|s| s.users[0].id = 0), SettingsError::UserId(0));
        let error = refused(|s| s.cipher_suites.push(99));
        assert_eq!(error, SettingsError::CipherSuite(99));
        let error = refused(|s| s.users[0].privilege = 9);
        let privilege = 9;
        assert_eq!(error, SettingsError::Privilege { id: 2, privilege });
    }
}
