//! What the commands do: typed request in, typed response out.
//!
//! One file for each group of commands; [`route`] says which function serves which request. Most answer at once.
//! What has to ask the host or the store goes through [`calls`], and is answered when the call is done or its deadline
//! has passed. Nothing here knows sockets or the bytes of a message.

mod app;
mod ask;
mod boot;
mod calls;
mod channel;
mod chassis;

mod failure;
mod fru;
mod info;
mod kept;
mod keys;
mod lan;
mod messages;
mod pef;
mod repeat;
mod restore;
mod route;
mod sel;
mod sensors;
mod sol;
#[cfg(test)]
mod testing;
mod turn;
mod users;
mod watchdog;

use std::io;
use std::sync::Arc;

use ipmi_proto::CompletionCode;
use ipmi_proto::bmc::{Answer, Deactivation, PayloadProtection};
use ipmi_proto::command::app::UserId;
use ipmi_proto::wire::Encode;
use tokio::time::Instant;

use self::app::App;
use self::boot::Boot;
pub(super) use self::calls::Asker;
use self::calls::{Fit, Slot, Waiter};
use self::channel::Channel;
use self::chassis::Chassis;
use self::fru::Fru;
use self::kept::Kept;
use self::pef::Postponed;
use self::repeat::Recent;
use self::restore::{Found, MainsOn};
use self::sel::Sel;
use self::sensors::Watch;
use self::sol::Sol;
use self::turn::Turn;
use self::users::Save;
use self::watchdog::Watchdog;
use super::mailbox::Mailbox;
use super::{EventRecord, Settings, State, Store};
use crate::Secret;
use crate::host::{
    BootOverride, Change, Figures, Guest, Happening, Host, HostError, Identity, PowerAction,
    PowerStatus, Reply,
};

/// What a request led to.
#[derive(Debug)]
pub(super) enum Outcome {
    /// This answer.
    Answered(Answer),
    /// The answer will come from [`Behaviour::done`] or [`Behaviour::timeout`].
    Later,
}

/// Answers for those who waited.
pub(super) type Deliveries = Vec<(Asker, Answer)>;

/// What is to be done to the sessions once the answer is on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Effect {
    /// The BMC was reset: all sessions end.
    EndAllSessions {
        /// The session that stays.
        except: Option<u32>,
    },
    /// The sessions of a user whose rights changed end, but for the one that changed them.
    EndSessionsOf {
        /// The user.
        user: UserId,
        /// The session that stays.
        except: Option<u32>,
    },
    /// [`Behaviour::endpoint_config`] has changed.
    ConfigChanged,
    /// A session's serial port is taken away.
    DeactivateSol {
        /// The session.
        session: u32,
        /// Why.
        reason: Deactivation,
    },
    /// The machine's GUID is known now, as the wire has it.
    GuidKnown([u8; 16]),
}

/// What the behaviour asks the protocol's side.
pub(super) trait Sessions {
    /// How many sessions are active.
    fn count(&self) -> usize;
    /// Whether the session with this id is active.
    fn is_active(&self, session: u32) -> bool;
    /// How the payloads of this session are protected; none where it has ended or is one of IPMI 1.5.
    fn payload_protection(&self, session: u32) -> Option<PayloadProtection>;
}

/// What a call in flight has brought.
#[derive(Debug)]
pub(super) enum Done {
    Power(Result<PowerStatus, HostError>),
    Boot(Result<Option<BootOverride>, HostError>),
    Identity(Result<Identity, HostError>),
    Figures(Result<Option<Figures>, HostError>),
    Guest(Result<Guest, HostError>),
    Action(Result<(), HostError>),
    Saved(Result<(), HostError>),
    KeySaved(Result<(), HostError>),
    Kept(Result<(), HostError>),
    Logged(Result<(), HostError>),
    MainsOn(Result<Found, HostError>),
}

/// What the store has kept of a BMC beside its settings.
#[derive(Debug, Default)]
pub(super) struct Loaded {
    pub(super) state: State,
    pub(super) events: Vec<EventRecord>,
}

/// Something that changes the machine. One is in flight at a time.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Action {
    Power(PowerAction),
    Boot(ipmi_proto::command::chassis::BootFlags),
}

/// The calls in flight, one of each kind.
#[derive(Default)]
struct Calls {
    power: Slot<(), PowerStatus>,
    boot: Slot<(), Option<BootOverride>>,
    identity: Slot<(), Identity>,
    figures: Slot<(), Option<Figures>>,
    guest: Slot<(), Guest>,
    action: Slot<Action, ()>,
    save: Slot<Save, ()>,
    key: Slot<Option<Secret>, ()>,
}

/// A BMC's state behind its commands.
pub(super) struct Behaviour {
    settings: Settings,
    host: Arc<dyn Host>,
    store: Arc<dyn Store>,
    mailbox: Mailbox,
    kept: Kept,
    sel: Box<Sel>,
    calls: Calls,
    app: App,
    channel: Channel,
    chassis: Chassis,
    boot: Boot,
    recent: Option<Recent>,
    sol: Sol,
    watchdog: Option<Box<Watchdog>>,
    watch: Option<Box<Watch>>,
    fru: Fru,
    info_turn: Turn,
    pef_turn: Turn,
    pef_postponed: Option<Postponed>,
    lan_turn: Turn,
    /// Whether the user that is being saved was among new settings already.
    save_came_back: bool,
    mains_on: Option<MainsOn>,
    effects: Vec<Effect>,
}

impl Behaviour {
    pub(super) fn new(
        settings: Settings,
        loaded: Loaded,
        host: Arc<dyn Host>,
        store: Arc<dyn Store>,
        mailbox: Mailbox,
    ) -> Self {
        let mut this = Self {
            settings,
            host,
            store,
            mailbox,
            kept: Kept::new(loaded.state),
            sel: Box::new(Sel::new(loaded.events)),
            calls: Calls::default(),
            app: App::default(),
            channel: Channel::default(),
            chassis: Chassis::default(),
            boot: Boot::default(),
            recent: None,
            sol: Sol::default(),
            watchdog: None,
            watch: None,
            fru: Fru::default(),
            info_turn: Turn::default(),
            pef_turn: Turn::default(),
            pef_postponed: None,
            lan_turn: Turn::default(),
            save_came_back: false,
            mains_on: None,
            effects: Vec::new(),
        };
        this.watch_sensors();
        this
    }

    /// What the BMC was told.
    pub(super) fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Takes over changed settings. Sessions of changed users end.
    pub(super) fn update(&mut self, new: Settings) {
        // Our own change may come back from the file before the call that wrote it has ended.
        let ours = self.calls.save.key();
        let ours = ours.filter(|save| save.is_in(&new.users)).map(Save::id);
        self.save_came_back |= ours.is_some();
        let changed = users::changed(&self.settings.users, &new.users);
        let changed = changed.filter(|user| Some(*user) != ours);
        self.effects
            .extend(changed.map(|user| Effect::EndSessionsOf { user, except: None }));
        self.settings = new;
        self.keep_history();
    }

    /// Whether something is on its way to the disk.
    pub(super) fn is_writing(&self) -> bool {
        let users = self.calls.save.key().is_some() || self.calls.key.key().is_some();
        users || self.kept.is_saving() || self.sel.is_writing()
    }

    /// Whether something is under way that nobody has to wait for.
    #[cfg(test)]
    fn is_busy(&self) -> bool {
        self.mains_on.is_some() || self.kept.is_saving() || self.sel.is_writing()
    }

    /// Something happened to the machine.
    pub(super) fn happened(&mut self, change: Change) {
        tracing::debug!(bmc = self.settings.name, ?change, "the machine");
        self.note_power(&change);
        // A reset of our own is told, and noted, when it is done.
        if change.what != Happening::Reset || self.is_new_reset() {
            self.note_restart(change.what);
            self.log_change(&change);
        }
        self.tell_console(&change);
        if matches!(change.what, Happening::Started | Happening::Reset) {
            self.forget_running_os();
        }
        if matches!(change.what, Happening::Stopped(_)) {
            self.stop_watchdog();
        }
    }

    /// Starts anew, with the same settings. The calls in flight are still in flight.
    pub(super) fn restart(&mut self) {
        let calls = std::mem::take(&mut self.calls);
        let mains_on = self.mains_on.take();
        let kept = std::mem::replace(&mut self.kept, Kept::new(State::default()));
        let empty = Box::new(Sel::new(Vec::new()));
        let sel = std::mem::replace(&mut self.sel, empty);
        let new = Self::new(
            self.settings.clone(),
            Loaded::default(),
            self.host.clone(),
            self.store.clone(),
            self.mailbox.clone(),
        );
        *self = Self {
            calls,
            mains_on,
            kept,
            sel,
            ..new
        };
        self.watch_sensors();
    }

    /// Takes in what a call has brought, and answers those who still wait for it.
    pub(super) fn done(&mut self, done: Done) -> Deliveries {
        match done {
            Done::Power(result) => {
                let ended = self.calls.power.finish();
                self.deliver(ended, &result)
            }
            Done::Boot(result) => {
                let ended = self.calls.boot.finish();
                self.deliver(ended, &result)
            }
            Done::Identity(result) => {
                let ended = self.calls.identity.finish();
                if let Ok(identity) = &result {
                    self.identity_known(identity);
                }
                self.deliver(ended, &result)
            }
            Done::Figures(result) => {
                let ended = self.calls.figures.finish();
                if let Ok(Some(figures)) = &result {
                    self.compare(figures);
                }
                self.deliver(ended, &result)
            }
            Done::Guest(result) => {
                let ended = self.calls.guest.finish();
                self.deliver(ended, &result)
            }
            Done::Action(result) => {
                let ended = self.calls.action.finish();
                if let Some((action, waiters)) = &ended {
                    let by = waiters.first().and_then(|waiter| waiter.asker.user_id());
                    self.acted(action, by, &result);
                    if let (Err(error), []) = (&result, waiters.as_slice()) {
                        self.failed_unwatched(action, error);
                    }
                }
                self.deliver(ended, &result)
            }
            Done::KeySaved(result) => {
                let ended = self.calls.key.finish();
                if let (Some((kg, _)), Ok(())) = (&ended, &result) {
                    self.key_saved(kg);
                }
                self.deliver(ended, &result)
            }
            Done::Kept(result) => self.state_saved(&result),
            Done::Logged(result) => self.log_written(&result),
            Done::MainsOn(result) => {
                self.mains_on_done(result);
                Deliveries::new()
            }
            Done::Saved(result) => {
                let ended = self.calls.save.finish();
                if let (Some((save, _)), Ok(())) = (&ended, &result) {
                    self.saved(save);
                }
                self.deliver(ended, &result)
            }
        }
    }

    fn deliver<K, T: Clone>(
        &self,
        ended: Option<(K, Vec<Waiter<T>>)>,
        result: &Result<T, HostError>,
    ) -> Deliveries {
        let waiters = ended.map(|(_, waiters)| waiters).unwrap_or_default();
        self.answer_all(waiters, result)
    }

    fn answer_all<T: Clone>(
        &self,
        waiters: Vec<Waiter<T>>,
        result: &Result<T, HostError>,
    ) -> Deliveries {
        waiters
            .into_iter()
            .map(|Waiter { asker, then, .. }| {
                let answer = match result {
                    Ok(brought) => then(self, brought.clone()),
                    Err(error) => self.failed(&asker, error),
                };
                self.log(&asker, &answer);
                (asker, answer)
            })
            .collect()
    }

    /// When [`timeout`](Self::timeout) wants to be called.
    pub(super) fn deadline(&self) -> Option<Instant> {
        let calls = &self.calls;
        [
            calls.power.deadline(),
            calls.boot.deadline(),
            calls.identity.deadline(),
            calls.figures.deadline(),
            calls.guest.deadline(),
            calls.action.deadline(),
            calls.save.deadline(),
            calls.key.deadline(),
            self.kept.deadline(),
            self.sel.deadline(),
            self.sol.deadline(),
            self.boot.expiry(),
            self.watchdog_due(),
            self.watch_due(),
            self.fru.expiry(),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    /// Answers those whose deadline has passed, and lets go of what has expired.
    pub(super) fn timeout(&mut self, now: Instant) -> Deliveries {
        let mut late = Vec::new();
        self.calls.power.expire(now, &mut late);
        self.calls.boot.expire(now, &mut late);
        self.calls.identity.expire(now, &mut late);
        self.calls.figures.expire(now, &mut late);
        self.calls.guest.expire(now, &mut late);
        self.calls.action.expire(now, &mut late);
        self.calls.save.expire(now, &mut late);
        self.calls.key.expire(now, &mut late);
        self.kept.expire(now, &mut late);
        self.sel.expire(now, &mut late);
        self.expire_sol(now, &mut late);
        self.expire_boot_flags(now);
        self.expire_watchdog(now);
        self.watch_step(now);
        self.fru.expire(now);
        late.into_iter()
            .map(|asker| {
                self.warn(&asker, "no answer in time; the call runs on");
                (asker, answer(busy()))
            })
            .collect()
    }

    /// What is to be done to the sessions now that the answers are on their way.
    pub(super) fn take_effects(&mut self) -> Vec<Effect> {
        std::mem::take(&mut self.effects)
    }

    /// Has `save` called off this task, and what came of it sent as `done`. `what` is what is saved, for errors.
    fn store(
        &self,
        what: &'static str,
        done: fn(Result<(), HostError>) -> Done,
        save: impl FnOnce(&dyn Store) -> io::Result<()> + Send + 'static,
    ) {
        let store = Arc::clone(&self.store);
        let call = tokio::task::spawn_blocking(move || save(&*store));
        let call = async move {
            // A panic in it is told by whoever runs the call.
            let saved = call.await.map_err(io::Error::other).flatten();
            saved.map_err(|error| HostError::Failed(format!("cannot save {what}: {error}")))
        };
        self.mailbox.run(Box::pin(call), done);
    }

    /// Changes the machine. Somebody else's change in flight makes it busy; the same one is joined.
    fn act(&mut self, action: Action, asker: &Asker) -> Outcome {
        match self.calls.action.fit(&action) {
            Fit::Free => {
                if self.repeats(&action, asker) {
                    return ok(());
                }
                if let Some(result) = self.start(&action, asker.user_id()) {
                    return Outcome::Answered(match result {
                        Ok(()) => answer(Ok(())),
                        Err(error) => self.failed(asker, &error),
                    });
                }
            }
            Fit::Same => {}
            Fit::Busy => return refuse(CompletionCode::NodeBusy),
        }
        let then = |_: &Self, ()| answer(Ok(()));
        self.calls
            .action
            .wait(action, Some(Waiter::new(asker, then)));
        Outcome::Later
    }

    /// Whether an action was just done for the same session. If not, it is about to be.
    fn repeats(&mut self, action: &Action, asker: &Asker) -> bool {
        let Action::Power(action) = *action else {
            self.recent = None;
            return false;
        };
        let recent = self.recent.as_mut();
        let repeats = recent.is_some_and(|recent| recent.repeats(action, asker));
        if !repeats {
            self.recent = Recent::begins(action, asker);
        }
        repeats
    }

    /// Starts an action; the result if it is there at once. Otherwise the caller puts it into its slot.
    fn start(&mut self, action: &Action, by: Option<UserId>) -> Option<Result<(), HostError>> {
        let reply = match action {
            Action::Power(action) => {
                self.chassis_control_starts();
                self.host.control(*action)
            }
            Action::Boot(flags) => self.host.set_boot(boot::override_of(flags)),
        };
        match reply {
            Reply::Now(result) => {
                self.acted(action, by, &result);
                Some(result)
            }
            Reply::Later(call) => {
                self.mailbox.run(call, Done::Action);
                None
            }
        }
    }

    /// Whether the machine is being reset for somebody.
    fn is_resetting(&self) -> bool {
        self.calls.action.key() == Some(&Action::Power(PowerAction::Reset))
    }

    /// An action has ended, whether anybody still waits for it or not.
    fn acted(&mut self, action: &Action, by: Option<UserId>, result: &Result<(), HostError>) {
        match (action, result) {
            (_, Err(_)) => {
                self.recent = None;
                self.chassis.gave_up();
            }
            (Action::Power(action), Ok(())) => {
                self.log_action(*action, by);
                if let Some(recent) = &mut self.recent {
                    recent.done();
                }
                let after = self.power_now();
                if self.chassis.acted(*action, after) {
                    self.boot.used();
                }
            }
            (Action::Boot(flags), Ok(())) => self.boot.flags_set(*flags, &self.settings),
        }
    }
}

fn busy() -> Result<(), CompletionCode> {
    Err(CompletionCode::NodeBusy)
}

fn answer(result: Result<impl Encode, CompletionCode>) -> Answer {
    Answer::of(result)
}

fn ok(response: impl Encode) -> Outcome {
    Outcome::Answered(answer(Ok(response)))
}

fn refuse(code: CompletionCode) -> Outcome {
    Outcome::Answered(answer(Err::<(), _>(code)))
}
