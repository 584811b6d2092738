//! The options of a command that sets a password.

use std::convert::Infallible;
use std::path::PathBuf;

use vbmc_core::Secret;

use crate::password;

/// Where a new password comes from, as typed.
#[derive(Debug, clap::Args)]
pub(super) struct NewPassword {
    /// Read the new password from a file, 20 bytes at most; - is standard input
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,

    /// Ask for the new password on the terminal
    #[arg(long, conflicts_with = "password_file")]
    ask_password: bool,

    // The hidden aliases are what `vbmc add` takes for the option.
    /// The new password, for every user of this machine to see
    #[arg(
        long, value_parser = typed_secret, conflicts_with_all = ["password_file", "ask_password"],
        aliases = ["pa", "pas", "pass", "passw", "passwo", "passwor"]
    )]
    password: Option<Secret>,
}

impl NewPassword {
    /// The password; none: it stays as it is.
    pub(super) fn resolve(self) -> anyhow::Result<Option<Secret>> {
        if self.ask_password {
            return password::ask_new("New password").map(Some);
        }
        match self.password_file {
            Some(file) => password::read_new(&file).map(Some),
            None => Ok(self.password),
        }
    }

    /// Whether it comes from standard input.
    pub(super) fn takes_stdin(&self) -> bool {
        let file = self.password_file.as_deref();
        file.is_some_and(|file| file.as_os_str() == "-")
    }
}

fn typed_secret(value: &str) -> Result<Secret, Infallible> {
    Ok(Secret::new(value))
}
