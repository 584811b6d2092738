use super::*;
use crate::bmc::behaviour::testing::Bench;
use crate::host::simulated::Performed;
use ipmi_proto::command::chassis::ChassisControl;

const PXE_ONCE: BootFlags = BootFlags {
    valid: true,
    device: BootDevice::Pxe,
    ..BootFlags::NONE
};

fn write(parameter: BootParameter) -> SetSystemBootOptions {
    SetSystemBootOptions {
        mark_invalid: false,
        change: BootChange::Write(parameter),
    }
}

fn read(selector: BootSelector) -> GetSystemBootOptions {
    GetSystemBootOptions {
        selector,
        set: 0,
        block: 0,
    }
}

fn flags(bench: &mut Bench) -> BootFlags {
    match bench.ask(read(BootSelector::FLAGS)).unwrap().parameter {
        BootParameter::Flags(flags) => flags,
        other => panic!("{other:?}"),
    }
}

fn progress(bench: &mut Bench, state: SetInProgress) -> Result<(), CompletionCode> {
    bench.ask(write(BootParameter::SetInProgress(state)))
}

#[tokio::test]
async fn every_selector_reaches_the_host_and_comes_back() {
    for device in [
        host::BootDevice::Pxe,
        host::BootDevice::Disk,
        host::BootDevice::DiskSafeMode,
        host::BootDevice::DiagnosticPartition,
        host::BootDevice::Cdrom,
        host::BootDevice::BiosSetup,
        host::BootDevice::RemoteFloppy,
        host::BootDevice::RemoteCdrom,
        host::BootDevice::RemoteMedia,
        host::BootDevice::RemoteDisk,
        host::BootDevice::Floppy,
    ] {
        for (persistent, efi) in [(false, true), (true, false)] {
            let mut bench = Bench::new();
            let set = BootFlags {
                valid: true,
                persistent,
                efi,
                clear_cmos: true,
                lock_keyboard: true,
                device: device_of(device),
                ..BootFlags::NONE
            };
            assert_eq!(bench.ask(write(BootParameter::Flags(set))), Ok(()));
            let boot = Some(BootOverride {
                device,
                persistent,
                efi,
            });
            assert_eq!(bench.machine.performed(), [Performed::Boot(boot)]);
            assert_eq!(flags(&mut bench), set);
        }
    }
}

#[tokio::test]
async fn none_and_flags_that_are_not_valid_clear_the_override() {
    let none = BootFlags {
        device: BootDevice::None,
        ..PXE_ONCE
    };
    let invalid = BootFlags {
        valid: false,
        ..PXE_ONCE
    };
    for (clearing, left) in [(none, none), (invalid, BootFlags::NONE)] {
        let mut bench = Bench::new();
        bench.ask(write(BootParameter::Flags(PXE_ONCE))).unwrap();
        bench.ask(write(BootParameter::Flags(clearing))).unwrap();
        assert_eq!(
            bench.machine.performed().last(),
            Some(&Performed::Boot(None))
        );
        assert_eq!(flags(&mut bench), left);
    }
}

#[tokio::test]
async fn flags_can_be_written_one_field_at_a_time() {
    for persistent in [false, true] {
        let mut bench = Bench::new();
        let fields: [fn(&mut BootFlags, bool); 3] = [
            |flags, persistent| flags.persistent = persistent,
            |flags, _| flags.efi = true,
            |flags, _| flags.device = BootDevice::Pxe,
        ];
        for change in fields {
            let mut set = flags(&mut bench);
            set.valid = true;
            change(&mut set, persistent);
            bench.ask(write(BootParameter::Flags(set))).unwrap();
        }
        let boot = BootOverride {
            device: host::BootDevice::Pxe,
            persistent,
            efi: true,
        };
        assert_eq!(
            bench.machine.performed().last(),
            Some(&Performed::Boot(Some(boot)))
        );
    }
}

#[tokio::test]
async fn a_start_uses_flags_without_a_device_up_too() {
    let efi_once = BootFlags {
        efi: true,
        device: BootDevice::None,
        ..PXE_ONCE
    };
    for (control, left) in [
        (ChassisControl::PowerUp, efi_once),
        (ChassisControl::PowerCycle, BootFlags::NONE),
    ] {
        let mut bench = Bench::new();
        bench.machine.switch(true);
        bench.ask(write(BootParameter::Flags(efi_once))).unwrap();
        bench.ask(control).unwrap();
        assert_eq!(flags(&mut bench), left);
    }
}

#[tokio::test]
async fn a_start_uses_a_one_shot_override_up() {
    let mut bench = Bench::new();
    bench.ask(write(BootParameter::Flags(PXE_ONCE))).unwrap();
    bench.ask(ChassisControl::PowerUp).unwrap();
    assert!(!flags(&mut bench).valid);
}

#[tokio::test]
async fn an_override_from_before_our_start_is_reported() {
    let mut bench = Bench::new();
    bench.ask(write(BootParameter::Flags(PXE_ONCE))).unwrap();
    bench.behaviour.boot = Boot::default();
    assert_eq!(flags(&mut bench), PXE_ONCE);
}

#[tokio::test]
async fn a_failing_host_leaves_the_flags_as_they_were() {
    let mut bench = Bench::new();
    bench
        .machine
        .fail_next(host::HostError::Failed("no".to_owned()));
    let refused = bench.ask(write(BootParameter::Flags(PXE_ONCE)));
    assert_eq!(refused, Err(CompletionCode::Unspecified));
    assert_eq!(flags(&mut bench), BootFlags::NONE);
}

#[tokio::test(start_paused = true)]
async fn set_in_progress_is_held_by_one_session_and_lets_go_by_itself() {
    let mut bench = Bench::new();
    let taken = Err(CompletionCode::from(SetSystemBootOptions::SET_IN_PROGRESS));
    assert_eq!(progress(&mut bench, SetInProgress::InProgress), Ok(()));
    bench.session = 2;
    assert_eq!(progress(&mut bench, SetInProgress::InProgress), taken);
    assert_eq!(progress(&mut bench, SetInProgress::Complete), taken);
    let BootParameter::SetInProgress(state) = bench
        .ask(read(BootSelector::SET_IN_PROGRESS))
        .unwrap()
        .parameter
    else {
        panic!("another parameter")
    };
    assert_eq!(state, SetInProgress::InProgress);

    bench.session = 1;
    assert_eq!(progress(&mut bench, SetInProgress::Commit), Ok(()));
    bench.session = 2;
    assert_eq!(progress(&mut bench, SetInProgress::InProgress), Ok(()));
    bench.session = 1;
    assert_eq!(progress(&mut bench, SetInProgress::InProgress), taken);
    tokio::time::advance(HOLD).await;
    assert_eq!(progress(&mut bench, SetInProgress::InProgress), Ok(()));
    bench.session = 2;
    assert_eq!(progress(&mut bench, SetInProgress::InProgress), taken);
    bench.sessions.ended.push(1);
    assert_eq!(progress(&mut bench, SetInProgress::InProgress), Ok(()));
}

#[tokio::test]
async fn the_acknowledgement_changes_where_the_mask_says() {
    let mut bench = Bench::new();
    let info = |mask, handled| BootParameter::InfoAcknowledge(InfoAcknowledge { mask, handled });
    bench.ask(write(info(0x0F, 0x05))).unwrap();
    bench.ask(write(info(0x01, 0x00))).unwrap();
    let now = bench.ask(read(BootSelector::INFO_ACKNOWLEDGE)).unwrap();
    assert_eq!(now.parameter, info(0, 0x04));
}

#[tokio::test]
async fn a_request_without_data_marks_and_changes_nothing() {
    let mut bench = Bench::new();
    bench.ask(write(BootParameter::Flags(PXE_ONCE))).unwrap();
    let mark = SetSystemBootOptions {
        mark_invalid: true,
        change: BootChange::MarkOnly(BootSelector::FLAGS),
    };
    bench.ask(mark).unwrap();
    let now = bench.ask(read(BootSelector::FLAGS)).unwrap();
    assert!(now.invalid);
    assert_eq!(now.parameter, BootParameter::Flags(PXE_ONCE));
    assert!(
        !bench
            .ask(read(BootSelector::INFO_ACKNOWLEDGE))
            .unwrap()
            .invalid
    );
}

#[tokio::test]
async fn the_mailbox_has_five_blocks() {
    let mut bench = Bench::new();
    let block =
        |number, data: &[u8]| BootParameter::Mailbox(MailboxBlock::new(number, data).unwrap());
    bench.ask(write(block(4, b"sixteen bytes..."))).unwrap();
    let out_of_range = Err(CompletionCode::ParameterOutOfRange);
    assert_eq!(bench.ask(write(block(5, b""))), out_of_range);
    let mut get = read(BootSelector::MAILBOX);
    assert_eq!(bench.ask(get).unwrap().parameter, block(0, &[0; 16]));
    get.set = 4;
    assert_eq!(
        bench.ask(get).unwrap().parameter,
        block(4, b"sixteen bytes...")
    );
    get.set = 5;
    assert_eq!(bench.ask(get).map(drop), out_of_range);
}

#[tokio::test]
async fn other_parameters_do_not_exist() {
    let mut bench = Bench::new();
    for number in [8, 96, 127] {
        let selector = BootSelector::new(number);
        assert_eq!(
            bench.ask(read(selector)).map(drop),
            Err(GetSystemBootOptions::NOT_SUPPORTED.into())
        );
        let data = vec![0];
        assert_eq!(
            bench.ask(write(BootParameter::Other { selector, data })),
            Err(SetSystemBootOptions::NOT_SUPPORTED.into())
        );
    }
}

mod expiry {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    fn bench() -> Bench {
        Bench::with(|settings| settings.boot_flags_expiry = Some(MINUTE))
    }

    async fn valid_after_a_minute(bench: &mut Bench) -> bool {
        tokio::time::advance(MINUTE).await;
        bench.behaviour.timeout(Instant::now());
        flags(bench).valid
    }

    #[tokio::test(start_paused = true)]
    async fn flags_without_a_chassis_control_expire() {
        let mut bench = bench();
        bench.ask(write(BootParameter::Flags(PXE_ONCE))).unwrap();
        assert_eq!(bench.behaviour.deadline(), Some(Instant::now() + MINUTE));
        assert!(!valid_after_a_minute(&mut bench).await);
        assert_eq!(bench.behaviour.deadline(), None);
    }

    #[tokio::test(start_paused = true)]
    async fn parameter_3_keeps_them() {
        let mut bench = bench();
        let keep = ValidBitClearing {
            keep_on_timeout: true,
            ..ValidBitClearing::default()
        };
        bench
            .ask(write(BootParameter::ValidBitClearing(keep)))
            .unwrap();
        bench.ask(write(BootParameter::Flags(PXE_ONCE))).unwrap();
        assert!(valid_after_a_minute(&mut bench).await);
    }

    #[tokio::test(start_paused = true)]
    async fn a_chassis_control_keeps_them() {
        let mut bench = bench();
        bench.ask(write(BootParameter::Flags(PXE_ONCE))).unwrap();
        bench.ask(ChassisControl::PowerDown).unwrap();
        assert!(valid_after_a_minute(&mut bench).await);
    }

    #[tokio::test(start_paused = true)]
    async fn by_default_they_stay() {
        let mut bench = Bench::new();
        bench.ask(write(BootParameter::Flags(PXE_ONCE))).unwrap();
        assert!(valid_after_a_minute(&mut bench).await);
    }
}
