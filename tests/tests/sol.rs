//! Serial over LAN: real consoles, with a real guest at the other end, over a network that loses datagrams.

use std::time::Duration;

use nix::sys::signal::Signal;
use vbmc_tests::guest::READY;
use vbmc_tests::net::free_port;
use vbmc_tests::{Bmc, Guest, Relay, Rig, Terminal, wait_for};

/// Of a thousand datagrams, each way.
const LOSS: u64 = 50;

/// Says 2,000 lines. What ends them does not stand in the command.
const TALK: &str = "seq 1 2000; echo that was' 'all\r";
const END: &str = "that was all";

/// Waits for what is pasted, and compares it with the same 2,000 lines.
const TAKE: &str = "cat >/pasted; seq 1 2000 | cmp - /pasted; echo all' 'pasted\r";

/// Ctrl-D, and H: after a break, what Linux' magic SysRq makes of it.
const END_OF_FILE: &str = "\x04";
const HELP: &str = "h";

/// For what is not the guest's.
const BOUND: Duration = Duration::from_secs(20);

/// A guest to log in on, and its BMC.
fn guest(rig: &Rig) -> (Guest, Bmc) {
    let guest = Guest::login(&rig.libvirtd, "linux");
    let bmc = Bmc::new(free_port());
    rig.daemon.add(guest.name(), &rig.uri, &bmc);
    let _ = rig.daemon.vbmc(["start", guest.name()]).ok();
    (guest, bmc)
}

/// What the terminal shows from the guest's first word to its last is what the guest's serial port said, byte for byte.
#[track_caller]
fn assert_nothing_lost_or_doubled(terminal: &Terminal, guest: &Guest) {
    let part = |text: String| {
        let from = text.find(READY).expect("the guest's first word");
        let to = text.rfind(END).expect("the guest's last word");
        text[from..to].to_owned()
    };
    assert_eq!(part(terminal.said()), part(guest.console()));
}

/// Types 2,000 lines, so many at once.
#[track_caller]
fn paste(terminal: &mut Terminal, at_once: usize) {
    terminal.type_keys(TAKE);
    terminal.wait_for("pasted\r\n");
    let lines: Vec<_> = (1..=2000).collect();
    for lines in lines.chunks(at_once) {
        let keys: String = lines.iter().map(|line| format!("{line}\r")).collect();
        terminal.type_keys(&keys);
        terminal.wait_for(&format!("{}\r\n", lines[lines.len() - 1]));
    }
    terminal.type_keys(END_OF_FILE);
    terminal.wait_for("all pasted");
    let said = terminal.said();
    assert!(!said.contains("differ") && !said.contains("EOF"), "{said}");
}

#[test]
fn ipmiconsole_logs_in_over_a_lossy_network() {
    let rig = Rig::start();
    let (guest, bmc) = guest(&rig);
    let relay = Relay::beside(bmc.address());
    let mut terminal = bmc.through(&relay).ipmiconsole();
    terminal.wait_for("[SOL established]");
    relay.lose(LOSS);
    let _ = bmc.ipmitool(["power", "on"]).ok();
    terminal.log_in();
    terminal.type_keys(TALK);
    terminal.wait_for(END);
    // ipmiconsole gives up when it is given more than it has room for.
    paste(&mut terminal, 500);
    assert_nothing_lost_or_doubled(&terminal, &guest);
    assert!(relay.lost() > 0);
    relay.lose(0);
    terminal.type_keys("&B");
    terminal.type_keys(HELP);
    terminal.wait_for("sysrq: HELP");
    terminal.type_keys("&.");
    terminal.end();
}

#[test]
fn vbmc_console_logs_in_over_a_lossy_network_and_outlives_whatever_it_is_connected_to() {
    let mut rig = Rig::start();
    let (guest, bmc) = guest(&rig);
    let relay = Relay::beside(bmc.address());
    relay.lose(LOSS);
    let mut terminal = bmc.through(&relay).vbmc_console();
    terminal.wait_for("the machine is off");
    let _ = bmc.ipmitool(["power", "on"]).ok();
    terminal.wait_for("the machine's console is there");
    terminal.log_in();
    terminal.type_keys(TALK);
    terminal.wait_for(END);
    paste(&mut terminal, 2000);
    assert_nothing_lost_or_doubled(&terminal, &guest);
    terminal.type_keys("\r~B");
    terminal.type_keys(HELP);
    terminal.wait_for("sysrq: HELP");
    assert!(relay.lost() > 0);

    // The session outlives the hypervisor's daemon.
    rig.libvirtd.stop();
    terminal.wait_for("waiting for it");
    rig.libvirtd.start_again();
    terminal.wait_for("the machine's console is there");
    terminal.type_keys("echo I am' 'back\r");
    terminal.wait_for("I am back");

    // And the machine's run.
    wait_for("the BMC to have its machine again", BOUND, || {
        let off = bmc.ipmitool(["power", "off"]);
        (off.code == Some(0)).then_some(())
    });
    terminal.wait_for("waiting for it");
    let _ = bmc.ipmitool(["power", "on"]).ok();
    terminal.log_in();
    terminal.type_keys("~.");
    assert_eq!(terminal.end(), Some(0));
}

/// ipmitool sends a key again under a new number when it hears no acknowledgement for a second, which no BMC can tell from a
/// key pressed twice. So the BMC says it more than once. What it pastes while the machine talks it never sends
/// again, since it takes whatever comes next for the acknowledgement; so nothing is lost then.
#[test]
fn ipmitool_logs_in_over_a_lossy_network() {
    let rig = Rig::start();
    let (guest, bmc) = guest(&rig);
    let relay = Relay::beside(bmc.address());
    let mut terminal = bmc.through(&relay).ipmitool_console();
    terminal.wait_for("[SOL Session operational");
    relay.lose(LOSS);
    let _ = bmc.ipmitool(["power", "on"]).ok();
    terminal.log_in();
    terminal.type_keys(TALK);
    terminal.wait_for(END);
    assert_nothing_lost_or_doubled(&terminal, &guest);
    assert!(relay.lost() > 0);
    relay.lose(0);
    paste(&mut terminal, 2000);
    terminal.type_keys("\r~B");
    terminal.type_keys(HELP);
    terminal.wait_for("sysrq: HELP");
    terminal.type_keys("\r~.");
    terminal.end();
}

#[test]
fn one_console_at_a_time_has_the_serial_port() {
    let rig = Rig::start();
    let (_guest, bmc) = guest(&rig);
    let sol = |args: &[&str]| bmc.ipmitool(["sol"].iter().chain(args).copied());
    sol(&["info"]).says("Privilege Level                 : OPERATOR");
    let _ = sol(&["looptest", "3", "50"]).ok();

    let mut first = bmc.vbmc_console();
    first.wait_for("connected");
    let refused = sol(&["activate"]).fails();
    assert!(
        refused.contains("already active on another session"),
        "{refused}"
    );
    let refused = rig.daemon.vbmc(["console", "linux"]).fails_with(1);
    assert!(refused.contains("--force"), "{refused}");

    // One that is taken away is told, and does not wait.
    let _ = sol(&["deactivate"]).ok();
    first.wait_for("another console has taken over");
    assert_eq!(first.end(), Some(1));
    let mut second = bmc.vbmc_console();
    second.wait_for("connected");
    let _ = rig.daemon.vbmc(["console", "linux", "--force"]).ok();
    second.wait_for("another console has taken over");
}

#[test]
fn a_machine_without_a_serial_port_says_so() {
    let rig = Rig::start();
    let guest = Guest::mute(&rig.libvirtd, "mute");
    let bmc = rig.daemon.bmc(guest.name(), &rig.uri);
    let _ = bmc.ipmitool(["power", "on"]).ok();
    let said = bmc.ipmitool(["sol", "activate"]).fails();
    assert!(said.contains("SOL payload disabled"), "{said}");
    let said = rig.daemon.vbmc(["console", "mute"]).fails_with(1);
    assert!(said.contains("no serial port"), "{said}");
}

#[test]
fn what_is_set_of_serial_over_lan_outlives_a_restart() {
    let mut rig = Rig::start();
    let (_guest, bmc) = guest(&rig);
    let _ = bmc.ipmitool(["sol", "set", "retry-count", "5"]).ok();
    let _ = bmc.ipmitool(["sol", "set", "enabled", "false"]).ok();
    rig.daemon.stop();
    rig.daemon.start_again();
    wait_for("the BMC to answer", BOUND, || {
        let info = bmc.ipmitool(["sol", "info"]);
        (info.code == Some(0)).then_some(())
    });
    bmc.ipmitool(["sol", "info"])
        .says("Retry Count                     : 5");
    let said = bmc.ipmitool(["sol", "activate"]).fails();
    assert!(said.contains("SOL payload disabled"), "{said}");
    let _ = bmc.ipmitool(["sol", "set", "enabled", "true"]).ok();
    let mut console = bmc.vbmc_console();
    console.wait_for("connected");
}

#[test]
fn who_comes_late_sees_what_the_machine_said_since_it_was_switched_on() {
    let rig = Rig::start();
    let home = rig.daemon.home();
    home.configure("[ipmi]\nconsole_history = 65536\n");
    rig.daemon.reload();
    let (guest, bmc) = guest(&rig);
    for boot in 1..=2 {
        let _ = bmc.ipmitool(["power", "on"]).ok();
        guest.wait_until_it_says("login: ", boot);
        let mut first = bmc.ipmitool_console();
        first.wait_for("login: ");
        first.type_keys("root\r");
        first.wait_for("Password: ");
        first.type_keys("\r~.");
        first.end();
        let mut second = bmc.vbmc_console();
        second.wait_for("Password: ");
        assert_eq!(second.said().matches(READY).count(), 1, "of this run alone");
        second.type_keys("~.");
        second.end();
        let _ = bmc.ipmitool(["power", "off"]).ok();
    }
}

/// `end` checks that the terminal is as it was before.
#[test]
fn the_terminal_is_given_back_however_the_console_ends() {
    let mut rig = Rig::start();
    let (guest, bmc) = guest(&rig);
    for signal in [Signal::SIGTERM, Signal::SIGHUP, Signal::SIGINT] {
        let mut terminal = bmc.vbmc_console();
        terminal.wait_for("the machine is off");
        terminal.signal(signal);
        assert_ne!(terminal.end(), Some(0), "{signal}");
        let said = terminal.said();
        assert!(!said.contains("console is there"), "{said}");
        // The line is given back, too.
        let mut next = bmc.vbmc_console();
        next.wait_for("connected");
        next.type_keys("~.");
        assert_eq!(next.end(), Some(0));
    }
    let mut terminal = bmc.vbmc_console();
    terminal.wait_for("the machine is off");
    let _ = rig.daemon.vbmc(["stop", guest.name()]).ok();
    terminal.wait_for("the BMC has ended this one");
    assert_eq!(terminal.end(), Some(1));
    let _ = rig.daemon.vbmc(["start", guest.name()]).ok();
    let mut terminal = bmc.vbmc_console();
    terminal.wait_for("the machine is off");
    rig.daemon.kill();
    assert_eq!(terminal.end(), Some(1));
}
