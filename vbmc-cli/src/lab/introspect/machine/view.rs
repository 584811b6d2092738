//! A node as last read.

use jiff::Timestamp;

/// The provision states that a run has to do with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) enum State {
    Enroll,
    Verifying,
    Manageable,
    Inspecting,
    InspectWait,
    InspectFailed,
    Cleaning,
    CleanWait,
    CleanFailed,
    Available,
    /// `active`, `deploying` and others of nodes that somebody uses.
    Other(String),
}

/// Why Ironic keeps a node in maintenance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) enum Hold {
    /// Somebody said so, perhaps with a reason.
    Operator(Option<String>),
    /// Ironic itself did, since something failed: `clean failure`, `power failure`.
    Fault(String),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct NodeView {
    pub(in super::super) state: State,
    /// When it came into this state, by the server's clock.
    pub(in super::super) since: Option<Timestamp>,
    /// Whether what goes on will make it available.
    pub(in super::super) to_available: bool,
    /// A conductor has it in hand.
    pub(in super::super) reserved: bool,
    pub(in super::super) hold: Option<Hold>,
    pub(in super::super) off: bool,
    /// Its power is being switched.
    pub(in super::super) switching: bool,
    pub(in super::super) last_error: Option<String>,
}

/// Tells whether a node has moved: every change of its state sets the time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mark(State, Option<Timestamp>);

impl NodeView {
    pub(super) fn mark(&self) -> Mark {
        Mark(self.state.clone(), self.since)
    }
}
