//! The chassis: power, and what a front panel would show, §28.

use ipmi_proto::command::chassis::{
    ChassisControl, ChassisStatus, LastPowerEvent, MiscChassisState, PowerRestorePolicy,
    PowerState, SetPowerRestorePolicy, SupportedPolicies,
};

use super::calls::Asker;
use super::{Action, Behaviour, Outcome, answer, ok};
use crate::host::{PowerAction, PowerStatus, Reply};

/// What the chassis commands have set, and what they have done.
#[derive(Debug, Default)]
pub(super) struct Chassis {
    /// Kept and reported. It has no effect: the hypervisor decides what starts when it does.
    policy: Option<PowerRestorePolicy>,
    /// The machine as it was when the chassis control in flight, or the last one, began.
    before: Option<PowerStatus>,
    /// How many starts there will have been by the last chassis control that started the machine. More: somebody else
    /// has started it since.
    started: Option<u64>,
}

impl Chassis {
    /// The BMC restarts: forgets what is volatile.
    pub(super) fn reset(&mut self) {
        *self = Self {
            policy: self.policy,
            ..Self::default()
        };
    }

    /// A power action succeeded.
    pub(super) fn acted(&mut self, action: PowerAction) {
        let Some(before) = self.before else { return };
        match action {
            PowerAction::On if before.on => {}
            PowerAction::On | PowerAction::Cycle | PowerAction::Reset => {
                self.started = Some(before.starts + 1);
            }
            PowerAction::Off | PowerAction::Shutdown | PowerAction::Nmi => {}
        }
    }

    /// Whether the machine's present run began with a chassis control.
    fn started_by_command(&self, power: PowerStatus) -> bool {
        power.on && self.started.is_some_and(|starts| power.starts <= starts)
    }
}

impl Behaviour {
    /// Get Chassis Status, §28.2.
    pub(super) fn chassis_status(&mut self, asker: &Asker) -> Outcome {
        self.with_power(asker, |this, power| {
            answer(Ok(ChassisStatus {
                power: PowerState {
                    on: power.on,
                    restore_policy: this.chassis.policy,
                    ..PowerState::default()
                },
                last_event: LastPowerEvent {
                    on_by_command: this.chassis.started_by_command(power),
                    ..LastPowerEvent::default()
                },
                misc: MiscChassisState::default(),
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
        self.chassis.before = match self.host.power() {
            Reply::Now(power) => power.ok(),
            Reply::Later(_) => None,
        };
    }

    /// Set Power Restore Policy, §28.8.
    pub(super) fn power_restore_policy(&mut self, request: &SetPowerRestorePolicy) -> Outcome {
        if request.policy.is_some() {
            self.chassis.policy = request.policy;
        }
        ok(SupportedPolicies::ALL)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    use ipmi_proto::CompletionCode;
    use ipmi_proto::command::chassis::GetChassisStatus;

    use crate::bmc::behaviour::calls::DEADLINE;
    use crate::bmc::behaviour::testing::Bench;
    use crate::host::HostError;
    use crate::host::simulated::Performed;

    #[tokio::test]
    async fn controls_reach_the_machine() {
        for (control, action) in [
            (ChassisControl::PowerUp, PowerAction::On),
            (ChassisControl::PowerCycle, PowerAction::Cycle),
            (ChassisControl::HardReset, PowerAction::Reset),
            (ChassisControl::DiagnosticInterrupt, PowerAction::Nmi),
            (ChassisControl::SoftShutdown, PowerAction::Shutdown),
            (ChassisControl::PowerDown, PowerAction::Off),
        ] {
            let mut bench = Bench::new();
            bench.machine.switch(true);
            assert_eq!(bench.ask(control), Ok(()));
            assert_eq!(bench.machine.performed(), [Performed::Power(action)]);
        }
    }

    #[tokio::test]
    async fn what_a_machine_that_is_off_cannot_do_is_d5() {
        let mut bench = Bench::new();
        for control in [
            ChassisControl::PowerCycle,
            ChassisControl::HardReset,
            ChassisControl::DiagnosticInterrupt,
        ] {
            assert_eq!(bench.ask(control), Err(CompletionCode::NotSupportedInState));
        }
        assert_eq!(bench.ask(ChassisControl::PowerDown), Ok(()));
    }

    #[tokio::test]
    async fn a_host_s_error_is_never_success() {
        let mut bench = Bench::new();
        for (error, code) in [
            (HostError::Unavailable(String::new()), 0xC0),
            (HostError::NotFound(String::new()), 0xD5),
            (HostError::WrongState(String::new()), 0xD5),
            (HostError::Unsupported(String::new()), 0xD6),
            (HostError::Denied(String::new()), 0xD6),
            (HostError::Failed(String::new()), 0xFF),
        ] {
            bench.machine.break_with(error);
            let code = CompletionCode::from(code);
            assert_eq!(bench.ask(ChassisControl::PowerUp), Err(code));
            assert_eq!(bench.ask(GetChassisStatus), Err(code));
        }
    }

    #[tokio::test]
    async fn the_status_tells_who_started_the_machine() {
        let mut bench = Bench::new();
        let status = |bench: &mut Bench| bench.ask(GetChassisStatus).unwrap();
        assert_eq!(status(&mut bench), ChassisStatus::default());
        bench.ask(ChassisControl::PowerUp).unwrap();
        let now = status(&mut bench);
        assert!(now.power.on && now.last_event.on_by_command);
        bench.machine.switch(false);
        bench.machine.switch(true);
        let now = status(&mut bench);
        assert!(now.power.on && !now.last_event.on_by_command);
        // On while it is on changes nothing.
        bench.ask(ChassisControl::PowerUp).unwrap();
        assert!(!status(&mut bench).last_event.on_by_command);
    }

    #[tokio::test]
    async fn the_restore_policy_is_kept() {
        let mut bench = Bench::new();
        let set = |policy| SetPowerRestorePolicy { policy };
        let policy = Some(PowerRestorePolicy::AlwaysOn);
        assert_eq!(bench.ask(set(policy)), Ok(SupportedPolicies::ALL));
        assert_eq!(bench.ask(set(None)), Ok(SupportedPolicies::ALL));
        let status = bench.ask(GetChassisStatus).unwrap();
        assert_eq!(status.power.restore_policy, policy);
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_action_is_busy_after_the_deadline_and_happens_all_the_same() {
        let mut bench = Bench::new();
        bench.machine.hold();
        let first = bench.send(ChassisControl::PowerUp);
        tokio::time::advance(DEADLINE - Duration::from_millis(1)).await;
        assert!(bench.answer(first).is_none());
        tokio::time::advance(Duration::from_millis(1)).await;
        assert_eq!(bench.answer(first), Some(Err(CompletionCode::NodeBusy)));
        assert_eq!(bench.behaviour.deadline(), None);

        // Who asks again joins the same call, and learns how it ended.
        let again = bench.send(ChassisControl::PowerUp);
        let another = bench.send(ChassisControl::PowerDown);
        assert_eq!(bench.answer(another), Some(Err(CompletionCode::NodeBusy)));
        bench.machine.release();
        bench.settle().await;
        assert_eq!(bench.answer(again), Some(Ok(Vec::new())));
        assert_eq!(
            bench.machine.performed(),
            [Performed::Power(PowerAction::On)]
        );
        assert!(
            bench
                .ask(GetChassisStatus)
                .unwrap()
                .last_event
                .on_by_command
        );
    }

    #[tokio::test(start_paused = true)]
    async fn identical_requests_are_one_call() {
        let mut bench = Bench::new();
        bench.machine.switch(true);
        bench.machine.hold();
        let all: Vec<_> = (0..3)
            .map(|_| bench.send(ChassisControl::PowerCycle))
            .collect();
        bench.machine.release();
        bench.settle().await;
        for one in all {
            assert_eq!(bench.answer(one), Some(Ok(Vec::new())));
        }
        assert_eq!(
            bench.machine.performed(),
            [Performed::Power(PowerAction::Cycle)]
        );
    }

    #[tokio::test(start_paused = true)]
    async fn those_who_wait_are_counted() {
        let mut bench = Bench::new();
        bench.machine.hold();
        let all: Vec<_> = (0..100)
            .map(|_| bench.send(ChassisControl::PowerUp))
            .collect();
        let refused = all.iter().filter(|one| bench.answer(**one).is_some());
        assert_eq!(refused.count(), 100 - 64);
    }
}
