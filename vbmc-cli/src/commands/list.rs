//! `vbmc list`: every BMC on a line.

use vbmc_core::control::BmcSummary;

use super::status_name;
use crate::client::Client;
use crate::output::{Cell, OutputArgs, Records};

const EXAMPLES: &str = "\
Examples:
  vbmc list
  vbmc list -f json                       for programs; the port is a number
  vbmc list -f value -c 'Domain name'     the names alone, one a line
  vbmc list --sort-column port            by port instead of by name";

/// List all virtual BMC instances
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(flatten)]
    output: OutputArgs,
}

pub(super) async fn run(client: &Client, args: Args) -> anyhow::Result<()> {
    let output = args.output.resolve()?;
    output.print(records(client.bmcs().await?))
}

fn records(mut bmcs: Vec<BmcSummary>) -> Records {
    bmcs.sort_by(|a, b| a.domain_name.cmp(&b.domain_name));
    let rows = bmcs.into_iter().map(|bmc| {
        vec![
            Cell::Text(bmc.domain_name),
            Cell::text(status_name(bmc.status)),
            Cell::Text(bmc.address),
            Cell::Number(bmc.port.into()),
        ]
    });
    Records::new(["Domain name", "Status", "Address", "Port"], rows)
}

#[cfg(test)]
mod tests {
    use vbmc_core::control::Status;

    use super::*;

    #[test]
    fn is_sorted_by_name() {
        let bmc = |name: &str, port| BmcSummary {
            domain_name: name.to_owned(),
            status: Status::Running,
            address: "::".to_owned(),
            port,
        };
        let row = |name: &str, port: u16| {
            vec![
                Cell::text(name),
                Cell::text("running"),
                Cell::text("::"),
                Cell::Number(u64::from(port)),
            ]
        };
        assert_eq!(
            records(vec![bmc("b", 1), bmc("B", 2), bmc("a", 3)]),
            Records::new(
                ["Domain name", "Status", "Address", "Port"],
                [row("B", 2), row("a", 3), row("b", 1)]
            )
        );
    }
}
