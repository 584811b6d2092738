//! Logins that were refused, as warnings and as events.
//!
//! Whoever guesses passwords must not fill the logs, and must not hide in them either: each user's first refusal of a kind
//! is told, with who and where from, and of those that follow within a minute how many they were.

use std::time::Duration;

use ipmi_proto::bmc::{Refusal, RefusedLogin};
use ipmi_proto::command::app::UserId;
use ipmi_proto::sel::EventData;
use tokio::time::Instant;

use super::commands::now;
use crate::bmc::behaviour::Behaviour;
use crate::bmc::behaviour::channel::LAN;
use crate::bmc::behaviour::sensors::{Sensor, offset};
use crate::bmc::net;

/// For how long the further ones are only counted.
const QUIET: Duration = Duration::from_secs(60);

/// The refusals of the last minute. As many as there are users and reasons at most: names that are no user's count as
/// one.
#[derive(Debug, Default)]
pub(super) struct Logins(Vec<Told>);

/// A refusal that was told.
#[derive(Debug)]
struct Told {
    user: Option<UserId>,
    reason: Refusal,
    until: Instant,
    /// How many followed.
    more: u32,
}

impl Logins {
    /// Notes a refusal. Returns whether it is to be told.
    fn note(&mut self, user: Option<UserId>, reason: Refusal) -> bool {
        let same = |told: &&mut Told| told.user == user && told.reason == reason;
        if let Some(told) = self.0.iter_mut().find(same) {
            told.more = told.more.saturating_add(1);
            return false;
        }
        self.0.push(Told {
            user,
            reason,
            until: Instant::now() + QUIET,
            more: 0,
        });
        true
    }

    /// When the next count is due.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.0.iter().map(|told| told.until).min()
    }

    fn expired(&mut self, now: Instant) -> Vec<Told> {
        let expired = self.0.extract_if(.., |told| told.until <= now).collect();
        if self.0.is_empty() {
            // An idle BMC costs nothing.
            self.0 = Vec::new();
        }
        expired
    }
}

impl Behaviour {
    /// Somebody was refused a login.
    pub(in crate::bmc) fn login_refused(&mut self, refused: &RefusedLogin) {
        let RefusedLogin {
            peer,
            username,
            user,
            reason,
        } = *refused;
        let (bmc, peer) = (&self.settings.name, net::shown(peer));
        if !self.sel.logins.note(user, reason) {
            tracing::debug!(bmc, %peer, %username, %reason, "a login was refused");
            return;
        }
        tracing::warn!(bmc, %peer, %username, %reason, "a login was refused");
        if is_invalid(reason) {
            self.log_event(Sensor::Session, invalid_login(user), now());
        }
    }

    /// Tells how many logins were refused that nobody was told of.
    pub(in crate::bmc::behaviour) fn count_refused_logins(&mut self, now: Instant) {
        for told in self.sel.logins.expired(now) {
            let Told { reason, more, .. } = told;
            if more > 0 {
                let (bmc, user) = (&self.settings.name, told.user.map(UserId::number));
                tracing::warn!(bmc, user, %reason, more, "further logins were refused within a minute");
            }
        }
    }
}

/// Whether it is what the event means. The others have proven the password, or were not asked for it.
const fn is_invalid(reason: Refusal) -> bool {
    !matches!(
        reason,
        Refusal::Privilege | Refusal::MustWait | Refusal::NoSlot
    )
}

/// "Invalid username or password", with the user in data byte 2, where there is one of the name, and the channel in data
/// byte 3 (table 42-3, Session Audit).
fn invalid_login(user: Option<UserId>) -> EventData {
    /// "Sensor-specific event extension code" in both.
    const EXTENDED: u8 = 0b1111_0000;
    let user = user.map_or(0, UserId::number);
    EventData([EXTENDED | offset::INVALID_LOGIN, user, LAN.number()])
}
