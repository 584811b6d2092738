//! The logins that were refused, for the driver to log.

use alloc::collections::VecDeque;
use core::net::SocketAddr;

use super::users::Users;
use crate::command::app::UserId;
use crate::handshake::Username;

/// How many wait for the driver; of more, the oldest are dropped.
const MAX: usize = 16;

/// A login that was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RefusedLogin {
    /// Where it came from. The address is a real one, since logins take several datagrams each way; but not where IPMI 1.5
    /// refuses the first of them, Get Session Challenge for an unknown user.
    pub peer: SocketAddr,
    /// Who wanted in. Not necessarily a user that exists.
    pub username: Username,
    /// The user of this name; of several, the first that may log in.
    pub user: Option<UserId>,
    /// Why not.
    pub reason: Refusal,
}

/// Why a login was refused: for the log, and never for the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// There is no user of this name.
    #[error("there is no such user")]
    NoSuchUser,
    /// The user is disabled.
    #[error("the user is disabled")]
    Disabled,
    /// The user may not use the channel.
    #[error("the user may not use this channel, since IPMI messaging is off")]
    Messaging,
    /// The user never got a password.
    #[error("the user has no password")]
    NoPassword,
    /// The user has no access to the channel.
    #[error("the user has no privilege level on this channel")]
    NoAccess,
    /// IPMI 1.5 has no place for the user's password.
    #[error("the user's password is longer than the 16 bytes of IPMI 1.5")]
    LongPassword,
    /// The password is wrong.
    #[error("wrong password")]
    Credentials,
    /// The console's password is another than this BMC's, as it says itself.
    #[error("the console has another password")]
    ByConsole,
    /// The console fell silent after RAKP 2, as ipmitool and FreeIPMI do that have another password.
    #[error("the console gave up, as one does that has another password")]
    GivenUp,
    /// The password is right, but the user may not have the privilege level.
    #[error("privilege level above the user's limit")]
    Privilege,
    /// There were too many wrong passwords.
    #[error("too many wrong passwords from there")]
    MustWait,
    /// All sessions are taken.
    #[error("no session is free")]
    NoSlot,
}

impl Refusal {
    /// Whether it is what a wrong password leads to, and a right one where there is no such user that may log in.
    const fn may_be_for_want_of_a_user(self) -> bool {
        matches!(self, Self::Credentials | Self::ByConsole | Self::GivenUp)
    }
}

/// The queue of them.
#[derive(Debug, Default)]
pub(super) struct RefusedLogins {
    queue: VecDeque<(SocketAddr, Username, Refusal)>,
}

impl RefusedLogins {
    pub(super) fn push(&mut self, peer: SocketAddr, username: Username, reason: Refusal) {
        if self.queue.len() >= MAX {
            self.queue.pop_front();
        }
        self.queue.push_back((peer, username, reason));
    }

    /// The next one. Who it was and what was in the way is looked up here, after the answer was made: how long that takes
    /// tells the console nothing.
    pub(super) fn pop(&mut self, users: &Users) -> Option<RefusedLogin> {
        let refused = self.queue.pop_front();
        if self.queue.is_empty() {
            // An idle BMC costs nothing.
            self.queue = VecDeque::new();
        }
        let (peer, username, reason) = refused?;
        let named = users.named(&username);
        let obstacle = match named {
            None => Some(Refusal::NoSuchUser),
            Some((_, user)) => user.obstacle(),
        };
        let reason = match obstacle {
            Some(obstacle) if reason.may_be_for_want_of_a_user() => obstacle,
            _ => reason,
        };
        Some(RefusedLogin {
            peer,
            username,
            user: named.map(|(id, _)| id),
            reason,
        })
    }
}
