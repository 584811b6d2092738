//! HTTP connections: how long they may take, and whom they believe to be the server.

use std::io;
use std::sync::OnceLock;
use std::time::Duration;

use reqwest::{Certificate, Client, ClientBuilder, redirect};
use url::Url;

use crate::openstack::cloud::{CloudError, Trust};

/// For a connection to be there; a second and third SYN fit in.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// A peer that doesn't acknowledge anything for this long is gone. It may be slow to answer all the same.
const DEAD_PEER_TIMEOUT: Duration = Duration::from_secs(10);

const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(5);

/// Connections to servers: one pool without TLS, one with, each made when first used. Reading the system's certificates
/// takes longer than a whole request to a server that needs none.
#[derive(Debug)]
pub(crate) struct Http {
    trust: Trust,
    plain: OnceLock<Client>,
    tls: OnceLock<Client>,
}

impl Http {
    pub(crate) fn new(trust: Trust) -> Self {
        // Fails where one is there already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        Self {
            trust,
            plain: OnceLock::new(),
            tls: OnceLock::new(),
        }
    }

    /// The client for requests to `url`.
    pub(crate) fn client(&self, url: &Url) -> Result<&Client, CloudError> {
        let (kept, make): (_, fn(&Trust) -> _) = match url.scheme() {
            "https" => (&self.tls, tls),
            _ => (&self.plain, plain),
        };
        if let Some(client) = kept.get() {
            return Ok(client);
        }
        let client = make(&self.trust)?;
        Ok(kept.get_or_init(|| client))
    }
}

fn builder() -> ClientBuilder {
    Client::builder()
        .user_agent(concat!("vbmc/", env!("CARGO_PKG_VERSION")))
        // A redirection would take the token along; no service sends one on the paths we use.
        .redirect(redirect::Policy::none())
        .connect_timeout(CONNECT_TIMEOUT)
        .tcp_nodelay(true)
        .tcp_user_timeout(DEAD_PEER_TIMEOUT)
        .tcp_keepalive(KEEPALIVE_INTERVAL)
        .tcp_keepalive_interval(KEEPALIVE_INTERVAL)
        .tcp_keepalive_retries(2)
}

fn plain(_: &Trust) -> Result<Client, CloudError> {
    builder()
        .tls_certs_only([])
        .build()
        .map_err(|error| unusable(&error, "HTTP"))
}

fn tls(trust: &Trust) -> Result<Client, CloudError> {
    let mut builder = builder();
    if trust.anybody {
        builder = builder.tls_danger_accept_invalid_certs(true);
    }
    if let Some(file) = &trust.cacert {
        let pem = std::fs::read(file).map_err(|cause| CloudError::Unreadable {
            file: file.clone(),
            cause,
        })?;
        let malformed = |reason: String| CloudError::Malformed {
            file: file.clone(),
            reason,
        };
        let certificates =
            Certificate::from_pem_bundle(&pem).map_err(|error| malformed(error.to_string()))?;
        if certificates.is_empty() {
            return Err(malformed("it holds no certificate in PEM form".to_owned()));
        }
        builder = builder.tls_certs_merge(certificates);
    }
    builder
        .build()
        .map_err(|error| unusable(&error, "TLS with the system's certificates"))
}

fn unusable(error: &reqwest::Error, what: &str) -> CloudError {
    CloudError::Invalid {
        key: what.to_owned(),
        reason: innermost(error),
    }
}

/// How a try ended without an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Lost {
    /// Nothing was sent: it may be tried again, whatever it is.
    Unsent(String),
    /// It was sent; nobody knows what came of it.
    Unknown(String),
    /// Trying again is of no use.
    Hopeless(String),
}

impl Lost {
    pub(super) fn new(error: &reqwest::Error) -> Self {
        if causes(error).any(|cause| cause.is::<rustls::Error>()) {
            Self::Hopeless(format!(
                "{}; name the authority that signed its certificate with cacert (OS_CACERT)",
                innermost(error)
            ))
        } else if error.is_builder() {
            Self::Hopeless(innermost(error))
        } else if error.is_connect() {
            Self::Unsent(reason(error))
        } else {
            Self::Unknown(reason(error))
        }
    }
}

/// What led to an error, from the outside in. An `io::Error` names what it wraps apart from its source.
fn causes<'e>(
    error: &'e (dyn std::error::Error + 'static),
) -> impl Iterator<Item = &'e (dyn std::error::Error + 'static)> {
    std::iter::successors(Some(error), |error| {
        let wrapped = error.downcast_ref().and_then(io::Error::get_ref);
        match wrapped {
            Some(wrapped) => Some(wrapped as &(dyn std::error::Error + 'static)),
            None => error.source(),
        }
    })
}

/// In a few words, without the URL.
fn reason(error: &reqwest::Error) -> String {
    let known = causes(error).find_map(|cause| match cause.downcast_ref::<io::Error>()?.kind() {
        io::ErrorKind::ConnectionRefused => Some("connection refused"),
        io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => Some("connection reset"),
        io::ErrorKind::TimedOut => Some("no sign of the other end"),
        io::ErrorKind::NetworkUnreachable => Some("network unreachable"),
        io::ErrorKind::HostUnreachable => Some("host unreachable"),
        _ => None,
    });
    match known {
        Some(known) => known.to_owned(),
        None if error.is_timeout() => "timed out".to_owned(),
        None => innermost(error),
    }
}

/// The cause of causes: what is around it says the same in more words.
fn innermost(error: &reqwest::Error) -> String {
    causes(error)
        .last()
        .map_or_else(String::new, ToString::to_string)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_is_found_however_deep() {
        // As hyper-rustls wraps what tokio-rustls has wrapped.
        let tls = rustls::Error::DecryptError;
        let wrapped = io::Error::other(io::Error::other(tls));
        assert!(causes(&wrapped).any(|cause| cause.is::<rustls::Error>()));
        let plain = io::Error::from(io::ErrorKind::ConnectionRefused);
        assert_eq!(causes(&plain).count(), 1);
    }

    #[test]
    fn a_file_without_certificates_is_named() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let http = Http::new(Trust {
            cacert: Some(file.path().to_owned()),
            anybody: false,
        });
        let url = |url: &str| Url::parse(url).unwrap();
        let error = http.client(&url("https://192.0.2.1")).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!(
                "{} is not as it should be: it holds no certificate in PEM form",
                file.path().display()
            )
        );
        // Nothing is read for a server that needs no certificate.
        http.client(&url("http://192.0.2.1")).unwrap();
    }
}
