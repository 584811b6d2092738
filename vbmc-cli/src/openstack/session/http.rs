//! HTTP connections: how long they may take, and whom they believe to be the server.

use std::error::Error as _;
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
        let mut source = error.source();
        while let Some(cause) = source {
            let tls = cause
                .downcast_ref::<io::Error>()
                .and_then(io::Error::get_ref)
                .is_some_and(|inner| inner.is::<rustls::Error>());
            if tls || cause.is::<rustls::Error>() {
                return Self::Hopeless(format!(
                    "{}; name the certificate authority with cacert (OS_CACERT)",
                    innermost(error)
                ));
            }
            source = cause.source();
        }
        if error.is_builder() {
            Self::Hopeless(innermost(error))
        } else if error.is_connect() {
            Self::Unsent(reason(error))
        } else {
            Self::Unknown(reason(error))
        }
    }
}

/// In a few words, without the URL.
fn reason(error: &reqwest::Error) -> String {
    let mut source: Option<&dyn std::error::Error> = error.source();
    while let Some(cause) = source {
        if let Some(io) = cause.downcast_ref::<io::Error>() {
            match io.kind() {
                io::ErrorKind::ConnectionRefused => return "connection refused".to_owned(),
                io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => {
                    return "connection reset".to_owned();
                }
                io::ErrorKind::TimedOut => return "no sign of the other end".to_owned(),
                io::ErrorKind::NetworkUnreachable => return "network unreachable".to_owned(),
                io::ErrorKind::HostUnreachable => return "host unreachable".to_owned(),
                _ => {}
            }
        }
        source = cause.source();
    }
    if error.is_timeout() {
        return "timed out".to_owned();
    }
    innermost(error)
}

/// The cause of causes: what is around it says the same in more words.
fn innermost(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}
