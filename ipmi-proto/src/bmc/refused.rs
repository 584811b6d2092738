//! The logins that were refused, for the driver to log.

use alloc::collections::VecDeque;
use core::net::SocketAddr;

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
    /// Why not.
    pub reason: Refusal,
}

/// Why a login was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// There is no such user that may log in, or the password is wrong.
    #[error("unknown user or wrong password")]
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

/// The queue of them.
#[derive(Debug, Default)]
pub(super) struct RefusedLogins {
    queue: VecDeque<RefusedLogin>,
}

impl RefusedLogins {
    pub(super) fn push(&mut self, peer: SocketAddr, username: Username, reason: Refusal) {
        if self.queue.len() >= MAX {
            self.queue.pop_front();
        }
        self.queue.push_back(RefusedLogin {
            peer,
            username,
            reason,
        });
    }

    pub(super) fn pop(&mut self) -> Option<RefusedLogin> {
        let refused = self.queue.pop_front();
        if self.queue.is_empty() {
            // An idle BMC costs nothing.
            self.queue = VecDeque::new();
        }
        refused
    }
}
