//! Which BMC a command talks to over IPMI: one of vbmcd's by its name, or any other by its address.

use std::path::PathBuf;
use std::time::Duration;
use std::{env, fmt};

use anyhow::bail;
use clap::ValueEnum;
use clap::builder::NonEmptyStringValueParser;
use ipmi_proto::Privilege;
use ipmi_proto::crypto::CipherSuite;
use ipmi_proto::handshake::RequestedPrivilege;
use vbmc_core::Secret;
use vbmc_core::config::ConfigFile;
use vbmc_core::control::Status;

use super::usage::WrongUsage;
use crate::client::Client;
use crate::ipmi::{Address, Console, Login};
use crate::password;

/// Where a password may stand beside a file: ipmitool's variable. An argument would be there for every user of this
/// machine to see.
const PASSWORD: &str = "IPMI_PASSWORD";

/// A BMC, as typed.
#[derive(Debug, clap::Args)]
pub(super) struct Target {
    /// The name of the virtual machine, if it is a BMC of vbmcd's
    #[arg(value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    name: Option<String>,

    #[command(flatten)]
    access: Access,
}

/// How a BMC is reached, as typed.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Any other BMC, and how to log in")]
pub(super) struct Access {
    /// The address or host name of any BMC, also a physical one
    #[arg(long, value_parser = NonEmptyStringValueParser::new())]
    host: Option<String>,

    /// The UDP port of --host [default: 623]
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..), requires = "host")]
    port: Option<u16>,

    /// Who logs in [default: admin; to a BMC of vbmcd's, its first user]
    #[arg(long)]
    user: Option<String>,

    /// Read the user's password from a file; otherwise $IPMI_PASSWORD holds it, or it is asked for
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,

    /// Read the BMC key K_g from a file
    #[arg(long, value_name = "FILE")]
    kg_file: Option<PathBuf>,

    /// The cipher suite [default: 17 or else 3, as the BMC has them]
    #[arg(long, value_name = "NUMBER", value_parser = suite)]
    cipher_suite: Option<CipherSuite>,

    /// The privilege level to ask for
    #[arg(long, value_name = "LEVEL", default_value = "administrator")]
    privilege: Level,

    /// How long the BMC may take to let in, and for each answer
    #[arg(long, value_name = "SECONDS", default_value = "20", value_parser = clap::value_parser!(u16).range(1..))]
    timeout: u16,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Level {
    User,
    Operator,
    #[value(alias = "admin")]
    Administrator,
    Oem,
    /// The highest that the user can have
    Highest,
}

impl From<Level> for RequestedPrivilege {
    fn from(level: Level) -> Self {
        match level {
            Level::User => Self::UpTo(Privilege::User),
            Level::Operator => Self::UpTo(Privilege::Operator),
            Level::Administrator => Self::UpTo(Privilege::Administrator),
            Level::Oem => Self::UpTo(Privilege::Oem),
            Level::Highest => Self::Highest,
        }
    }
}

fn suite(number: &str) -> Result<CipherSuite, String> {
    let suite = number.parse().ok().and_then(CipherSuite::from_id);
    suite.ok_or_else(|| {
        let all: Vec<_> = CipherSuite::ALL
            .iter()
            .map(|suite| suite.id().to_string())
            .collect();
        format!("there are cipher suites {}", all.join(", "))
    })
}

impl Access {
    /// A BMC and a word for it, where both may be left out: with --host there is no name, so that the first of the two
    /// is the word.
    pub(super) fn with_word(
        self,
        name: Option<String>,
        word: Option<String>,
    ) -> anyhow::Result<(Target, Option<String>)> {
        let (name, word) = match (&self.host, name, word) {
            (Some(_), Some(word), None) => (None, Some(word)),
            (Some(_), Some(name), Some(_)) => return Err(both(&name)),
            (_, name, word) => (name, word),
        };
        let target = Target { name, access: self };
        target.check()?;
        Ok((target, word))
    }
}

pub(super) fn both(name: &str) -> anyhow::Error {
    WrongUsage::error(format!(
        "give the name of a BMC of vbmcd's ({name}), or --host for any other, not both"
    ))
}

impl Access {
    pub(super) const fn has_host(&self) -> bool {
        self.host.is_some()
    }

    /// A BMC by its address.
    pub(super) const fn at_host(self) -> Target {
        let name = None;
        Target { name, access: self }
    }

    /// How long a BMC may take to let in, and for each answer.
    pub(super) fn patience(&self) -> Duration {
        Duration::from_secs(self.timeout.into())
    }
}

impl Target {
    fn check(&self) -> anyhow::Result<()> {
        match (&self.name, &self.access.host) {
            (Some(name), Some(_)) => Err(both(name)),
            (None, None) => Err(WrongUsage::error(
                "say which BMC: the NAME of one of vbmcd's (`vbmc list`), or --host for any other",
            )),
            _ => Ok(()),
        }
    }

    /// How long the BMC may take to let in, and for each answer.
    pub(super) fn patience(&self) -> Duration {
        self.access.patience()
    }

    /// Logs in. Asks vbmcd about its own BMCs.
    pub(super) async fn connect(self) -> anyhow::Result<Console> {
        let limit = self.patience();
        let (bmc, login) = self.resolve().await?;
        Ok(Console::connect(&bmc, &login, limit).await?)
    }

    /// Where the BMC is, and how to log in. Asks vbmcd about its own.
    pub(super) async fn resolve(self) -> anyhow::Result<(Address, Login)> {
        self.check()?;
        let Self { name, access } = self;
        let (bmc, login) = match name {
            Some(name) => of_vbmcd(&name).await?,
            None => access.elsewhere(),
        };
        let typed = access.read(&bmc.host)?;
        Ok((bmc, typed.put_on(login)))
    }
}

impl Access {
    /// Where --host is. Nothing is known of how to log in there.
    fn elsewhere(&self) -> (Address, Login) {
        let host = self.host.clone().unwrap_or_default();
        let port = self.port.unwrap_or(623);
        (Address { host, port }, Login::new("", Secret::default()))
    }

    /// What was typed of a login: files read, the terminal asked.
    pub(super) fn read(self, bmc: &str) -> anyhow::Result<Typed> {
        let user = match (self.user, &self.host) {
            (None, Some(_)) => Some("admin".to_owned()),
            (user, _) => user,
        };
        let login = match (user, &self.password_file) {
            (Some(user), file) => {
                let password = match (file, env::var(PASSWORD)) {
                    (Some(file), _) => password::read(file)?,
                    (None, Ok(password)) => Secret::new(password),
                    (None, Err(_)) => password::ask(&format!("Password of {user} on {bmc}"))?,
                };
                Some((user, password))
            }
            (None, Some(_)) => return Err(WrongUsage::error("say whose password it is: --user")),
            (None, None) => None,
        };
        Ok(Typed {
            login,
            kg: self.kg_file.map(|file| password::read(&file)).transpose()?,
            suite: self.cipher_suite,
            privilege: self.privilege.into(),
        })
    }
}

/// What was typed of a login.
#[derive(Debug, Clone)]
pub(super) struct Typed {
    /// The user and the password, where vbmcd is not to say them.
    login: Option<(String, Secret)>,
    kg: Option<Secret>,
    suite: Option<CipherSuite>,
    privilege: RequestedPrivilege,
}

impl Typed {
    /// A login with what was typed in place of what vbmcd says.
    pub(super) fn put_on(&self, login: Login) -> Login {
        let (username, password) = match self.login.clone() {
            Some(typed) => typed,
            None => (login.username, login.password),
        };
        Login {
            username,
            password,
            kg: self.kg.clone().or(login.kg),
            suite: self.suite,
            privilege: self.privilege,
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.name.as_deref().or(self.access.host.as_deref());
        f.write_str(name.unwrap_or_default())
    }
}

/// Where one of vbmcd's BMCs is, and how its first user logs in.
pub(super) async fn of_vbmcd(name: &str) -> anyhow::Result<(Address, Login)> {
    let client = Client::from_config(&ConfigFile::load()?)?;
    let bmc = client.bmc(name).await?;
    match bmc.status {
        Status::Running => {}
        Status::Down => bail!("the BMC of {name} is down: `vbmc start {name}` starts it"),
        Status::Error => bail!(
            "the BMC of {name} cannot run: {}",
            bmc.problem.unwrap_or_default()
        ),
    }
    let credentials = client.credentials(name).await?;
    let host = match credentials.address.as_str() {
        // Every address of the machine, which is this one.
        "::" | "0.0.0.0" => "127.0.0.1".to_owned(),
        address => address.to_owned(),
    };
    let port = credentials.port;
    let login = Login {
        kg: credentials.kg,
        ..Login::new(credentials.username, credentials.password)
    };
    Ok((Address { host, port }, login))
}

/// A word as one of those that there are.
pub(super) fn parse<T: ValueEnum>(word: &str) -> anyhow::Result<T> {
    T::from_str(word, true)
        .map_err(|_| WrongUsage::error(format!("`{word}` is none of {}", words::<T>())))
}

/// The words that there are.
pub(super) fn words<T: ValueEnum>() -> String {
    let values = T::value_variants().iter();
    let names: Vec<_> = values
        .filter_map(|value| Some(value.to_possible_value()?.get_name().to_owned()))
        .collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Line {
        name: Option<String>,
        word: Option<String>,
        #[command(flatten)]
        access: Access,
    }

    fn words(line: &str) -> anyhow::Result<(String, Option<String>)> {
        let Line { name, word, access } =
            Line::try_parse_from(["x"].into_iter().chain(line.split_whitespace()))?;
        let (target, word) = access.with_word(name, word)?;
        Ok((target.to_string(), word))
    }

    #[test]
    fn a_host_takes_the_name_s_place() {
        let both = |bmc: &str, word: Option<&str>| (bmc.to_owned(), word.map(str::to_owned));
        assert_eq!(words("node-0").unwrap(), both("node-0", None));
        assert_eq!(words("node-0 on").unwrap(), both("node-0", Some("on")));
        assert_eq!(words("--host b").unwrap(), both("b", None));
        assert_eq!(words("--host b on").unwrap(), both("b", Some("on")));
        for wrong in ["", "node-0 on --host b"] {
            assert!(words(wrong).unwrap_err().is::<WrongUsage>(), "{wrong}");
        }
    }

    #[tokio::test]
    async fn a_host_has_the_defaults_of_the_field() {
        let line = "x --host b --password-file /dev/null";
        let line = Line::try_parse_from(line.split_whitespace()).unwrap();
        let (target, _) = line.access.with_word(line.name, line.word).unwrap();
        let (bmc, login) = target.resolve().await.unwrap();
        assert_eq!(bmc.to_string(), "b port 623");
        assert_eq!(login.username, "admin");
    }

    #[test]
    fn a_wrong_word_is_answered_with_the_right_ones() {
        assert_eq!(parse::<Level>("ADMIN").unwrap(), Level::Administrator);
        let error = parse::<Level>("root").unwrap_err();
        assert!(error.to_string().contains("user, operator"), "{error}");
    }
}
