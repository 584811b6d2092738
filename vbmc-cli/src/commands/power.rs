//! `vbmc power`: switches a machine through its BMC.

use std::time::Duration;

use anyhow::bail;
use clap::ValueEnum;
use clap::builder::NonEmptyStringValueParser;
use ipmi_proto::command::chassis::ChassisControl;
use tokio::time::{Instant, sleep};

use super::target::{Access, parse, words};
use super::targets::Targets;
use crate::ipmi::{Console, Power};
use crate::output::{Cell, OutputArgs, Records};

const USAGE: &str = "\
vbmc power [OPTIONS] NAME... [ACTION]
       vbmc power [OPTIONS] --host HOST [ACTION]";

const EXAMPLES: &str = "\
Examples:
  vbmc power node-0                       is it on?
  vbmc power node-0 -f value -c Power     the same, for scripts: on or off
  vbmc power node-0 soft --wait           ask the guest to shut down, and see it
                                          off
  vbmc power node-0 node-1 node-2 on      several at once
  vbmc power --host 192.0.2.7 --user admin cycle

Actions: status, on, off (at once), cycle, reset, soft (as the power button), nmi. With --wait, off and soft wait for \
the machine to be off, on, cycle and reset for it to be on.";

/// Between two looks at a machine that is waited for.
const AGAIN: Duration = Duration::from_millis(500);

/// Switch a machine on or off, or see whether it is on
#[derive(Debug, clap::Args)]
#[command(override_usage = USAGE, after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The names of virtual machines whose BMCs are vbmcd's, and behind them what to do [default: status]
    #[arg(value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    words: Vec<String>,

    /// Wait until the machine has done it, this long at most
    #[arg(long, value_name = "SECONDS", num_args = 0..=1, default_missing_value = "60", require_equals = true)]
    wait: Option<u16>,

    #[command(flatten)]
    access: Access,

    #[command(flatten)]
    output: OutputArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Action {
    Status,
    On,
    Off,
    Cycle,
    Reset,
    Soft,
    #[value(alias = "diag")]
    Nmi,
}

impl Action {
    fn control(self) -> Option<ChassisControl> {
        Some(match self {
            Self::Status => return None,
            Self::On => ChassisControl::PowerUp,
            Self::Off => ChassisControl::PowerDown,
            Self::Cycle => ChassisControl::PowerCycle,
            Self::Reset => ChassisControl::HardReset,
            Self::Soft => ChassisControl::SoftShutdown,
            Self::Nmi => ChassisControl::DiagnosticInterrupt,
        })
    }

    /// What it leads to; none: nothing that could be waited for.
    fn goal(self) -> Option<Power> {
        match self {
            Self::On | Self::Cycle | Self::Reset => Some(Power::On),
            Self::Off | Self::Soft => Some(Power::Off),
            Self::Status | Self::Nmi => None,
        }
    }
}

pub(super) async fn run(args: Args) -> anyhow::Result<()> {
    let output = args.output.resolve()?;
    let is_action = |word: &str| parse::<Action>(word).is_ok();
    let (targets, action) = Targets::of(args.access, args.words, is_action, &words::<Action>())?;
    let action = action.map_or(Ok(Action::Status), |word| parse(&word))?;
    let act = async |name: &str, console: &mut Console| {
        let power = act(console, name, action, args.wait).await?;
        Ok(power.map(|power| row(name, power)))
    };
    let (done, failed) = targets.each(act).await?;
    let rows: Vec<_> = done.into_iter().flatten().collect();
    if !rows.is_empty() {
        output.print(Records::new(["BMC", "Power"], rows))?;
    }
    failed
}

/// Does it. The state where that was asked for.
async fn act(
    console: &mut Console,
    name: &str,
    action: Action,
    wait: Option<u16>,
) -> anyhow::Result<Option<Power>> {
    let Some(control) = action.control() else {
        return Ok(Some(console.power_state().await?));
    };
    console.request(&control).await?;
    if let (Some(goal), Some(seconds)) = (action.goal(), wait) {
        let deadline = Instant::now() + Duration::from_secs(seconds.into());
        while console.power_state().await? != goal {
            if Instant::now() >= deadline {
                let other = match (action, goal) {
                    (Action::Soft, _) => {
                        "; a guest may ignore its power button, `vbmc power ... off` does not ask it"
                    }
                    _ => "",
                };
                bail!("{name} is not {goal} after {seconds} s{other}");
            }
            sleep(AGAIN).await;
        }
    }
    Ok(None)
}

fn row(name: &str, power: Power) -> Vec<Cell> {
    vec![Cell::text(name), Cell::Text(power.to_string())]
}
