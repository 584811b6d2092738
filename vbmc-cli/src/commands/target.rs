//! Which BMC a command talks to over IPMI: one of vbmcd's by its name, or any other by its address.

use std::env;
use std::fmt;
use std::path::PathBuf;

use clap::builder::NonEmptyStringValueParser;
use vbmc_core::Secret;
use vbmc_core::config::ConfigFile;

use crate::client::Client;
use crate::ipmi::{Address, Login};
use crate::password;

/// Where a password may stand beside a file. An argument would be there for every user of this machine to see.
const PASSWORD: &str = "VBMC_PASSWORD";

/// A BMC, as typed.
#[derive(Debug, clap::Args)]
#[group(required = true, multiple = true, args = ["name", "host"])]
pub(super) struct Target {
    /// The name of the virtual machine
    #[arg(value_name = "NAME", value_parser = NonEmptyStringValueParser::new(), conflicts_with = "host")]
    name: Option<String>,

    /// Any BMC, also a physical one: its name or address
    #[arg(long, value_parser = NonEmptyStringValueParser::new())]
    host: Option<String>,

    /// The UDP port of --host
    #[arg(long, default_value_t = 623, value_parser = clap::value_parser!(u16).range(1..), requires = "host")]
    port: u16,

    /// The user of --host
    #[arg(long, default_value = "admin", requires = "host")]
    user: String,

    /// Read the password of --host from a file; otherwise $VBMC_PASSWORD holds it, or it is asked for
    #[arg(long, value_name = "FILE", requires = "host")]
    password_file: Option<PathBuf>,
}

impl Target {
    /// Where the BMC is, and how to log in. Asks vbmcd about its own.
    pub(super) async fn resolve(self) -> anyhow::Result<(Address, Login)> {
        let Some(host) = self.host else {
            let name = self.name.unwrap_or_default();
            return of_vbmcd(&name).await;
        };
        let password = match (self.password_file, env::var(PASSWORD)) {
            (Some(file), _) => password::read(&file)?,
            (None, Ok(password)) => Secret::new(password),
            (None, Err(_)) => password::ask(&format!("Password of {} on {host}", self.user))?,
        };
        let port = self.port;
        Ok((Address { host, port }, Login::new(self.user, password)))
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.name.as_deref().or(self.host.as_deref());
        f.write_str(name.unwrap_or_default())
    }
}

async fn of_vbmcd(name: &str) -> anyhow::Result<(Address, Login)> {
    let client = Client::from_config(&ConfigFile::load()?)?;
    let credentials = client.credentials(name).await?;
    let host = match credentials.address.as_str() {
        // Every address of the machine, which is this one.
        "::" | "0.0.0.0" => "127.0.0.1".to_owned(),
        address => address.to_owned(),
    };
    let port = credentials.port;
    let login = Login::new(credentials.username, credentials.password);
    Ok((Address { host, port }, login))
}
