//! A BMC's settings to and from the keys of its file. The only place that knows the keys' names.

use super::check::{self, Invalid};
use super::ini::Ini;
use super::{
    BmcConfig, BmcName, ConfigError, FIRST_USER, MAX_USER_ID, NO_ACCESS, UserRecord, V15Auth,
};
use crate::Secret;

/// The one section of a BMC's file that is ours.
const SECTION: &str = "VirtualBMC";

/// The privilege limits of §6.8 by name. The numbers are accepted as well.
const PRIVILEGES: [(&str, u8); 6] = [
    ("callback", 1),
    ("user", 2),
    ("operator", 3),
    ("administrator", 4),
    ("oem", 5),
    ("none", 15),
];

/// Reads a BMC's settings from its file.
pub(super) fn decode(name: &BmcName, ini: &Ini) -> Result<BmcConfig, ConfigError> {
    if !ini.has_section(SECTION) {
        return Err(ConfigError::NoSection);
    }
    let keys = Keys(ini);
    let username = keys.required("username")?;
    let password = keys.required("password")?;
    let port = keys.required("port")?;
    let optional = |key| keys.optional(key);
    let config = BmcConfig {
        domain_name: keys
            .optional("domain_name")?
            .unwrap_or_else(|| name.to_string()),
        username,
        password: Secret::new(password),
        address: check::address(&keys.value("address")?.unwrap_or_else(|| "::".to_owned()))?,
        port: check::port(
            port.parse()
                .map_err(|_| Invalid::new("port", "must be a number from 1 to 65535"))?,
        )?,
        libvirt_uri: optional("libvirt_uri")?.unwrap_or_else(|| "qemu:///system".to_owned()),
        libvirt_sasl_username: optional("libvirt_sasl_username")?,
        libvirt_sasl_password: optional("libvirt_sasl_password")?.map(Secret::new),
        active: keys.boolean("active")?.unwrap_or(false),
        cipher_suites: optional("cipher_suites")?
            .map(|list| cipher_suites("cipher_suites", &list))
            .transpose()?,
        kg: optional("kg")?.map(Secret::new),
        v15: optional("ipmi_1_5")?
            .map(|list| v15_auth("ipmi_1_5", &list))
            .transpose()?
            .unwrap_or_default(),
        console_history: optional("console_history")?
            .map(|bytes| console_history("console_history", &bytes))
            .transpose()?,
        users: Vec::new(),
    };
    let config = BmcConfig {
        users: users(&keys, &config)?,
        ..config
    };
    config.check()?;
    Ok(config)
}

/// Brings a file's keys in step with a BMC's settings. Keys that it does not know stay.
pub(super) fn encode(config: &BmcConfig, ini: &mut Ini) {
    let mut set = |key: &str, value: Option<&str>| ini.set(SECTION, key, value);
    // In the order in which VirtualBMC writes them.
    set("domain_name", Some(&config.domain_name));
    set("username", Some(&config.username));
    set("password", Some(config.password.reveal()));
    set("port", Some(&config.port.to_string()));
    set("address", Some(&config.address.to_string()));
    set("libvirt_uri", Some(&config.libvirt_uri));
    set(
        "libvirt_sasl_username",
        config.libvirt_sasl_username.as_deref(),
    );
    set(
        "libvirt_sasl_password",
        config.libvirt_sasl_password.as_ref().map(Secret::reveal),
    );
    set("active", Some(python_bool(config.active)));
    let suites = config.cipher_suites.as_ref().map(|suites| {
        let suites: Vec<String> = suites.iter().map(u8::to_string).collect();
        suites.join(",")
    });
    set("cipher_suites", suites.as_deref());
    set("kg", config.kg.as_ref().map(Secret::reveal));
    let v15: Vec<_> = config.v15.iter().map(|auth| auth.name()).collect();
    set(
        "ipmi_1_5",
        Some(v15.join(","))
            .filter(|list| !list.is_empty())
            .as_deref(),
    );
    let history = config.console_history.map(|bytes| bytes.to_string());
    set("console_history", history.as_deref());
    for id in 1..=MAX_USER_ID {
        let user = config.users.iter().find(|user| user.id == id);
        encode_user(id, user, &mut set);
    }
}

fn encode_user(id: u8, user: Option<&UserRecord>, set: &mut impl FnMut(&str, Option<&str>)) {
    let mut set = |field: &str, value: Option<&str>| set(&user_key(id, field), value);
    // The first user's name and password are `username` and `password`.
    let other = user.filter(|_| id != FIRST_USER);
    let name = other.map(|user| user.name.as_str());
    set("name", name.filter(|name| !name.is_empty()));
    let password = other.and_then(|user| user.password.as_ref());
    set("password", password.map(Secret::reveal));
    // The rest only where it is not what name and password alone would make of the user.
    let plain = user.map(|user| plain_user(id, user.name.clone(), user.password.clone()));
    let differing = user.zip(plain.as_ref());
    let privilege = differing
        .filter(|(user, plain)| user.privilege != plain.privilege)
        .and_then(|(user, _)| privilege_name(user.privilege));
    set("privilege", privilege);
    for (field, flag) in FLAGS {
        let value = differing
            .map(|(user, plain)| (flag.get(user), flag.get(plain)))
            .filter(|(value, default)| value != default)
            .map(|(value, _)| python_bool(value));
        set(field, value);
    }
}

/// A flag of a user.
#[derive(Clone, Copy)]
enum Flag {
    Enabled,
    Messaging,
    LongPassword,
    CallbackOnly,
    LinkAuth,
}

/// The keys of the flags.
const FLAGS: [(&str, Flag); 5] = [
    ("enabled", Flag::Enabled),
    ("messaging", Flag::Messaging),
    ("long_password", Flag::LongPassword),
    ("callback_only", Flag::CallbackOnly),
    ("link_auth", Flag::LinkAuth),
];

impl Flag {
    fn get(self, user: &UserRecord) -> bool {
        match self {
            Self::Enabled => user.enabled,
            Self::Messaging => user.messaging,
            Self::LongPassword => user.long_password,
            Self::CallbackOnly => user.callback_only,
            Self::LinkAuth => user.link_auth,
        }
    }

    fn of(self, user: &mut UserRecord) -> &mut bool {
        match self {
            Self::Enabled => &mut user.enabled,
            Self::Messaging => &mut user.messaging,
            Self::LongPassword => &mut user.long_password,
            Self::CallbackOnly => &mut user.callback_only,
            Self::LinkAuth => &mut user.link_auth,
        }
    }
}

/// A user of whom only name and password are known. The first one is an administrator; another one with a password
/// may log in once it is given a privilege.
pub(super) fn plain_user(id: u8, name: String, password: Option<Secret>) -> UserRecord {
    let has_password = password.is_some();
    let first = id == FIRST_USER;
    let administrator = UserRecord::administrator(id, name, password.clone().unwrap_or_default());
    UserRecord {
        password,
        privilege: if first {
            administrator.privilege
        } else {
            NO_ACCESS
        },
        enabled: has_password,
        messaging: has_password,
        ..administrator
    }
}

/// Whether a user has to be kept at all: whether any key would be written for it.
pub(super) fn is_kept(user: &UserRecord, config: &BmcConfig) -> bool {
    let absent = match user.id {
        FIRST_USER => first_user(config),
        id => plain_user(id, String::new(), None),
    };
    *user != absent
}

/// The first user as the file's `username` and `password` alone have it.
pub(super) fn first_user(config: &BmcConfig) -> UserRecord {
    plain_user(
        FIRST_USER,
        config.username.clone(),
        Some(config.password.clone()),
    )
}

/// Reads a list of cipher suites, as in `3,17`. `what` names it in errors.
///
/// # Errors
///
/// When one of them is not implemented, or none is there.
pub fn cipher_suites(what: &str, list: &str) -> Result<Vec<u8>, Invalid> {
    let words = list.split([',', ' ']).filter(|word| !word.is_empty());
    let suites: Option<Vec<u8>> = words.map(|word| word.parse().ok()).collect();
    let suites = suites.unwrap_or_default();
    check::suites(what, Some(&suites))?;
    Ok(suites)
}

/// Reads how many bytes of a console's history are kept. `what` names it in errors.
///
/// # Errors
///
/// When it is no number, or too large.
pub fn console_history(what: &str, bytes: &str) -> Result<u32, Invalid> {
    bytes
        .parse()
        .ok()
        .filter(|bytes| *bytes <= MAX_CONSOLE_HISTORY)
        .ok_or_else(|| {
            Invalid::new(
                what,
                format!("must be a number of bytes from 0 to {MAX_CONSOLE_HISTORY}"),
            )
        })
}

/// Every BMC may have as much: 1 MiB.
const MAX_CONSOLE_HISTORY: u32 = 1 << 20;

/// Reads a list of ways to authenticate IPMI 1.5 sessions, as in `md5,password`. `what` names it in errors.
///
/// # Errors
///
/// When one of them does not exist.
pub fn v15_auth(what: &str, list: &str) -> Result<Vec<V15Auth>, Invalid> {
    let words = list.split([',', ' ']).filter(|word| !word.is_empty());
    let auth: Option<Vec<_>> = words
        .map(|word| {
            let mut all = V15_AUTH.into_iter();
            all.find(|auth| auth.name().eq_ignore_ascii_case(word))
        })
        .collect();
    auth.ok_or_else(|| {
        Invalid::new(
            what,
            "must be md5, password or none, or several of them with commas between them",
        )
    })
}

const V15_AUTH: [V15Auth; 3] = [V15Auth::None, V15Auth::Md5, V15Auth::Password];

fn users(keys: &Keys<'_>, config: &BmcConfig) -> Result<Vec<UserRecord>, ConfigError> {
    let mut users = Vec::new();
    for id in 1..=MAX_USER_ID {
        let prefix = user_key(id, "");
        if !keys
            .0
            .keys(SECTION)
            .any(|(key, _)| key.starts_with(&prefix))
        {
            continue;
        }
        let mut user = if id == FIRST_USER {
            first_user(config)
        } else {
            let name = keys.value(&user_key(id, "name"))?.unwrap_or_default();
            let password = keys.value(&user_key(id, "password"))?;
            plain_user(id, name, password.map(Secret::new))
        };
        let key = user_key(id, "privilege");
        if let Some(word) = keys.optional(&key)? {
            user.privilege = privilege(&key, &word)?;
        }
        for (field, flag) in FLAGS {
            if let Some(value) = keys.boolean(&user_key(id, field))? {
                *flag.of(&mut user) = value;
            }
        }
        users.push(user);
    }
    Ok(users)
}

fn user_key(id: u8, field: &str) -> String {
    format!("user_{id}_{field}")
}

fn privilege(what: &str, word: &str) -> Result<u8, Invalid> {
    let known = |(name, number): &&(&str, u8)| {
        name.eq_ignore_ascii_case(word) || word.parse() == Ok(*number)
    };
    PRIVILEGES
        .iter()
        .find(known)
        .map(|(_, number)| *number)
        .ok_or_else(|| {
            Invalid::new(
                what,
                "must be callback, user, operator, administrator, oem or none",
            )
        })
}

/// A privilege limit's name; none: it is reserved.
pub(super) fn privilege_name(number: u8) -> Option<&'static str> {
    PRIVILEGES
        .iter()
        .find(|(_, known)| *known == number)
        .map(|(name, _)| *name)
}

fn python_bool(value: bool) -> &'static str {
    if value { "True" } else { "False" }
}

/// The values of a file, by key.
struct Keys<'a>(&'a Ini);

impl Keys<'_> {
    fn value(&self, key: &str) -> Result<Option<String>, Invalid> {
        self.0
            .value(SECTION, key)
            .map_err(|error| Invalid::new(key, format!("cannot be read: {error}")))
    }

    fn required(&self, key: &'static str) -> Result<String, ConfigError> {
        self.value(key)?.ok_or(ConfigError::Missing(key))
    }

    /// A value that may be absent, or empty or `None`, which some tools write for it.
    fn optional(&self, key: &str) -> Result<Option<String>, Invalid> {
        Ok(self
            .value(key)?
            .filter(|value| !value.is_empty() && value != "None"))
    }

    fn boolean(&self, key: &str) -> Result<Option<bool>, Invalid> {
        let Some(word) = self.optional(key)? else {
            return Ok(None);
        };
        if word.eq_ignore_ascii_case("true") {
            Ok(Some(true))
        } else if word.eq_ignore_ascii_case("false") {
            Ok(Some(false))
        } else {
            Err(Invalid::new(key, "must be true or false"))
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// As VirtualBMC 3.3 writes it.
    const ORIGINAL: &str = "[VirtualBMC]\nusername = admin\npassword = 100%%\naddress = ::\nport = 6230\n\
        domain_name = node-1\nlibvirt_uri = qemu:///system\nactive = False\n\n";

    fn read(text: &str) -> Result<BmcConfig, ConfigError> {
        decode(&BmcName::new("node-1").unwrap(), &Ini::parse(text).unwrap())
    }

    #[test]
    fn reads_virtualbmcs_own_files_and_leaves_them_as_they_are() {
        let config = read(ORIGINAL).unwrap();
        assert_eq!(config.password.reveal(), "100%");
        assert_eq!((config.port, config.active), (6230, false));
        assert_eq!(config.libvirt_sasl_username, None);
        let mut ini = Ini::parse(ORIGINAL).unwrap();
        encode(&config, &mut ini);
        assert_eq!(ini.to_string(), ORIGINAL);
    }

    #[test]
    fn reads_what_other_tools_write() {
        let config = read(
            "[VirtualBMC]\nUSERNAME: a b\npassword=p=q:r\nport : 623\nActive = TRUE\n\
             libvirt_sasl_username =\nlibvirt_sasl_password = None\nunknown = 1\n",
        )
        .unwrap();
        assert_eq!(config.username, "a b");
        assert_eq!(config.password.reveal(), "p=q:r");
        assert!(config.active);
        assert_eq!(config.libvirt_sasl_username, None);
        assert_eq!(config.libvirt_sasl_password, None);
        assert_eq!(config.domain_name, "node-1");
        assert_eq!(config.address.to_string(), "::");
    }

    #[test]
    fn keeps_users_suites_and_key() {
        let mut config = read(ORIGINAL).unwrap();
        config.cipher_suites = Some(vec![3, 17]);
        config.kg = Some(Secret::new("k%g"));
        config.users = vec![
            UserRecord {
                enabled: false,
                ..first_user(&config)
            },
            UserRecord {
                long_password: true,
                privilege: 3,
                link_auth: true,
                ..plain_user(3, "op".into(), Some(Secret::new("short")))
            },
            UserRecord {
                privilege: 2,
                ..plain_user(4, String::new(), None)
            },
        ];
        let mut ini = Ini::parse(ORIGINAL).unwrap();
        encode(&config, &mut ini);
        let text = ini.to_string();
        assert_eq!(read(&text).unwrap(), config, "{text}");
        assert!(text.contains("user_3_privilege = operator\n"), "{text}");
        for absent in ["user_2_password", "user_3_enabled", "user_4_name"] {
            assert!(!text.contains(absent), "{text}");
        }

        config.users.clear();
        config.cipher_suites = None;
        config.kg = None;
        encode(&config, &mut ini);
        assert_eq!(ini.to_string(), ORIGINAL, "defaults leave no keys behind");
    }

    #[test]
    fn errors_name_the_key_and_show_no_password() {
        let with = |line: &str| format!("{ORIGINAL}{line}\n");
        for (text, key) in [
            (ORIGINAL.replace("port = 6230", "port = x"), "port"),
            (ORIGINAL.replace("port = 6230", "port = 0"), "port"),
            (ORIGINAL.replace("username = admin\n", ""), "username"),
            (ORIGINAL.replace("= ::", "= nowhere"), "address"),
            (ORIGINAL.replace("= False", "= maybe"), "active"),
            (ORIGINAL.replace("100%%", "hunter2%"), "password"),
            (
                ORIGINAL.replace("100%%", "hunter2-hunter2-hunter2"),
                "password",
            ),
            (with("cipher_suites = 3;17"), "cipher_suites"),
            (with("cipher_suites = 3,5"), "cipher_suites"),
            (with("kg = hunter2-hunter2-hunter2"), "kg"),
            (with("user_3_privilege = root"), "user_3_privilege"),
            (with("user_3_name = a-name-far-too-long"), "user_3_name"),
            (with("libvirt_sasl_username = u"), "SASL"),
        ] {
            let error = read(&text).unwrap_err().to_string();
            assert!(error.contains(key), "{error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
        assert_eq!(read("[Other]\n").unwrap_err(), ConfigError::NoSection);
    }

    proptest! {
        #[test]
        fn whatever_may_be_comes_back_the_same(
            username in "|[!-~é]([ -~é]{0,5}[!-~é])?",
            password in "|[!-~é]([ -~é]{0,6}[!-~é])?",
            uri in "[!-~]([ -~é]{0,9}[!-~])?",
            kg in proptest::option::of("[!-~]([ -~é]{0,6}[!-~])?"),
            other in "|[!-~é]([ -~é]{0,5}[!-~é])?",
            port in 1..=u16::MAX,
        ) {
            let mut config = read(ORIGINAL).unwrap();
            config.username = username;
            config.password = Secret::new(password);
            config.libvirt_uri = uri;
            config.kg = kg.map(Secret::new);
            config.port = port;
            config.users = vec![plain_user(5, other, Some(Secret::new("#;%[x]=:")))];
            config.check().unwrap();
            // Means the absence of a value, as some tools write it.
            prop_assume!(config.libvirt_uri != "None");
            let mut ini = Ini::parse(ORIGINAL).unwrap();
            encode(&config, &mut ini);
            let text = ini.to_string();
            prop_assert_eq!(read(&text).unwrap(), config, "{}", text);
        }
    }
}
