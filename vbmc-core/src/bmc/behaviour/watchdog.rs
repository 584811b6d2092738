//! The watchdog timer, §27: it really resets, switches off or cycles the machine when nobody resets it in time.
//!
//! Nothing in the machine can reach it, only consoles: it stops when the machine is switched off, and a machine that is
//! off is left alone. The machine's own watchdog device is another one, whose end libvirt tells of.

use std::time::Duration;

use ipmi_proto::CompletionCode;
use ipmi_proto::command::app::{
    PreTimeoutInterrupt, ResetWatchdogTimer, SetWatchdogTimer, TimeoutAction, TimerUse, TimerUses,
    WatchdogActions, WatchdogTimer,
};
use ipmi_proto::command::chassis::RestartCause;
use tokio::time::Instant;

use super::calls::Fit;
use super::{Action, Behaviour, Outcome, ok, refuse};
use crate::host::{PowerAction, Reply};

/// One step of a countdown.
const STEP: Duration = Duration::from_millis(100);

/// How long until the timeout's action is tried again while something else is done to the machine.
const RETRY: Duration = Duration::from_secs(1);

/// A watchdog that somebody has set.
#[derive(Debug)]
pub(super) struct Watchdog {
    set: SetWatchdogTimer,
    expired: TimerUses,
    countdown: Countdown,
}

#[derive(Debug, Clone, Copy)]
enum Countdown {
    /// With this much left.
    Stopped(Duration),
    Until {
        timeout: Instant,
        /// When the pre-timeout interrupt is due; none once it has come, or where there is none.
        pre_timeout: Option<Instant>,
    },
}

impl Watchdog {
    fn new(set: SetWatchdogTimer, expired: TimerUses) -> Self {
        Self {
            countdown: Countdown::Stopped(STEP * u32::from(set.countdown)),
            set,
            expired,
        }
    }

    fn start(&mut self) {
        let now = Instant::now();
        let timeout = now + STEP * u32::from(self.set.countdown);
        let ahead = Duration::from_secs(self.set.pre_timeout.into());
        let interrupts = self.set.actions.pre_timeout != PreTimeoutInterrupt::None;
        self.countdown = Countdown::Until {
            timeout,
            pre_timeout: timeout
                .checked_sub(ahead)
                .filter(|at| interrupts && *at >= now),
        };
    }

    fn stop(&mut self) {
        self.countdown = Countdown::Stopped(self.left());
    }

    fn is_running(&self) -> bool {
        matches!(self.countdown, Countdown::Until { .. })
    }

    fn left(&self) -> Duration {
        match self.countdown {
            Countdown::Stopped(left) => left,
            Countdown::Until { timeout, .. } => timeout.saturating_duration_since(Instant::now()),
        }
    }

    fn due(&self) -> Option<Instant> {
        match self.countdown {
            Countdown::Stopped(_) => None,
            Countdown::Until {
                timeout,
                pre_timeout,
            } => Some(pre_timeout.unwrap_or(timeout)),
        }
    }
}

impl Behaviour {
    /// Set Watchdog Timer, §27.6.
    pub(super) fn set_watchdog(&mut self, request: &SetWatchdogTimer) -> Outcome {
        if matches!(
            request.actions.pre_timeout,
            PreTimeoutInterrupt::Smi | PreTimeoutInterrupt::Messaging
        ) {
            // There is neither system management mode nor a system interface to interrupt.
            return refuse(CompletionCode::InvalidDataField);
        }
        let before = self.watchdog.take();
        let (ran, expired) = before.map_or((false, TimerUses::NONE), |watchdog| {
            (watchdog.is_running(), watchdog.expired)
        });
        let mut watchdog = Watchdog::new(*request, expired.without(request.clear));
        if ran && request.dont_stop {
            watchdog.start();
        }
        self.watchdog = Some(Box::new(watchdog));
        ok(())
    }

    /// Reset Watchdog Timer, §27.5.
    pub(super) fn reset_watchdog(&mut self) -> Outcome {
        match &mut self.watchdog {
            Some(watchdog) => {
                watchdog.start();
                ok(())
            }
            None => refuse(ResetWatchdogTimer::NOT_INITIALISED.into()),
        }
    }

    /// Get Watchdog Timer, §27.7.
    pub(super) fn watchdog_timer(&self) -> Outcome {
        let Some(watchdog) = &self.watchdog else {
            return ok(WatchdogTimer {
                // Clients write back what they read, and a reserved use would be refused.
                timer_use: Some(TimerUse::SmsOs),
                dont_log: false,
                running: false,
                actions: WatchdogActions {
                    pre_timeout: PreTimeoutInterrupt::None,
                    timeout: TimeoutAction::None,
                },
                pre_timeout: 0,
                expired: TimerUses::NONE,
                initial: 0,
                present: 0,
            });
        };
        let set = &watchdog.set;
        let left = watchdog.left().as_millis() / STEP.as_millis();
        ok(WatchdogTimer {
            timer_use: Some(set.timer_use),
            dont_log: set.dont_log,
            running: watchdog.is_running(),
            actions: set.actions,
            pre_timeout: set.pre_timeout,
            expired: watchdog.expired,
            initial: set.countdown,
            present: left.try_into().unwrap_or(u16::MAX),
        })
    }

    /// The machine is off: nothing is left to watch.
    pub(super) fn stop_watchdog(&mut self) {
        if let Some(watchdog) = &mut self.watchdog {
            watchdog.stop();
        }
    }

    /// Whether it has run out since somebody cleared that.
    pub(super) fn watchdog_has_expired(&self) -> bool {
        let watchdog = self.watchdog.as_ref();
        watchdog.is_some_and(|watchdog| watchdog.expired != TimerUses::NONE)
    }

    /// When the watchdog wants something.
    pub(super) fn watchdog_due(&self) -> Option<Instant> {
        self.watchdog.as_ref()?.due()
    }

    /// Does what the watchdog wants by now.
    pub(super) fn expire_watchdog(&mut self, now: Instant) {
        let Some(watchdog) = &mut self.watchdog else {
            return;
        };
        let Countdown::Until {
            timeout,
            pre_timeout,
        } = &mut watchdog.countdown
        else {
            return;
        };
        if pre_timeout.take_if(|at| *at <= now).is_some() {
            self.interrupt();
        } else if *timeout <= now {
            self.time_out(now);
        }
    }

    fn interrupt(&mut self) {
        let nmi = Action::Power(PowerAction::Nmi);
        self.log_watchdog(TimeoutAction::None, true);
        if self.calls.action.fit(&nmi) == Fit::Free {
            self.begin(nmi);
        }
    }

    fn time_out(&mut self, now: Instant) {
        let Some(watchdog) = &mut self.watchdog else {
            return;
        };
        let on = matches!(self.host.power(), Reply::Now(Ok(power)) if power.on);
        let action = match watchdog.set.actions.timeout {
            _ if !on => None,
            TimeoutAction::None => None,
            TimeoutAction::Reset => Some(PowerAction::Reset),
            TimeoutAction::PowerDown => Some(PowerAction::Off),
            TimeoutAction::PowerCycle => Some(PowerAction::Cycle),
        };
        if let Some(action) = action
            && self.calls.action.fit(&Action::Power(action)) != Fit::Free
        {
            watchdog.countdown = Countdown::Until {
                timeout: now + RETRY,
                pre_timeout: None,
            };
            return;
        }
        watchdog.countdown = Countdown::Stopped(Duration::ZERO);
        watchdog.expired = watchdog.expired.with(watchdog.set.timer_use);
        let (timeout, dont_log) = (watchdog.set.actions.timeout, watchdog.set.dont_log);
        // It counts for one time only (§27.6).
        watchdog.set.dont_log = false;
        if !dont_log {
            self.log_watchdog(timeout, false);
        }
        tracing::warn!(
            bmc = self.settings.name,
            domain = self.settings.domain,
            ?timeout,
            "the watchdog timer has run out"
        );
        if let Some(action) = action {
            if action != PowerAction::Off {
                self.chassis.restarts_by(RestartCause::Watchdog);
            }
            self.begin(Action::Power(action));
        }
    }

    /// Starts an action that nobody waits for.
    fn begin(&mut self, action: Action) {
        match self.start(&action, None) {
            None => self.calls.action.wait(action, None),
            Some(Ok(())) => {}
            Some(Err(error)) => self.failed_unwatched(&action, &error),
        }
    }
}

#[cfg(test)]
mod tests {
    use ipmi_proto::command::app::GetWatchdogTimer;
    use ipmi_proto::command::chassis::{ChassisControl, GetSystemRestartCause};

    use super::super::testing::Bench;
    use super::*;
    use crate::host::simulated::Performed;

    fn set(timeout: TimeoutAction) -> SetWatchdogTimer {
        SetWatchdogTimer {
            timer_use: TimerUse::SmsOs,
            dont_log: false,
            dont_stop: false,
            actions: WatchdogActions {
                pre_timeout: PreTimeoutInterrupt::None,
                timeout,
            },
            pre_timeout: 0,
            clear: TimerUses::NONE,
            countdown: 100,
        }
    }

    async fn pass(bench: &mut Bench, seconds: u64) {
        tokio::time::advance(Duration::from_secs(seconds)).await;
        bench.behaviour.timeout(Instant::now());
    }

    #[tokio::test(start_paused = true)]
    async fn it_resets_the_machine_when_nobody_resets_it() {
        let mut bench = Bench::new();
        bench.machine.switch(true);
        let refused = Err(ResetWatchdogTimer::NOT_INITIALISED.into());
        assert_eq!(bench.ask(ResetWatchdogTimer), refused);
        bench.ask(set(TimeoutAction::Reset)).unwrap();
        assert_eq!(bench.behaviour.deadline(), None, "set, but not started");
        bench.ask(ResetWatchdogTimer).unwrap();
        pass(&mut bench, 6).await;
        let timer = bench.ask(GetWatchdogTimer).unwrap();
        assert_eq!(
            (timer.running, timer.initial, timer.present),
            (true, 100, 40)
        );
        bench.ask(ResetWatchdogTimer).unwrap();
        pass(&mut bench, 6).await;
        assert!(bench.machine.performed().is_empty());
        // As on a hypervisor that takes its time.
        bench.machine.hold();
        pass(&mut bench, 4).await;
        let reset = Performed::Power(PowerAction::Reset);
        assert_eq!(bench.machine.performed(), []);
        bench.machine.release();
        // The event log's writes end when they like.
        while bench.behaviour.calls.action.key().is_some() {
            bench.settle().await;
        }
        assert_eq!(bench.machine.performed(), [reset]);
        let timer = bench.ask(GetWatchdogTimer).unwrap();
        assert!(!timer.running && timer.expired.contains(TimerUse::SmsOs));
        let restart = bench.ask(GetSystemRestartCause).unwrap();
        assert_eq!(restart.cause, RestartCause::Watchdog);
    }

    #[tokio::test(start_paused = true)]
    async fn a_machine_that_is_off_is_left_alone() {
        let mut bench = Bench::new();
        bench.ask(set(TimeoutAction::PowerCycle)).unwrap();
        bench.ask(ResetWatchdogTimer).unwrap();
        pass(&mut bench, 11).await;
        assert!(bench.machine.performed().is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn it_waits_for_whatever_else_is_done_to_the_machine() {
        let mut bench = Bench::new();
        bench.machine.switch(true);
        bench.ask(set(TimeoutAction::PowerDown)).unwrap();
        bench.ask(ResetWatchdogTimer).unwrap();
        bench.machine.hold();
        bench.send(ChassisControl::HardReset);
        pass(&mut bench, 11).await;
        bench.machine.release();
        bench.settle().await;
        pass(&mut bench, 1).await;
        assert!(!bench.power().on);
    }

    #[tokio::test(start_paused = true)]
    async fn the_interrupt_comes_before_the_timeout() {
        let mut bench = Bench::new();
        bench.machine.switch(true);
        let mut warned = set(TimeoutAction::PowerDown);
        warned.actions.pre_timeout = PreTimeoutInterrupt::Nmi;
        warned.pre_timeout = 3;
        bench.ask(warned).unwrap();
        bench.ask(ResetWatchdogTimer).unwrap();
        pass(&mut bench, 7).await;
        let nmi = Performed::Power(PowerAction::Nmi);
        assert_eq!(bench.machine.performed(), [nmi]);
        pass(&mut bench, 3).await;
        assert!(!bench.power().on);
        warned.actions.pre_timeout = PreTimeoutInterrupt::Smi;
        let refused = Err(CompletionCode::InvalidDataField);
        assert_eq!(bench.ask(warned), refused);
    }
}
