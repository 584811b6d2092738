use super::*;

const PXE_ONCE: BootOverride = BootOverride {
    device: BootDevice::Pxe,
    persistent: false,
    efi: false,
};

fn now<T>(reply: Reply<T>) -> Result<T, HostError> {
    match reply {
        Reply::Now(result) => result,
        Reply::Later(_) => panic!("an answer that is known was put off"),
    }
}

fn on(machine: &Machine) -> bool {
    now(machine.power()).unwrap().on
}

#[tokio::test(start_paused = true)]
async fn counts_starts_and_time_on() {
    let machine = Machine::new("a");
    now(machine.control(PowerAction::On)).unwrap();
    now(machine.control(PowerAction::On)).unwrap();
    tokio::time::advance(Duration::from_secs(5)).await;
    now(machine.control(PowerAction::Off)).unwrap();
    tokio::time::advance(Duration::from_secs(5)).await;
    let status = now(machine.power()).unwrap();
    assert_eq!(
        status,
        PowerStatus {
            on: false,
            starts: 1,
            powered: Duration::from_secs(5)
        }
    );
}

#[test]
fn a_machine_that_is_off_refuses_what_needs_it_on() {
    let machine = Machine::new("a");
    for action in [
        PowerAction::Cycle,
        PowerAction::Reset,
        PowerAction::Nmi,
        PowerAction::Shutdown,
    ] {
        assert!(
            matches!(now(machine.control(action)), Err(HostError::WrongState(_))),
            "{action:?}"
        );
    }
    now(machine.control(PowerAction::Off)).unwrap();
    assert_eq!(machine.performed(), [Performed::Power(PowerAction::Off)]);
}

#[test]
fn a_one_shot_override_is_spent_by_the_start_and_a_persistent_one_is_not() {
    let machine = Machine::new("a");
    now(machine.set_boot(Some(PXE_ONCE))).unwrap();
    now(machine.control(PowerAction::On)).unwrap();
    assert_eq!(machine.booted_from(), Some(BootDevice::Pxe));
    assert_eq!(now(machine.boot()), Ok(None));
    now(machine.control(PowerAction::Cycle)).unwrap();
    assert_eq!(machine.booted_from(), None);

    let persistent = BootOverride {
        persistent: true,
        ..PXE_ONCE
    };
    now(machine.set_boot(Some(persistent))).unwrap();
    now(machine.control(PowerAction::Cycle)).unwrap();
    assert_eq!(now(machine.boot()), Ok(Some(persistent)));
}

#[tokio::test]
async fn held_actions_take_effect_when_released() {
    let machine = Machine::new("a");
    machine.hold();
    let Reply::Later(action) = machine.control(PowerAction::On) else {
        panic!("not held")
    };
    let action = tokio::spawn(action);
    assert!(!on(&machine));
    machine.release();
    action.await.unwrap().unwrap();
    assert!(on(&machine));
}

#[test]
fn faults_come_and_go() {
    let machine = Machine::new("a");
    machine.fail_next(HostError::Failed("once".into()));
    assert!(now(machine.control(PowerAction::On)).is_err());
    now(machine.control(PowerAction::On)).unwrap();
    machine.make_unavailable();
    assert!(matches!(
        now(machine.power()),
        Err(HostError::Unavailable(_))
    ));
    assert!(now(machine.control(PowerAction::Off)).is_err());
    machine.repair();
    assert!(on(&machine));
}
