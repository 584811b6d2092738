//! `vbmc set`: changes a BMC's settings while it runs.

use std::path::PathBuf;

use anyhow::bail;
use clap::builder::NonEmptyStringValueParser;
use vbmc_core::Secret;
use vbmc_core::control::{BmcChange, ConsoleHistory};
use vbmc_core::registry::{V15Auth, cipher_suites, console_history, v15_auth};

use super::new_password::NewPassword;
use super::usage::WrongUsage;
use crate::client::Client;
use crate::password;

const EXAMPLES: &str = "\
Examples:
  vbmc set node-0 --password-file secret.txt
  vbmc set node-0 --port 6231 --address 192.0.2.10
  vbmc set node-0 --cipher-suites 17          no client gets in with less
  vbmc set node-0 --kg-file kg.txt            two keys instead of one
  vbmc set node-0 --ipmi-1-5 md5              let `ipmitool -I lan` in
  vbmc set node-0 --ipmi-1-5 off
  vbmc set node-0 --console-history on        remember what the console says

What is not named stays as it is. A change is kept, and in force at once; a BMC that runs goes on as it was if it \
cannot be as it should. Sessions of the user whose name or password changes end. `vbmc user` manages further users.

With a console history, vbmcd holds the machine's console open all the time: `virsh console` cannot have it then.

IPMI 1.5 encrypts nothing: whoever is on the way can read and take part. Cipher suite 0 lets everybody in.";

/// Change a virtual BMC's settings, at once
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The name of the virtual machine
    #[arg(value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    name: String,

    /// The first user's name, 16 bytes at most
    #[arg(long)]
    username: Option<String>,

    #[command(flatten)]
    password: NewPassword,

    /// The address to bind to, IPv4 or IPv6; :: is every address of both
    #[arg(long)]
    address: Option<String>,

    /// UDP port to listen on
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..))]
    port: Option<u16>,

    /// The libvirt URI
    #[arg(long)]
    libvirt_uri: Option<String>,

    /// The libvirt SASL username; empty: none any more
    #[arg(long)]
    libvirt_sasl_username: Option<String>,

    /// Read the libvirt SASL password from a file; - is standard input
    #[arg(long, value_name = "FILE")]
    libvirt_sasl_password_file: Option<PathBuf>,

    /// The cipher suites to accept, such as 3,17; default: what vbmcd's configuration says
    #[arg(long, value_name = "LIST", value_parser = suites)]
    cipher_suites: Option<Suites>,

    /// Read the BMC key K_g from a file, 20 bytes at most; - is standard input
    #[arg(long, value_name = "FILE")]
    kg_file: Option<PathBuf>,

    /// Have no BMC key any more
    #[arg(long, conflicts_with = "kg_file")]
    no_kg: bool,

    /// How IPMI 1.5 sessions may be authenticated: md5, password or none, several with commas; off: there are none
    #[arg(long = "ipmi-1-5", value_name = "LIST", value_parser = v15)]
    ipmi_1_5: Option<V15>,

    /// How many bytes of the machine's console to remember for whoever opens it later: a number such as 4096 or 64K, on (64K), off, or default: what vbmcd's configuration says
    #[arg(long, value_name = "SIZE", value_parser = history)]
    console_history: Option<ConsoleHistory>,
}

/// Cipher suites; none: the daemon's default.
#[derive(Debug, Clone)]
struct Suites(Vec<u8>);

fn suites(list: &str) -> Result<Suites, String> {
    if list == "default" {
        return Ok(Suites(Vec::new()));
    }
    let suites = cipher_suites("the list", list);
    suites.map(Suites).map_err(|error| error.to_string())
}

/// Ways to authenticate IPMI 1.5 sessions.
#[derive(Debug, Clone)]
struct V15(Vec<V15Auth>);

fn v15(list: &str) -> Result<V15, String> {
    if list == "off" {
        return Ok(V15(Vec::new()));
    }
    let auth = v15_auth("the list", list).map_err(|error| error.to_string())?;
    if auth.is_empty() {
        return Err("it is empty; `off` switches IPMI 1.5 off".to_owned());
    }
    Ok(V15(auth))
}

/// What `on` is: some 800 lines of 80 columns.
const HISTORY: u32 = 64 << 10;

fn history(size: &str) -> Result<ConsoleHistory, String> {
    let bytes = match size {
        "default" => return Ok(ConsoleHistory::Default),
        "on" => HISTORY,
        "off" => 0,
        size => {
            let (number, factor) = match size.strip_suffix(['k', 'K']) {
                Some(number) => (number, 1 << 10),
                None => (size, 1),
            };
            let bytes = number.parse().ok().and_then(|n: u32| n.checked_mul(factor));
            let bytes = bytes.map_or_else(|| size.to_owned(), |bytes| bytes.to_string());
            console_history("it", &bytes)
                .map_err(|error| format!("{error}, or such as 64K, `on`, `off` or `default`"))?
        }
    };
    Ok(ConsoleHistory::Bytes(bytes))
}

pub(super) async fn run(client: &Client, args: Args) -> anyhow::Result<()> {
    let name = args.name.clone();
    let change = args.resolve()?;
    client.update(&name, &change).await?;
    if change.ipmi_1_5.is_some_and(|auth| !auth.is_empty()) {
        tracing::warn!(
            "{name} takes IPMI 1.5 sessions now: they encrypt nothing, and whoever is on the way can take part"
        );
    }
    if change
        .cipher_suites
        .is_some_and(|suites| suites.contains(&0))
    {
        tracing::warn!("{name} accepts cipher suite 0 now: whoever knows a user's name gets in");
    }
    Ok(())
}

impl Args {
    /// What was meant: files read, the terminal asked.
    fn resolve(self) -> anyhow::Result<BmcChange> {
        let is_stdin =
            |file: &Option<PathBuf>| file.as_ref().is_some_and(|file| file.as_os_str() == "-");
        let stdin = [
            self.password.takes_stdin(),
            is_stdin(&self.libvirt_sasl_password_file),
            is_stdin(&self.kg_file),
        ];
        if stdin.into_iter().filter(|takes| *takes).count() > 1 {
            bail!("only one secret can be read from standard input: put the others into files");
        }
        let kg = match (self.no_kg, &self.kg_file) {
            (true, _) => Some(Secret::default()),
            (false, Some(file)) => Some(password::read_new(file)?),
            (false, None) => None,
        };
        let sasl_password = self.libvirt_sasl_password_file;
        let sasl_password = sasl_password
            .map(|file| password::read(&file))
            .transpose()?;
        let change = BmcChange {
            username: self.username,
            password: self.password.resolve()?,
            address: self.address,
            port: self.port,
            libvirt_uri: self.libvirt_uri,
            libvirt_sasl_username: self.libvirt_sasl_username,
            libvirt_sasl_password: sasl_password,
            cipher_suites: self.cipher_suites.map(|suites| suites.0),
            ipmi_1_5: self.ipmi_1_5.map(|v15| v15.0),
            console_history: self.console_history,
            kg,
        };
        if change == BmcChange::default() {
            return Err(WrongUsage::error(
                "say what is to change: `vbmc set --help` lists the settings",
            ));
        }
        Ok(change)
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        args: Args,
    }

    fn resolve(line: &str) -> anyhow::Result<BmcChange> {
        let line =
            Line::try_parse_from(["set", "node-0"].into_iter().chain(line.split_whitespace()))?;
        line.args.resolve()
    }

    #[test]
    fn what_is_not_named_is_not_changed() {
        let change = resolve("--port 7 --cipher-suites 17,3 --ipmi-1-5 md5,password").unwrap();
        let expected = BmcChange {
            port: Some(7),
            cipher_suites: Some(vec![17, 3]),
            ipmi_1_5: Some(vec![V15Auth::Md5, V15Auth::Password]),
            ..BmcChange::default()
        };
        assert_eq!(change, expected);
        assert!(resolve("").unwrap_err().is::<WrongUsage>());
    }

    #[test]
    fn words_take_settings_back() {
        let change = resolve("--cipher-suites default --ipmi-1-5 off --no-kg").unwrap();
        let expected = BmcChange {
            cipher_suites: Some(Vec::new()),
            ipmi_1_5: Some(Vec::new()),
            kg: Some(Secret::new("")),
            ..BmcChange::default()
        };
        assert_eq!(change, expected);
    }

    #[test]
    fn a_history_has_a_size() {
        for (size, history) in [
            ("on", ConsoleHistory::Bytes(65536)),
            ("off", ConsoleHistory::Bytes(0)),
            ("4096", ConsoleHistory::Bytes(4096)),
            ("1024K", ConsoleHistory::Bytes(1 << 20)),
            ("default", ConsoleHistory::Default),
        ] {
            let change = resolve(&format!("--console-history {size}")).unwrap();
            assert_eq!(change.console_history, Some(history), "{size}");
        }
        for wrong in ["1025K", "4194304K", "yes", "K", "5M"] {
            let error = resolve(&format!("--console-history {wrong}")).unwrap_err();
            assert!(error.to_string().contains("1048576"), "{error}");
        }
    }

    #[test]
    fn lists_that_cannot_be_are_refused_with_what_can() {
        for (line, said) in [
            ("--cipher-suites 3,99", "such as 3,17"),
            ("--cipher-suites ,", "such as 3,17"),
            ("--ipmi-1-5 md2", "md5, password or none"),
            ("--ipmi-1-5 ,", "`off`"),
        ] {
            let error = resolve(line).unwrap_err();
            assert!(error.to_string().contains(said), "{error}");
        }
        let error = resolve("--kg-file - --password-file -").unwrap_err();
        assert!(error.to_string().contains("only one secret"), "{error}");
    }
}
