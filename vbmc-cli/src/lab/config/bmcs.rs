//! `[bmcs]`, and the ports in `[domains.NAME]`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use toml::Spanned;
use vbmc_core::Secret;
use vbmc_core::registry::check;

use super::BmcSettings;
use super::file::{BmcsTable, DomainTable, Text};
use super::read::{FILE, Reader};

/// VirtualBMC's.
const DEFAULT_LISTEN: &str = "::";
const DEFAULT_USERNAME: &str = "admin";

/// Where ports are proposed from: where TripleO's guides begin.
const FIRST_PORT: u16 = 6230;

/// What the BMCs of a lab share, and which ports they have.
pub(super) struct Bmcs {
    /// None where something is wrong or missing.
    shared: Option<Shared>,
    has_password: bool,
    ports: BTreeSet<u16>,
}

impl Bmcs {
    pub(super) fn read(
        reader: &mut Reader<'_>,
        table: &BmcsTable,
        domains: &BTreeMap<Text, DomainTable>,
    ) -> Self {
        let mut string = |key: &str, value: &Option<Text>, default: &str| match value {
            Some(value) => reader.string(key, value),
            None => Some(default.to_owned()),
        };
        let listen = string("bmcs.listen", &table.listen, DEFAULT_LISTEN);
        let username = string("bmcs.username", &table.username, DEFAULT_USERNAME);
        let address = table
            .address
            .as_ref()
            .and_then(|address| reader.string("bmcs.address", address));
        if let (Some(typed), Some(listen)) = (&table.listen, &listen)
            && let Err(error) = check::address(listen)
        {
            reader.wrong("bmcs.listen", typed, Rest(&error));
        }
        if let (Some(typed), Some(username)) = (&table.username, &username)
            && let Err(error) = check::user_name("username", username)
        {
            reader.wrong("bmcs.username", typed, Rest(&error));
        }
        let given = table.password.as_ref().or(table.password_file.as_ref());
        let password = reader.secret(
            "bmcs",
            table.password.as_ref(),
            table.password_file.as_ref(),
        );
        if let (Some(typed), Some(password)) = (given, &password) {
            if let Err(error) = check::password("password", password.reveal()) {
                reader.wrong("bmcs.password", typed, Rest(&error));
            } else if password.reveal().is_empty() {
                reader.wrong("bmcs.password", typed, "is empty: anybody could log in");
            }
        }
        let mut ports: BTreeMap<u16, (&str, &Spanned<u16>)> = BTreeMap::new();
        for (name, table) in domains {
            let Some(typed) = &table.port else { continue };
            let port = *typed.get_ref();
            let key = format!("domains.{}.port", name.get_ref());
            if port == 0 {
                reader.wrong(&key, typed, "must be 1 to 65535");
            } else if let Some((other, first)) = ports.insert(port, (name.get_ref(), typed)) {
                let line = reader.line(first);
                reader.wrong(
                    &key,
                    typed,
                    format!("{port} is the port of the domain {other} already, in line {line}"),
                );
            }
        }
        let shared = match (listen, username, password) {
            (Some(listen), Some(username), Some(password)) => Some(Shared {
                listen,
                address,
                username,
                password,
            }),
            _ => None,
        };
        Self {
            shared,
            has_password: given.is_some(),
            ports: ports.into_keys().collect(),
        }
    }

    /// The BMC of one domain; none where it is to have none.
    pub(super) fn of(
        &mut self,
        reader: &mut Reader<'_>,
        domain: &str,
        table: Option<(&Text, &DomainTable)>,
    ) -> Option<BmcSettings> {
        let (typed, table) = table.unzip();
        if table.and_then(|table| table.bmc) == Some(false) {
            if let Some(port) = table.and_then(|table| table.port.as_ref()) {
                reader.wrong(
                    &format!("domains.{domain}.port"),
                    port,
                    "bmc = false: no BMC listens there",
                );
            }
            return None;
        }
        let Some(port) = table.and_then(|table| table.port.as_ref()) else {
            let free = (FIRST_PORT..)
                .find(|port| !self.ports.contains(port))
                .unwrap_or(FIRST_PORT);
            self.ports.insert(free);
            let problem = format!(
                "the BMC of the domain {domain} needs a port: [domains.{domain}] port = {free}, or bmc = false for none"
            );
            match typed {
                Some(typed) => reader.wrong(&format!("domains.{domain}"), typed, problem),
                None => reader.problems.add(FILE, problem),
            }
            return None;
        };
        if !self.has_password {
            reader.problems.add(
                FILE,
                "bmcs: the BMCs need a password: password_file = \"bmc-password\", a file of mode 600",
            );
        }
        let shared = self.shared.as_ref()?;
        Some(BmcSettings {
            listen: shared.listen.clone(),
            port: *port.get_ref(),
            address: shared.address.clone(),
            username: shared.username.clone(),
            password: shared.password.clone(),
        })
    }
}

/// `[bmcs]` as meant.
struct Shared {
    listen: String,
    address: Option<String>,
    username: String,
    password: Secret,
}

/// A check's sentence without the setting's name, which stands before it already.
struct Rest<'a>(&'a check::Invalid);

impl fmt::Display for Rest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sentence = self.0.to_string();
        let rest = sentence.split_once(' ').map_or("", |(_, rest)| rest);
        f.write_str(rest)
    }
}
