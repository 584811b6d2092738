//! `vbmc power`: switches a machine through its BMC.

use std::time::Duration;

use anyhow::bail;
use clap::ValueEnum;
use ipmi_proto::command::chassis::ChassisControl;
use tokio::time::{Instant, sleep};

use super::target::{Access, parse};
use crate::ipmi::{Console, Power};
use crate::output::{Cell, OutputArgs, Records};

const EXAMPLES: &str = "\
Examples:
  vbmc power node-0                       is it on?
  vbmc power node-0 -f value -c Power     the same, for scripts: on or off
  vbmc power node-0 soft --wait           ask the guest to shut down, and see it
                                          off
  vbmc power --host 192.0.2.7 --user admin cycle

Actions: status, on, off (at once), cycle, reset, soft (as the power button), nmi. With --wait, off and soft wait for \
the machine to be off, on, cycle and reset for it to be on.";

/// Between two looks at a machine that is waited for.
const AGAIN: Duration = Duration::from_millis(500);

/// Switch a machine on or off, or see whether it is on
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The name of the virtual machine, if it is a BMC of vbmcd's
    name: Option<String>,

    /// What to do [default: status]
    action: Option<String>,

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
    let (target, action) = args.access.with_word(args.name, args.action)?;
    let action = action.map_or(Ok(Action::Status), |word| parse(&word))?;
    let name = target.to_string();
    let mut console = target.connect().await?;
    let done = act(&mut console, &name, action, args.wait).await;
    console.close().await;
    match done? {
        Some(power) => output.print(records(name, power)),
        None => Ok(()),
    }
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

fn records(name: String, power: Power) -> Records {
    let row = vec![Cell::Text(name), Cell::Text(power.to_string())];
    Records::new(["BMC", "Power"], [row])
}
