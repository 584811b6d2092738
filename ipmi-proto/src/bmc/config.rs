//! What one BMC is set to.

use alloc::vec::Vec;
use core::time::Duration;

use super::Users;
use crate::Privilege;
use crate::command::app::AuthTypes;
use crate::crypto::{BmcKey, CipherSuite, CipherSuites};

/// The settings of an [`Endpoint`](super::Endpoint). They may be changed while it runs; open sessions keep the keys
/// that they were opened with.
#[derive(Debug, Clone)]
pub struct Config {
    /// GUID_C, in the order in which it is sent. Goes into every handshake, so it must not change during one.
    pub guid: [u8; 16],
    /// Who may log in.
    pub users: Users,
    /// The BMC key K_g; none: the user's password stands in for it ("one-key" login).
    pub kg: Option<BmcKey>,
    /// The cipher suites that are accepted.
    pub suites: CipherSuites,
    /// The highest level that sessions of a suite can have, where it is lower than the user's (LAN parameter 24).
    pub suite_limits: SuiteLimits,
    /// After how long without a packet a session is closed.
    pub idle_timeout: Duration,
    /// Whether ASF presence pings are answered.
    pub presence_ping: bool,
    /// Whether and how IPMI 1.5 sessions are taken.
    pub v15: V15,
}

/// The privilege limits of cipher suites.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SuiteLimits(Vec<(CipherSuite, Option<Privilege>)>);

impl SuiteLimits {
    /// No suite has a limit of its own.
    pub const NONE: Self = Self(Vec::new());

    /// Limits a suite. Without a level, no session can have it.
    pub fn set(&mut self, suite: CipherSuite, limit: Option<Privilege>) {
        self.0.retain(|(limited, _)| *limited != suite);
        self.0.push((suite, limit));
    }

    /// The highest level that sessions of a suite can have; none where there can be no session.
    #[must_use]
    pub fn of(&self, suite: CipherSuite) -> Option<Privilege> {
        let limited = self.0.iter().find(|(limited, _)| *limited == suite);
        limited.map_or(Some(Privilege::Oem), |(_, limit)| *limit)
    }
}

/// The IPMI 1.5 sessions that a BMC takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct V15 {
    /// How they may be authenticated. Of these, none, MD5 and straight password are spoken here; if there are none
    /// of them, no such session is taken.
    ///
    /// With [`AuthTypes::NONE`], everybody gets in who knows a name.
    pub auth_types: AuthTypes,
    /// Whether every packet of a session must be authenticated, or the first one alone. Without it, whoever sees a
    /// session's packets can send others in it.
    pub per_message_auth: bool,
}

impl V15 {
    /// No session of IPMI 1.5: it encrypts nothing, and its digest is MD5 at best.
    pub const DISABLED: Self = Self {
        auth_types: AuthTypes::new(0),
        per_message_auth: true,
    };

    /// The types that are spoken.
    #[must_use]
    pub const fn spoken(self) -> AuthTypes {
        const SPOKEN: u8 = AuthTypes::NONE | AuthTypes::MD5 | AuthTypes::PASSWORD;
        AuthTypes::new(self.auth_types.bits() & SPOKEN)
    }

    /// Whether any session is taken.
    #[must_use]
    pub const fn is_enabled(self) -> bool {
        self.spoken().bits() != 0
    }
}

impl Config {
    /// The idle timeout of §6.12.15: 60 s.
    pub const IDLE_TIMEOUT: Duration = Duration::from_secs(60);

    /// The defaults for a BMC with these users: suites 3 and 17, no K_g, a GUID of zeros, no IPMI 1.5.
    #[must_use]
    pub const fn new(users: Users) -> Self {
        Self {
            guid: [0; 16],
            users,
            kg: None,
            suites: CipherSuites::DEFAULT,
            suite_limits: SuiteLimits::NONE,
            idle_timeout: Self::IDLE_TIMEOUT,
            presence_ping: true,
            v15: V15::DISABLED,
        }
    }
}
