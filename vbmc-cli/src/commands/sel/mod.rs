//! `vbmc sel`: a BMC's event log.
//!
//! | File | What lives there |
//! |---|---|
//! | `mod.rs` | the options, and the order of what is asked |
//! | `add.rs` | an entry by hand |
//! | `describe.rs` | what a record says, in words |

mod add;
mod describe;

use std::time::Duration;

use clap::ValueEnum;
use ipmi_proto::command::app::GetDeviceId;
use ipmi_proto::command::storage::{GetSelInfo, SelInfo};
use ipmi_proto::sel::Timestamp;
use tokio::signal::ctrl_c;
use tokio::time::sleep;

use self::add::What;
use self::describe::{Line, Vocabulary, time};
use super::bmc::if_told;
use super::target::{Access, parse};
use super::usage::WrongUsage;
use crate::ipmi::{Console, Error};
use crate::output::{Cell, Format, Output, OutputArgs, Records, write_stdout};
use crate::view::one_line;

const EXAMPLES: &str = "\
Examples:
  vbmc sel node-0                         what has happened, oldest first
  vbmc sel node-0 --follow                and what happens from now on
  vbmc sel node-0 --follow -f json        the same for programs, one a line
  vbmc sel node-0 --long                  with the types of the sensors too
  vbmc sel node-0 info
  vbmc sel --host 192.0.2.7 --user admin clear
  vbmc sel node-0 add --text 'disk 3 replaced'
  vbmc sel node-0 add --event temperature     see what an alert leads to

What was done to a machine of vbmcd's over IPMI says which user did it, and over which channel. Times are UTC.

Texts become entries of 13 characters each, of the type E0h that is free for use and has no time. Events are told to the \
BMC as software on a console may tell it of them: temperature (over its upper critical threshold), voltage (under its \
lower critical one) and memory (a correctable error) are `ipmitool event 1`, `2` and `3`; any other is given as the \
seven bytes that a line of `ipmitool event file` has: revision, sensor type, sensor, direction and event type, three \
bytes of data.";

/// How often a log that is followed is looked at.
const LOOK: Duration = Duration::from_secs(1);

/// Show, follow, write to or clear the event log
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The name of the virtual machine, if it is a BMC of vbmcd's
    name: Option<String>,

    /// What to do: list, info, clear or add [default: list]
    action: Option<String>,

    #[command(flatten)]
    what: What,

    /// More columns: what kind of sensor it is, whether the state came or went
    #[arg(long)]
    long: bool,

    /// Go on with what happens, until Ctrl-C
    #[arg(long)]
    follow: bool,

    #[command(flatten)]
    access: Access,

    #[command(flatten)]
    output: OutputArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Action {
    List,
    Info,
    Clear,
    Add,
}

pub(super) async fn run(args: Args) -> anyhow::Result<()> {
    let output = args.output.resolve()?;
    let (target, action) = args.access.with_word(args.name, args.action)?;
    let action = action.map_or(Ok(Action::List), |word| parse(&word))?;
    if args.follow && action != Action::List {
        return Err(WrongUsage::error("--follow belongs to list"));
    }
    if args.follow && matches!(output.format(), Format::Csv | Format::Yaml) {
        return Err(WrongUsage::error(
            "--follow prints lines, objects (-f json) or values (-f value)",
        ));
    }
    let entry = args.what.resolve(action == Action::Add)?;
    let mut console = target.connect().await?;
    let done = match (action, args.follow) {
        (Action::List, false) => list(&mut console, &output, args.long).await,
        (Action::List, true) => tokio::select! {
            ended = follow(&mut console, &output, args.long) => ended,
            _ = ctrl_c() => Ok(()),
        },
        (Action::Info, _) => info(&mut console, &output).await,
        (Action::Add, _) => match entry {
            Some(entry) => add::add(&mut console, &entry)
                .await
                .map_err(anyhow::Error::from),
            None => Ok(()),
        },
        (Action::Clear, _) => console.clear_events().await.map_err(anyhow::Error::from),
    };
    console.close().await;
    done
}

async fn list(console: &mut Console, output: &Output, long: bool) -> anyhow::Result<()> {
    let events = console.events_after(None).await?;
    let words = match events.is_empty() {
        true => Vocabulary::default(),
        false => vocabulary(console).await?,
    };
    let lines = events.iter().map(|event| words.describe(event));
    output.print(records(lines, long))
}

/// What is needed to put events into words. A BMC without sensors has none for it.
async fn vocabulary(console: &mut Console) -> Result<Vocabulary, Error> {
    let sensors = if_told(console.sensor_records().await)?;
    let device = if_told(console.request(&GetDeviceId).await)?;
    Ok(Vocabulary::new(
        sensors.unwrap_or_default(),
        device.as_ref(),
    ))
}

async fn follow(console: &mut Console, output: &Output, long: bool) -> anyhow::Result<()> {
    let words = vocabulary(console).await?;
    let mut last = None;
    loop {
        for event in console.events_after(last).await? {
            last = Some(event.0);
            let line = words.describe(&event);
            match output.format() {
                Format::Table => {
                    write_stdout((one_line(&line.to_string()) + "\n").as_bytes())?;
                }
                _ => output.print_more(records([line].into_iter(), long))?,
            }
        }
        sleep(LOOK).await;
    }
}

fn records(lines: impl Iterator<Item = Line>, long: bool) -> Records {
    if !long {
        let rows = lines.map(|line| {
            let event = line.what();
            vec![
                Cell::Number(line.id.into()),
                Cell::or_blank(line.time),
                Cell::Text(line.sensor),
                Cell::Text(event),
                Cell::or_blank(line.details),
            ]
        });
        return Records::new(["ID", "Time", "Sensor", "Event", "Details"], rows);
    }
    let rows = lines.map(|line| {
        vec![
            Cell::Number(line.id.into()),
            Cell::or_blank(line.time),
            Cell::Text(line.sensor),
            Cell::Text(line.kind),
            Cell::Text(line.event),
            Cell::or_blank(line.direction),
            Cell::or_blank(line.details),
        ]
    });
    let columns = [
        "ID",
        "Time",
        "Sensor",
        "Type",
        "Event",
        "Direction",
        "Details",
    ];
    Records::new(columns, rows)
}

async fn info(console: &mut Console, output: &Output) -> anyhow::Result<()> {
    let SelInfo {
        entries,
        free,
        added,
        erased,
        support,
    } = console.request(&GetSelInfo).await?;
    let when = |at: Timestamp| Cell::or_blank(time(at));
    let rows = [
        ("cleared", when(erased)),
        ("entries", Cell::Number(entries.into())),
        ("free_bytes", Cell::Number(free.into())),
        ("last_entry", when(added)),
        ("overflow", Cell::Bool(support.overflow)),
    ];
    output.print(Records::new(
        ["Property", "Value"],
        rows.map(|(property, value)| vec![Cell::text(property), value]),
    ))
}
