//! The user table, §6.9.

use alloc::vec::Vec;

use super::refused::Refusal;
use crate::Privilege;
use crate::command::app::UserId;
use crate::crypto::Password;
use crate::handshake::{RequestedPrivilege, Username};

/// One user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// The name; empty for the null user.
    pub name: Username,
    /// The password. None: it was never set, the user cannot log in.
    pub password: Option<Password>,
    /// The highest privilege level that the user may have. None: no access.
    pub privilege: Option<Privilege>,
    /// Whether the user is enabled.
    pub enabled: bool,
    /// Whether IPMI messaging is allowed; without it the user cannot log in over LAN.
    pub messaging: bool,
    /// Whether the user is restricted to callback connections. Reported only.
    pub callback_only: bool,
    /// Whether the user may be used for link authentication. Reported only.
    pub link_auth: bool,
}

impl User {
    /// An enabled user with this name, password and privilege limit.
    #[must_use]
    pub const fn new(name: Username, password: Password, privilege: Privilege) -> Self {
        Self {
            name,
            password: Some(password),
            privilege: Some(privilege),
            enabled: true,
            messaging: true,
            callback_only: false,
            link_auth: false,
        }
    }

    /// Password and privilege limit, if the user may log in at all.
    fn credentials(&self) -> Option<(&Password, Privilege)> {
        if !self.enabled || !self.messaging {
            return None;
        }
        self.password.as_ref().zip(self.privilege)
    }

    /// What keeps the user from logging in, if anything does.
    pub(super) const fn obstacle(&self) -> Option<Refusal> {
        if !self.enabled {
            Some(Refusal::Disabled)
        } else if !self.messaging {
            Some(Refusal::Messaging)
        } else if self.password.is_none() {
            Some(Refusal::NoPassword)
        } else if self.privilege.is_none() {
            Some(Refusal::NoAccess)
        } else {
            None
        }
    }
}

/// Up to 16 users, by their ids from 1.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Users {
    slots: Vec<Option<User>>,
}

/// A user who may log in, as found by name.
#[derive(Debug)]
pub(super) struct Found<'a> {
    pub(super) id: UserId,
    pub(super) password: &'a Password,
    /// The highest level that the session may have. None: the user exists, but may not have what was asked for.
    pub(super) privilege: Option<Privilege>,
}

impl Users {
    /// How many users there can be.
    pub const MAX: u8 = 16;

    /// The user with this id.
    #[must_use]
    pub fn get(&self, id: UserId) -> Option<&User> {
        self.slots.get(index(id))?.as_ref()
    }

    /// Sets or removes the user with this id. Returns whether the id is within [`Users::MAX`]; nothing is changed
    /// otherwise.
    pub fn set(&mut self, id: UserId, user: Option<User>) -> bool {
        if id.number() > Self::MAX {
            return false;
        }
        let index = index(id);
        if self.slots.len() <= index {
            self.slots.resize(index + 1, None);
        }
        if let Some(slot) = self.slots.get_mut(index) {
            *slot = user;
        }
        true
    }

    /// All users, by id.
    pub fn iter(&self) -> impl Iterator<Item = (UserId, &User)> + Clone {
        self.slots
            .iter()
            .zip(1u8..)
            .filter_map(|(slot, id)| UserId::new(id).ok().zip(slot.as_ref()))
    }

    /// Finds who logs in with this name, §13.20: by name and level the first entry of the name that may have the
    /// level, by name alone the first entry of the name.
    pub(super) fn find(
        &self,
        name: &Username,
        wanted: RequestedPrivilege,
        name_only: bool,
    ) -> Option<Found<'_>> {
        let mut named = self
            .iter()
            .filter(|(_, user)| user.name == *name)
            .filter_map(|(id, user)| {
                user.credentials()
                    .map(|(password, limit)| (id, password, limit))
            })
            .map(|(id, password, limit)| {
                let privilege = match wanted {
                    RequestedPrivilege::Highest => Some(limit),
                    RequestedPrivilege::UpTo(level) => (level <= limit).then_some(level),
                };
                Found {
                    id,
                    password,
                    privilege,
                }
            });
        let first = named.next()?;
        if first.privilege.is_some() || name_only {
            return Some(first);
        }
        Some(
            named
                .find(|found| found.privilege.is_some())
                .unwrap_or(first),
        )
    }

    /// The user of this name; of several, the first that may log in.
    pub(super) fn named(&self, name: &Username) -> Option<(UserId, &User)> {
        let mut named = self.iter().filter(|(_, user)| user.name == *name);
        let first = named.clone().next()?;
        Some(
            named
                .find(|(_, user)| user.obstacle().is_none())
                .unwrap_or(first),
        )
    }

    /// The users that may log in.
    pub(super) fn enabled(&self) -> impl Iterator<Item = &User> {
        self.iter()
            .map(|(_, user)| user)
            .filter(|user| user.credentials().is_some())
    }
}

fn index(id: UserId) -> usize {
    usize::from(id.number().saturating_sub(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(name: &[u8], password: &[u8], privilege: Privilege) -> User {
        User::new(
            Username::new(name).unwrap(),
            Password::new(password).unwrap(),
            privilege,
        )
    }

    fn id(number: u8) -> UserId {
        UserId::new(number).unwrap()
    }

    fn users() -> Users {
        let mut users = Users::default();
        users.set(id(2), Some(user(b"op", b"low", Privilege::User)));
        users.set(id(5), Some(user(b"op", b"high", Privilege::Administrator)));
        users
    }

    #[test]
    fn lookup_by_name_and_level_or_by_name_alone() {
        let users = users();
        let name = Username::new(b"op").unwrap();
        let admin = RequestedPrivilege::UpTo(Privilege::Administrator);
        let found = |wanted, name_only| {
            let found = users.find(&name, wanted, name_only).unwrap();
            (found.id.number(), found.privilege)
        };
        assert_eq!(found(admin, false), (5, Some(Privilege::Administrator)));
        assert_eq!(found(admin, true), (2, None));
        assert_eq!(
            found(RequestedPrivilege::UpTo(Privilege::User), false),
            (2, Some(Privilege::User))
        );
        assert_eq!(
            found(RequestedPrivilege::Highest, true),
            (2, Some(Privilege::User))
        );
    }

    #[test]
    fn who_may_not_log_in_is_not_found() {
        type Change = fn(&mut User);
        let name = Username::new(b"op").unwrap();
        let changes: [(Change, Refusal); 4] = [
            (|user| user.enabled = false, Refusal::Disabled),
            (|user| user.messaging = false, Refusal::Messaging),
            (|user| user.password = None, Refusal::NoPassword),
            (|user| user.privilege = None, Refusal::NoAccess),
        ];
        for (change, obstacle) in changes {
            let mut users = Users::default();
            let mut user = user(b"op", b"secret", Privilege::User);
            assert!(
                users
                    .find(&name, RequestedPrivilege::Highest, true)
                    .is_none()
            );
            assert_eq!(user.obstacle(), None);
            change(&mut user);
            assert!(users.set(id(3), Some(user)));
            let (found, user) = users.named(&name).unwrap();
            assert_eq!((found, user.obstacle()), (id(3), Some(obstacle)));
            assert!(
                users
                    .find(&name, RequestedPrivilege::Highest, true)
                    .is_none()
            );
        }
        assert!(!Users::default().set(id(17), None));
    }
}
