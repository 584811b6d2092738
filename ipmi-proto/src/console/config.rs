//! What a console needs to know before it starts.

use core::time::Duration;

use crate::Privilege;
use crate::crypto::{BmcKey, CipherSuite, Password};
use crate::handshake::{RequestedPrivilege, Username};

/// Who logs in, with which rights, and how patient the console is.
#[derive(Debug, Clone)]
pub struct Config {
    /// The user's name.
    pub username: Username,
    /// The user's password.
    pub password: Password,
    /// K_g, where the BMC has one besides the users' passwords.
    pub kg: Option<BmcKey>,
    /// Which cipher suite to propose.
    pub suite: SuiteChoice,
    /// The privilege level that the session is raised to before the first request.
    pub privilege: RequestedPrivilege,
    /// Whether the BMC is to look the user up by name alone (as ipmitool has it), or by name and privilege level.
    pub name_only: bool,
    /// How often messages are sent again.
    pub retry: Retry,
    /// Ask for the device id after this long without a request, so that the BMC does not end the session (§6.12.15 has
    /// it do so after 60 s). None: let it.
    pub keep_alive: Option<Duration>,
    /// How many requests, counted from the oldest unanswered one, may be sent at a time: 1 to [`Config::MAX_WINDOW`];
    /// values outside count as the nearest.
    pub window: usize,
}

impl Config {
    /// The most requests in flight: a BMC takes session sequence numbers up to 15 ahead (§6.12.13).
    pub const MAX_WINDOW: usize = 15;

    /// A configuration that logs in as Administrator, chooses the best cipher suite and sends one request at a time.
    #[must_use]
    pub fn new(username: Username, password: Password) -> Self {
        Self {
            username,
            password,
            kg: None,
            suite: SuiteChoice::default(),
            privilege: RequestedPrivilege::UpTo(Privilege::Administrator),
            name_only: true,
            retry: Retry::default(),
            keep_alive: None,
            window: 1,
        }
    }
}

/// Which cipher suite to propose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SuiteChoice {
    /// Ask the BMC which suites it has, and take 17 or else 3.
    #[default]
    Auto,
    /// This one; the BMC is not asked.
    Exactly(CipherSuite),
}

/// How often a message is sent again when no answer comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retry {
    /// How long an answer may take before the message is sent again.
    pub interval: Duration,
    /// How often a message is sent in all, at least once. RAKP messages are sent less often in one handshake.
    pub attempts: u32,
    /// How often the handshake is begun in all, at least once.
    pub handshakes: u32,
}

impl Retry {
    /// What ipmitool waits.
    pub const INTERVAL: Duration = Duration::from_secs(1);
    /// ipmitool's four repetitions.
    pub const ATTEMPTS: u32 = 5;
    /// Enough for a handshake to come through where every fifth datagram is lost.
    pub const HANDSHAKES: u32 = 4;
    /// How often a message is sent that there is another way without: Get Channel Cipher Suites, which proposals
    /// replace; Close Session, which the idle timeout replaces; RAKP 1 and 3, which a new handshake replaces (the BMC
    /// may have forgotten the half-open session, or believe it to be open, so that repeating them is of little use).
    pub(super) const FEW_ATTEMPTS: u32 = 2;
}

impl Default for Retry {
    fn default() -> Self {
        Self {
            interval: Self::INTERVAL,
            attempts: Self::ATTEMPTS,
            handshakes: Self::HANDSHAKES,
        }
    }
}
