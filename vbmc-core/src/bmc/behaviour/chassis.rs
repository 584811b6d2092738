//! The chassis: power, and what a front panel would show, §28.

use std::time::Duration;

use ipmi_proto::CompletionCode;
use ipmi_proto::command::Channel;
use ipmi_proto::command::chassis::{
    ChassisCapabilities, ChassisControl, ChassisIdentify, ChassisStatus, IdentifyState,
    LastPowerEvent, MiscChassisState, PowerRestorePolicy, PowerState, RestartCause,
    SetChassisCapabilities, SetPowerCycleInterval, SetPowerRestorePolicy, SupportedPolicies,
    SystemRestart,
};
use ipmi_proto::message::BMC_ADDRESS;
use tokio::time::Instant;

use super::calls::Asker;
use super::channel::LAN;
use super::sel::ECHO;
use super::{Action, Behaviour, Outcome, answer, ok, refuse};
use crate::bmc::RestorePolicy;
use crate::host::{Happening, PowerAction, PowerStatus, Reply, WatchdogAction};

/// What the chassis commands have set, and what they have done.
#[derive(Debug, Default)]
pub(super) struct Chassis {
    /// What Set Chassis Capabilities has set; none: the default.
    capabilities: Option<ChassisCapabilities>,
    identify: Identify,
    /// The machine as it was when the chassis control in flight, or the last one, began.
    before: Option<PowerStatus>,
    /// How many starts there will have been by the last start of ours, and what that was. More: somebody else has started
    /// the machine since.
    started: Option<(u64, RestartCause)>,
    /// The start during whose run the machine was last reset, and why it was.
    reset: Option<(u64, RestartCause)>,
    /// When the machine's own watchdog device said that it is about to reset it.
    expired: Option<Instant>,
    /// Why the action in flight restarts the machine, if not for a chassis control.
    cause: Option<RestartCause>,
}

/// The identify light, as far as a virtual machine has one.
#[derive(Debug, Clone, Copy, Default)]
enum Identify {
    #[default]
    Off,
    Until(Instant),
    On,
}

impl Chassis {
    /// What the chassis has, §28.1. The BMC itself is all of its devices.
    pub(super) fn capabilities(&self) -> ChassisCapabilities {
        self.capabilities.unwrap_or(ChassisCapabilities {
            diagnostic_interrupt: true,
            fru: BMC_ADDRESS,
            sdr: BMC_ADDRESS,
            sel: BMC_ADDRESS,
            system_management: BMC_ADDRESS,
            ..ChassisCapabilities::default()
        })
    }

    fn identify_state(&self) -> IdentifyState {
        match self.identify {
            Identify::Until(end) if Instant::now() < end => IdentifyState::Timed,
            Identify::On => IdentifyState::Indefinite,
            Identify::Off | Identify::Until(_) => IdentifyState::Off,
        }
    }

    /// The BMC restarts: forgets what is volatile.
    pub(super) fn reset(&mut self) {
        *self = Self {
            capabilities: self.capabilities,
            ..Self::default()
        };
    }

    /// A power action succeeded, and `after` is how things stand now. True if it started the machine.
    pub(super) fn acted(&mut self, action: PowerAction, after: Option<PowerStatus>) -> bool {
        let starts = match action {
            PowerAction::On => self.before.is_some_and(|before| !before.on),
            PowerAction::Cycle | PowerAction::Reset => true,
            PowerAction::Off | PowerAction::Shutdown | PowerAction::Nmi => false,
        };
        if starts && let Some(before) = self.before {
            let cause = self.cause.take();
            let cause = cause.unwrap_or(RestartCause::ChassisControl);
            match after {
                // A reset may be a new start, for the sake of what it boots from.
                Some(after) if action == PowerAction::Reset && after.starts == before.starts => {
                    self.reset = Some((after.starts, cause));
                }
                _ => self.started_by(before.starts + 1, cause),
            }
        }
        starts
    }

    /// A power action failed.
    pub(super) fn gave_up(&mut self) {
        self.cause = None;
    }

    /// A start of ours, the machine's `starts`th.
    pub(super) fn started_by(&mut self, starts: u64, cause: RestartCause) {
        self.started = Some((starts, cause));
    }

    /// The power action that is begun next restarts the machine for this reason.
    pub(super) fn restarts_by(&mut self, cause: RestartCause) {
        self.cause = Some(cause);
    }

    /// What of ours the machine's present run began with.
    fn began_with(&self, power: PowerStatus) -> Option<RestartCause> {
        let (_, cause) = self.started.filter(|(starts, _)| power.starts <= *starts)?;
        power.on.then_some(cause)
    }

    /// Why the machine's operating system started last, as far as that is known.
    fn restarted_by(&self, power: PowerStatus) -> Option<RestartCause> {
        let reset = self.reset.filter(|(starts, _)| power.starts == *starts);
        match reset {
            Some((_, cause)) => power.on.then_some(cause),
            None => self.began_with(power),
        }
    }
}

impl Behaviour {
    /// Get Chassis Status, §28.2.
    pub(super) fn chassis_status(&mut self, asker: &Asker) -> Outcome {
        self.with_power(asker, |this, power| {
            answer(Ok(ChassisStatus {
                power: PowerState {
                    on: power.on,
                    restore_policy: this.kept.now().chassis.restore.map(policy_of),
                    ..PowerState::default()
                },
                last_event: LastPowerEvent {
                    on_by_command: this.chassis.began_with(power)
                        == Some(RestartCause::ChassisControl),
                    ..LastPowerEvent::default()
                },
                misc: MiscChassisState {
                    identify: Some(this.chassis.identify_state()),
                    ..MiscChassisState::default()
                },
                front_panel: None,
            }))
        })
    }

    /// Chassis Control, §28.3.
    pub(super) fn chassis_control(&mut self, control: ChassisControl, asker: &Asker) -> Outcome {
        let action = match control {
            ChassisControl::PowerDown => PowerAction::Off,
            ChassisControl::PowerUp => PowerAction::On,
            ChassisControl::PowerCycle => PowerAction::Cycle,
            ChassisControl::HardReset => PowerAction::Reset,
            ChassisControl::DiagnosticInterrupt => PowerAction::Nmi,
            ChassisControl::SoftShutdown => PowerAction::Shutdown,
        };
        self.act(Action::Power(action), asker)
    }

    /// A chassis control begins: notes how things stand, and keeps the boot flags from expiring.
    pub(super) fn chassis_control_starts(&mut self) {
        self.boot.keep_flags();
        self.chassis.before = self.power_now();
    }

    /// How things stand with the machine's power, if that is known without asking.
    pub(super) fn power_now(&self) -> Option<PowerStatus> {
        match self.host.power() {
            Reply::Now(power) => power.ok(),
            Reply::Later(_) => None,
        }
    }

    /// Something happened to the machine that we have not done: notes why it restarts.
    pub(super) fn note_restart(&mut self, what: Happening) {
        match what {
            Happening::WatchdogExpired(WatchdogAction::Reset) => {
                self.chassis.expired = Some(Instant::now());
            }
            Happening::Reset => {
                let expired = self.chassis.expired.take();
                let cause = match expired.filter(|at| at.elapsed() < ECHO) {
                    Some(_) => RestartCause::Watchdog,
                    // By itself, or by somebody at the hypervisor.
                    None => RestartCause::Unknown,
                };
                self.chassis.reset = self.power_now().map(|power| (power.starts, cause));
            }
            _ => {}
        }
    }

    /// Chassis Identify, §28.5.
    pub(super) fn identify(&mut self, request: ChassisIdentify) -> Outcome {
        self.chassis.identify = match request {
            ChassisIdentify::Off => Identify::Off,
            ChassisIdentify::Timed(seconds) => {
                Identify::Until(Instant::now() + Duration::from_secs(seconds.get().into()))
            }
            ChassisIdentify::Indefinite => Identify::On,
        };
        ok(())
    }

    /// Set Chassis Capabilities, §28.7. Interlock and diagnostic interrupt can only be read.
    pub(super) fn set_chassis_capabilities(&mut self, request: &SetChassisCapabilities) -> Outcome {
        let now = self.chassis.capabilities();
        self.chassis.capabilities = Some(ChassisCapabilities {
            power_interlock: now.power_interlock,
            diagnostic_interrupt: now.diagnostic_interrupt,
            ..request.0
        });
        ok(())
    }

    /// Get System Restart Cause, §28.11.
    pub(super) fn restart_cause(&mut self, asker: &Asker) -> Outcome {
        self.with_power(asker, |this, power| {
            let cause = this.chassis.restarted_by(power);
            answer(Ok(SystemRestart {
                cause: cause.unwrap_or(RestartCause::Unknown),
                channel: match cause {
                    Some(RestartCause::ChassisControl) => LAN,
                    _ => Channel::new(0),
                },
            }))
        })
    }

    /// Set Power Restore Policy, §28.8.
    pub(super) fn power_restore_policy(
        &mut self,
        request: &SetPowerRestorePolicy,
        asker: &Asker,
    ) -> Outcome {
        let supported = SupportedPolicies::ALL;
        match request.policy {
            None => ok(supported),
            Some(policy) => {
                let keep = self.keep_policy(policy);
                self.change_state(asker, keep, move |_| answer(Ok(supported)))
            }
        }
    }
}

/// Set Power Cycle Interval, §28.9. Power supplies want to rest between off and on, which nothing here has need of: a power
/// cycle goes as fast as the hypervisor does, and that is the one interval there is.
pub(super) fn power_cycle_interval(request: SetPowerCycleInterval) -> Outcome {
    match request.seconds {
        0 => ok(()),
        _ => refuse(CompletionCode::ParameterOutOfRange),
    }
}

fn policy_of(policy: RestorePolicy) -> PowerRestorePolicy {
    match policy {
        RestorePolicy::AlwaysOff => PowerRestorePolicy::AlwaysOff,
        RestorePolicy::Previous => PowerRestorePolicy::Previous,
        RestorePolicy::AlwaysOn => PowerRestorePolicy::AlwaysOn,
    }
}

#[cfg(test)]
mod tests;
