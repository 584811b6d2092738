//! `vbmc identify`: the light that tells a machine from its neighbours.

use std::num::NonZeroU8;

use ipmi_proto::command::chassis::ChassisIdentify;

use super::target::Access;
use super::usage::WrongUsage;

const EXAMPLES: &str = "\
Examples:
  vbmc identify node-0                    for 15 seconds
  vbmc identify node-0 120                for two minutes
  vbmc identify node-0 on                 until `off`
  vbmc identify --host 192.0.2.7 --user admin off

A virtual machine has no light; its BMC keeps the state, and reports it.";

/// Switch the light that tells a machine from its neighbours
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The name of the virtual machine, if it is a BMC of vbmcd's
    name: Option<String>,

    /// For how many seconds (1 to 255), on, or off [default: 15]
    #[arg(value_name = "SECONDS|on|off")]
    how: Option<String>,

    #[command(flatten)]
    access: Access,
}

pub(super) async fn run(args: Args) -> anyhow::Result<()> {
    let (target, how) = args.access.with_word(args.name, args.how)?;
    let how = parse(how.as_deref())?;
    let mut console = target.connect().await?;
    let done = console.request(&how).await;
    console.close().await;
    Ok(done?)
}

fn parse(word: Option<&str>) -> anyhow::Result<ChassisIdentify> {
    let default = ChassisIdentify::DEFAULT_SECONDS.to_string();
    match word.unwrap_or(&default) {
        "on" => Ok(ChassisIdentify::Indefinite),
        "off" | "0" => Ok(ChassisIdentify::Off),
        seconds => match seconds.parse::<NonZeroU8>() {
            Ok(seconds) => Ok(ChassisIdentify::Timed(seconds)),
            Err(_) => Err(WrongUsage::error(format!(
                "`{seconds}` is neither on nor off, nor a number of seconds from 1 to 255"
            ))),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_seconds() {
        let seconds = |seconds| ChassisIdentify::Timed(NonZeroU8::new(seconds).unwrap());
        assert_eq!(parse(None).unwrap(), seconds(15));
        assert_eq!(parse(Some("255")).unwrap(), seconds(255));
        assert_eq!(parse(Some("on")).unwrap(), ChassisIdentify::Indefinite);
        assert_eq!(parse(Some("0")).unwrap(), ChassisIdentify::Off);
        for wrong in ["256", "-1", "blink"] {
            assert!(
                parse(Some(wrong)).unwrap_err().is::<WrongUsage>(),
                "{wrong}"
            );
        }
    }
}
