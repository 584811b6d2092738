//! What a lab wishes of a BMC, and how one that is there differs.

use std::net::IpAddr;

use vbmc_core::control::{BmcChange, BmcCredentials, BmcDetails, NewBmc};

use crate::lab::config::{BmcSettings, Lab};

/// What a default password is, here and in VirtualBMC.
const DEFAULT_PASSWORD: &str = "password";

/// A BMC as the lab wants it.
#[derive(Debug)]
pub(super) struct Wish {
    /// The domain's name, and the BMC's.
    pub(super) name: String,
    pub(super) libvirt_uri: String,
    pub(super) settings: BmcSettings,
}

/// How a BMC differs from the wish.
#[derive(Debug, Default)]
pub(super) struct Differences {
    /// What makes it as wished.
    pub(super) change: BmcChange,
    /// The same in words, without passwords.
    pub(super) words: Vec<String>,
}

impl Wish {
    /// One for each domain of the lab that is to have a BMC.
    pub(super) fn of(lab: &Lab) -> Vec<Self> {
        lab.domains
            .values()
            .filter_map(|domain| {
                Some(Self {
                    name: domain.name.clone(),
                    libvirt_uri: lab.libvirt_uri.clone(),
                    settings: domain.bmc.clone()?,
                })
            })
            .collect()
    }

    /// As it is added.
    pub(super) fn new_bmc(&self) -> NewBmc {
        let settings = &self.settings;
        NewBmc {
            domain_name: self.name.clone(),
            username: settings.username.clone(),
            password: settings.password.clone(),
            address: settings.listen.clone(),
            port: settings.port,
            libvirt_uri: self.libvirt_uri.clone(),
            libvirt_sasl_username: None,
            libvirt_sasl_password: None,
        }
    }

    pub(super) fn differences(&self, bmc: &BmcDetails, login: &BmcCredentials) -> Differences {
        let wished = &self.settings;
        let mut found = Differences::default();
        let Differences { change, words } = &mut found;
        if !same_address(&login.address, &wished.listen) {
            change.address = Some(wished.listen.clone());
            words.push(format!("address {} → {}", login.address, wished.listen));
        }
        if login.port != wished.port {
            change.port = Some(wished.port);
            words.push(format!("port {} → {}", login.port, wished.port));
        }
        if login.username != wished.username {
            change.username = Some(wished.username.clone());
            words.push(format!("user {} → {}", login.username, wished.username));
        }
        if login.password != wished.password {
            change.password = Some(wished.password.clone());
            words.push("another password".to_owned());
        }
        if bmc.libvirt_uri != self.libvirt_uri {
            change.libvirt_uri = Some(self.libvirt_uri.clone());
            words.push(format!(
                "libvirt {} → {}",
                bmc.libvirt_uri, self.libvirt_uri
            ));
        }
        found
    }

    /// Whether everybody on the network could log in.
    pub(super) fn is_open_to_all(&self) -> bool {
        let listen = self.settings.listen.parse::<IpAddr>();
        let loopback = listen.is_ok_and(|address| address.is_loopback());
        !loopback && self.settings.password.reveal() == DEFAULT_PASSWORD
    }
}

fn same_address(one: &str, other: &str) -> bool {
    match (one.parse::<IpAddr>(), other.parse::<IpAddr>()) {
        (Ok(one), Ok(other)) => one == other,
        _ => one == other,
    }
}

#[cfg(test)]
pub(super) mod tests {
    use vbmc_core::Secret;
    use vbmc_core::control::Status;

    use super::*;

    pub(in super::super) fn wish() -> Wish {
        Wish {
            name: "node-0".into(),
            libvirt_uri: "qemu:///system".into(),
            settings: BmcSettings {
                listen: "::".into(),
                port: 6230,
                address: None,
                username: "admin".into(),
                password: Secret::new("s3cret"),
            },
        }
    }

    pub(in super::super) fn there(password: &str, port: u16) -> (BmcDetails, BmcCredentials) {
        let details = BmcDetails {
            domain_name: "node-0".into(),
            status: Status::Running,
            problem: None,
            address: "::".into(),
            port,
            active: true,
            username: "admin".into(),
            password: "***".into(),
            libvirt_uri: "qemu:///system".into(),
            libvirt_sasl_username: None,
            libvirt_sasl_password: None,
            cipher_suites: None,
            ipmi_1_5: Vec::new(),
            console_history: None,
            kg: None,
        };
        let login = BmcCredentials {
            address: "0:0::0".into(),
            port,
            username: "admin".into(),
            password: Secret::new(password),
            kg: None,
        };
        (details, login)
    }

    #[test]
    fn only_what_differs_is_changed_and_no_password_is_said() {
        let (bmc, login) = there("s3cret", 6230);
        assert_eq!(
            wish().differences(&bmc, &login).change,
            BmcChange::default()
        );
        let (bmc, login) = there("other", 6231);
        let found = wish().differences(&bmc, &login);
        assert_eq!(
            found.change,
            BmcChange {
                port: Some(6230),
                password: Some(Secret::new("s3cret")),
                ..BmcChange::default()
            }
        );
        assert_eq!(found.words, ["port 6231 → 6230", "another password"]);
    }

    #[test]
    fn a_password_that_everybody_knows_is_no_harm_on_loopback() {
        let mut wish = wish();
        assert!(!wish.is_open_to_all());
        wish.settings.password = Secret::new("password");
        assert!(wish.is_open_to_all());
        wish.settings.listen = "127.0.0.1".into();
        assert!(!wish.is_open_to_all());
    }
}
