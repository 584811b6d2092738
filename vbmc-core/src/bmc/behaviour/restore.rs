//! The power restore policy, §28.8, and the power-on hours, §28.14: what is kept of the machine's power over restarts.
//!
//! "The mains return" when the host has booted anew since the BMC last ran. The machine is switched on then if the policy
//! has it so; whether it was on before is only ever written down while that matters.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ipmi_proto::command::chassis::{PohCounter, PowerRestorePolicy, RestartCause};

use super::{Asker, Behaviour, Done, Outcome, answer};
use crate::bmc::RestorePolicy;
use crate::host::{BoxFuture, Change, Happening, Host, HostError, PowerAction, Reply};

/// How often a hypervisor that cannot be reached yet is asked again, and how many times: hosts boot for minutes.
const PAUSE: Duration = Duration::from_secs(1);
const TRIES: usize = 900;

/// What is under way because the BMC has started.
#[derive(Debug, Clone, Copy)]
pub(super) enum MainsOn {
    /// The machine is being switched on, for this reason.
    Switching(RestartCause),
    /// It is looked whether the machine is on: it may have been switched while nobody was there to note it.
    Looking,
}

impl Behaviour {
    /// The BMC starts: applies the policy if the host has booted anew, or looks after the machine where the policy has
    /// to know whether it was on.
    pub(in crate::bmc) fn mains_on(&mut self) {
        let Some(boot) = &self.settings.host_boot else {
            return;
        };
        let chassis = &self.kept.now().chassis;
        let returned = chassis.host_boot.as_ref().is_some_and(|last| last != boot);
        let begin = match chassis.restore {
            Some(RestorePolicy::AlwaysOn) if returned => MainsOn::Switching(RestartCause::AlwaysOn),
            Some(RestorePolicy::Previous) if returned && chassis.was_on => {
                MainsOn::Switching(RestartCause::RestorePrevious)
            }
            Some(RestorePolicy::Previous) => MainsOn::Looking,
            Some(RestorePolicy::AlwaysOn | RestorePolicy::AlwaysOff) => {
                self.note_boot();
                return;
            }
            None => return,
        };
        let host = Arc::clone(&self.host);
        let call: BoxFuture<_> = match begin {
            MainsOn::Switching(_) => Box::pin(once_reachable(host, switch_on)),
            MainsOn::Looking => Box::pin(once_reachable(host, look)),
        };
        self.mains_on = Some(begin);
        self.mailbox.run(call, Done::MainsOn);
    }

    /// The policy holds for the next boot of the host, and not for this one any more.
    fn note_boot(&mut self) {
        let boot = self.settings.host_boot.clone();
        let on = match self.host.power() {
            Reply::Now(power) => power.ok().map(|power| power.on),
            Reply::Later(_) => None,
        };
        self.note_state(|state| {
            let chassis = &mut state.chassis;
            chassis.host_boot = boot;
            if let (Some(RestorePolicy::Previous), Some(on)) = (chassis.restore, on) {
                chassis.was_on = on;
            }
        });
    }

    /// The policy was applied or the machine looked at, or neither could be done.
    pub(super) fn mains_on_done(&mut self, result: Result<Found, HostError>) {
        let Some(begun) = self.mains_on.take() else {
            return;
        };
        let (bmc, domain) = (&self.settings.name, &self.settings.domain);
        match (result, begun) {
            (Ok(Found::SwitchedOn { starts }), MainsOn::Switching(cause)) => {
                self.chassis.started_by(starts, cause);
                tracing::info!(
                    bmc,
                    domain,
                    ?cause,
                    "switched on, since the host has booted"
                );
            }
            (Ok(_), _) => {}
            (Err(error), MainsOn::Looking) => {
                tracing::debug!(bmc, domain, %error, "nobody knows whether it is on");
                return;
            }
            (Err(error), MainsOn::Switching(_)) => {
                tracing::warn!(
                    bmc,
                    domain,
                    %error,
                    "not switched on, which the power restore policy asks for"
                );
                // What was never asked is still to be done when the BMC starts next.
                if matches!(error, HostError::Unavailable(_)) {
                    return;
                }
            }
        }
        self.note_boot();
    }

    /// The policy as it is to be kept.
    pub(super) fn keep_policy(
        &mut self,
        policy: PowerRestorePolicy,
    ) -> impl FnOnce(&mut crate::bmc::State) + use<> {
        let boot = self.settings.host_boot.clone();
        let on = match self.host.power() {
            Reply::Now(power) => power.is_ok_and(|power| power.on),
            Reply::Later(_) => false,
        };
        move |state| {
            let restore = match policy {
                PowerRestorePolicy::AlwaysOff => RestorePolicy::AlwaysOff,
                PowerRestorePolicy::Previous => RestorePolicy::Previous,
                PowerRestorePolicy::AlwaysOn => RestorePolicy::AlwaysOn,
            };
            state.chassis.restore = Some(restore);
            state.chassis.host_boot = boot;
            state.chassis.was_on = on && restore == RestorePolicy::Previous;
        }
    }

    /// Notes what matters of a change of the machine's power.
    pub(super) fn note_power(&mut self, change: &Change) {
        let on = match change.what {
            Happening::Started => true,
            Happening::Stopped(_) => false,
            _ => return,
        };
        let at = unix_time(change.at);
        self.note_state(|state| {
            let chassis = &mut state.chassis;
            let run = chassis.on_since.take().filter(|_| !on);
            chassis.powered += run.map_or(0, |since| at.saturating_sub(since));
            chassis.on_since = on.then_some(at);
            if chassis.restore == Some(RestorePolicy::Previous) {
                chassis.was_on = on;
            }
        });
    }

    /// Get POH Counter, §28.14, in whole hours.
    pub(super) fn poh_counter(&mut self, asker: &Asker) -> Outcome {
        if let Reply::Now(Ok(power)) = self.host.power()
            && power.on
            && self.kept.now().chassis.on_since.is_none()
        {
            // It was on before we were. From here on its hours are kept.
            let since = unix_time(SystemTime::now()).saturating_sub(power.powered.as_secs());
            self.note_state(|state| state.chassis.on_since = Some(since));
        }
        self.with_power(asker, |this, power| {
            let chassis = &this.kept.now().chassis;
            let now = unix_time(SystemTime::now());
            let run = chassis.on_since.filter(|_| power.on);
            let powered = chassis.powered + run.map_or(0, |since| now.saturating_sub(since));
            answer(Ok(PohCounter {
                minutes_per_count: 60,
                count: (powered / 3600).try_into().unwrap_or(u32::MAX),
            }))
        })
    }
}

fn unix_time(at: SystemTime) -> u64 {
    at.duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}

/// How a machine was found when its BMC started.
#[derive(Debug)]
pub(in crate::bmc) enum Found {
    /// As it is.
    AsItIs,
    /// Off. It is on now, and has been started so often.
    SwitchedOn {
        /// [`PowerStatus::starts`](crate::host::PowerStatus::starts).
        starts: u64,
    },
}

/// Does `attempt` once the machine's hypervisor can be reached.
async fn once_reachable<F>(
    host: Arc<dyn Host>,
    attempt: fn(Arc<dyn Host>) -> F,
) -> Result<Found, HostError>
where
    F: Future<Output = Result<Found, HostError>>,
{
    let mut result = Err(HostError::Unavailable("it was never asked".to_owned()));
    for _ in 0..TRIES {
        result = attempt(Arc::clone(&host)).await;
        if !matches!(result, Err(HostError::Unavailable(_))) {
            break;
        }
        tokio::time::sleep(PAUSE).await;
    }
    result
}

async fn look(host: Arc<dyn Host>) -> Result<Found, HostError> {
    let power = host.power();
    power.wait().await.map(|_| Found::AsItIs)
}

async fn switch_on(host: Arc<dyn Host>) -> Result<Found, HostError> {
    let before = host.power();
    if before.wait().await?.on {
        return Ok(Found::AsItIs);
    }
    let switched = host.control(PowerAction::On);
    switched.wait().await?;
    let after = host.power();
    Ok(Found::SwitchedOn {
        starts: after.wait().await?.starts,
    })
}

#[cfg(test)]
mod tests {
    use ipmi_proto::command::Channel;
    use ipmi_proto::command::chassis::{
        GetPohCounter, GetSystemRestartCause, SetPowerRestorePolicy,
    };

    use super::super::testing::Bench;
    use super::*;
    use crate::bmc::State;
    use crate::host::StopReason;

    fn kept(restore: RestorePolicy, was_on: bool) -> State {
        let mut state = State::default();
        state.chassis.restore = Some(restore);
        state.chassis.was_on = was_on;
        state.chassis.host_boot = Some("monday".to_owned());
        state
    }

    async fn on_after_boot(state: State, boot: &str) -> (bool, Bench) {
        let mut bench =
            Bench::restarted(state, |settings| settings.host_boot = Some(boot.to_owned()));
        bench.behaviour.mains_on();
        bench.settle_all().await;
        let on = bench.power().on;
        (on, bench)
    }

    #[tokio::test(start_paused = true)]
    async fn the_policy_decides_when_the_host_has_booted() {
        use RestorePolicy::{AlwaysOff, AlwaysOn, Previous};
        for (policy, was_on, boot, on) in [
            (AlwaysOn, false, "tuesday", true),
            (AlwaysOn, false, "monday", false),
            (Previous, true, "tuesday", true),
            (Previous, false, "tuesday", false),
            (AlwaysOff, true, "tuesday", false),
        ] {
            let (is_on, bench) = on_after_boot(kept(policy, was_on), boot).await;
            assert_eq!(is_on, on, "{policy:?}, {boot}");
            let noted = bench.behaviour.kept.now().chassis.host_boot.as_deref();
            assert_eq!(noted, Some(boot));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_restart_cause_is_the_policy() {
        let (_, mut bench) = on_after_boot(kept(RestorePolicy::Previous, true), "tuesday").await;
        let restart = bench.ask(GetSystemRestartCause).unwrap();
        assert_eq!(restart.cause, RestartCause::RestorePrevious);
        assert_eq!(restart.channel, Channel::new(0));
    }

    #[tokio::test(start_paused = true)]
    async fn a_hypervisor_that_comes_up_late_is_waited_for() {
        let state = kept(RestorePolicy::AlwaysOn, false);
        let mut bench = Bench::restarted(state, |s| s.host_boot = Some("tuesday".to_owned()));
        bench.machine.make_unavailable();
        bench.behaviour.mains_on();
        tokio::time::sleep(PAUSE * 3).await;
        // Whoever starts next has it still to do.
        let boot = |bench: &Bench| bench.behaviour.kept.now().chassis.host_boot.clone();
        assert_eq!(boot(&bench).as_deref(), Some("monday"));
        bench.machine.repair();
        bench.settle_all().await;
        assert!(bench.power().on);
        assert_eq!(boot(&bench).as_deref(), Some("tuesday"));
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_switched_while_nobody_was_there_is_noted() {
        for (was_on, is_on) in [(true, false), (false, true)] {
            let state = kept(RestorePolicy::Previous, was_on);
            let mut bench = Bench::restarted(state, |s| s.host_boot = Some("monday".to_owned()));
            bench.machine.switch(is_on);
            bench.behaviour.mains_on();
            bench.settle_all().await;
            assert_eq!(bench.power().on, is_on, "nothing is switched");
            assert_eq!(bench.store.state().chassis.was_on, is_on);
        }
    }

    #[tokio::test]
    async fn whether_it_was_on_is_kept_while_it_matters() {
        let mut bench = Bench::new();
        let change = |what| Change {
            at: SystemTime::now(),
            what,
        };
        bench.machine.switch(true);
        bench.behaviour.happened(change(Happening::Started));
        assert!(!bench.behaviour.kept.now().chassis.was_on);
        bench.settle_all().await;
        let policy = Some(PowerRestorePolicy::Previous);
        bench
            .change(SetPowerRestorePolicy { policy })
            .await
            .unwrap();
        assert!(bench.store.state().chassis.was_on);
        bench
            .behaviour
            .happened(change(Happening::Stopped(StopReason::Shutdown)));
        bench.settle_all().await;
        assert!(!bench.store.state().chassis.was_on);
    }

    #[tokio::test]
    async fn the_hours_of_all_runs_are_counted_over_restarts() {
        let hours = |hours: u64| Duration::from_secs(hours * 3600);
        let mut bench = Bench::new();
        let at = SystemTime::now() - hours(9);
        let what = Happening::Started;
        bench.behaviour.happened(Change { at, what });
        let (at, what) = (at + hours(2), Happening::Stopped(StopReason::Destroyed));
        bench.behaviour.happened(Change { at, what });
        assert_eq!(bench.ask(GetPohCounter).unwrap().count, 2);
        bench.machine.switch(true);
        let (at, what) = (at + hours(6), Happening::Started);
        bench.behaviour.happened(Change { at, what });
        bench.settle_all().await;
        assert_eq!(bench.ask(GetPohCounter).unwrap().count, 3);
        let mut bench = Bench::restarted(bench.store.state(), |_| {});
        assert_eq!(bench.ask(GetPohCounter).unwrap().count, 2, "it is off now");
        bench.machine.switch(true);
        assert_eq!(bench.ask(GetPohCounter).unwrap().count, 3);
    }

    #[tokio::test]
    async fn a_machine_that_was_on_before_the_bmc_is_counted_from_when_it_was_seen() {
        let mut bench = Bench::new();
        bench.machine.switch(true);
        assert_eq!(bench.ask(GetPohCounter).unwrap().count, 0);
        bench.settle_all().await;
        assert!(bench.store.state().chassis.on_since.is_some());
    }
}
