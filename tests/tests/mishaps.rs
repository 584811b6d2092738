//! What befalls a real guest by itself, and what its BMC makes of it: crashes, its own watchdog, a disk that is full.

use std::collections::BTreeSet;
use std::time::Duration;

use vbmc_tests::{Bmc, Guest, Rig, SmallDisk, Terminal, wait_for};

/// For what the BMC makes of what its machine does.
const BOUND: Duration = Duration::from_secs(20);

const CRASH: &str = "echo c >/proc/sysrq-trigger\r";
const CRASHED: &str = "OS Critical Stop OS Stop | Run-time critical stop | Asserted";
const WARM_RESET: &str = "System Boot Initiated System Boot | Initiated by warm reset | Asserted";
const HARD_RESET: &str = "System Boot Initiated System Boot | Initiated by hard reset | Asserted";
const POWER_UP: &str = "System Boot Initiated System Boot | Initiated by power up | Asserted";
const OFF: &str = "System ACPI Power State ACPI State | S5/G2: soft-off | Asserted";
const ON: &str = "System ACPI Power State ACPI State | S0/G0: working | Asserted";

/// A machine at which something happens, and what its BMC says then.
struct Scene {
    bmc: Bmc,
    terminal: Terminal,
    /// How many events were looked at.
    seen: usize,
}

impl Scene {
    fn ask(&self, line: &str) -> String {
        self.bmc.ipmitool(line.split(' ')).ok()
    }

    /// Logs in, as soon as the guest is up, and types.
    #[track_caller]
    fn log_in_and_type(&mut self, keys: &str) {
        self.terminal.log_in();
        self.terminal.type_keys(keys);
    }

    /// Waits until these events were logged, each once, and none else since this was asked last.
    #[track_caller]
    fn logs(&mut self, expected: &[&str]) {
        let mut events = Vec::new();
        let found = |events: &mut Vec<String>| {
            let log = self.ask("sel elist");
            // Number, date, time, and then what is of interest here.
            let new = log.lines().skip(self.seen);
            *events = new
                .map(|line| line.splitn(4, " | ").nth(3).unwrap_or(line).to_owned())
                .collect();
            (events.len() >= expected.len()).then_some(())
        };
        wait_for("the events in the log", BOUND, || found(&mut events));
        self.seen += events.len();
        // What a command does and what comes of it are told by different threads.
        let logged: BTreeSet<_> = events.iter().map(String::as_str).collect();
        assert_eq!(logged, expected.iter().copied().collect());
        assert_eq!(events.len(), expected.len(), "{events:?}");
    }

    #[track_caller]
    fn power_is(&self, state: &str) {
        let status = self.ask("power status");
        assert_eq!(status.trim(), format!("Chassis Power is {state}"));
    }

    #[track_caller]
    fn restart_cause_is(&self, cause: &str) {
        let said = self.ask("chassis restart_cause");
        assert_eq!(said.trim(), format!("System restart cause: {cause}"));
    }

    /// Waits until a sensor tells `state`, or does not any more: what is read may be a second old.
    #[track_caller]
    fn wait_for_sensor(&self, sensor: &str, state: &str, is: bool) {
        wait_for(&format!("{sensor} to tell of {state}: {is}"), BOUND, || {
            let said = self.ask("sdr elist");
            let line = said.lines().find(|line| line.starts_with(sensor))?;
            (line.contains(state) == is).then_some(())
        });
    }
}

#[test]
fn a_guest_crashes_hangs_and_fills_its_disk() {
    let disk = SmallDisk::mount();
    let rig = Rig::start();
    let guest = Guest::frail(&rig.libvirtd, "frail", &disk);
    let bmc = rig.bmc(&guest);
    let mut terminal = bmc.vbmc_console();
    terminal.wait_for("connected");
    let mut scene = Scene {
        bmc,
        terminal,
        seen: 0,
    };
    let on_crash = |action| {
        let command = ["set-lifecycle-action", "frail", "crash", action];
        let _ = rig.virsh(command.into_iter().chain(["--live", "--config"]));
    };

    // Its own watchdog resets it.
    let _ = scene.ask("power on");
    scene.log_in_and_type("forget-watchdog\r");
    scene.terminal.log_in();
    scene.restart_cause_is("watchdog expired");
    let expired = "Watchdog2 Watchdog | Hard reset | Asserted";
    scene.logs(&[ON, POWER_UP, expired, WARM_RESET]);

    // It crashes, and libvirt restarts it.
    scene.terminal.type_keys(CRASH);
    scene.terminal.log_in();
    scene.power_is("on");
    scene.restart_cause_is("unknown");
    scene.logs(&[CRASHED, WARM_RESET]);

    // It crashes, and stays as it is until the BMC resets it.
    on_crash("preserve");
    scene.terminal.type_keys(CRASH);
    rig.wait_for_state(&guest, "crashed");
    scene.logs(&[CRASHED]);
    scene.power_is("on");
    scene.wait_for_sensor("OS Stop", "Run-time critical stop", true);
    let _ = scene.ask("power reset");
    scene.terminal.log_in();
    scene.restart_cause_is("chassis power control command");
    scene.logs(&[HARD_RESET]);

    // There is no room for what it writes. A reset lets it run, although nothing else has changed.
    scene.terminal.type_keys("dd if=/dev/zero of=/dev/vda\r");
    rig.wait_for_state(&guest, "paused");
    scene.logs(&["Drive Slot / Bay Disks | Drive Fault | Asserted"]);
    scene.power_is("on");
    scene.wait_for_sensor("Disks", "Drive Fault", true);
    let _ = scene.ask("power reset");
    scene.logs(&[HARD_RESET]);
    scene.wait_for_sensor("Disks", "Drive Fault", false);

    // Its own watchdog switches it off.
    let action = r#"{"execute":"set-action","arguments":{"watchdog":"poweroff"}}"#;
    let _ = rig.virsh(["qemu-monitor-command", "frail", action]);
    scene.log_in_and_type("forget-watchdog\r");
    rig.wait_for_state(&guest, "shut off");
    scene.power_is("off");
    let expired = "Watchdog2 Watchdog | Power down | Asserted";
    scene.logs(&[expired, OFF]);

    // It crashes, and libvirt switches it off.
    let _ = scene.ask("power on");
    scene.terminal.log_in();
    scene.logs(&[ON, POWER_UP]);
    on_crash("destroy");
    scene.terminal.type_keys(CRASH);
    rig.wait_for_state(&guest, "shut off");
    scene.power_is("off");
    scene.wait_for_sensor("ACPI State", "soft-off", true);
    scene.logs(&[CRASHED, OFF]);
}
