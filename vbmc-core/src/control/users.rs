//! A BMC's users, as the control API has them. No password is ever in an answer.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::Secret;
use crate::registry::{NO_ACCESS, UserRecord};

/// One user of a BMC.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BmcUser {
    /// 1 to 16. User 1 is the one without a name, user 2 the one whom the BMC was added with.
    pub id: u8,
    /// The name; empty: none yet.
    pub name: String,
    /// Whether a password was set. Without one, the user cannot log in.
    pub has_password: bool,
    /// The highest privilege level that the user can have.
    pub privilege: PrivilegeLimit,
    /// Whether the user is enabled.
    pub enabled: bool,
    /// Whether IPMI messaging is allowed: without it the user cannot log in.
    pub messaging: bool,
}

impl BmcUser {
    /// What is kept of a user, without its password.
    #[must_use]
    pub fn of(user: &UserRecord) -> Self {
        Self {
            id: user.id,
            name: user.name.clone(),
            has_password: user.password.is_some(),
            privilege: PrivilegeLimit::of(user.privilege),
            enabled: user.enabled,
            messaging: user.messaging,
        }
    }
}

/// What is to become different of a user. What is left out stays as it is; nothing else may be in it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct UserChange {
    /// The name, 1 to 16 bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The password, 20 bytes at most. A user's first password enables the user and allows messaging, unless this
    /// change says otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub password: Option<Secret>,
    /// The highest privilege level that the user can have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub privilege: Option<PrivilegeLimit>,
    /// Whether the user is enabled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// Whether IPMI messaging is allowed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub messaging: Option<bool>,
}

impl UserChange {
    /// Makes the change.
    pub fn apply(&self, user: &mut UserRecord) {
        let first_password = user.password.is_none() && self.password.is_some();
        if let Some(name) = &self.name {
            user.name.clone_from(name);
        }
        if let Some(password) = &self.password {
            user.set_password(password.clone());
        }
        if let Some(privilege) = self.privilege {
            user.privilege = privilege.bits();
        }
        user.enabled = self.enabled.unwrap_or(user.enabled || first_password);
        user.messaging = self.messaging.unwrap_or(user.messaging || first_password);
    }
}

/// The highest privilege level that a user can have (§6.8).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum PrivilegeLimit {
    /// No access at all.
    None,
    /// May have callbacks started.
    Callback,
    /// May look.
    User,
    /// May switch the machine too.
    Operator,
    /// May do everything.
    Administrator,
    /// What a manufacturer defines.
    Oem,
}

impl PrivilegeLimit {
    const fn of(bits: u8) -> Self {
        match bits {
            1 => Self::Callback,
            2 => Self::User,
            3 => Self::Operator,
            4 => Self::Administrator,
            5 => Self::Oem,
            _ => Self::None,
        }
    }

    /// The limit as [`UserRecord::privilege`] has it.
    #[must_use]
    pub const fn bits(self) -> u8 {
        match self {
            Self::None => NO_ACCESS,
            Self::Callback => 1,
            Self::User => 2,
            Self::Operator => 3,
            Self::Administrator => 4,
            Self::Oem => 5,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_first_password_lets_in_and_a_further_one_leaves_the_rest() {
        let mut user = UserRecord::unset(3);
        let password = |text: &str| UserChange {
            password: Some(Secret::new(text)),
            ..UserChange::default()
        };
        password("first").apply(&mut user);
        assert!(user.enabled && user.messaging && !user.long_password);
        let disable = UserChange {
            enabled: Some(false),
            ..UserChange::default()
        };
        disable.apply(&mut user);
        password("seventeen letters").apply(&mut user);
        assert!(!user.enabled && user.long_password);
        assert_eq!(user.privilege, NO_ACCESS);
    }

    #[test]
    fn privileges_go_both_ways() {
        for bits in [1, 2, 3, 4, 5, NO_ACCESS] {
            assert_eq!(PrivilegeLimit::of(bits).bits(), bits);
        }
    }
}
