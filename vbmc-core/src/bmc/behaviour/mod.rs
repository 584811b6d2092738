//! What the commands do: typed request in, typed response out.
//!
//! One file for each group of commands; [`route`] says which function serves which request. Most answer at once.
//! What has to ask the host or the store goes through [`calls`], what changes the machine through [`action`]; they
//! are answered when the call is [`done`] or its deadline has passed. Nothing here knows sockets or the bytes of a message.

mod action;
mod app;
mod ask;
mod boot;
mod calls;
mod channel;
mod chassis;
mod done;
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

use std::sync::Arc;

use ipmi_proto::CompletionCode;
use ipmi_proto::bmc::{Answer, Deactivation, PayloadProtection};
use ipmi_proto::command::app::UserId;
use ipmi_proto::wire::Encode;

use self::action::Action;
use self::app::App;
use self::boot::Boot;
pub(super) use self::calls::Asker;
use self::calls::Slot;
use self::channel::Channel;
use self::chassis::Chassis;
pub(super) use self::done::Done;
use self::fru::Fru;
use self::kept::Kept;
use self::pef::Postponed;
use self::repeat::Recent;
use self::restore::MainsOn;
use self::sel::Sel;
use self::sensors::Watch;
use self::sol::Sol;
use self::turn::Turn;
use self::users::Save;
use self::watchdog::Watchdog;
use super::mailbox::Mailbox;
use super::{EventRecord, Settings, State, Store};
use crate::Secret;
use crate::host::{BootOverride, Change, Figures, Guest, Happening, Host, Identity, PowerStatus};

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

/// What the store has kept of a BMC beside its settings.
#[derive(Debug, Default)]
pub(super) struct Loaded {
    pub(super) state: State,
    pub(super) events: Vec<EventRecord>,
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

    /// What is to be done to the sessions now that the answers are on their way.
    pub(super) fn take_effects(&mut self) -> Vec<Effect> {
        std::mem::take(&mut self.effects)
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
