//! `vbmc identify`: the light that tells a machine from its neighbours.

use std::num::NonZeroU8;

use clap::builder::NonEmptyStringValueParser;
use ipmi_proto::command::chassis::ChassisIdentify;

use super::target::Access;
use super::targets::Targets;
use super::usage::WrongUsage;
use crate::ipmi::Console;

const USAGE: &str = "\
vbmc identify [OPTIONS] NAME... [SECONDS|on|off]
       vbmc identify [OPTIONS] --host HOST [SECONDS|on|off]";

const EXAMPLES: &str = "\
Examples:
  vbmc identify node-0                    for 15 seconds
  vbmc identify node-0 120                for two minutes
  vbmc identify node-0 on                 until `off`
  vbmc identify node-0 node-1 off         several at once
  vbmc identify --host 192.0.2.7 --user admin off

A virtual machine has no light; its BMC keeps the state, and reports it.";

/// Switch the light that tells a machine from its neighbours
#[derive(Debug, clap::Args)]
#[command(override_usage = USAGE, after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The names of virtual machines whose BMCs are vbmcd's, and behind them for how many seconds (1 to 255), on, or off
    /// [default: 15]
    #[arg(value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    words: Vec<String>,

    #[command(flatten)]
    access: Access,
}

pub(super) async fn run(args: Args) -> anyhow::Result<()> {
    let is_how = |word: &str| parse(Some(word)).is_ok();
    let (targets, how) = Targets::of(args.access, args.words, is_how, "on, off, 1 to 255")?;
    let how = parse(how.as_deref())?;
    let act = async |_: &str, console: &mut Console| Ok(console.request(&how).await?);
    let (_, failed) = targets.each(act).await?;
    failed
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
