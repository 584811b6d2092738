//! `vbmc add`: creates a BMC. It doesn't start it.

use std::convert::Infallible;
use std::env;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use anyhow::bail;
use clap::builder::NonEmptyStringValueParser;
use vbmc_core::Secret;
use vbmc_core::control::{BmcSummary, NewBmc};

use crate::client::Client;
use crate::password;

const DEFAULT_PASSWORD: &str = "password";
const DEFAULT_URI: &str = "qemu:///system";

const EXAMPLES: &str = "\
Examples:
  vbmc add node-0 --port 6230
  vbmc add node-1 --port 6231 --username ops --password-file secret.txt
  pass show lab/node-2 | vbmc add node-2 --port 6232 --password-file -
  vbmc add node-3 --address 192.0.2.10 --libvirt-uri qemu+ssh://hv1/system

The domain must exist, and the hypervisor must be reachable from vbmcd. The new BMC is down: `vbmc start` starts it. \
A password on the command line is seen by every user of this machine for as long as vbmc runs.";

/// Create a new BMC for a virtual machine instance
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The name of the virtual machine
    #[arg(value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    name: String,

    /// The BMC username, 16 bytes at most
    #[arg(long, default_value = "admin")]
    username: String,

    // The hidden aliases are the beginnings that argparse takes for the option, ambiguous beside its -file sibling.
    /// The BMC password, 20 bytes at most [default: password]
    #[arg(long, value_parser = typed_secret, aliases = ["pa", "pas", "pass", "passw", "passwo", "passwor"])]
    password: Option<Secret>,

    /// Read the BMC password from a file; - is standard input
    #[arg(long, value_name = "FILE", conflicts_with = "password")]
    password_file: Option<PathBuf>,

    /// UDP port to listen on
    #[arg(long, default_value_t = 623, value_parser = clap::value_parser!(u16).range(1..))]
    port: u16,

    /// The address to bind to, IPv4 or IPv6; :: is every address of both
    #[arg(long, default_value = "::")]
    address: String,

    /// The libvirt URI [default: $LIBVIRT_DEFAULT_URI, else qemu:///system]
    #[arg(long)]
    libvirt_uri: Option<String>,

    /// The libvirt SASL username
    #[arg(long)]
    libvirt_sasl_username: Option<String>,

    /// The libvirt SASL password
    #[arg(long, value_parser = typed_secret, aliases = [
        "libvirt-sasl-p", "libvirt-sasl-pa", "libvirt-sasl-pas", "libvirt-sasl-pass", "libvirt-sasl-passw",
        "libvirt-sasl-passwo", "libvirt-sasl-passwor",
    ])]
    libvirt_sasl_password: Option<Secret>,

    /// Read the libvirt SASL password from a file; - is standard input
    #[arg(long, value_name = "FILE", conflicts_with = "libvirt_sasl_password")]
    libvirt_sasl_password_file: Option<PathBuf>,
}

pub(super) async fn run(client: &Client, args: Args) -> anyhow::Result<()> {
    let new = args.resolve(env::var("LIBVIRT_DEFAULT_URI").ok())?;
    client.add(&new).await?;
    // It is there by now, whatever this says.
    let bmcs = client.bmcs().await.unwrap_or_default();
    if let Some(other) = in_the_way(&new, &bmcs) {
        tracing::warn!(
            "{other} has port {} as well, and only one of the two can run: `vbmc set {} --port PORT` gives it another",
            new.port,
            new.domain_name
        );
    }
    Ok(())
}

/// Another BMC that cannot run at the same time.
fn in_the_way<'a>(new: &NewBmc, bmcs: &'a [BmcSummary]) -> Option<&'a str> {
    let any = |address: &str| address.parse().is_ok_and(|ip: IpAddr| ip.is_unspecified());
    let overlaps = |address: &str| any(address) || any(&new.address) || address == new.address;
    let other = bmcs.iter().find(|other| {
        other.domain_name != new.domain_name && other.port == new.port && overlaps(&other.address)
    })?;
    Some(&other.domain_name)
}

impl Args {
    /// What was meant: defaults filled in, files read.
    fn resolve(self, default_uri: Option<String>) -> anyhow::Result<NewBmc> {
        let stdin = Path::new("-");
        if [&self.password_file, &self.libvirt_sasl_password_file]
            .iter()
            .all(|file| file.as_deref() == Some(stdin))
        {
            bail!(
                "only one password can be read from standard input: put the other one into a file"
            );
        }
        let password = secret(
            self.password,
            self.password_file.as_deref(),
            password::read_new,
        )?;
        let libvirt_sasl_password = secret(
            self.libvirt_sasl_password,
            self.libvirt_sasl_password_file.as_deref(),
            password::read,
        )?;

        // As the original counts: an empty one is none.
        let libvirt_sasl_username = self.libvirt_sasl_username.filter(|name| !name.is_empty());
        let libvirt_sasl_password =
            libvirt_sasl_password.filter(|password| !password.reveal().is_empty());
        if libvirt_sasl_username.is_some() != libvirt_sasl_password.is_some() {
            bail!("A password and username are required to use Libvirt's SASL authentication");
        }

        Ok(NewBmc {
            domain_name: self.name,
            username: self.username,
            password: password.unwrap_or_else(|| Secret::new(DEFAULT_PASSWORD)),
            address: self.address,
            port: self.port,
            libvirt_uri: self
                .libvirt_uri
                .or(default_uri.filter(|uri| !uri.is_empty()))
                .unwrap_or_else(|| DEFAULT_URI.to_owned()),
            libvirt_sasl_username,
            libvirt_sasl_password,
        })
    }
}

/// A password from where it was given; clap lets only one of the two through.
fn secret(
    typed: Option<Secret>,
    file: Option<&Path>,
    read: fn(&Path) -> anyhow::Result<Secret>,
) -> anyhow::Result<Option<Secret>> {
    match file {
        Some(file) => read(file).map(Some),
        None => Ok(typed),
    }
}

fn typed_secret(value: &str) -> Result<Secret, Infallible> {
    Ok(Secret::new(value))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use clap::Parser;

    use vbmc_core::control::Status;

    use super::*;

    #[derive(Debug, Parser)]
    #[command(infer_long_args = true)]
    struct Line {
        #[command(flatten)]
        args: Args,
    }

    fn add(line: &str) -> NewBmc {
        resolve(line, None).unwrap()
    }

    fn resolve(line: &str, default_uri: Option<&str>) -> anyhow::Result<NewBmc> {
        let line = Line::try_parse_from(["add"].into_iter().chain(line.split_whitespace()))?;
        line.args.resolve(default_uri.map(str::to_owned))
    }

    #[test]
    fn defaults_are_those_of_the_original() {
        let bmc = add("node-0");
        assert_eq!(
            bmc,
            NewBmc {
                domain_name: "node-0".to_owned(),
                username: "admin".to_owned(),
                password: Secret::new("password"),
                address: "::".to_owned(),
                port: 623,
                libvirt_uri: "qemu:///system".to_owned(),
                libvirt_sasl_username: None,
                libvirt_sasl_password: None,
            }
        );
    }

    #[test]
    fn the_environment_names_the_hypervisor_unless_an_option_does() {
        let uri = |line, environment| resolve(line, environment).unwrap().libvirt_uri;
        assert_eq!(uri("x", Some("test:///default")), "test:///default");
        assert_eq!(uri("x", Some("")), "qemu:///system");
        assert_eq!(
            uri("x --libvirt-uri qemu:///session", Some("test:///default")),
            "qemu:///session"
        );
    }

    #[test]
    fn beginnings_that_argparse_takes_are_taken() {
        let bmc = add(
            "x --user u --pass p --po 7 --addr ::1 --libvirt-u test:///x --libvirt-sasl-p s --libvirt-sasl-u t",
        );
        assert_eq!(
            (bmc.username.as_str(), bmc.password.reveal(), bmc.port),
            ("u", "p", 7)
        );
        assert_eq!(
            (bmc.address.as_str(), bmc.libvirt_uri.as_str()),
            ("::1", "test:///x")
        );
        assert_eq!(bmc.libvirt_sasl_username.as_deref(), Some("t"));
        assert_eq!(bmc.libvirt_sasl_password, Some(Secret::new("s")));
    }

    #[test]
    fn sasl_needs_both_name_and_password() {
        for line in ["x --libvirt-sasl-username u", "x --libvirt-sasl-password p"] {
            let error = resolve(line, None).unwrap_err().to_string();
            assert_eq!(
                error,
                "A password and username are required to use Libvirt's SASL authentication"
            );
        }
    }

    #[test]
    fn passwords_come_from_files_without_the_last_newline() {
        for (content, password) in [
            ("s3cret\n", "s3cret"),
            ("s3cret\r\n", "s3cret"),
            (" a b ", " a b "),
        ] {
            let mut file = tempfile::NamedTempFile::new().unwrap();
            file.write_all(content.as_bytes()).unwrap();
            let bmc = add(&format!("x --password-file {}", file.path().display()));
            assert_eq!(bmc.password.reveal(), password);
        }
    }

    #[test]
    fn a_password_file_that_is_none_is_named() {
        let error = |line: &str| format!("{:#}", resolve(line, None).unwrap_err());
        assert!(
            error("x --password-file /no/such/file")
                .starts_with("cannot read a password from /no/such/file: ")
        );
        assert!(error("x --password-file /dev/null").ends_with("it is empty"));
        assert!(error("x --password-file /dev/zero").ends_with("it holds more than 4096 bytes"));
        assert!(
            error("x --password-file - --libvirt-sasl-password-file -")
                .starts_with("only one password")
        );
        assert!(error("x --password p --password-file -").contains("cannot be used with"));
    }

    #[test]
    fn a_port_that_another_bmc_has_is_noticed() {
        let new = |address: &str| NewBmc {
            address: address.to_owned(),
            ..add("new --port 6230")
        };
        let bmc = |domain_name: &str, address: &str, port| BmcSummary {
            domain_name: domain_name.to_owned(),
            status: Status::Down,
            address: address.to_owned(),
            port,
        };
        let bmcs = [
            bmc("new", "::", 6230),
            bmc("a", "192.0.2.1", 6230),
            bmc("b", "::", 6231),
        ];
        assert_eq!(in_the_way(&new("::"), &bmcs), Some("a"));
        assert_eq!(in_the_way(&new("192.0.2.1"), &bmcs), Some("a"));
        assert_eq!(in_the_way(&new("192.0.2.2"), &bmcs), None);
    }
}
