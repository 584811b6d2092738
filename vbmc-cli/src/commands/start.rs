//! `vbmc start`: starts BMCs.

use super::names::Names;
use crate::client::Client;

const EXAMPLES: &str = "\
Examples:
  vbmc start node-0             let it answer, now and whenever vbmcd runs
  vbmc start node-0 node-1      several at once

The BMC starts, not the domain: `ipmitool ... power on` does that. Starting a running BMC is no error.";

/// Start a virtual BMC for a virtual machine instance
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(flatten)]
    names: Names,
}

pub(super) async fn run(client: &Client, args: Args) -> anyhow::Result<()> {
    args.names.each(async |name| client.start(name).await).await
}
