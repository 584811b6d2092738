//! The commands, one file each. A file holds the options as they are typed, what they mean, and what the command does.
//!
//! A further command is a module here and a variant of [`Command`].

mod add;
mod bmc;
mod boot;
mod clean;
mod completion;
mod console;
mod delete;
mod fru;
mod identify;
mod image;
mod introspect;
mod lab;
mod lab_args;
mod list;
mod names;
mod new_password;
mod nodes;
mod power;
mod prepare;
mod profiles;
mod sel;
mod sensors;
mod set;
mod show;
mod start;
mod stop;
mod target;
mod targets;
mod usage;
mod user;

use std::io;

use clap::Subcommand;
use tokio::runtime::{self, Runtime};
use vbmc_core::config::ConfigFile;
use vbmc_core::control::Status;

use crate::client::Client;

pub(crate) use usage::WrongUsage;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Add(add::Args),
    Clean(clean::Args),
    Delete(delete::Args),
    List(list::Args),
    Show(show::Args),
    Set(set::Args),
    User(user::Args),
    Start(start::Args),
    Stop(stop::Args),
    Power(power::Args),
    Boot(boot::Args),
    Console(console::Args),
    Sel(sel::Args),
    Sensors(sensors::Args),
    Fru(fru::Args),
    Identify(identify::Args),
    Bmc(bmc::Args),
    Lab(lab::Args),
    Image(image::Args),
    Nodes(nodes::Args),
    Prepare(prepare::Args),
    Introspect(introspect::Args),
    Profiles(profiles::Args),
    Completion(completion::Args),
}

/// Runs one command to its end. `quiet`: only warnings and errors.
pub(crate) fn run(command: Command, quiet: bool) -> anyhow::Result<()> {
    match command {
        Command::Add(args) => with_daemon(async |client| add::run(client, args).await),
        Command::Clean(args) => clean::run(args, quiet),
        Command::Delete(args) => with_daemon(async |client| delete::run(client, args).await),
        Command::List(args) => with_daemon(async |client| list::run(client, args).await),
        Command::Show(args) => with_daemon(async |client| show::run(client, args).await),
        Command::Set(args) => with_daemon(async |client| set::run(client, args).await),
        Command::User(args) => with_daemon(async |client| user::run(client, args).await),
        Command::Start(args) => with_daemon(async |client| start::run(client, args).await),
        Command::Stop(args) => with_daemon(async |client| stop::run(client, args).await),
        Command::Console(args) => runtime()?.block_on(console::run(args, quiet)),
        Command::Power(args) => runtime()?.block_on(power::run(args)),
        Command::Boot(args) => runtime()?.block_on(boot::run(args)),
        Command::Sel(args) => runtime()?.block_on(sel::run(args)),
        Command::Sensors(args) => runtime()?.block_on(sensors::run(args)),
        Command::Fru(args) => runtime()?.block_on(fru::run(args)),
        Command::Identify(args) => runtime()?.block_on(identify::run(args)),
        Command::Bmc(args) => runtime()?.block_on(bmc::run(args)),
        Command::Lab(args) => lab::run(args),
        Command::Image(args) => runtime()?.block_on(image::run(args)),
        Command::Nodes(args) => runtime()?.block_on(nodes::run(args)),
        Command::Profiles(args) => runtime()?.block_on(profiles::run(args)),
        Command::Prepare(args) => prepare::run(&args, quiet),
        Command::Introspect(args) => introspect::run(&args, quiet),
        Command::Completion(args) => completion::run(&args),
    }
}

/// Runs what needs vbmcd, on a runtime of its own.
fn with_daemon(act: impl AsyncFnOnce(&Client) -> anyhow::Result<()>) -> anyhow::Result<()> {
    let client = Client::from_config(&ConfigFile::load()?)?;
    runtime()?.block_on(act(&client))
}

/// One thread does for what mostly waits.
fn runtime() -> io::Result<Runtime> {
    runtime::Builder::new_current_thread().enable_all().build()
}

/// A status as the original prints it.
fn status_name(status: Status) -> &'static str {
    match status {
        Status::Running => "running",
        Status::Down => "down",
        Status::Error => "error",
    }
}
