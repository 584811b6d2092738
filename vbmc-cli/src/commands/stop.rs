//! `vbmc stop`: stops BMCs.

use super::names::Names;
use crate::client::Client;

const EXAMPLES: &str = "\
Examples:
  vbmc stop node-0              let it answer no more until it is started
  vbmc stop node-0 node-1       several at once

The BMC stops, not the domain: `ipmitool ... power off` does that.";

/// Stop a virtual BMC for a virtual machine instance
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(flatten)]
    names: Names,
}

pub(super) async fn run(client: &Client, args: Args) -> anyhow::Result<()> {
    args.names.each(async |name| client.stop(name).await).await
}
