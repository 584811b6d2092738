//! What each client's commands come to on a BMC: the rows of `docs/compatibility.md`.
//!
//! A row is a command as an operator types it, and a word that its output must have. Rows run in their order on one BMC:
//! what changes something comes after what reads it, and what ends sessions comes last.

use std::collections::HashMap;
use std::fmt;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;

use crate::build::repository;
use crate::{Bmc, Outcome};

/// A row.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    client: Client,
    /// The command, words separated by spaces or in single quotes; of pyghmi, an expression on its `bmc`.
    command: &'static str,
    /// What it says when it works.
    says: &'static str,
}

/// Whose command it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Client {
    Ipmitool,
    /// ipmitool over IPMI 1.5.
    IpmitoolLan,
    FreeIpmi,
    Pyghmi,
}

/// What came of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The command did what it is for.
    Works,
    /// It ended and said that it cannot be done.
    Refused,
    /// It had to be killed.
    Hangs,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Works => "yes",
            Self::Refused => "no",
            Self::Hangs => "hangs",
        })
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let client = match self.client {
            Client::Ipmitool => "ipmitool -I lanplus ",
            Client::IpmitoolLan => "ipmitool -I lan ",
            Client::FreeIpmi => "",
            Client::Pyghmi => "pyghmi ",
        };
        write!(f, "`{client}{}`", self.command)
    }
}

impl Row {
    /// Runs it.
    #[must_use]
    pub fn run(&self, bmc: &Bmc) -> Verdict {
        let words = || words(self.command);
        // Running longer than the limit is a panic, which tests want; here it is a verdict.
        let outcome = catch_unwind(AssertUnwindSafe(|| match self.client {
            Client::Ipmitool => bmc.ipmitool_with("-C 3", words()),
            Client::IpmitoolLan => bmc.ipmitool_lan(words()),
            Client::FreeIpmi => {
                let mut words = words();
                let tool = words.next().unwrap_or_default();
                // What FreeIPMI needs to talk to other virtual BMCs; ours can do without.
                bmc.freeipmi(tool, ["-W", "opensesspriv"].into_iter().chain(words))
            }
            Client::Pyghmi => bmc.pyghmi(&format!("print({})\n", self.command)),
        }));
        match outcome.map(|outcome| self.worked(outcome)) {
            Ok(true) => Verdict::Works,
            Ok(false) => Verdict::Refused,
            Err(_) => Verdict::Hangs,
        }
    }

    fn worked(&self, outcome: Outcome) -> bool {
        // ipmi-config's checkout fails where a single setting cannot be read, such as a cipher suite that is off.
        let ended_well = outcome.code == Some(0) || self.command.contains("--checkout");
        ended_well && outcome.said().contains(self.says)
    }
}

/// `docs/compatibility.md`: the text around the table stays, and so do the columns that are not set.
#[derive(Debug)]
pub struct Page {
    path: PathBuf,
    before: String,
    columns: Vec<String>,
    /// By row, then by column.
    cells: HashMap<String, Vec<String>>,
    after: String,
}

/// What a cell holds that nobody has filled yet.
const UNKNOWN: &str = "?";

impl Page {
    /// The page of the repository.
    ///
    /// # Panics
    ///
    /// When it isn't there or has no table.
    #[must_use]
    pub fn read() -> Self {
        let path = repository().join("docs/compatibility.md");
        let text = fs::read_to_string(&path).expect("docs/compatibility.md");
        let lines: Vec<_> = text.lines().collect();
        let start = lines
            .iter()
            .position(|line| line.starts_with("| command |"));
        let start = start.expect("a table in docs/compatibility.md");
        let end = lines[start..]
            .iter()
            .position(|line| !line.starts_with('|'));
        let end = end.map_or(lines.len(), |end| start + end);
        let cells = |line: &str| -> Vec<String> {
            let line = line.trim_matches('|');
            line.split(" | ")
                .map(|cell| cell.trim().to_owned())
                .collect()
        };
        let rows = lines[start + 2..end].iter().map(|line| {
            let mut row = cells(line);
            (row.remove(0), row)
        });
        let join = |lines: &[&str]| lines.iter().map(|line| format!("{line}\n")).collect();
        Self {
            before: join(&lines[..start]),
            columns: cells(lines[start]).split_off(1),
            cells: rows.collect(),
            after: join(&lines[end..]),
            path,
        }
    }

    /// A column, by row.
    ///
    /// # Panics
    ///
    /// When there is none of this name.
    #[must_use]
    pub fn column(&self, name: &str) -> Vec<(String, String)> {
        let index = self.index(name);
        let cell = |row: &Row| {
            let row = row.to_string();
            let cell = self.cells.get(&row).and_then(|cells| cells.get(index));
            let cell = cell.map_or(UNKNOWN, String::as_str).to_owned();
            (row, cell)
        };
        ROWS.iter().map(cell).collect()
    }

    /// Writes a column: what came of each row.
    ///
    /// # Panics
    ///
    /// When there is none of this name, or the page cannot be written.
    pub fn write(mut self, name: &str, column: &[(String, String)]) {
        let index = self.index(name);
        for (row, cell) in column {
            let cells = self.cells.entry(row.clone()).or_default();
            cells.resize(self.columns.len(), UNKNOWN.to_owned());
            cells[index].clone_from(cell);
        }
        let mut table = format!("| command | {} |\n|---|", self.columns.join(" | "));
        table += &"---|".repeat(self.columns.len());
        table.push('\n');
        for row in ROWS {
            let row = row.to_string();
            let cells = self.cells.remove(&row);
            let cells = cells.unwrap_or_else(|| vec![UNKNOWN.to_owned(); self.columns.len()]);
            table += &format!("| {row} | {} |\n", cells.join(" | "));
        }
        let text = format!("{}{table}{}", self.before, self.after);
        fs::write(&self.path, text).expect("docs/compatibility.md");
    }

    fn index(&self, name: &str) -> usize {
        let index = self.columns.iter().position(|column| column == name);
        index.unwrap_or_else(|| panic!("docs/compatibility.md has no column {name:?}"))
    }
}

/// Runs all rows on a BMC.
#[must_use]
pub fn run(bmc: &Bmc) -> Vec<(String, String)> {
    let verdict = |row: &Row| (row.to_string(), row.run(bmc).to_string());
    ROWS.iter().map(verdict).collect()
}

/// The words of a command.
fn words(command: &str) -> impl Iterator<Item = &str> {
    let parts = command.split('\'').enumerate();
    parts.flat_map(|(index, part)| {
        let quoted = index % 2 == 1;
        let plain = part.split_whitespace().filter(move |_| !quoted);
        quoted.then_some(part).into_iter().chain(plain)
    })
}

/// All rows.
pub const ROWS: &[Row] = &[
    ipmitool("power status", "Chassis Power is"),
    ipmitool("power on", "Up/On"),
    ipmitool("power cycle", "Cycle"),
    ipmitool("power reset", "Reset"),
    ipmitool("power diag", "Diag"),
    ipmitool("chassis status", "System Power"),
    ipmitool("chassis policy list", "always-on"),
    ipmitool("chassis policy previous", "previous"),
    ipmitool("chassis restart_cause", "restart cause"),
    ipmitool("chassis poh", "POH Counter"),
    ipmitool("chassis identify 5", "identify"),
    ipmitool("chassis identify force", "identify"),
    ipmitool("chassis selftest", "passed"),
    ipmitool("chassis bootdev pxe", "Set Boot Device to pxe"),
    ipmitool(
        "chassis bootdev disk options=persistent",
        "Set Boot Device to disk",
    ),
    ipmitool(
        "chassis bootdev cdrom options=efiboot",
        "Set Boot Device to cdrom",
    ),
    ipmitool("chassis bootparam get 5", "Boot parameter"),
    ipmitool(
        "chassis bootparam set bootflag force_pxe",
        "Set Boot Device to force_pxe",
    ),
    ipmitool("chassis bootdev none", "Set Boot Device to none"),
    ipmitool("mc info", "IPMI Version"),
    ipmitool("mc guid", "GUID"),
    ipmitool("mc selftest", "passed"),
    ipmitool("mc getenables", "System Event Logging"),
    ipmitool("mc getsysinfo primary_os_name", ""),
    ipmitool("mc getsysinfo system_name", ""),
    ipmitool("mc watchdog get", "Watchdog Timer Use"),
    ipmitool("mc watchdog off", "Watchdog Timer Shutoff successful"),
    ipmitool("lan print 1", "MAC Address"),
    ipmitool("lan stats get", "UDP Rx Packet"),
    ipmitool("channel info 1", "Protocol Type"),
    ipmitool("channel getaccess 1 2", "Privilege Level"),
    ipmitool("channel getciphers ipmi 1", "sha"),
    ipmitool("session info active", "session handle"),
    ipmitool("session info all", "session handle"),
    ipmitool("channel setaccess 1 5 callin=on privilege=3", "successful"),
    ipmitool("user list 1", "operator"),
    ipmitool("user summary 1", "Maximum IDs"),
    ipmitool("user set name 5 guest", ""),
    ipmitool("user set password 5 guest-pass", "successful"),
    ipmitool("user priv 5 3 1", "successful"),
    ipmitool("user enable 5", ""),
    ipmitool("user test 5 16 guest-pass", "Success"),
    ipmitool("user disable 5", ""),
    ipmitool("sol info 1", "Volatile Bit Rate"),
    ipmitool("sol payload status 1 2", ""),
    ipmitool("sol set retry-count 5 1", ""),
    ipmitool("sol looptest 2 20", ""),
    ipmitool("sdr info", "SDR Version"),
    ipmitool("sdr list all", ""),
    ipmitool("sdr elist full", "|"),
    ipmitool("sdr type list", "Sensor Types"),
    ipmitool("sdr type 0x23", "Watchdog"),
    ipmitool("sdr get Watchdog", "Sensor ID"),
    ipmitool("sensor list", "|"),
    ipmitool("sensor get Watchdog", "Sensor ID"),
    ipmitool("sensor thresh 'Memory Use' unc 90", "90.0"),
    ipmitool("fru print", "Product"),
    ipmitool("fru list", "Product"),
    ipmitool("sel info", "Entries"),
    ipmitool("event 1", "Sending SAMPLE event"),
    ipmitool("sel list", "|"),
    ipmitool("sel elist", "|"),
    ipmitool("sel get 1", "SEL Record ID"),
    ipmitool("sel time get", "/"),
    ipmitool("sel time set now", "/"),
    ipmitool("sel clear", "Clearing SEL"),
    ipmitool("pef info", "0x51"),
    ipmitool("pef status", ""),
    ipmitool("pef filter list", ""),
    ipmitool("pef policy list", ""),
    ipmitool("raw 0 8 3 8", ""),
    ipmitool("dcmi discover", ""),
    ipmitool("picmg properties", ""),
    freeipmi("ipmipower --stat", ":"),
    freeipmi("ipmipower --on", "ok"),
    freeipmi("ipmipower --reset", "ok"),
    freeipmi("ipmipower --cycle --on-if-off", "ok"),
    freeipmi("ipmipower --pulse", "ok"),
    freeipmi("ipmi-chassis --get-chassis-status", "System Power"),
    freeipmi("ipmi-chassis --get-chassis-capabilities", ""),
    freeipmi("ipmi-chassis --get-power-on-hours-counter", "hours"),
    freeipmi("ipmi-chassis --get-system-restart-cause", ""),
    freeipmi("ipmi-chassis --chassis-identify=5", ""),
    freeipmi("bmc-info", "Device ID"),
    freeipmi("bmc-info --get-device-guid", "-"),
    freeipmi("bmc-device --get-self-test-results", ""),
    freeipmi("bmc-device --get-acpi-power-state", "ACPI"),
    freeipmi("bmc-device --get-bmc-global-enables", "enabled"),
    freeipmi("bmc-device --get-sel-time", "SEL Time"),
    freeipmi("ipmi-sel --info", "Number of log entries"),
    freeipmi("ipmi-sel", ""),
    freeipmi("ipmi-sel --clear", ""),
    freeipmi("ipmi-sensors --no-header-output", "|"),
    freeipmi("ipmi-sensors --sdr-info", "SDR version"),
    freeipmi("ipmimonitoring --no-header-output", "|"),
    freeipmi("ipmi-fru", ""),
    // A trap of a sensor of type Watchdog 2, whose name ipmi-pet asks the BMC for.
    freeipmi(
        "ipmi-pet 2322177 \
         0x44 0x45 0x4c 0x4c 0x42 0x00 0x10 0x43 0x80 0x40 0xb1 0xc1 0xc0 0x4f 0x43 0x32 \
         0x53 0x00 0x00 0x26 0x3b 0x5f 0x5a 0x02 0x80 0xff 0xff 0x20 0x20 0x04 0x05 0xff 0x00 \
         0x01 0x00 0x00 0x00 0x00 0x00 0x00 0x00 0x19 0x00 0x00 0x02 0x00 0x01 0xc1",
        "Watchdog",
    ),
    freeipmi("ipmi-config --category=core --checkout", "Section User2"),
    freeipmi("ipmi-config --category=chassis --checkout", "Section"),
    freeipmi(
        "ipmi-config --category=core --checkout --section=SOL_Conf",
        "Enable_SOL",
    ),
    freeipmi("ipmi-config --category=pef --checkout", "PEF_Conf"),
    freeipmi("ipmi-config --category=sensors --checkout", "CPU_Use"),
    freeipmi(
        "ipmi-config --category=chassis --commit --key-pair=Chassis_Boot_Flags:Boot_Device=PXE",
        "",
    ),
    freeipmi(
        "ipmi-config --category=core --commit --key-pair=SOL_Conf:Enable_SOL=Yes",
        "",
    ),
    freeipmi(
        "ipmi-config --category=core --commit --key-pair=User6:Username=second",
        "",
    ),
    freeipmi("ipmiconsole --deactivate", ""),
    freeipmi("ipmi-raw 0 6 1", "rcvd"),
    freeipmi("ipmi-dcmi --get-dcmi-capability-info", ""),
    pyghmi("bmc.get_power()", "powerstate"),
    pyghmi("bmc.set_power('on', wait=False)", "powerstate"),
    pyghmi("bmc.get_bootdev()", "bootdev"),
    pyghmi("bmc.set_bootdev('network')", "bootdev"),
    pyghmi("bmc.get_health()", "health"),
    pyghmi("list(bmc.get_sensor_data())", "["),
    pyghmi("list(bmc.get_inventory())", "["),
    pyghmi("list(bmc.get_event_log())", "["),
    pyghmi("bmc.get_users()", "operator"),
    pyghmi("bmc.get_net_configuration()", "ipv4_address"),
    pyghmi("bmc.get_channel_access()", "privilege_level"),
    pyghmi("bmc.get_mci()", ""),
    Row {
        client: Client::IpmitoolLan,
        command: "power status",
        says: "Chassis Power is",
    },
    ipmitool("mc reset warm", "Sent warm reset"),
    ipmitool("mc reset cold", "Sent cold reset"),
    ipmitool("power soft", "Soft"),
    ipmitool("power off", "Down/Off"),
];

const fn ipmitool(command: &'static str, says: &'static str) -> Row {
    Row {
        client: Client::Ipmitool,
        command,
        says,
    }
}

const fn freeipmi(command: &'static str, says: &'static str) -> Row {
    Row {
        client: Client::FreeIpmi,
        command,
        says,
    }
}

const fn pyghmi(command: &'static str, says: &'static str) -> Row {
    Row {
        client: Client::Pyghmi,
        command,
        says,
    }
}
