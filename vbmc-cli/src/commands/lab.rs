//! `vbmc lab`: begins a lab, and checks one.

mod check;
mod init;

use clap::Subcommand;

const EXAMPLES: &str = "\
A lab is a directory that describes images, virtual machines and nodes. `vbmc prepare` makes them, and `vbmc introspect` \
brings the nodes into Ironic.

Examples:
  vbmc lab init mylab          write a lab with comments into ./mylab; three
                               lines are to be edited
  vbmc lab check --lab mylab   say what is wrong with it, and touch nothing";

/// Begin a lab, or check one
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Init(init::Args),
    Check(check::Args),
}

pub(super) fn run(args: Args) -> anyhow::Result<()> {
    match args.command {
        Command::Init(args) => init::run(&args),
        Command::Check(args) => check::run(&args),
    }
}
