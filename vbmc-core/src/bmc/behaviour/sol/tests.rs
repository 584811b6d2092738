//! Consoles on a machine in memory.

use std::sync::OnceLock;
use std::time::{Instant, SystemTime};

use ipmi_proto::bmc::{Deactivation, PayloadProtection};
use ipmi_proto::command::app::{
    ActivatePayload, ActivatedPayload, DeactivatePayload, GetPayloadActivationStatus,
    GetPayloadInstanceInfo, GetUserPayloadAccess, PayloadInstance, PayloadInstances, PayloadNumber,
    PayloadRequest, PayloadSet, SerialAlerts, SetUserPayloadAccess, SolActivation, UserId,
};
use ipmi_proto::command::transport::{
    GetSolConfigurationParameters, SetSolConfigurationParameters, SolAccumulation,
    SolAuthentication, SolParameter, SolSelector,
};
use ipmi_proto::command::{Channel, ParameterData, SetInProgress};
use ipmi_proto::sol::{Config, Control, Operation, Packet, Port, Role, Sequence};
use ipmi_proto::wire::Decode as _;
use ipmi_proto::{CompletionCode, Privilege, Time};

use crate::bmc::behaviour::Effect;
use crate::bmc::behaviour::testing::Bench;
use crate::host::HostError;
use crate::host::simulated::Serial;
use crate::host::{Change, Happening, Host as _, StopReason};

const ENCRYPTED: PayloadProtection = PayloadProtection {
    encrypted: true,
    authenticated: true,
};

const ACTIVATE: ActivatePayload = activate(true);

const DEACTIVATE: DeactivatePayload = DeactivatePayload {
    payload: PayloadNumber::SOL,
    instance: PayloadInstance::FIRST,
};

const fn activate(encrypted: bool) -> ActivatePayload {
    ActivatePayload {
        instance: PayloadInstance::FIRST,
        payload: PayloadRequest::Sol(SolActivation {
            encrypted,
            authenticated: true,
            test_mode: false,
            alerts: SerialAlerts::Fail,
            deferred_handshake: false,
        }),
    }
}

fn bench(on: bool) -> (Bench, Serial) {
    bench_with(on, 0)
}

fn bench_with(on: bool, history: usize) -> (Bench, Serial) {
    let mut bench = Bench::with(|settings| settings.console_history = history);
    bench.sessions.protection = Some(ENCRYPTED);
    let serial = bench.machine.plug_in_serial();
    bench.machine.switch(on);
    bench.behaviour.keep_history();
    (bench, serial)
}

fn switch(bench: &mut Bench, on: bool) {
    bench.machine.switch(on);
    bench.behaviour.happened(Change {
        at: SystemTime::now(),
        what: if on {
            Happening::Started
        } else {
            Happening::Stopped(StopReason::Destroyed)
        },
    });
}

/// Activates the payload, and gives the endpoint's port.
async fn port(bench: &mut Bench) -> Port {
    let number = bench.send(ACTIVATE);
    // At once, where the console is open already.
    let answer = loop {
        match bench.answer(number) {
            Some(answer) => break answer,
            None => bench.settle().await,
        }
    };
    let activated = ActivatedPayload::decode(&answer.unwrap()).unwrap();
    assert_eq!(activated.port, 623);
    let activation = bench.behaviour.take_activation().unwrap();
    assert_eq!(activation.session, bench.session);
    let mut port = Port::new(Role::Bmc, activation.config);
    port.begin_available(activation.available);
    port
}

/// What the console gets, until that is `expected`.
async fn hears(bench: &mut Bench, port: &mut Port, expected: &[u8]) {
    static ORIGIN: OnceLock<Instant> = OnceLock::new();
    let origin = ORIGIN.get_or_init(Instant::now);
    let mut console = Port::new(Role::Console, Config::console());
    let mut heard = Vec::new();
    while heard.len() < expected.len() {
        bench.behaviour.line().unwrap().1.exchange(port);
        // The port gathers bytes for a while.
        let now = Time::from_origin(origin.elapsed());
        while let Some(packet) = port.poll_transmit(now) {
            console.handle(now, &packet);
        }
        heard.extend(console.read(usize::MAX));
        while let Some(packet) = console.poll_transmit(now) {
            port.handle(now, &packet);
        }
        if heard.len() < expected.len() {
            tokio::task::yield_now().await;
        }
    }
    assert_eq!(heard, expected);
}

fn types(port: &mut Port, number: u8, data: &[u8], generate_break: bool) {
    let packet = Packet {
        sequence: Sequence::new(number),
        ack: None,
        nack: false,
        control: Control::Operation(Operation {
            generate_break,
            ..Operation::default()
        }),
        data,
    };
    port.handle(Time::ORIGIN, &packet);
}

async fn until(bench: &mut Bench, port: &mut Port, done: impl Fn() -> bool) {
    while !done() {
        bench.behaviour.line().unwrap().1.exchange(port);
        tokio::task::yield_now().await;
    }
}

#[tokio::test(start_paused = true)]
async fn bytes_and_breaks_go_both_ways() {
    let (mut bench, serial) = bench(true);
    let mut port = port(&mut bench).await;
    serial.say(b"login: ");
    hears(&mut bench, &mut port, b"login: ").await;
    types(&mut port, 1, b"root", false);
    until(&mut bench, &mut port, || serial.heard() == b"root").await;
    types(&mut port, 2, b"", true);
    until(&mut bench, &mut port, || serial.breaks() == 1).await;
}

#[tokio::test(start_paused = true)]
async fn a_machine_that_is_off_keeps_the_session_and_comes_alive() {
    let (mut bench, serial) = bench(false);
    let mut port = port(&mut bench).await;
    assert!(!port.is_available());
    for _ in 0..2 {
        switch(&mut bench, true);
        until(&mut bench, &mut port, || serial.is_open()).await;
        serial.say(b"hello");
        hears(&mut bench, &mut port, b"hello").await;
        assert!(port.is_available());
        switch(&mut bench, false);
        while port.is_available() {
            bench.behaviour.line().unwrap().1.exchange(&mut port);
            tokio::task::yield_now().await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn one_session_at_a_time_has_it_and_any_may_end_it() {
    let (mut bench, serial) = bench(true);
    let _port = port(&mut bench).await;
    bench.session = 2;
    let taken = Err(ActivatePayload::ALREADY_ACTIVE.into());
    assert_eq!(bench.ask(ACTIVATE), taken);
    let (payload, instance) = (PayloadNumber::SOL, PayloadInstance::FIRST);
    let status = bench.ask(GetPayloadActivationStatus { payload }).unwrap();
    assert_eq!(status.capacity, 1);
    assert!(status.active.contains(instance));
    let info = bench
        .ask(GetPayloadInstanceInfo { payload, instance })
        .unwrap();
    assert_eq!(info.session, Some(1));

    assert_eq!(bench.ask(DEACTIVATE), Ok(()));
    let effect = Effect::DeactivateSol {
        session: 1,
        reason: Deactivation::Taken,
    };
    assert_eq!(bench.behaviour.take_effects(), [effect]);
    let none = Err(DeactivatePayload::ALREADY_DEACTIVATED.into());
    assert_eq!(bench.ask(DEACTIVATE), none);
    let status = bench.ask(GetPayloadActivationStatus { payload }).unwrap();
    assert_eq!(status.active, PayloadInstances::NONE);

    // The last console is being closed while the next one is opened.
    let _port = port(&mut bench).await;
    assert!(serial.is_open());
    assert_eq!(bench.ask(DEACTIVATE), Ok(()));
    let effect = Effect::DeactivateSol {
        session: 2,
        reason: Deactivation::Asked,
    };
    assert_eq!(bench.behaviour.take_effects(), [effect]);
    while serial.is_open() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_session_that_has_ended_has_nothing() {
    let (mut bench, _serial) = bench(true);
    let _port = port(&mut bench).await;
    bench.sessions.ended.push(1);
    bench.session = 2;
    let _port = port(&mut bench).await;
}

#[tokio::test(start_paused = true)]
async fn what_stands_in_the_way_is_told() {
    let (mut bench, _serial) = bench(true);
    bench.machine.make_unavailable();
    let busy = Err(CompletionCode::NodeBusy);
    assert_eq!(bench.change(ACTIVATE).await, busy);
    bench.machine.repair();

    bench.sessions.protection = None;
    let disabled = Err(ActivatePayload::DISABLED.into());
    assert_eq!(bench.ask(ACTIVATE), disabled, "IPMI 1.5");
    bench.sessions.protection = Some(PayloadProtection {
        encrypted: false,
        ..ENCRYPTED
    });
    assert_eq!(
        bench.ask(ACTIVATE),
        Err(ActivatePayload::CANNOT_ENCRYPT.into())
    );
    let second = ActivatePayload {
        instance: PayloadInstance::new(2).unwrap(),
        ..ACTIVATE
    };
    assert_eq!(
        bench.ask(second),
        Err(ActivatePayload::LIMIT_REACHED.into())
    );

    let mut without = Bench::new();
    without.sessions.protection = Some(ENCRYPTED);
    assert_eq!(without.change(ACTIVATE).await, disabled, "no serial port");
}

#[tokio::test(start_paused = true)]
async fn a_console_that_somebody_else_has_is_waited_for_a_little() {
    let (mut bench, _serial) = bench(true);
    let theirs = bench.machine.console().wait().await.unwrap();
    let taken = Err(ActivatePayload::ALREADY_ACTIVE.into());
    assert_eq!(bench.change(ACTIVATE).await, taken);
    let number = bench.send(ACTIVATE);
    assert!(bench.answer(number).is_none());
    drop(theirs);
    while bench.answer(number).is_none() {
        bench.settle().await;
    }
    assert!(bench.answer(number).unwrap().is_ok());
}

#[tokio::test(start_paused = true)]
async fn history_is_shown_once_and_ends_with_the_machine_s_run() {
    let (mut bench, serial) = bench_with(true, 100);
    while !serial.is_open() {
        tokio::task::yield_now().await;
    }
    serial.say(b"booting");
    // Nobody is there to see it.
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
    let mut first = port(&mut bench).await;
    serial.say(b", booted");
    hears(&mut bench, &mut first, b"booting, booted").await;
    bench.ask(DEACTIVATE).unwrap();
    assert!(serial.is_open(), "history goes on");

    switch(&mut bench, false);
    switch(&mut bench, true);
    while !serial.is_open() {
        tokio::task::yield_now().await;
    }
    serial.say(b"again");
    let mut second = port(&mut bench).await;
    hears(&mut bench, &mut second, b"again").await;
}

fn set(parameter: SolParameter) -> SetSolConfigurationParameters {
    let channel = Channel::new(1);
    SetSolConfigurationParameters { channel, parameter }
}

fn get(bench: &mut Bench, selector: SolSelector) -> SolParameter {
    let ParameterData { data } = bench
        .ask(GetSolConfigurationParameters {
            channel: Channel::PRESENT,
            revision_only: false,
            selector,
            set: 0,
            block: 0,
        })
        .unwrap();
    SolParameter::decode_value(selector, &data).unwrap()
}

#[tokio::test]
async fn parameters_are_kept_and_hold() {
    let (mut bench, _serial) = bench(true);
    let authentication = SolParameter::Authentication(SolAuthentication {
        force_encryption: true,
        force_authentication: true,
        privilege: Privilege::Oem,
    });
    bench.change(set(authentication.clone())).await.unwrap();
    let refused = Err(CompletionCode::InsufficientPrivilege);
    assert_eq!(bench.ask(ACTIVATE), refused);
    let mut restarted = bench.restart();
    assert_eq!(
        get(&mut restarted, SolSelector::AUTHENTICATION),
        authentication
    );

    let authentication = SolParameter::Authentication(SolAuthentication {
        force_encryption: true,
        force_authentication: false,
        privilege: Privilege::User,
    });
    bench.change(set(authentication)).await.unwrap();
    let refused = Err(ActivatePayload::MUST_ENCRYPT.into());
    assert_eq!(bench.ask(activate(false)), refused);
    bench
        .change(set(SolParameter::Enable(false)))
        .await
        .unwrap();
    assert_eq!(bench.ask(ACTIVATE), Err(ActivatePayload::DISABLED.into()));
}

#[tokio::test]
async fn some_parameters_cannot_be_set() {
    let (mut bench, _serial) = bench(true);
    type Set = SetSolConfigurationParameters;
    let read_only = Err(Set::READ_ONLY.into());
    assert_eq!(bench.ask(set(SolParameter::PayloadPort(624))), read_only);
    let channel = SolParameter::PayloadChannel(Channel::new(2));
    assert_eq!(bench.ask(set(channel)), read_only);
    let interval = SolParameter::Accumulation(SolAccumulation {
        interval: 0,
        threshold: 1,
    });
    assert_eq!(
        bench.ask(set(interval)),
        Err(CompletionCode::InvalidDataField)
    );

    let begin = SolParameter::SetInProgress(SetInProgress::InProgress);
    bench.ask(set(begin.clone())).unwrap();
    bench.session = 2;
    assert_eq!(get(&mut bench, SolSelector::SET_IN_PROGRESS), begin);
    assert_eq!(
        bench.ask(set(begin.clone())),
        Err(Set::SET_IN_PROGRESS.into())
    );
    bench.sessions.ended.push(1);
    bench.ask(set(begin)).unwrap();
}

#[tokio::test]
async fn users_lose_and_regain_the_console() {
    let (mut bench, _serial) = bench(true);
    let (channel, user) = (Channel::new(1), UserId::new(2).unwrap());
    let sol = PayloadSet::EMPTY.with(PayloadNumber::SOL);
    let access = GetUserPayloadAccess { channel, user };
    assert_eq!(bench.ask(access).unwrap().0, sol);
    let change = |enable| SetUserPayloadAccess {
        channel,
        user,
        enable,
        payloads: sol,
    };
    bench.change(change(false)).await.unwrap();
    assert_eq!(bench.ask(access).unwrap().0, PayloadSet::EMPTY);
    assert_eq!(bench.ask(ACTIVATE), Err(ActivatePayload::DISABLED.into()));
    bench.change(change(true)).await.unwrap();
    let _port = port(&mut bench).await;
}

#[tokio::test(start_paused = true)]
async fn a_console_that_never_opens_is_given_up() {
    let (mut bench, serial) = bench(true);
    let theirs = bench.machine.console().wait().await.unwrap();
    bench
        .machine
        .break_with(HostError::Denied("not you".to_owned()));
    let refused = Err(CompletionCode::SubFunctionDisabled);
    assert_eq!(bench.change(ACTIVATE).await, refused);
    drop(theirs);
    assert!(!serial.is_open());
}
