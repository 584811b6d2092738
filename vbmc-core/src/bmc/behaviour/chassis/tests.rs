use super::*;

use ipmi_proto::command::chassis::{
    GetChassisCapabilities, GetChassisStatus, GetSystemRestartCause,
};

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

#[tokio::test(start_paused = true)]
async fn an_action_that_comes_again_at_once_is_answered_and_not_done_again() {
    let again = |times: usize| vec![Performed::Power(PowerAction::Reset); times];
    let mut bench = Bench::new();
    bench.machine.switch(true);
    for _ in 0..3 {
        assert_eq!(bench.ask(ChassisControl::HardReset), Ok(()));
        tokio::time::advance(Duration::from_millis(900)).await;
    }
    assert_eq!(bench.machine.performed(), again(1));
    tokio::time::advance(Duration::from_millis(100)).await;
    bench.ask(ChassisControl::HardReset).unwrap();
    assert_eq!(bench.machine.performed(), again(2), "too late for that");
    bench.session = 2;
    bench.ask(ChassisControl::HardReset).unwrap();
    assert_eq!(bench.machine.performed(), again(3), "somebody else's");
    bench.machine.fail_next(HostError::Failed(String::new()));
    bench.ask(ChassisControl::PowerCycle).unwrap_err();
    bench.ask(ChassisControl::PowerCycle).unwrap();
    let cycle = Performed::Power(PowerAction::Cycle);
    assert_eq!(bench.machine.performed().last(), Some(&cycle));
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
    assert!(!status(&mut bench).power.on);
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
    let changed = bench.change(set(policy)).await;
    assert_eq!(changed, Ok(SupportedPolicies::ALL));
    assert_eq!(bench.ask(set(None)), Ok(SupportedPolicies::ALL));
    let status = bench.ask(GetChassisStatus).unwrap();
    assert_eq!(status.power.restore_policy, policy);
    let kept = bench.store.state().chassis.restore;
    assert_eq!(kept, Some(RestorePolicy::AlwaysOn));
}

#[tokio::test]
async fn a_policy_that_cannot_be_saved_is_not_in_force() {
    let mut bench = Bench::new();
    bench.store.fail(std::io::ErrorKind::StorageFull);
    let policy = Some(PowerRestorePolicy::AlwaysOn);
    let refused = bench.change(SetPowerRestorePolicy { policy }).await;
    assert_eq!(refused, Err(CompletionCode::Unspecified));
    let status = bench.ask(GetChassisStatus).unwrap();
    assert_eq!(status.power.restore_policy, None);
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

#[tokio::test]
async fn the_restart_cause_is_ours_until_somebody_else_starts_the_machine() {
    let mut bench = Bench::new();
    let cause = |bench: &mut Bench| bench.ask(GetSystemRestartCause).unwrap().cause;
    assert_eq!(cause(&mut bench), RestartCause::Unknown);
    bench.ask(ChassisControl::PowerUp).unwrap();
    assert_eq!(cause(&mut bench), RestartCause::ChassisControl);
    bench.machine.switch(false);
    bench.machine.switch(true);
    assert_eq!(cause(&mut bench), RestartCause::Unknown);
}

#[tokio::test(start_paused = true)]
async fn the_restart_cause_is_that_of_the_last_reset() {
    let mut bench = Bench::new();
    let cause = |bench: &mut Bench| bench.ask(GetSystemRestartCause).unwrap().cause;
    let happens = |bench: &mut Bench, what| {
        let at = std::time::SystemTime::now();
        bench.behaviour.happened(crate::host::Change { at, what });
    };
    bench.ask(ChassisControl::PowerUp).unwrap();
    happens(&mut bench, Happening::Reset);
    assert_eq!(cause(&mut bench), RestartCause::Unknown, "by itself");
    let status = bench.ask(GetChassisStatus).unwrap();
    assert!(status.last_event.on_by_command, "it was not off since");

    tokio::time::advance(ECHO).await;
    let expired = Happening::WatchdogExpired(WatchdogAction::Reset);
    for what in [expired, Happening::Reset, Happening::Reset] {
        happens(&mut bench, what);
        bench.settle_all().await;
    }
    assert_eq!(cause(&mut bench), RestartCause::Watchdog);

    tokio::time::advance(ECHO).await;
    bench.ask(ChassisControl::HardReset).unwrap();
    happens(&mut bench, Happening::Reset);
    assert_eq!(cause(&mut bench), RestartCause::ChassisControl);

    bench.machine.switch(false);
    bench.machine.switch(true);
    assert_eq!(cause(&mut bench), RestartCause::Unknown);
    tokio::time::advance(ECHO).await;
    bench.ask(ChassisControl::HardReset).unwrap();
    assert_eq!(cause(&mut bench), RestartCause::ChassisControl);
    let status = bench.ask(GetChassisStatus).unwrap();
    assert!(!status.last_event.on_by_command, "it was only reset");
}

#[tokio::test(start_paused = true)]
async fn the_identify_light_goes_out_by_itself() {
    let mut bench = Bench::new();
    let light = |bench: &mut Bench| bench.ask(GetChassisStatus).unwrap().misc.identify;
    assert_eq!(light(&mut bench), Some(IdentifyState::Off));
    let seconds = 15.try_into().unwrap();
    bench.ask(ChassisIdentify::Timed(seconds)).unwrap();
    assert_eq!(light(&mut bench), Some(IdentifyState::Timed));
    tokio::time::advance(Duration::from_secs(15)).await;
    assert_eq!(light(&mut bench), Some(IdentifyState::Off));
    bench.ask(ChassisIdentify::Indefinite).unwrap();
    assert_eq!(light(&mut bench), Some(IdentifyState::Indefinite));
    bench.ask(ChassisIdentify::Off).unwrap();
    assert_eq!(light(&mut bench), Some(IdentifyState::Off));
}

#[tokio::test]
async fn a_power_cycle_waits_for_nobody_and_says_so() {
    let mut bench = Bench::new();
    let set = |seconds| SetPowerCycleInterval { seconds };
    assert_eq!(bench.ask(set(0)), Ok(()));
    let refused = Err(CompletionCode::ParameterOutOfRange);
    assert_eq!(bench.ask(set(10)), refused);
}

#[tokio::test]
async fn capabilities_are_kept_but_for_what_is_read_only() {
    let mut bench = Bench::new();
    let set = ChassisCapabilities {
        intrusion_sensor: true,
        fru: 0x24,
        ..ChassisCapabilities::default()
    };
    bench.ask(SetChassisCapabilities(set)).unwrap();
    let diagnostic_interrupt = true;
    assert_eq!(
        bench.ask(GetChassisCapabilities),
        Ok(ChassisCapabilities {
            diagnostic_interrupt,
            ..set
        })
    );
}
