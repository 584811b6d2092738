//! [`Machine`]: its power, its boot override, what it says of itself, and its faults.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::watch;
use tokio::time::Instant;

use super::Serial;
use crate::host::{
    BootDevice, BootOverride, Console, Figures, Guest, Host, HostError, Identity, PowerAction,
    PowerStatus, Reply,
};

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

    /// Who it is, whatever faults are on.
    pub(super) fn described(&self) -> Identity {
        self.0.state.lock().identity.clone()
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

#[cfg(test)]
mod tests;
