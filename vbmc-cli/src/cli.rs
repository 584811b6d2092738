//! The command line as it is typed: global options and the list of commands. What a command's own options are, its
//! file in [`crate::commands`] says.

use std::path::PathBuf;

use clap::{ArgAction, Args, CommandFactory, FromArgMatches, Parser};

use crate::commands::Command;

const EXAMPLES: &str = "\
Examples, as with VirtualBMC:
  vbmc add node-0 --port 6230             make a BMC for the domain node-0
  vbmc start node-0                       let it answer on UDP port 6230
  vbmc list                               see every BMC and whether it runs
  ipmitool -I lanplus -H localhost -p 6230 -U admin -P password power status

Examples, over IPMI, for any BMC:
  vbmc power node-0 on --wait             switch the machine on
  vbmc boot node-0 pxe                    from the network, next time
  vbmc sel node-0 --follow                see what happens to it
  vbmc sensors --host 192.0.2.7 --user admin

Examples, from nothing to nodes that Ironic has inspected:
  vbmc lab init my-lab && cd my-lab       a directory that describes a lab
  edit lab.toml; vbmc lab check           say where Ironic is, and what is wrong
  vbmc prepare --dry-run                  see what would be made
  vbmc prepare                            images, networks, domains and BMCs
  vbmc introspect                         register the nodes with Ironic, and
                                          inspect them
  vbmc nodes --watch                      see their states change
  vbmc clean                              remove what this lab has made, and
                                          nothing else

BMCs are vbmcd's, which has to run. Exit codes: 0 success, 1 an error, 2 wrong usage, 3 a lab's run went to its end, \
but some of it failed.";

/// The commands that talk to a BMC over IPMI, be it one of vbmcd's or any other.
const IPMI_COMMANDS: [&str; 8] = [
    "power", "boot", "console", "sel", "sensors", "fru", "identify", "bmc",
];

/// The commands of the lab workflow, in the order in which they are used. The others are about vbmcd's BMCs.
const LAB_COMMANDS: [&str; 7] = [
    "lab",
    "prepare",
    "introspect",
    "nodes",
    "profiles",
    "image",
    "clean",
];

/// Virtual Baseboard Management Controller (BMC) backed by virtual machines
#[derive(Debug, Parser)]
#[command(
    name = "vbmc",
    version,
    after_help = EXAMPLES,
    disable_version_flag = true,
    arg_required_else_help = true,
    // cliff takes any unambiguous beginning of a command or of an option.
    infer_subcommands = true,
    infer_long_args = true
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) globals: Globals,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Options that stand before or after the command.
#[derive(Debug, Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Globals {
    /// Show the version and exit
    #[arg(long, action = ArgAction::Version)]
    version: Option<bool>,

    /// Say more on stderr: which socket is used, what is asked and answered
    #[arg(short, long, global = true, action = ArgAction::Count, conflicts_with = "quiet")]
    pub(crate) verbose: u8,

    /// Say nothing but warnings and errors on stderr
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,

    /// Append all messages to a file, in every detail
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) log_file: Option<PathBuf>,

    /// Show what led to an error
    #[arg(long, global = true)]
    pub(crate) debug: bool,

    /// Accepted for compatibility; vbmc never starts vbmcd
    #[arg(long, global = true)]
    no_daemon: bool,
}

impl Cli {
    /// What was typed. Help and wrong usage end the process here.
    pub(crate) fn read() -> Self {
        let matches = with_groups(Self::command()).get_matches();
        Self::from_arg_matches(&matches).unwrap_or_else(|error| error.exit())
    }
}

/// clap lists all commands under one heading.
fn with_groups(command: clap::Command) -> clap::Command {
    let header = command.get_styles().get_header();
    let literal = command.get_styles().get_literal();
    let line = |name: &str, about: &str| format!("  {literal}{name:<11}{literal:#} {about}\n");
    let find = |name: &str| {
        let command = command.find_subcommand(name)?;
        Some(line(name, &command.get_about()?.to_string()))
    };
    let own = command.get_subcommands().map(clap::Command::get_name);
    let own: String = own
        .filter(|name| !LAB_COMMANDS.contains(name) && !IPMI_COMMANDS.contains(name))
        .filter_map(find)
        .collect();
    let help = line("help", "Explain a command");
    let ipmi: String = IPMI_COMMANDS.into_iter().filter_map(find).collect();
    let lab: String = LAB_COMMANDS.into_iter().filter_map(find).collect();
    let template = format!(
        "{{about}}\n\n{{usage-heading}} {{usage}}\n\n{header}Virtual BMCs:{header:#}\n{own}{help}\n\
         {header}Any BMC, over IPMI:{header:#}\n{ipmi}\n\
         {header}Lab workflow:{header:#}\n{lab}\n{header}Global options:{header:#}\n{{options}}{{after-help}}"
    );
    command.help_template(template)
}

#[cfg(test)]
mod tests {
    use clap::error::ErrorKind;

    use super::*;

    fn parse(line: &str) -> Result<Cli, clap::Error> {
        Cli::try_parse_from(line.split_whitespace())
    }

    #[test]
    fn is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn help_has_every_command_in_its_group() {
        let help = with_groups(Cli::command()).render_help().to_string();
        let (own, rest) = help.split_once("Any BMC, over IPMI:\n").unwrap();
        let (ipmi, rest) = rest.split_once("Lab workflow:\n").unwrap();
        let (lab, _) = rest.split_once("\n\n").unwrap();
        for line in own.lines().chain(ipmi.lines()).chain(lab.lines()) {
            assert!(line.chars().count() <= 80, "clap doesn't break it: {line}");
        }
        for command in Cli::command().get_subcommands() {
            let name = command.get_name();
            let group = match name {
                name if LAB_COMMANDS.contains(&name) => lab,
                name if IPMI_COMMANDS.contains(&name) => ipmi,
                _ => own,
            };
            let lines = group
                .lines()
                .filter(|line| line.starts_with(&format!("  {name} ")));
            assert_eq!(lines.count(), 1, "{name} in {help}");
        }
    }

    /// clap breaks paragraphs to the terminal's width: one that has line breaks of its own would be ragged, and so would an
    /// example or a list that has to be broken.
    #[test]
    fn help_is_broken_once() {
        fn check(path: &str, command: &clap::Command) {
            let texts = [command.get_long_about(), command.get_after_help()];
            // What clap breaks at 80 columns may have 80.
            for text in texts.into_iter().flatten() {
                let text = text.to_string();
                let lines: Vec<_> = text.lines().collect();
                for line in lines.iter().filter(|line| line.starts_with(' ')) {
                    assert!(line.chars().count() <= 80, "{path}: too long: {line}");
                }
                for pair in lines.windows(2) {
                    let is_prose = |line: &str| !line.is_empty() && !line.starts_with(' ');
                    let broken = pair.iter().all(|line| is_prose(line));
                    assert!(!broken, "{path}: broken: {pair:?}");
                }
            }
            for command in command.get_subcommands() {
                check(&format!("{path} {}", command.get_name()), command);
            }
        }
        check("vbmc", &Cli::command());
    }

    #[test]
    fn globals_stand_before_or_after_the_command() {
        for line in [
            "vbmc -vv --debug --no-daemon list",
            "vbmc list -v --debug -v --no-daemon",
        ] {
            let globals = parse(line).unwrap().globals;
            assert_eq!(globals.verbose, 2, "{line}");
            assert!(globals.debug, "{line}");
        }
        assert_eq!(
            parse("vbmc -v -q list").unwrap_err().kind(),
            ErrorKind::ArgumentConflict
        );
    }

    #[test]
    fn commands_and_options_may_be_shortened() {
        assert!(matches!(
            parse("vbmc li --col Status --max 3").unwrap().command,
            Command::List(_)
        ));
        assert!(matches!(
            parse("vbmc sta x").unwrap().command,
            Command::Start(_)
        ));
        assert_eq!(
            parse("vbmc st x").unwrap_err().kind(),
            ErrorKind::InvalidSubcommand
        );
    }

    #[test]
    fn what_is_no_use_exits_with_2() {
        for line in [
            "vbmc",
            "vbmc frob",
            "vbmc start",
            "vbmc show",
            "vbmc show a b",
            "vbmc add x --port 0",
        ] {
            assert_eq!(parse(line).unwrap_err().exit_code(), 2, "{line}");
        }
        for line in [
            "vbmc --version",
            "vbmc --help",
            "vbmc help",
            "vbmc help list",
            "vbmc add --help",
        ] {
            assert_eq!(parse(line).unwrap_err().exit_code(), 0, "{line}");
        }
    }
}
