//! Where Ironic finds the BMCs of this machine.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use anyhow::Context as _;
use tokio::net::{UdpSocket, lookup_host};
use url::Url;

/// The address that goes into a node's `driver_info`: `configured` if the lab names one, else the one that the BMC
/// listens on, else the one of this machine that faces Ironic. Without an `ironic` that is loopback, as it is with one
/// on this machine.
pub(crate) async fn for_ironic(
    configured: Option<&str>,
    listen: &str,
    ironic: Option<&Url>,
) -> anyhow::Result<String> {
    if let Some(configured) = configured {
        return Ok(configured.to_owned());
    }
    let listen: IpAddr = listen
        .parse()
        .with_context(|| format!("{listen} is not an IP address"))?;
    if !listen.is_unspecified() {
        return Ok(listen.to_string());
    }
    let faces = match ironic {
        Some(ironic) => facing(ironic, listen).await.with_context(|| {
            format!(
                "cannot tell at which address Ironic at {} finds this machine's BMCs; set address in [bmcs] of lab.toml",
                shown(ironic)
            )
        })?,
        None => Ipv4Addr::LOCALHOST.into(),
    };
    Ok(faces.to_string())
}

/// The address of this machine from which `url` is reached. Nothing is sent.
async fn facing(url: &Url, listen: IpAddr) -> anyhow::Result<IpAddr> {
    let host = url.host_str().context("its URL has no host")?;
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let port = url.port_or_known_default().unwrap_or(80);
    // Who listens on 0.0.0.0 has no IPv6 address.
    let usable = |address: &SocketAddr| listen.is_ipv6() || address.is_ipv4();
    let address = lookup_host((host, port))
        .await
        .with_context(|| format!("cannot find the address of {host}"))?
        .find(usable)
        .with_context(|| format!("{host} has no IPv4 address"))?;
    let any: IpAddr = match address {
        SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    let socket = UdpSocket::bind((any, 0)).await?;
    socket
        .connect(address)
        .await
        .with_context(|| format!("there is no route to {}", address.ip()))?;
    Ok(socket.local_addr()?.ip())
}

/// A URL may hold a password.
fn shown(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port() {
        Some(port) => format!("{}://{host}:{port}", url.scheme()),
        None => format!("{}://{host}", url.scheme()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn found(configured: Option<&str>, listen: &str, ironic: &str) -> String {
        let url = Url::parse(ironic).unwrap();
        for_ironic(configured, listen, Some(&url)).await.unwrap()
    }

    #[tokio::test]
    async fn what_is_configured_goes_before_what_is_found_out() {
        let local = "http://127.0.0.1:6385";
        assert_eq!(found(Some("bmc.example"), "::", local).await, "bmc.example");
        assert_eq!(found(None, "192.0.2.7", local).await, "192.0.2.7");
        assert_eq!(found(None, "::", local).await, "127.0.0.1");
        assert_eq!(found(None, "0.0.0.0", local).await, "127.0.0.1");
        assert_eq!(for_ironic(None, "::", None).await.unwrap(), "127.0.0.1");
    }

    #[tokio::test]
    async fn an_ironic_that_cannot_be_found_is_named_without_its_password() {
        let url = Url::parse("http://admin:s3cret@no-such-host.invalid:6385/v1").unwrap();
        let error = for_ironic(None, "::", Some(&url)).await.unwrap_err();
        let text = format!("{error:#}");
        assert!(text.contains("http://no-such-host.invalid:6385"), "{text}");
        assert!(
            text.contains("[bmcs]") && !text.contains("s3cret"),
            "{text}"
        );
    }
}
