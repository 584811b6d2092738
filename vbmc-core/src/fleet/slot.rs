//! One BMC's place in the fleet.

use std::io;
use std::net::SocketAddr;

use parking_lot::Mutex;

use super::{BmcView, Options};
use crate::Secret;
use crate::bmc::{Bmc, NewAddress, Settings};
use crate::control::Status;
use crate::registry::{BmcConfig, BmcName, RegistryError, UserRecord};

/// One BMC's place.
///
/// Locks are taken in the order `turn`, `file`, `state`.
#[derive(Debug)]
pub(super) struct Slot {
    pub(super) name: BmcName,
    /// Held by the one command that may start, stop, add or delete this BMC.
    pub(super) turn: tokio::sync::Mutex<()>,
    /// Held from reading or writing the file until `state` agrees with it. Commands over IPMI write it without a turn.
    pub(super) file: Mutex<()>,
    state: Mutex<State>,
}

/// What is known of a BMC.
#[derive(Debug)]
pub(super) enum State {
    /// It is not there.
    Absent,
    /// Its file makes no BMC, and why.
    Broken(String),
    /// It is there.
    Known(Box<Known>),
}

#[derive(Debug)]
pub(super) struct Known {
    config: BmcConfig,
    run: Run,
}

#[derive(Debug)]
enum Run {
    Down,
    Running(Bmc),
    /// It should run and cannot.
    Failed(String),
}

/// Why a BMC does not run that nobody stopped.
const ENDED: &str = "it ended by a fault of its own, which the log tells; start it again";

/// What is left to do after a file was read.
#[derive(Debug, Default)]
pub(super) struct Todo {
    /// To be stopped.
    pub(super) stop: Option<Running>,
    /// To be started, after that.
    pub(super) start: bool,
}

impl Todo {
    /// Whether there is only a start to do.
    pub(super) fn starts(&self) -> bool {
        self.start && self.stop.is_none()
    }
}

/// A BMC taken out of its place in order to be stopped.
#[derive(Debug)]
pub(super) struct Running {
    pub(super) bmc: Bmc,
    pub(super) config: BmcConfig,
}

impl Slot {
    pub(super) fn new(name: BmcName) -> Self {
        Self {
            name,
            turn: tokio::sync::Mutex::default(),
            file: Mutex::default(),
            state: Mutex::new(State::Absent),
        }
    }

    pub(super) fn is_absent(&self) -> bool {
        matches!(*self.state.lock(), State::Absent)
    }

    pub(super) fn set(&self, state: State) {
        *self.state.lock() = state;
    }

    /// The BMC as it is; none: it is not there.
    pub(super) fn view(&self) -> Option<BmcView> {
        let state = self.state.lock();
        let (status, problem, config, local_addr) = match &*state {
            State::Absent => return None,
            State::Broken(problem) => (Status::Error, Some(problem.clone()), None, None),
            State::Known(known) => {
                let config = Some(known.config.clone());
                match &known.run {
                    Run::Down => (Status::Down, None, config, None),
                    Run::Running(bmc) if bmc.has_ended() => {
                        (Status::Error, Some(ENDED.to_owned()), config, None)
                    }
                    Run::Running(bmc) => (Status::Running, None, config, Some(bmc.local_addr())),
                    Run::Failed(problem) => (Status::Error, Some(problem.clone()), config, None),
                }
            }
        };
        Some(BmcView {
            name: self.name.clone(),
            status,
            problem,
            config,
            local_addr,
        })
    }

    /// Whether what was read of the file is news.
    pub(super) fn differs(&self, loaded: &Result<BmcConfig, RegistryError>) -> bool {
        match (&*self.state.lock(), loaded) {
            (State::Known(known), Ok(config)) => known.config != *config,
            (State::Broken(problem), Err(error)) => *problem != error.to_string(),
            (State::Absent, Err(RegistryError::NotFound(_))) => false,
            _ => true,
        }
    }

    /// Whether the BMC should run and does not.
    pub(super) fn has_failed(&self) -> bool {
        match &*self.state.lock() {
            State::Known(known) => match &known.run {
                Run::Down => false,
                Run::Running(bmc) => bmc.has_ended(),
                Run::Failed(_) => true,
            },
            State::Absent | State::Broken(_) => false,
        }
    }

    /// Takes over what was read of the file. A running BMC learns of new users and keys at once; what needs a start or
    /// a stop is returned.
    pub(super) fn take_over(
        &self,
        loaded: Result<BmcConfig, RegistryError>,
        options: &Options,
    ) -> Todo {
        let mut state = self.state.lock();
        let config = match loaded {
            Ok(config) => config,
            Err(error) => {
                let new = match error {
                    RegistryError::NotFound(_) => State::Absent,
                    _ => {
                        let problem = error.to_string();
                        if !matches!(&*state, State::Broken(known) if *known == problem) {
                            tracing::error!(bmc = %self.name, problem, "cannot be used");
                        }
                        State::Broken(problem)
                    }
                };
                return Todo {
                    stop: std::mem::replace(&mut *state, new).into_running(),
                    start: false,
                };
            }
        };
        let State::Known(known) = &mut *state else {
            let start = config.active;
            let run = Run::Down;
            *state = State::Known(Box::new(Known { config, run }));
            return Todo { stop: None, start };
        };
        if known.config == config {
            return Todo::default();
        }
        let before = std::mem::replace(&mut known.config, config);
        let config = &known.config;
        let moved = before.listen() != config.listen() || before.target() != config.target();
        match &known.run {
            Run::Running(bmc) if config.active && !moved => {
                bmc.update(settings(&self.name, config, options));
                Todo::default()
            }
            Run::Running(_) => {
                let start = config.active;
                let stop = match std::mem::replace(&mut known.run, Run::Down) {
                    Run::Running(bmc) => Some(Running {
                        bmc,
                        config: before,
                    }),
                    Run::Down | Run::Failed(_) => None,
                };
                Todo { stop, start }
            }
            Run::Down | Run::Failed(_) => {
                let start = config.active;
                known.run = Run::Down;
                Todo { stop: None, start }
            }
        }
    }

    /// Gives a running BMC its settings anew, after the options for all changed.
    pub(super) fn update(&self, options: &Options) {
        if let State::Known(known) = &*self.state.lock()
            && let Run::Running(bmc) = &known.run
        {
            bmc.update(settings(&self.name, &known.config, options));
        }
    }

    /// The settings of a BMC that does not run.
    pub(super) fn idle_config(&self) -> Option<BmcConfig> {
        match &*self.state.lock() {
            State::Known(known) if !matches!(known.run, Run::Running(_)) => {
                Some(known.config.clone())
            }
            _ => None,
        }
    }

    /// Notes how a start went.
    pub(super) fn started(&self, result: Result<Bmc, String>) {
        if let State::Known(known) = &mut *self.state.lock() {
            known.run = match result {
                Ok(bmc) => Run::Running(bmc),
                Err(problem) => Run::Failed(problem),
            };
        }
    }

    /// Takes a running BMC out; a failed one is forgiven.
    pub(super) fn take_running(&self) -> Option<Running> {
        let mut state = self.state.lock();
        let State::Known(known) = &mut *state else {
            return None;
        };
        match std::mem::replace(&mut known.run, Run::Down) {
            Run::Running(bmc) => Some(Running {
                bmc,
                config: known.config.clone(),
            }),
            Run::Down | Run::Failed(_) => None,
        }
    }

    /// Has a running BMC bind another address, where it does not listen yet.
    pub(super) fn bind(
        &self,
        listen: SocketAddr,
    ) -> Option<impl Future<Output = io::Result<NewAddress>> + Send + use<>> {
        match &*self.state.lock() {
            State::Known(known) => match &known.run {
                Run::Running(bmc) => Some(bmc.bind(listen)),
                Run::Down | Run::Failed(_) => None,
            },
            State::Absent | State::Broken(_) => None,
        }
    }

    /// Lets a running BMC listen at an address that was bound for it, and written to the file. Nothing else of the
    /// file: what else changed there still has to be noticed and put into effect. What is returned ends when the old
    /// address is free.
    pub(super) fn move_to(
        &self,
        listen: SocketAddr,
        bound: NewAddress,
        options: &Options,
    ) -> Option<impl Future<Output = ()> + Send + use<>> {
        let State::Known(known) = &mut *self.state.lock() else {
            return None;
        };
        let Run::Running(bmc) = &mut known.run else {
            return None;
        };
        known.config.address = listen.ip();
        known.config.port = listen.port();
        Some(bmc.move_to(bound, settings(&self.name, &known.config, options)))
    }

    pub(super) fn set_active(&self, active: bool) {
        if let State::Known(known) = &mut *self.state.lock() {
            known.config.active = active;
        }
    }

    /// Takes over a key that was written to the file.
    pub(super) fn set_kg(&self, kg: Option<&Secret>) {
        if let State::Known(known) = &mut *self.state.lock() {
            known.config.kg = kg.cloned();
        }
    }

    /// Takes over a user that was written to the file, and tells the BMC before anybody changes the file again. Nothing
    /// else of it: what else changed there still has to be noticed and put into effect.
    pub(super) fn set_user(&self, user: &UserRecord, options: &Options) {
        if let State::Known(known) = &mut *self.state.lock() {
            // The same user was accepted for the file just now.
            let _ = known
                .config
                .change_user(user.id, |old| old.clone_from(user));
            if let Run::Running(bmc) = &known.run {
                bmc.update(settings(&self.name, &known.config, options));
            }
        }
    }
}

impl State {
    fn into_running(self) -> Option<Running> {
        let Self::Known(known) = self else {
            return None;
        };
        let Known { config, run } = *known;
        match run {
            Run::Running(bmc) => Some(Running { bmc, config }),
            Run::Down | Run::Failed(_) => None,
        }
    }
}

/// What a BMC is started with.
pub(super) fn settings(name: &BmcName, config: &BmcConfig, options: &Options) -> Settings {
    let suites = config.cipher_suites.as_ref();
    Settings {
        domain: config.domain_name.clone(),
        users: config.all_users(),
        kg: config.kg.clone(),
        v15: config.v15.clone(),
        cipher_suites: suites.unwrap_or(&options.cipher_suites).clone(),
        host_boot: options.host_boot.clone(),
        console_history: config.console_history.unwrap_or(options.console_history) as usize,
        ..Settings::new(name.as_str(), config.listen())
    }
}
