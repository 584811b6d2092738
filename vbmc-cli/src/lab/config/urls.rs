//! URLs that people type: of web servers and services, and libvirt's.

use url::Url;

/// What libvirt's URIs begin with, before a `+` and the way there.
const HYPERVISORS: [&str; 15] = [
    "bhyve",
    "ch",
    "esx",
    "gsx",
    "hyperv",
    "lxc",
    "openvz",
    "parallels",
    "qemu",
    "test",
    "vbox",
    "vmwareplayer",
    "vpx",
    "vz",
    "xen",
];

/// How libvirt goes to another machine.
const WAYS: [&str; 8] = [
    "ext", "libssh", "libssh2", "ssh", "tcp", "tls", "unix", "auto",
];

/// A URL that files and services have. What may hold a password is not quoted.
pub(super) fn parse_url(text: &str) -> Result<Url, String> {
    let shown = match text.contains('@') {
        true => "what stands there".to_owned(),
        false => format!("\"{text}\""),
    };
    if !text.contains("://") {
        let better = match text.contains('@') {
            true => "http:// or https:// in front".to_owned(),
            false => format!("\"http://{text}\""),
        };
        return Err(format!(
            "{shown} must begin with http:// or https://: write {better}"
        ));
    }
    let url = Url::parse(text).map_err(|error| format!("{shown} is no URL: {error}"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(format!("{shown} must begin with http:// or https://"));
    }
    Ok(url)
}

/// Whether libvirt can make something of a URI. One without `:` may be an alias of libvirt.conf's.
pub(super) fn check_libvirt(uri: &str) -> Result<(), String> {
    let alias = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if uri.chars().all(alias) {
        return Ok(());
    }
    let Some((scheme, _)) = uri.split_once("://") else {
        return Err("is no URI of a hypervisor: write one such as qemu:///system, or qemu+ssh://HOST/system".to_owned());
    };
    let (driver, way) = match scheme.split_once('+') {
        Some((driver, way)) => (driver, Some(way)),
        None => (scheme, None),
    };
    if !HYPERVISORS.contains(&driver) {
        return Err(format!(
            "\"{driver}\" is no hypervisor that libvirt knows: write qemu:///system for QEMU and KVM on this machine"
        ));
    }
    if let Some(way) = way.filter(|way| !WAYS.contains(way)) {
        return Err(format!(
            "\"{way}\" is no way to a hypervisor that libvirt knows; it knows {}",
            WAYS.join(", ")
        ));
    }
    match Url::parse(uri) {
        Ok(_) => Ok(()),
        Err(error) => Err(format!("is no URI: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_without_its_scheme_is_told_with_what_to_write() {
        let told = |text: &str| parse_url(text).unwrap_err();
        for text in ["127.0.0.1:6385", "localhost:6385", "ironic"] {
            let text_with = format!("write \"http://{text}\"");
            assert!(told(text).ends_with(&text_with), "{}", told(text));
        }
        assert!(told("ftp://a/").contains("must begin with http://"));
        assert!(!told("me:hidden@host").contains("hidden"));
        assert!(!told("ftp://me:hidden@host").contains("hidden"));
        parse_url("http://127.0.0.1:6385").unwrap();
    }

    #[test]
    fn uris_that_libvirt_cannot_know_are_told() {
        for uri in [
            "qemu:///system",
            "qemu+ssh://me@host:22/system?keyfile=x",
            "qemu+unix:///session?socket=/run/x.sock",
            "test:///default",
            "my-alias",
        ] {
            assert_eq!(check_libvirt(uri), Ok(()), "{uri}");
        }
        for (uri, told) in [
            ("qemu//system", "is no URI of a hypervisor"),
            ("quemu:///system", "\"quemu\" is no hypervisor"),
            ("http://host/", "\"http\" is no hypervisor"),
            ("qemu+shh://host/system", "\"shh\" is no way"),
            ("qemu://ho st/system", "is no URI"),
        ] {
            let error = check_libvirt(uri).unwrap_err();
            assert!(error.contains(told), "{uri}: {error}");
        }
    }
}
