//! Users, §22.26 to §22.30.
//!
//! A change is saved first and takes effect then: what the disk refuses has never been. The changed user's other
//! sessions end with it.

use ipmi_proto::CompletionCode;
use ipmi_proto::bmc::Users;
use ipmi_proto::command::app::{
    GetUserAccess, GetUserName, PasswordOperation, SetUserAccess, SetUserName, SetUserPassword,
    SizedPassword, UserAccess, UserId, UserRights,
};
use ipmi_proto::crypto::Password;
use ipmi_proto::handshake::Username;

use super::calls::{Asker, Fit, Waiter};
use super::{Behaviour, Done, Effect, Outcome, answer, channel, ok, refuse};
use crate::Secret;
use crate::bmc::settings;
use crate::registry::{FIRST_USER, NO_ACCESS, UserRecord, check};

/// A user as it is to be, while it is saved. It alone: others may be changed in other ways meanwhile.
#[derive(Debug, PartialEq)]
pub(super) struct Save {
    user: UserRecord,
    id: UserId,
    by: Option<u32>,
}

impl Save {
    /// Whether the user that is being saved is among these, as it is to be.
    pub(super) fn is_in(&self, users: &[UserRecord]) -> bool {
        match users.iter().find(|user| user.id == self.user.id) {
            Some(user) => *user == self.user,
            None => self.user == UserRecord::unset(self.user.id),
        }
    }

    pub(super) const fn id(&self) -> UserId {
        self.id
    }
}

/// Puts a user into a list of users, in place of the one with its id. One of whom nothing is set is none.
fn put(users: &mut Vec<UserRecord>, user: &UserRecord) {
    users.retain(|other| other.id != user.id);
    if *user != UserRecord::unset(user.id) {
        users.push(user.clone());
    }
    users.sort_by_key(|user| user.id);
}

/// The users that differ between two lists: changed, removed or new.
pub(super) fn changed<'a>(
    old: &'a [UserRecord],
    new: &'a [UserRecord],
) -> impl Iterator<Item = UserId> + use<'a> {
    (1..=Users::MAX).filter_map(move |id| {
        let find = |users: &'a [UserRecord]| users.iter().find(|user| user.id == id);
        (find(old) != find(new)).then(|| UserId::new(id).ok())?
    })
}

/// How many user names cannot be changed: user 1's, which is the nameless one (§6.9.1).
const FIXED_NAMES: u8 = 1;

impl Behaviour {
    /// Set User Access, §22.26. Session limits per user are not kept: only "no limit" is taken.
    pub(super) fn set_user_access(&mut self, request: &SetUserAccess, asker: &Asker) -> Outcome {
        if let Err(code) = channel::check(request.channel) {
            return refuse(code);
        }
        if request.session_limit.is_some_and(|limit| limit != 0) {
            return refuse(CompletionCode::InvalidDataField);
        }
        self.change_user(request.user, asker, |user| {
            user.privilege = request.limit.map_or(NO_ACCESS, |limit| limit.bits());
            if let Some(rights) = request.rights {
                user.messaging = rights.messaging;
                user.callback_only = rights.callback_only;
                user.link_auth = rights.link_auth;
            }
        })
    }

    /// Get User Access, §22.27.
    pub(super) fn user_access(&self, request: &GetUserAccess) -> Outcome {
        if let Err(code) = channel::check(request.channel).and_then(|()| in_range(request.user)) {
            return refuse(code);
        }
        let user = self
            .user(request.user)
            .cloned()
            .unwrap_or_else(|| UserRecord::unset(request.user.number()));
        let enabled = self.settings.users.iter().filter(|user| user.enabled);
        ok(UserAccess {
            slots: Users::MAX,
            enabled: Some(user.enabled),
            enabled_users: enabled.count().try_into().unwrap_or(u8::MAX),
            fixed_names: FIXED_NAMES,
            rights: UserRights {
                callback_only: user.callback_only,
                link_auth: user.link_auth,
                messaging: user.messaging,
            },
            limit: settings::privilege(&user).ok().flatten(),
        })
    }

    /// Set User Name, §22.28. An empty name removes the user.
    pub(super) fn set_user_name(&mut self, request: &SetUserName, asker: &Asker) -> Outcome {
        let id = request.user.number();
        let Some(name) = text(request.name.as_bytes(), check::user_name) else {
            return refuse(CompletionCode::InvalidDataField);
        };
        if id <= FIXED_NAMES || (id == FIRST_USER && name.is_empty()) {
            return refuse(CompletionCode::InvalidDataField);
        }
        self.change_user(request.user, asker, |user| {
            if name.is_empty() {
                *user = UserRecord::unset(id);
            } else {
                user.name = name;
            }
        })
    }

    /// Get User Name, §22.29.
    pub(super) fn user_name(&self, request: &GetUserName) -> Outcome {
        if let Err(code) = in_range(request.user) {
            return refuse(code);
        }
        let name = self.user(request.user).map_or("", |user| &user.name);
        ok(Username::new(name.as_bytes()).unwrap_or_default())
    }

    /// Set User Password, §22.30.
    pub(super) fn set_user_password(
        &mut self,
        request: &SetUserPassword,
        asker: &Asker,
    ) -> Outcome {
        match &request.operation {
            PasswordOperation::Disable => {
                self.change_user(request.user, asker, |user| user.enabled = false)
            }
            PasswordOperation::Enable => {
                self.change_user(request.user, asker, |user| user.enabled = true)
            }
            PasswordOperation::Set(password) => {
                let Some(text) = text(password.password().as_bytes(), check::password) else {
                    return refuse(CompletionCode::InvalidDataField);
                };
                self.change_user(request.user, asker, |user| {
                    user.password = Some(Secret::new(text));
                    user.long_password = password.is_long();
                })
            }
            PasswordOperation::Test(password) => self.test_password(request.user, password),
        }
    }

    fn test_password(&self, id: UserId, tested: &SizedPassword) -> Outcome {
        if let Err(code) = in_range(id) {
            return refuse(code);
        }
        let user = self.user(id);
        let Some((user, real)) = user.and_then(|user| Some((user, user.password.as_ref()?))) else {
            return refuse(SetUserPassword::TEST_FAILED.into());
        };
        if user.long_password != tested.is_long() {
            return refuse(SetUserPassword::WRONG_SIZE.into());
        }
        let real = Password::new(real.reveal().as_bytes());
        if real.is_ok_and(|real| real == *tested.password()) {
            ok(())
        } else {
            refuse(SetUserPassword::TEST_FAILED.into())
        }
    }

    fn user(&self, id: UserId) -> Option<&UserRecord> {
        let mut users = self.settings.users.iter();
        users.find(|user| user.id == id.number())
    }

    /// Changes a user: saves it, and answers when that is done.
    fn change_user(
        &mut self,
        id: UserId,
        asker: &Asker,
        change: impl FnOnce(&mut UserRecord),
    ) -> Outcome {
        if let Err(code) = in_range(id) {
            return refuse(code);
        }
        let user = self.user(id).cloned();
        let mut user = user.unwrap_or_else(|| UserRecord::unset(id.number()));
        let before = user.clone();
        change(&mut user);
        if user == before {
            return ok(());
        }
        let save = Save {
            user,
            id,
            by: asker.session(),
        };
        match self.calls.save.fit(&save) {
            Fit::Free => self.start_save(&save),
            Fit::Same => {}
            Fit::Busy => return refuse(CompletionCode::NodeBusy),
        }
        let waiter = Waiter::new(asker, |_, ()| answer(Ok(())));
        self.calls.save.wait(save, Some(waiter));
        Outcome::Later
    }

    fn start_save(&self, save: &Save) {
        let user = save.user.clone();
        self.store("the user", Done::Saved, move |store| store.save_user(&user));
    }

    /// The user is saved: the change takes effect, unless it has come back already. Then somebody else may have changed
    /// the same user since.
    pub(super) fn saved(&mut self, save: &Save) {
        if !std::mem::take(&mut self.save_came_back) {
            put(&mut self.settings.users, &save.user);
        }
        self.effects.extend([
            Effect::ConfigChanged,
            Effect::EndSessionsOf {
                user: save.id,
                except: save.by,
            },
        ]);
    }
}

fn in_range(id: UserId) -> Result<(), CompletionCode> {
    if id.number() <= Users::MAX {
        Ok(())
    } else {
        Err(CompletionCode::ParameterOutOfRange)
    }
}

/// A name or password as the BMC's file can keep it.
fn text<E>(bytes: &[u8], check: fn(&str, &str) -> Result<(), E>) -> Option<String> {
    let text = std::str::from_utf8(bytes).ok()?;
    check("", text).ok()?;
    Some(text.to_owned())
}

#[cfg(test)]
mod tests;
