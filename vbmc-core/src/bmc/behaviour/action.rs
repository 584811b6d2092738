//! What changes the machine: one action at a time, and who asked for it.

use ipmi_proto::CompletionCode;
use ipmi_proto::command::app::UserId;
use ipmi_proto::command::chassis::BootFlags;

use super::calls::{Fit, Waiter};
use super::repeat::Recent;
use super::{Asker, Behaviour, Done, Outcome, answer, boot, ok, refuse};
use crate::host::{HostError, PowerAction, Reply};

/// Something that changes the machine. One is in flight at a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Action {
    Power(PowerAction),
    Boot(BootFlags),
}

impl Behaviour {
    /// Changes the machine. Somebody else's change in flight makes it busy; the same one is joined.
    pub(super) fn act(&mut self, action: Action, asker: &Asker) -> Outcome {
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
    pub(super) fn repeats(&mut self, action: &Action, asker: &Asker) -> bool {
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
    pub(super) fn start(
        &mut self,
        action: &Action,
        by: Option<UserId>,
    ) -> Option<Result<(), HostError>> {
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
    pub(super) fn is_resetting(&self) -> bool {
        self.calls.action.key() == Some(&Action::Power(PowerAction::Reset))
    }

    /// An action has ended, whether anybody still waits for it or not.
    pub(super) fn acted(
        &mut self,
        action: &Action,
        by: Option<UserId>,
        result: &Result<(), HostError>,
    ) {
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
