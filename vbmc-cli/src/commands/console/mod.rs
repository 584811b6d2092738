//! `vbmc console`: a machine's serial console, over its BMC.
//!
//! | File | What lives there |
//! |---|---|
//! | `mod` | the options, and how the line is had |
//! | `talk` | keys to the line, what it says to the screen |
//! | `escape` | what is typed for us, and not for the machine |
//! | `raw` | the terminal's modes |
//! | `streams` | stdin and stdout |

mod escape;
mod raw;
mod streams;
mod talk;

use std::time::Duration;

use anyhow::{anyhow, bail};

use super::target::Target;
use crate::ipmi::{Address, Console, Line, Login, NoLine, Opened, Power};

const EXAMPLES: &str = "\
Examples:
  vbmc console node-0                     of the machine behind a BMC of vbmcd's
  vbmc console node-0 --force             also if another console has it
  vbmc console --host 192.0.2.7 --user admin --password-file pw
                                          of any other machine with a BMC
  vbmc console node-0 | tee log           and keep what it says

While connected, behind Enter:
  ~.        leave
  ~B        send a break
  ~ Ctrl-Z  back to the shell, until fg
  ~?        show these
  ~~        a ~ for the machine

A machine that is off is waited for. One console at a time can have a machine's serial port; on its hypervisor, neither \
can `virsh console` have it meanwhile.";

/// Talk to a machine over its serial console
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(flatten)]
    target: Target,

    /// Take the console away from whoever has it
    #[arg(long)]
    force: bool,
}

pub(super) async fn run(args: Args, quiet: bool) -> anyhow::Result<()> {
    let name = args.target.to_string();
    let patience = args.target.patience();
    let (mut bmc, login) = args.target.resolve().await?;
    // A BMC may send us to another port, but only once.
    for _ in 0..2 {
        let (opened, off) = open(&bmc, &login, patience, args.force).await?;
        match opened {
            Opened::Line(line) => return talk(&name, line, off, quiet).await,
            Opened::Elsewhere(port) => bmc.port = port,
        }
    }
    bail!("{bmc}: the BMC sends its serial console from port to port");
}

async fn talk(name: &str, line: Box<Line>, off: bool, quiet: bool) -> anyhow::Result<()> {
    talk::talk(name, line, off, quiet).await
}

/// Asks for the line. Whether the machine is off, too.
async fn open(
    bmc: &Address,
    login: &Login,
    patience: Duration,
    force: bool,
) -> anyhow::Result<(Opened, bool)> {
    let mut console = Console::connect(bmc, login, patience).await?;
    // Not all may ask that who may have the console.
    let off = matches!(console.power_state().await, Ok(Power::Off));
    if force {
        console.free_line().await?;
    }
    match console.open_line().await {
        Ok(opened) => Ok((opened, off)),
        Err(NoLine::InUse) if force => Err(anyhow!(
            "somebody on the machine's hypervisor has its serial port, as `virsh console` does: end that there"
        )),
        Err(NoLine::InUse) => Err(anyhow!(
            "another console has the machine's serial port: end it, or take it away with --force, unless it is on the \
             hypervisor (`virsh console`)"
        )),
        Err(NoLine::Disabled) => Err(anyhow!(
            "there is no serial console: the machine has no serial port, or serial over LAN is disabled in the BMC or \
             for this user. Give a domain one with `virsh edit`: <serial type='pty'/>"
        )),
        Err(NoLine::Other(error)) => Err(error.into()),
    }
}
