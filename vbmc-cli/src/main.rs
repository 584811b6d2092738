//! `vbmc`: manage virtual BMCs, a drop-in for VirtualBMC's command.
//!
//! | Module | What lives there |
//! |---|---|
//! | [`cli`] | the command line as it is typed: global options and the list of commands |
//! | [`commands`] | one file per command: its options, what they mean, and what it does |
//! | [`output`] | records as a table, JSON, CSV, YAML or bare values |
//! | [`lab`] | the lab workflow: what `prepare`, `introspect` and `clean` do |
//! | [`openstack`] | requests to Keystone, Ironic and Glance |
//! | [`view`] | what a run looks like: a live view, plain lines, or JSON events |
//! | [`client`] | requests to vbmcd over its unix socket |
//! | [`ipmi`] | our own IPMI console: asks BMCs over UDP |
//! | [`log`] | messages on stderr and in `--log-file` |
//! | [`password`] | passwords from files, and from people |
//!
//! VirtualBMC's commands touch neither a hypervisor nor a BMC's file: vbmcd does that. The lab workflow makes what is on
//! the hypervisor by itself, and BMCs through vbmcd.

mod cli;
mod client;
mod commands;
mod ipmi;
mod lab;
mod log;
mod openstack;
mod output;
mod password;
mod view;

use std::io::{self, Write};
use std::process::ExitCode;

use crate::cli::Cli;
use crate::commands::WrongUsage;
use crate::lab::interrupt::Interrupted;
use crate::lab::report::SomeFailed;

/// What clap exits with, too.
const WRONG_USAGE: u8 = 2;

/// A run went to its end, but some of its subjects failed.
const SOME_FAILED: u8 = 3;

/// What a shell reports for a process that SIGINT ended.
const INTERRUPTED: u8 = 130;

/// What a shell reports for a process that SIGPIPE ended, and what the original exits with.
const CLOSED_PIPE: u8 = 141;

fn main() -> ExitCode {
    let cli = Cli::read();
    if let Err(error) = log::init(&cli.globals) {
        // Not eprintln!, which panics when stderr is a closed pipe.
        let _ = writeln!(io::stderr(), "{error:#}");
        return ExitCode::FAILURE;
    }
    match commands::run(cli.command, cli.globals.quiet) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if is_closed_pipe(&error) => ExitCode::from(CLOSED_PIPE),
        Err(error) if error.is::<WrongUsage>() => {
            log::error(&error, cli.globals.debug);
            ExitCode::from(WRONG_USAGE)
        }
        // The view has said it all.
        Err(error) if error.is::<SomeFailed>() => ExitCode::from(SOME_FAILED),
        Err(error) if error.is::<Interrupted>() => {
            log::error(&error, cli.globals.debug);
            ExitCode::from(INTERRUPTED)
        }
        Err(error) => {
            log::error(&error, cli.globals.debug);
            ExitCode::FAILURE
        }
    }
}

/// Whether the reader of our output went away, as in `vbmc list | head -0`: its own business, not an error.
fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error
        .downcast_ref::<io::Error>()
        .is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}
