//! `vbmc completion`: what makes a shell complete vbmc's commands and options.

use clap::CommandFactory;
use clap_complete::Shell;

use crate::cli::Cli;
use crate::output::write_stdout;

const EXAMPLES: &str = "\
Examples:
  source <(vbmc completion bash)                                    in ~/.bashrc
  vbmc completion zsh > \"${fpath[1]}/_vbmc\"
  vbmc completion fish > ~/.config/fish/completions/vbmc.fish";

/// Print a script that completes vbmc's commands and options
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The shell
    shell: Shell,
}

pub(super) fn run(args: &Args) -> anyhow::Result<()> {
    // The generator panics on a closed pipe; memory is always open.
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "vbmc", &mut script);
    write_stdout(&script)
}
