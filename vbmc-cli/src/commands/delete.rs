//! `vbmc delete`: deletes BMCs.

use super::names::Names;
use crate::client::Client;

const EXAMPLES: &str = "\
Examples:
  vbmc delete node-0            stop its BMC and forget it; the domain stays
  vbmc delete node-0 node-1     several at once";

/// Delete a virtual BMC for a virtual machine instance
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(flatten)]
    names: Names,
}

pub(super) async fn run(client: &Client, args: Args) -> anyhow::Result<()> {
    args.names
        .each(async |name| client.delete(name).await)
        .await
}
