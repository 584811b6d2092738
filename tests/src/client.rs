//! The foreign clients: ipmitool, FreeIPMI and pyghmi, called as operators and their tools call them.

use std::fs::Permissions;
use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::fs::PermissionsExt;

use tempfile::NamedTempFile;

use crate::build::binary;
use crate::place::Place;
use crate::relay::Relay;
use crate::run::{Outcome, Run};
use crate::scratch;
use crate::terminal::Terminal;
use crate::virtualbmc::venv;

/// How a client reaches a BMC on this machine.
#[derive(Debug, Clone)]
pub struct Bmc {
    /// Its address; 127.0.0.1 where nobody is on the way.
    pub host: Ipv4Addr,
    /// Its UDP port.
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
            host: Ipv4Addr::LOCALHOST,
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

    /// The same BMC as a client sees it who has somebody on the way.
    ///
    /// # Panics
    ///
    /// When that somebody is elsewhere than on this machine.
    #[must_use]
    pub fn through(&self, relay: &Relay) -> Self {
        let SocketAddr::V4(address) = relay.address() else {
            panic!("a relay on IPv4");
        };
        Self {
            host: *address.ip(),
            port: address.port(),
            ..self.clone()
        }
    }

    /// Its address.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        (self.host, self.port).into()
    }

    /// The machine's console over `ipmitool sol activate`.
    #[must_use]
    pub fn ipmitool_console(&self) -> Terminal {
        let password = secret_file(&self.password);
        let mut command = Place::default().command("ipmitool");
        command
            .args(["-I", "lanplus", "-H", &self.host.to_string()])
            .args(["-p", &self.port.to_string(), "-U", &self.user, "-f"])
            .arg(password.path())
            .args(["sol", "activate"]);
        Terminal::start(&command, Some(password))
    }

    /// The machine's console over FreeIPMI's ipmiconsole.
    #[must_use]
    pub fn ipmiconsole(&self) -> Terminal {
        let login = self.freeipmi_login();
        let mut command = Place::default().command("ipmiconsole");
        command
            .arg("--config-file")
            .arg(login.path())
            .args(["-h", &format!("{}:{}", self.host, self.port)]);
        Terminal::start(&command, Some(login))
    }

    /// The machine's console over our own `vbmc console --host`.
    #[must_use]
    pub fn vbmc_console(&self) -> Terminal {
        let password = secret_file(&self.password);
        let mut command = Place::default().command(binary("vbmc"));
        command
            .args(["console", "--host", &self.host.to_string()])
            .args(["--port", &self.port.to_string(), "--user", &self.user])
            .arg("--password-file")
            .arg(password.path());
        Terminal::start(&command, Some(password))
    }

    fn freeipmi_login(&self) -> NamedTempFile {
        // In this file a quotation mark keeps the space of the password.
        let login = format!("username {}\npassword \"{}\"\n", self.user, self.password);
        secret_file(&login)
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
            .args(["-I", interface, "-H", &self.host.to_string(), "-p", &port])
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
        let config = self.freeipmi_login();
        let host = format!("{}:{}", self.host, self.port);
        // ipmiconsole speaks nothing else.
        let driver: &[_] = match tool {
            "ipmiconsole" => &[],
            _ => &["-D", "LAN_2_0"],
        };
        Run::new(tool)
            .args(["--config-file".as_ref(), config.path().as_os_str()])
            .args(driver.iter().copied().chain(["-h", &host]))
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
