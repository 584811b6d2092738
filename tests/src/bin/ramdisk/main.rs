//! Plays the deploy ramdisk of a node: what ironic-python-agent asks of Ironic, and what Ironic asks of it, without a
//! machine. For tests of faults, which would take minutes each with a real one; the way as a whole is tested with that.
//!
//! It knows no power: it is there as long as it runs, and Ironic takes what it says only while the node waits for it.

mod agent;
mod api;
mod inventory;

use std::net::IpAddr;
use std::time::Duration;

use anyhow::{Context as _, Result};
use clap::Parser;
use url::Url;

use agent::Agent;
use api::{Api, Token};

/// How soon it asks again. The real one waits longer.
const PAUSE: Duration = Duration::from_millis(500);

/// Plays the deploy ramdisk of one node, until it is ended: inspection, lookup, heartbeats, cleaning.
///
/// Says on its standard output what it did, a line each: `inspected`, `looked up UUID`, `executed STEP`.
///
/// Example: `ramdisk --api http://127.0.0.1:6385 --mac 52:54:00:0b:00:01`
#[derive(Debug, Parser)]
struct Args {
    /// Ironic.
    #[arg(long, value_name = "URL")]
    api: Url,
    /// The MAC addresses of the node's network cards.
    #[arg(long = "mac", value_name = "MAC", required = true)]
    macs: Vec<String>,
    /// The address of this machine at which Ironic finds it.
    #[arg(long, value_name = "IP", default_value = "127.0.0.1")]
    address: IpAddr,
    /// Report that inspection failed, with this text.
    #[arg(long, value_name = "TEXT")]
    fail: Option<String>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let args = Args::parse();
    rustls::crypto::ring::default_provider()
        .install_default()
        .ok()
        .context("a TLS provider, which the HTTP client insists on")?;
    let agent = Agent::start(args.address).await?;
    let api = Api::new(args.api)?;
    let data = inventory::inspection_data(&args.macs, args.fail.as_deref());
    let mut token: Option<Token> = None;
    loop {
        // It is Ironic who goes away in these tests: what it doesn't answer is asked again.
        match step(&api, &agent, &args.macs, &data, token.take()).await {
            Ok(next) => token = next,
            Err(error) => println!("no answer: {error:#}"),
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// One round of what the agent does, and the token for the next, if there is one.
async fn step(
    api: &Api,
    agent: &Agent,
    macs: &[String],
    data: &serde_json::Value,
    token: Option<Token>,
) -> Result<Option<Token>> {
    // In every round: the node may have begun to wait for it after it was looked up.
    if api.continue_inspection(data).await? {
        println!("inspected");
        return Ok(None);
    }
    if let Some(token) = token {
        // A node that was started anew has a new token: the old one is refused, and forgotten.
        let known = api.heartbeat(&token, agent.url()).await?;
        return Ok(known.then_some(token));
    }
    let found = api.lookup(macs).await?;
    if let Some(token) = &found {
        println!("looked up {}", token.node);
    }
    Ok(found)
}
