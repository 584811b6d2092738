//! vbmcd: thousands of virtual BMCs in one process.
//!
//! | Module | What lives there |
//! |---|---|
//! | `config` | the daemon's settings out of `virtualbmc.conf` |
//! | `daemon` | the daemon's life from start to end |
//! | `background` | leaving the terminal, and telling the one who waits there how it went |
//! | `pidfile` | one daemon at a time |
//! | `dirlock` | and one for each directory of BMCs |
//! | `logging` | log lines and where they go |
//! | `signals` | what a signal asks for |
//! | `systemd` | what systemd is told |
//! | `api` | the control API on its unix socket |
//!
//! What a BMC is and does is in `vbmc-core`.

use std::process::ExitCode;

use clap::Parser;

mod api;
mod background;
mod config;
mod daemon;
mod dirlock;
mod logging;
mod pidfile;
mod signals;
mod systemd;

const ABOUT: &str = "Serves virtual BMCs: an IPMI endpoint for every libvirt domain that was added with `vbmc add`.

Without options it goes to the background once it serves, and exits with code 0; when it cannot serve, it says why and \
exits with code 1.";

const EXAMPLES: &str = "Examples:
  vbmcd                               serve in the background
  vbmcd --foreground                  serve in this terminal, with the log on it
  kill $(cat ~/.vbmc/master.pid)      stop; the next start runs the same BMCs
  kill -HUP $(cat ~/.vbmc/master.pid) read all files again, reopen the log

Files:
  $VIRTUALBMC_CONFIG, ~/.vbmc/virtualbmc.conf, /etc/virtualbmc/virtualbmc.conf
                                      the configuration: the first that exists
  ~/.vbmc/<domain>/config             one BMC; changes take effect at once
  ~/.vbmc/vbmcd.sock                  where vbmc reaches vbmcd
  ~/.vbmc/vbmcd.log                   the log in the background, unless logfile is
                                      set

RUST_LOG sets what is logged, as in RUST_LOG=debug or RUST_LOG=vbmc_core::fleet=debug.";

#[derive(Debug, Parser)]
#[command(name = "vbmcd", about = ABOUT, after_help = EXAMPLES)]
struct Args {
    /// Print the version and exit
    #[arg(long)]
    version: bool,
    /// Do not go to the background
    #[arg(long)]
    foreground: bool,
    /// We are the process in the background; standard output is what the waiting one reads
    #[arg(long, hide = true)]
    detached: bool,
}

fn main() -> ExitCode {
    let args = Args::parse();
    if args.version {
        println!("{}", env!("CARGO_PKG_VERSION"));
        return ExitCode::SUCCESS;
    }
    let result = if args.detached {
        background::enter(daemon::run)
    } else if args.foreground {
        daemon::run(background::Readiness::none())
    } else {
        background::leave_terminal()
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("vbmcd: {error:#}");
            ExitCode::FAILURE
        }
    }
}
