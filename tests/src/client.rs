//! The foreign clients: ipmitool, FreeIPMI and pyghmi, called as operators and their tools call them.

use std::fs::Permissions;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;

use tempfile::NamedTempFile;

use crate::net::loopback;
use crate::run::{Outcome, Run};
use crate::scratch;
use crate::virtualbmc::venv;

/// How a client reaches a BMC on this machine.
#[derive(Debug, Clone)]
pub struct Bmc {
    /// Its UDP port on 127.0.0.1.
    pub port: u16,
    /// Who logs in.
    pub user: String,
    /// The user's password.
    pub password: String,
}

impl Bmc {
    /// On `port`, with a user and a password of the tests' own.
    #[must_use]
    pub fn new(port: u16) -> Self {
        Self {
            port,
            user: "operator".into(),
            password: "pass%word 17".into(),
        }
    }

    /// The same BMC with another password.
    #[must_use]
    pub fn with_password(&self, password: &str) -> Self {
        Self {
            password: password.into(),
            ..self.clone()
        }
    }

    /// The same BMC with another user.
    #[must_use]
    pub fn with_user(&self, user: &str) -> Self {
        Self {
            user: user.into(),
            ..self.clone()
        }
    }

    /// Its address.
    #[must_use]
    pub fn address(&self) -> std::net::SocketAddr {
        loopback(self.port)
    }

    /// Runs `ipmitool -I lanplus` with its defaults, which find the cipher suite by themselves.
    #[track_caller]
    #[must_use]
    pub fn ipmitool<'a>(&self, args: impl IntoIterator<Item = &'a str>) -> Outcome {
        self.ipmitool_with("", args)
    }

    /// Runs `ipmitool -I lanplus` with `options` (words, separated by spaces) before the command.
    #[track_caller]
    #[must_use]
    pub fn ipmitool_with<'a>(
        &self,
        options: &str,
        args: impl IntoIterator<Item = &'a str>,
    ) -> Outcome {
        self.ipmitool_on("lanplus", options, args)
    }

    /// Runs `ipmitool -I lan`, which opens an IPMI 1.5 session.
    #[track_caller]
    #[must_use]
    pub fn ipmitool_lan<'a>(&self, args: impl IntoIterator<Item = &'a str>) -> Outcome {
        self.ipmitool_on("lan", "", args)
    }

    #[track_caller]
    fn ipmitool_on<'a>(
        &self,
        interface: &str,
        options: &str,
        args: impl IntoIterator<Item = &'a str>,
    ) -> Outcome {
        let password = secret_file(&self.password);
        let port = self.port.to_string();
        Run::new("ipmitool")
            .args(["-I", interface, "-H", "127.0.0.1", "-p", &port])
            .args(["-U", &self.user, "-f"])
            .args([password.path()])
            .args(options.split_whitespace())
            .args(args)
            .outcome()
    }

    /// Runs a tool of FreeIPMI with `options` and the arguments after them.
    #[track_caller]
    #[must_use]
    pub fn freeipmi<'a>(&self, tool: &str, args: impl IntoIterator<Item = &'a str>) -> Outcome {
        // In this file a quotation mark keeps the space of the password.
        let login = format!("username {}\npassword \"{}\"\n", self.user, self.password);
        let config = secret_file(&login);
        let host = format!("127.0.0.1:{}", self.port);
        Run::new(tool)
            .args(["--config-file".as_ref(), config.path().as_os_str()])
            .args(["-D", "LAN_2_0", "-h", &host])
            .args(args)
            .outcome()
    }

    /// Runs a Python script in which `bmc` is pyghmi's `Command` object for this BMC.
    #[track_caller]
    #[must_use]
    pub fn pyghmi(&self, script: &str) -> Outcome {
        const OPEN: &str = "
import os
from pyghmi.ipmi import command
bmc = command.Command(bmc='127.0.0.1', port=int(os.environ['BMC_PORT']), userid=os.environ['BMC_USER'],
                      password=os.environ['BMC_PASSWORD'])
";
        Run::new(venv().join("bin/python"))
            .env("BMC_PORT", self.port.to_string())
            .env("BMC_USER", &self.user)
            .env("BMC_PASSWORD", &self.password)
            .args(["-"])
            .input(format!("{OPEN}{script}"))
            .outcome()
    }
}

fn secret_file(text: &str) -> NamedTempFile {
    let mut file = tempfile::Builder::new()
        .permissions(Permissions::from_mode(0o600))
        .tempfile_in(scratch::root())
        .expect("a temporary file");
    file.write_all(text.as_bytes()).expect("a temporary file");
    file
}
