//! `vbmc user`: who may log in to a BMC.

use clap::ValueEnum;
use clap::builder::NonEmptyStringValueParser;
use vbmc_core::control::{BmcUser, PrivilegeLimit, UserChange};

use super::new_password::NewPassword;
use super::usage::WrongUsage;
use crate::client::Client;
use crate::output::{Cell, OutputArgs, Records};

const EXAMPLES: &str = "\
Examples:
  vbmc user list node-0
  vbmc user set node-0 3 --name ops --password-file p --privilege operator
  vbmc user set node-0 3 --disable        its sessions end
  vbmc user delete node-0 3

A BMC has up to 16 users, with ids from 1. User 2 is the one whom `vbmc add` has made; `vbmc set` changes it as well. \
Changes are kept, and in force at once. They are the same users that `ipmitool user` lists and changes over IPMI.";

/// List, change and delete the users of a virtual BMC
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    List(ListArgs),
    Set(SetArgs),
    Delete(DeleteArgs),
}

const LIST_EXAMPLES: &str = "\
Examples:
  vbmc user list node-0
  vbmc user list node-0 -f json           for programs
  vbmc user list node-0 -f value -c Name  the names alone, one a line";

/// List the users of a virtual BMC
#[derive(Debug, clap::Args)]
#[command(after_help = LIST_EXAMPLES)]
struct ListArgs {
    /// The name of the virtual machine
    #[arg(value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    bmc: String,

    #[command(flatten)]
    output: OutputArgs,
}

const SET_EXAMPLES: &str = "\
Examples:
  vbmc user set node-0 3 --name ops --ask-password --privilege operator
  pass show lab/ops | vbmc user set node-0 3 --password-file -
  vbmc user set node-0 3 --privilege user       may look, and change nothing
  vbmc user set node-0 3 --disable

What is not named stays as it is. To log in, a user needs a name, a password and a privilege; the first password enables \
it. Its sessions end with the change. A password on the command line is seen by every user of this machine for as long \
as vbmc runs.";

/// Change a user of a virtual BMC, or make one
#[derive(Debug, clap::Args)]
#[command(after_help = SET_EXAMPLES)]
struct SetArgs {
    /// The name of the virtual machine
    #[arg(value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    bmc: String,

    /// The user's id, 1 to 16
    #[arg(value_parser = clap::value_parser!(u8).range(1..=16))]
    id: u8,

    /// The user's name, 16 bytes at most
    #[arg(long)]
    name: Option<String>,

    #[command(flatten)]
    password: NewPassword,

    /// The highest privilege level that the user can have
    #[arg(long, value_name = "LEVEL")]
    privilege: Option<Level>,

    /// Let the user log in
    #[arg(long)]
    enable: bool,

    /// Keep the user out, without forgetting it
    #[arg(long, conflicts_with = "enable")]
    disable: bool,

    /// Whether the user may send IPMI messages, which is all that a login over LAN is good for
    #[arg(long, value_name = "SWITCH")]
    messaging: Option<Switch>,
}

const DELETE_EXAMPLES: &str = "\
Examples:
  vbmc user delete node-0 3
  vbmc user delete node-0 3 4 5

User 2, whom `vbmc add` has made, cannot be deleted.";

/// Delete users of a virtual BMC
#[derive(Debug, clap::Args)]
#[command(after_help = DELETE_EXAMPLES)]
struct DeleteArgs {
    /// The name of the virtual machine
    #[arg(value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    bmc: String,

    /// The users' ids, 1 to 16
    #[arg(required = true, value_name = "ID", value_parser = clap::value_parser!(u8).range(1..=16))]
    ids: Vec<u8>,
}

/// A privilege limit by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Level {
    None,
    Callback,
    User,
    Operator,
    #[value(alias = "admin")]
    Administrator,
    Oem,
}

impl From<Level> for PrivilegeLimit {
    fn from(level: Level) -> Self {
        match level {
            Level::None => Self::None,
            Level::Callback => Self::Callback,
            Level::User => Self::User,
            Level::Operator => Self::Operator,
            Level::Administrator => Self::Administrator,
            Level::Oem => Self::Oem,
        }
    }
}

fn level_name(limit: PrivilegeLimit) -> &'static str {
    match limit {
        PrivilegeLimit::None => "none",
        PrivilegeLimit::Callback => "callback",
        PrivilegeLimit::User => "user",
        PrivilegeLimit::Operator => "operator",
        PrivilegeLimit::Administrator => "administrator",
        PrivilegeLimit::Oem => "oem",
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Switch {
    On,
    Off,
}

pub(super) async fn run(client: &Client, args: Args) -> anyhow::Result<()> {
    match args.action {
        Action::List(args) => {
            let output = args.output.resolve()?;
            output.print(records(client.users(&args.bmc).await?))
        }
        Action::Set(args) => {
            let (bmc, id) = (args.bmc.clone(), args.id);
            let change = args.resolve()?;
            let user = client.change_user(&bmc, id, &change).await?;
            if let Some(missing) = missing(&user) {
                tracing::warn!("user {id} cannot log in to {bmc} yet: {missing}");
            }
            // It is changed by now, whatever this says.
            let users = client.users(&bmc).await.unwrap_or_default();
            if let Some(other) = namesake(&user, &users) {
                tracing::warn!(
                    "users {other} and {id} of {bmc} have the same name: a login is the first one's that may have the \
                     privilege level, and the other's password is wrong for it"
                );
            }
            Ok(())
        }
        Action::Delete(args) => {
            for id in args.ids {
                client.delete_user(&args.bmc, id).await?;
            }
            Ok(())
        }
    }
}

impl SetArgs {
    /// What was meant: files read, the terminal asked.
    fn resolve(self) -> anyhow::Result<UserChange> {
        let change = UserChange {
            name: self.name,
            password: self.password.resolve()?,
            privilege: self.privilege.map(PrivilegeLimit::from),
            enabled: match (self.enable, self.disable) {
                (true, _) => Some(true),
                (_, true) => Some(false),
                (false, false) => None,
            },
            messaging: self.messaging.map(|switch| switch == Switch::On),
        };
        if change == UserChange::default() {
            return Err(WrongUsage::error(
                "say what is to change: `vbmc user set --help` lists what a user has",
            ));
        }
        Ok(change)
    }
}

/// What a user still lacks that nobody has kept out.
fn missing(user: &BmcUser) -> Option<&'static str> {
    if !user.has_password {
        return Some("it has no password (--password-file)");
    }
    if !user.enabled || !user.messaging {
        return None;
    }
    if user.privilege == PrivilegeLimit::None {
        return Some("it has no privilege (--privilege)");
    }
    (user.id != 1 && user.name.is_empty()).then_some("it has no name (--name)")
}

/// Another user of the same name, which IPMI allows.
fn namesake(user: &BmcUser, users: &[BmcUser]) -> Option<u8> {
    let same = |other: &&BmcUser| other.id != user.id && other.name == user.name;
    let other = users.iter().find(same)?;
    (!user.name.is_empty()).then_some(other.id)
}

fn records(users: Vec<BmcUser>) -> Records {
    let rows = users.into_iter().map(|user| {
        vec![
            Cell::Number(user.id.into()),
            Cell::Text(user.name),
            Cell::Bool(user.has_password),
            Cell::text(level_name(user.privilege)),
            Cell::Bool(user.enabled),
            Cell::Bool(user.messaging),
        ]
    });
    Records::new(
        [
            "ID",
            "Name",
            "Has password",
            "Privilege",
            "Enabled",
            "Messaging",
        ],
        rows,
    )
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        args: SetArgs,
    }

    fn resolve(line: &str) -> anyhow::Result<UserChange> {
        let line =
            Line::try_parse_from(["set", "node-0"].into_iter().chain(line.split_whitespace()))?;
        line.args.resolve()
    }

    #[test]
    fn what_is_not_named_is_not_changed() {
        let change = resolve("3 --privilege admin --disable --messaging off").unwrap();
        let expected = UserChange {
            privilege: Some(PrivilegeLimit::Administrator),
            enabled: Some(false),
            messaging: Some(false),
            ..UserChange::default()
        };
        assert_eq!(change, expected);
        assert!(resolve("3").unwrap_err().is::<WrongUsage>());
        for wrong in ["0 --enable", "17 --enable", "3 --enable --disable"] {
            resolve(wrong).unwrap_err();
        }
    }

    #[test]
    fn what_a_user_lacks_is_named_unless_it_is_kept_out() {
        let mut user = BmcUser {
            id: 3,
            name: String::new(),
            has_password: false,
            privilege: PrivilegeLimit::None,
            enabled: true,
            messaging: true,
        };
        assert!(missing(&user).unwrap().contains("password"));
        user.has_password = true;
        assert!(missing(&user).unwrap().contains("privilege"));
        user.privilege = PrivilegeLimit::User;
        assert!(missing(&user).unwrap().contains("name"));
        user.enabled = false;
        assert_eq!(missing(&user), None);
    }

    #[test]
    fn a_second_user_of_a_name_is_noticed() {
        let user = |id, name: &str| BmcUser {
            id,
            name: name.to_owned(),
            has_password: true,
            privilege: PrivilegeLimit::User,
            enabled: true,
            messaging: true,
        };
        let users = [
            user(2, "admin"),
            user(3, "ops"),
            user(4, "ops"),
            user(5, ""),
            user(6, ""),
        ];
        let found = users.each_ref().map(|user| namesake(user, &users));
        assert_eq!(found, [None, Some(4), Some(3), None, None]);
    }
}
