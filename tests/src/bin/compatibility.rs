//! Writes a column of `docs/compatibility.md` from the BMC of another program; `scripts/compatibility` starts those.

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap::Parser;
use vbmc_tests::Bmc;
use vbmc_tests::matrix::{self, Page};

/// Runs every command of docs/compatibility.md on a BMC of this machine, and writes the results into one of its columns.
#[derive(Debug, Parser)]
struct Args {
    /// The column's heading.
    #[arg(long)]
    column: String,
    /// The BMC's UDP port on 127.0.0.1.
    #[arg(long)]
    port: u16,
    /// Who logs in.
    #[arg(long)]
    user: String,
    /// A file that holds the password.
    #[arg(long)]
    password_file: PathBuf,
}

fn main() -> Result<()> {
    let args = Args::parse();
    // A client that hangs is a result here.
    std::panic::set_hook(Box::new(|_| {}));
    let password = std::fs::read_to_string(&args.password_file)
        .with_context(|| args.password_file.display().to_string())?;
    let bmc = Bmc::new(args.port)
        .with_user(&args.user)
        .with_password(password.trim_end());
    Page::read().write(&args.column, &matrix::run(&bmc));
    Ok(())
}
