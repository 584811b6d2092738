//! What one BMC is set to.

use core::time::Duration;

use super::Users;
use crate::crypto::{BmcKey, CipherSuites};

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
    /// After how long without a packet a session is closed.
    pub idle_timeout: Duration,
    /// Whether ASF presence pings are answered.
    pub presence_ping: bool,
}

impl Config {
    /// The idle timeout of §6.12.15: 60 s.
    pub const IDLE_TIMEOUT: Duration = Duration::from_secs(60);

    /// The defaults for a BMC with these users: suites 3 and 17, no K_g, a GUID of zeros.
    #[must_use]
    pub const fn new(users: Users) -> Self {
        Self {
            guid: [0; 16],
            users,
            kg: None,
            suites: CipherSuites::DEFAULT,
            idle_timeout: Self::IDLE_TIMEOUT,
            presence_ping: true,
        }
    }
}
