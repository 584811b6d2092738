//! `vbmc show`: one BMC's properties, one a line.

use clap::builder::NonEmptyStringValueParser;
use vbmc_core::control::BmcDetails;

use super::status_name;
use crate::client::Client;
use crate::output::{Cell, OutputArgs, Records};

const EXAMPLES: &str = "\
Examples:
  vbmc show node-0
  vbmc show node-0 -f json                for programs
  vbmc show node-0 -f value -c Value      the values alone, sorted by property

Passwords and the key K_g are shown as *** unless vbmcd is configured with show_passwords. What VirtualBMC does not know is shown where it is set: cipher_suites, console_history, ipmi_1_5 and kg.";

/// Show virtual BMC properties
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The name of the virtual machine
    #[arg(value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    name: String,

    #[command(flatten)]
    output: OutputArgs,
}

pub(super) async fn run(client: &Client, args: Args) -> anyhow::Result<()> {
    let output = args.output.resolve()?;
    let bmc = client.bmc(&args.name).await?;
    if let Some(problem) = &bmc.problem {
        // Beside the records, not in them: programs expect the ten properties of the original.
        tracing::warn!("{} cannot run: {problem}", bmc.domain_name);
    }
    output.print(records(bmc))
}

/// In alphabetical order, with `active` in Python's spelling, as the original's file holds it. What the original does not
/// know is there where it is set: its users' programs expect the ten properties.
fn records(bmc: BmcDetails) -> Records {
    let optional = |value: Option<String>| value.map_or(Cell::Missing, Cell::Text);
    let suites = bmc.cipher_suites.map(|suites| {
        let suites: Vec<_> = suites.iter().map(u8::to_string).collect();
        suites.join(",")
    });
    let v15: Vec<_> = bmc.ipmi_1_5.iter().map(|auth| auth.name()).collect();
    let v15 = (!v15.is_empty()).then(|| v15.join(","));
    let history = bmc.console_history.map(|bytes| bytes.to_string());
    let own = [
        ("cipher_suites", suites),
        ("console_history", history),
        ("ipmi_1_5", v15),
        ("kg", bmc.kg),
    ];
    let own = own
        .into_iter()
        .filter_map(|(property, value)| Some((property, Cell::Text(value?))));
    let known = [
        (
            "active",
            Cell::text(if bmc.active { "True" } else { "False" }),
        ),
        ("address", Cell::Text(bmc.address)),
        ("domain_name", Cell::Text(bmc.domain_name)),
        ("libvirt_sasl_password", optional(bmc.libvirt_sasl_password)),
        ("libvirt_sasl_username", optional(bmc.libvirt_sasl_username)),
        ("libvirt_uri", Cell::Text(bmc.libvirt_uri)),
        ("password", Cell::Text(bmc.password)),
        ("port", Cell::Number(bmc.port.into())),
        ("status", Cell::text(status_name(bmc.status))),
        ("username", Cell::Text(bmc.username)),
    ];
    let mut rows: Vec<_> = known.into_iter().chain(own).collect();
    rows.sort_by_key(|(property, _)| *property);
    Records::new(
        ["Property", "Value"],
        rows.into_iter()
            .map(|(property, value)| vec![Cell::text(property), value]),
    )
}
