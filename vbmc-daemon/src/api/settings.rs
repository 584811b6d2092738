//! Between the control API's types and a BMC's settings.

use vbmc_core::Secret;
use vbmc_core::control::{BmcChange, BmcCredentials, ConsoleHistory, NewBmc};
use vbmc_core::registry::{BmcConfig, Invalid, check, console_history};

/// What was asked for as a BMC's settings. SASL by halves is refused, and empty halves are none.
pub(super) fn of(new: NewBmc) -> Result<BmcConfig, Invalid> {
    Ok(BmcConfig {
        domain_name: new.domain_name,
        username: new.username,
        password: new.password,
        address: check::address(&new.address)?,
        port: new.port,
        libvirt_uri: new.libvirt_uri,
        libvirt_sasl_username: given(new.libvirt_sasl_username),
        libvirt_sasl_password: given_secret(new.libvirt_sasl_password),
        active: false,
        cipher_suites: None,
        kg: None,
        v15: Vec::new(),
        console_history: None,
        users: Vec::new(),
    })
}

/// Makes a change. What is left out stays; SASL by halves is refused later, when the whole is checked.
pub(super) fn apply(change: &BmcChange, config: &mut BmcConfig) -> Result<(), Invalid> {
    if change.username.is_some() || change.password.is_some() {
        config.set_first_user(change.username.clone(), change.password.clone())?;
    }
    if let Some(address) = &change.address {
        config.address = check::address(address)?;
    }
    if let Some(port) = change.port {
        config.port = port;
    }
    if let Some(uri) = &change.libvirt_uri {
        config.libvirt_uri.clone_from(uri);
    }
    if let Some(user) = &change.libvirt_sasl_username {
        config.libvirt_sasl_username = given(Some(user.clone()));
    }
    if let Some(password) = &change.libvirt_sasl_password {
        config.libvirt_sasl_password = given_secret(Some(password.clone()));
    }
    if let Some(suites) = &change.cipher_suites {
        config.cipher_suites = Some(suites.clone()).filter(|suites| !suites.is_empty());
    }
    if let Some(auth) = &change.ipmi_1_5 {
        config.v15.clone_from(auth);
    }
    match change.console_history {
        Some(ConsoleHistory::Default) => config.console_history = None,
        Some(ConsoleHistory::Bytes(bytes)) => {
            let bytes = console_history("console_history", &bytes.to_string())?;
            config.console_history = Some(bytes);
        }
        None => {}
    }
    if let Some(kg) = &change.kg {
        config.kg = given_secret(Some(kg.clone()));
    }
    Ok(())
}

/// What it takes to log in.
pub(super) fn credentials(config: BmcConfig) -> BmcCredentials {
    BmcCredentials {
        address: config.address.to_string(),
        port: config.port,
        username: config.username,
        password: config.password,
        kg: config.kg,
    }
}

/// An empty one is none, as VirtualBMC counts.
fn given(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

fn given_secret(secret: Option<Secret>) -> Option<Secret> {
    secret.filter(|secret| !secret.reveal().is_empty())
}

#[cfg(test)]
mod tests {
    use vbmc_core::registry::V15Auth;

    use super::*;

    #[test]
    fn empty_sasl_is_none() {
        let new = NewBmc {
            domain_name: "a".into(),
            username: "admin".into(),
            password: Secret::new("password"),
            address: "::".into(),
            port: 623,
            libvirt_uri: "qemu:///system".into(),
            libvirt_sasl_username: Some(String::new()),
            libvirt_sasl_password: Some(Secret::new("")),
        };
        let config = of(new).unwrap();
        assert_eq!(config.libvirt_sasl_username, None);
        assert_eq!(config.libvirt_sasl_password, None);
    }

    #[test]
    fn a_change_leaves_out_what_it_leaves_out() {
        let mut config = of(NewBmc {
            domain_name: "a".into(),
            username: "admin".into(),
            password: Secret::new("password"),
            address: "::".into(),
            port: 623,
            libvirt_uri: "qemu:///system".into(),
            libvirt_sasl_username: Some("me".into()),
            libvirt_sasl_password: Some(Secret::new("mine")),
        })
        .unwrap();
        let before = config.clone();
        apply(&BmcChange::default(), &mut config).unwrap();
        assert_eq!(config, before);
        let change = BmcChange {
            libvirt_sasl_username: Some(String::new()),
            libvirt_sasl_password: Some(Secret::new("")),
            port: Some(6230),
            cipher_suites: Some(vec![17]),
            ipmi_1_5: Some(vec![V15Auth::Md5]),
            console_history: Some(ConsoleHistory::Bytes(1 << 16)),
            kg: Some(Secret::new("key")),
            ..BmcChange::default()
        };
        apply(&change, &mut config).unwrap();
        assert_eq!(
            config,
            BmcConfig {
                port: 6230,
                libvirt_sasl_username: None,
                libvirt_sasl_password: None,
                cipher_suites: Some(vec![17]),
                v15: vec![V15Auth::Md5],
                console_history: Some(1 << 16),
                kg: Some(Secret::new("key")),
                ..before.clone()
            }
        );
        let back = BmcChange {
            cipher_suites: Some(Vec::new()),
            ipmi_1_5: Some(Vec::new()),
            console_history: Some(ConsoleHistory::Default),
            kg: Some(Secret::new("")),
            ..BmcChange::default()
        };
        apply(&back, &mut config).unwrap();
        assert_eq!((&config.cipher_suites, &config.kg), (&None, &None));
        assert!(config.v15.is_empty());
        assert_eq!(config.console_history, None);
        let too_much = BmcChange {
            console_history: Some(ConsoleHistory::Bytes(1 << 21)),
            ..BmcChange::default()
        };
        let error = apply(&too_much, &mut config).unwrap_err().to_string();
        assert!(error.contains("1048576"), "{error}");
    }

    #[test]
    fn a_console_s_history_is_a_number_or_the_default() {
        for (json, history) in [
            ("4096", ConsoleHistory::Bytes(4096)),
            ("\"default\"", ConsoleHistory::Default),
        ] {
            assert_eq!(serde_json::to_string(&history).unwrap(), json);
            assert_eq!(
                serde_json::from_str::<ConsoleHistory>(json).unwrap(),
                history
            );
        }
    }
}
