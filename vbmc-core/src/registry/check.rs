//! What a BMC's settings may be: the limits of IPMI and of the file that keeps them.

use std::net::IpAddr;

use ipmi_proto::crypto::CipherSuite;

use super::ini::is_space;

/// The longest user name, in bytes (§22.28).
pub const MAX_USER_NAME: usize = 16;

/// The longest password or key K_g, in bytes (§22.30, §22.25).
pub const MAX_PASSWORD: usize = 20;

/// The longest password that IPMI 1.5 knows, in bytes (§22.30).
pub const MAX_SHORT_PASSWORD: usize = 16;

/// A setting that cannot be. Names the setting and the way out, never a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} {problem}")]
pub struct Invalid {
    what: String,
    problem: String,
}

impl Invalid {
    /// `what` is a setting or a key, `problem` the rest of the sentence.
    pub(super) fn new(what: impl Into<String>, problem: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            problem: problem.into(),
        }
    }
}

/// A user's name: 16 bytes at most.
///
/// # Errors
///
/// What is wrong with it.
pub fn user_name(what: &str, name: &str) -> Result<(), Invalid> {
    line(what, name)?;
    length(what, name, MAX_USER_NAME)
}

/// A password or key: 20 bytes at most.
///
/// # Errors
///
/// What is wrong with it.
pub fn password(what: &str, password: &str) -> Result<(), Invalid> {
    line(what, password)?;
    length(what, password, MAX_PASSWORD)
}

/// Any text that has to fit on a line of an INI file and come back the same.
///
/// # Errors
///
/// What is wrong with it.
pub fn line(what: &str, text: &str) -> Result<(), Invalid> {
    if text.chars().any(char::is_control) {
        return Err(Invalid::new(
            what,
            "contains a line break or another control character; leave it out",
        ));
    }
    if text.trim_matches(is_space) != text {
        return Err(Invalid::new(
            what,
            "begins or ends with a space, which its file cannot keep; leave it out",
        ));
    }
    Ok(())
}

/// An address to listen on.
///
/// # Errors
///
/// When it is not an IP address.
pub fn address(text: &str) -> Result<IpAddr, Invalid> {
    text.parse().map_err(|_| {
        Invalid::new(
            "address",
            format!("\"{text}\" is not an IP address; give one of this machine such as 127.0.0.1, or :: for all"),
        )
    })
}

/// A UDP port.
///
/// # Errors
///
/// When it is 0: clients could not find it.
pub fn port(port: u16) -> Result<u16, Invalid> {
    if port == 0 {
        return Err(Invalid::new("port", "must be 1 to 65535"));
    }
    Ok(port)
}

/// Cipher suites to accept; none: the daemon's default.
///
/// # Errors
///
/// When one of them does not exist, or there is none among them.
pub fn suites(what: &str, ids: Option<&[u8]>) -> Result<(), Invalid> {
    let exists = |id: &u8| CipherSuite::from_id(*id).is_some();
    if ids.is_none_or(|ids| !ids.is_empty() && ids.iter().all(exists)) {
        return Ok(());
    }
    let known: Vec<_> = CipherSuite::ALL
        .iter()
        .map(|suite| suite.id().to_string())
        .collect();
    let problem = format!(
        "must be cipher suites with commas between them, such as 3,17; there are {}",
        known.join(", ")
    );
    Err(Invalid::new(what, problem))
}

/// SASL needs both of its halves, or neither. An empty one counts as none.
///
/// # Errors
///
/// When only one is there.
pub fn sasl(user: Option<&str>, password: Option<&str>) -> Result<(), Invalid> {
    let given = |half: Option<&str>| half.is_some_and(|half| !half.is_empty());
    if given(user) != given(password) {
        return Err(Invalid::new(
            "A password and username",
            "are required to use Libvirt's SASL authentication",
        ));
    }
    Ok(())
}

fn length(what: &str, text: &str, max: usize) -> Result<(), Invalid> {
    if text.len() > max {
        return Err(Invalid::new(
            what,
            format!("is {} bytes long; IPMI allows {max} at most", text.len()),
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holds_the_limits_of_ipmi() {
        assert!(password("password", &"p".repeat(20)).is_ok());
        assert_eq!(
            password("password", &"p".repeat(21))
                .unwrap_err()
                .to_string(),
            "password is 21 bytes long; IPMI allows 20 at most"
        );
        assert!(user_name("username", &"u".repeat(16)).is_ok());
        user_name("username", &"u".repeat(17)).unwrap_err();
        port(0).unwrap_err();
    }

    #[test]
    fn refuses_what_a_line_cannot_keep_and_never_shows_it() {
        for bad in [
            "hunter2\n",
            "hun\0ter2",
            "hunter2 ",
            " hunter2",
            "\u{85}hunter2",
        ] {
            let error = password("password", bad).unwrap_err().to_string();
            assert!(!error.contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn addresses_are_numbers() {
        assert!(address("::").is_ok() && address("127.0.0.1").is_ok());
        for bad in ["localhost", "fe80::1%eth0", "", "1.2.3"] {
            address(bad).unwrap_err();
        }
    }

    #[test]
    fn sasl_takes_both_or_none() {
        assert!(sasl(Some("u"), Some("p")).is_ok());
        assert!(sasl(None, None).is_ok() && sasl(Some(""), None).is_ok());
        assert_eq!(
            sasl(Some("u"), None).unwrap_err().to_string(),
            "A password and username are required to use Libvirt's SASL authentication"
        );
        sasl(None, Some("p")).unwrap_err();
    }
}
