//! Machines in memory, with faults to switch on: for examples, unit tests and load figures.
//!
//! They behave as the libvirt host does (which actions a machine refuses while it is off, when a one-shot boot override
//! is spent), and nothing here does IO.

mod serial;

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::watch;
use tokio::time::Instant;

use super::{
    BootDevice, BootOverride, BoxFuture, CheckError, Console, Figures, Guest, Host, HostError,
    Hosts, Identity, PowerAction, PowerStatus, Reply, Target,
};

pub use serial::Serial;

/// A machine in memory. Clones are the same machine.
#[derive(Debug, Clone)]
pub struct Machine(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    /// Whether actions wait before they take effect.
    held: watch::Sender<bool>,
}

#[derive(Debug)]
struct State {
    identity: Identity,
    on_since: Option<Instant>,
    powered: Duration,
    starts: u64,
    boot: Option<BootOverride>,
    booted_from: Option<BootDevice>,
    figures: Option<Figures>,
    /// Whether the figures are from before the machine was switched.
    stale: bool,
    guest: Option<Guest>,
    performed: Vec<Performed>,
    fault: Option<HostError>,
    fail_next: Option<HostError>,
    serial: Option<Serial>,
}

/// Something that was done to a [`Machine`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Performed {
    /// A power action.
    Power(PowerAction),
    /// A change of the boot override.
    Boot(Option<BootOverride>),
}

impl Machine {
    /// A machine that is off, with a UUID and a MAC made from its name.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        let name = name.into();
        let mut hasher = DefaultHasher::new();
        name.hash(&mut hasher);
        let hash = hasher.finish().to_be_bytes();
        let mut uuid = [0; 16];
        uuid[..8].copy_from_slice(&hash);
        uuid[8..].copy_from_slice(&hash);
        // Version 4, variant 1: what a random UUID looks like.
        uuid[6] = uuid[6] & 0x0f | 0x40;
        uuid[8] = uuid[8] & 0x3f | 0x80;
        Self::with_identity(Identity {
            uuid,
            name,
            macs: vec![[0x52, 0x54, 0x00, hash[5], hash[6], hash[7]]],
            vcpus: 1,
            memory: 1 << 30,
            ..Identity::default()
        })
    }

    /// A machine that is off and says that it is `identity`.
    #[must_use]
    pub fn with_identity(identity: Identity) -> Self {
        Self(Arc::new(Shared {
            state: Mutex::new(State {
                identity,
                on_since: None,
                powered: Duration::ZERO,
                starts: 0,
                boot: None,
                booted_from: None,
                figures: None,
                stale: false,
                guest: None,
                performed: Vec::new(),
                fault: None,
                fail_next: None,
                serial: None,
            }),
            held: watch::Sender::new(false),
        }))
    }

    /// What was done so far through [`Host`], oldest first. What failed is not among it.
    #[must_use]
    pub fn performed(&self) -> Vec<Performed> {
        self.0.state.lock().performed.clone()
    }

    /// The override that the present run was started with, if the machine is on and there was one.
    #[must_use]
    pub fn booted_from(&self) -> Option<BootDevice> {
        self.0.state.lock().booted_from
    }

    /// Gives the machine a serial port.
    pub fn plug_in_serial(&self) -> Serial {
        let serial = Serial::default();
        self.0.state.lock().serial = Some(serial.clone());
        serial
    }

    /// Switches the machine as somebody else would: unrecorded, and whatever faults are on.
    pub fn switch(&self, on: bool) {
        let mut state = self.0.state.lock();
        if on { state.start() } else { state.stop() }
    }

    /// What the machine does whenever it is on. Until this is called, it does not tell.
    pub fn set_figures(&self, figures: Figures) {
        let mut state = self.0.state.lock();
        state.figures = Some(figures);
        state.stale = false;
    }

    /// Makes it tell these figures also while it is off, as a host does that has sampled it a moment ago.
    pub fn set_stale_figures(&self, figures: Figures) {
        let mut state = self.0.state.lock();
        state.figures = Some(figures);
        state.stale = true;
    }

    /// Who the machine's operating system says that it is. Until this is called, it has no agent.
    pub fn set_guest(&self, guest: Guest) {
        self.0.state.lock().guest = Some(guest);
    }

    /// Redefines the machine.
    pub fn set_identity(&self, identity: Identity) {
        self.0.state.lock().identity = identity;
    }

    /// Makes every call answer `error` until [`repair`](Self::repair).
    pub fn break_with(&self, error: HostError) {
        self.0.state.lock().fault = Some(error);
    }

    /// Makes every call answer [`HostError::Unavailable`] until [`repair`](Self::repair).
    pub fn make_unavailable(&self) {
        self.break_with(HostError::Unavailable("switched off by the test".into()));
    }

    /// Takes back [`break_with`](Self::break_with), [`make_unavailable`](Self::make_unavailable) and
    /// [`fail_next`](Self::fail_next).
    pub fn repair(&self) {
        let mut state = self.0.state.lock();
        state.fault = None;
        state.fail_next = None;
    }

    /// Makes the next power action or boot override fail with `error`, once.
    pub fn fail_next(&self, error: HostError) {
        self.0.state.lock().fail_next = Some(error);
    }

    /// Makes power actions and boot overrides wait until [`release`](Self::release), as on a slow hypervisor. The power
    /// state and the identity are answered meanwhile.
    pub fn hold(&self) {
        self.0.held.send_replace(true);
    }

    /// Lets everything go on that [`hold`](Self::hold) kept waiting.
    pub fn release(&self) {
        self.0.held.send_replace(false);
    }

    /// Runs `change` now, or when the machine is released.
    fn act(
        &self,
        change: impl FnOnce(&mut State) -> Result<(), HostError> + Send + 'static,
    ) -> Reply<()> {
        if !*self.0.held.borrow() {
            return Reply::Now(self.0.state.lock().act(change));
        }
        let shared = Arc::clone(&self.0);
        let mut held = shared.held.subscribe();
        Reply::later(async move {
            // Fails only when the sender is gone, and `shared` keeps it.
            let _ = held.wait_for(|held| !held).await;
            shared.state.lock().act(change)
        })
    }
}

impl State {
    fn fault(&self) -> Result<(), HostError> {
        self.fault.clone().map_or(Ok(()), Err)
    }

    fn act(
        &mut self,
        change: impl FnOnce(&mut Self) -> Result<(), HostError>,
    ) -> Result<(), HostError> {
        self.fault()?;
        self.fail_next.take().map_or(Ok(()), Err)?;
        change(self)
    }

    fn start(&mut self) {
        if self.on_since.is_some() {
            return;
        }
        self.on_since = Some(Instant::now());
        self.starts += 1;
        self.booted_from = self.boot.map(|boot| boot.device);
        self.boot = self.boot.filter(|boot| boot.persistent);
    }

    fn stop(&mut self) {
        if let Some(since) = self.on_since.take() {
            self.powered += since.elapsed();
        }
        if let Some(serial) = &self.serial {
            serial.end();
        }
        self.booted_from = None;
    }

    fn control(&mut self, action: PowerAction) -> Result<(), HostError> {
        let on = self.on_since.is_some();
        match action {
            PowerAction::On => self.start(),
            PowerAction::Off => self.stop(),
            _ if !on => {
                return Err(HostError::WrongState(format!(
                    "{} is off",
                    self.identity.name
                )));
            }
            PowerAction::Cycle => {
                self.stop();
                self.start();
            }
            // A reset reads the boot order anew only where an override waits for it.
            PowerAction::Reset if self.boot.is_some_and(|boot| !boot.persistent) => {
                self.stop();
                self.start();
            }
            PowerAction::Reset | PowerAction::Nmi => {}
            PowerAction::Shutdown => self.stop(),
        }
        self.performed.push(Performed::Power(action));
        Ok(())
    }
}

impl Host for Machine {
    fn power(&self) -> Reply<PowerStatus> {
        let state = self.0.state.lock();
        Reply::Now(state.fault().map(|()| {
            PowerStatus {
                on: state.on_since.is_some(),
                starts: state.starts,
                powered: state.powered
                    + state
                        .on_since
                        .map_or(Duration::ZERO, |since| since.elapsed()),
            }
        }))
    }

    fn control(&self, action: PowerAction) -> Reply<()> {
        self.act(move |state| state.control(action))
    }

    fn boot(&self) -> Reply<Option<BootOverride>> {
        let state = self.0.state.lock();
        Reply::Now(state.fault().map(|()| state.boot))
    }

    fn set_boot(&self, boot: Option<BootOverride>) -> Reply<()> {
        self.act(move |state| {
            state.boot = boot;
            state.performed.push(Performed::Boot(boot));
            Ok(())
        })
    }

    fn guest(&self) -> Reply<Guest> {
        let state = self.0.state.lock();
        let missing = || HostError::Unsupported("a guest agent: none was set".into());
        Reply::Now(
            state
                .fault()
                .and_then(|()| state.guest.clone().ok_or_else(missing)),
        )
    }

    fn figures(&self) -> Reply<Figures> {
        let state = self.0.state.lock();
        Reply::Now(state.fault().and_then(|()| match state.figures {
            Some(figures) if state.stale || state.on_since.is_some() => Ok(figures),
            Some(_) => Ok(Figures::default()),
            None => Err(HostError::Unsupported("figures: none were set".into())),
        }))
    }

    fn identity(&self) -> Reply<Identity> {
        let state = self.0.state.lock();
        Reply::Now(state.fault().map(|()| state.identity.clone()))
    }

    fn console(&self) -> Reply<Box<dyn Console>> {
        let state = self.0.state.lock();
        Reply::Now(state.fault().and_then(|()| match &state.serial {
            None => Err(HostError::Unsupported("no serial port".to_owned())),
            Some(_) if state.on_since.is_none() => {
                Err(HostError::WrongState("the machine is off".to_owned()))
            }
            Some(serial) => serial.open(),
        }))
    }
}

/// A hypervisor in memory, whatever its URI. Clones are the same hypervisor.
#[derive(Debug, Clone, Default)]
pub struct SimulatedHosts(Arc<Mutex<Inventory>>);

#[derive(Debug, Default)]
struct Inventory {
    machines: HashMap<String, Machine>,
    /// Whether only the machines that were put in exist.
    closed: bool,
    unreachable: Option<String>,
}

impl SimulatedHosts {
    /// A hypervisor that has every machine it is asked for.
    #[must_use]
    pub fn any() -> Self {
        Self::default()
    }

    /// A hypervisor that has these machines and no others.
    #[must_use]
    pub fn of<M: Into<String>>(machines: impl IntoIterator<Item = M>) -> Self {
        let machines = machines.into_iter().map(|name| {
            let name = name.into();
            (name.clone(), Machine::new(name))
        });
        Self(Arc::new(Mutex::new(Inventory {
            machines: machines.collect(),
            closed: true,
            unreachable: None,
        })))
    }

    /// The machine called `name`, if this hypervisor has it.
    #[must_use]
    pub fn machine(&self, name: &str) -> Option<Machine> {
        let mut inventory = self.0.lock();
        if let Some(machine) = inventory.machines.get(name) {
            return Some(machine.clone());
        }
        if inventory.closed {
            return None;
        }
        let machine = Machine::new(name);
        inventory.machines.insert(name.to_owned(), machine.clone());
        Some(machine)
    }

    /// Makes [`check`](Hosts::check) fail with [`CheckError::Connection`] for this reason, or with `None` work again.
    pub fn set_unreachable(&self, reason: Option<&str>) {
        self.0.lock().unreachable = reason.map(str::to_owned);
    }
}

impl Hosts for SimulatedHosts {
    fn host(&self, target: &Target) -> Arc<dyn Host> {
        Arc::new(self.machine(&target.domain).unwrap_or_else(|| {
            let missing = Machine::new(target.domain.as_str());
            missing.break_with(HostError::NotFound(target.domain.clone()));
            missing
        }))
    }

    fn check(&self, target: &Target) -> BoxFuture<Result<Identity, CheckError>> {
        let unreachable = self.0.lock().unreachable.clone();
        let result = match (unreachable, self.machine(&target.domain)) {
            (Some(reason), _) => Err(CheckError::Connection {
                uri: target.uri.clone(),
                reason,
            }),
            (None, None) => Err(CheckError::NoDomain(target.domain.clone())),
            (None, Some(machine)) => Ok(machine.0.state.lock().identity.clone()),
        };
        Box::pin(async { result })
    }
}

#[cfg(test)]
mod tests {
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

    #[tokio::test]
    async fn a_closed_hypervisor_has_only_its_machines() {
        let target = |domain: &str| Target {
            uri: "sim:".into(),
            sasl: None,
            domain: domain.into(),
        };
        let hosts = SimulatedHosts::of(["a"]);
        hosts
            .host(&target("a"))
            .control(PowerAction::On)
            .wait()
            .await
            .unwrap();
        assert!(on(&hosts.machine("a").unwrap()));
        assert_eq!(
            hosts.check(&target("b")).await,
            Err(CheckError::NoDomain("b".into()))
        );
        assert!(matches!(
            hosts.host(&target("b")).power().wait().await,
            Err(HostError::NotFound(_))
        ));
        hosts.set_unreachable(Some("down"));
        assert!(matches!(
            hosts.check(&target("a")).await,
            Err(CheckError::Connection { .. })
        ));
        assert_eq!(
            SimulatedHosts::any()
                .check(&target("b"))
                .await
                .unwrap()
                .name,
            "b"
        );
    }
}
