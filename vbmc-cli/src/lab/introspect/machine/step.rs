//! What can be done next with a node, and how a node can end.

use std::fmt;

/// What is asked of Ironic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Request {
    Manage,
    Inspect,
    /// Ends an inspection that takes too long.
    AbortInspection,
    /// Ends a cleaning that takes too long.
    AbortCleaning,
    PowerOff,
    Clean,
    Provide,
    /// Ends the maintenance that Ironic itself began.
    LiftFault,
}

impl Request {
    /// As in "refuses to ...".
    pub(in super::super) fn verb(self) -> &'static str {
        match self {
            Self::Manage => "manage it",
            Self::Inspect => "inspect it",
            Self::AbortInspection => "abort its inspection",
            Self::AbortCleaning => "abort its cleaning",
            Self::PowerOff => "switch it off",
            Self::Clean => "clean it",
            Self::Provide => "make it available",
            Self::LiftFault => "end its maintenance",
        }
    }
}

/// What the operator does with a machine that nobody else can switch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Switch {
    On,
    Off,
}

impl fmt::Display for Switch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::On => "on",
            Self::Off => "off",
        })
    }
}

/// One step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) enum Step {
    /// Read it again later.
    Wait(Waiting),
    Send(Request),
    /// Fetch what inspection found and keep it.
    Fetch,
    /// Tell the operator.
    Ask(Switch),
    End(Ending),
}

/// What a node waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Waiting {
    Bmc,
    Power,
    Ramdisk,
    Cleaning,
    /// What Ironic does by itself before a node is available, if only for a moment.
    Providing,
    /// The same, where it takes the ramdisk.
    CleaningBefore,
    Ironic,
    Lock,
    Refused,
    Slot,
    Others,
    Operator(Switch),
}

impl fmt::Display for Waiting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bmc => "its BMC to answer Ironic",
            Self::Power => "the machine to be switched",
            Self::Ramdisk => "the ramdisk to call back",
            Self::Cleaning => "the ramdisk to erase the disks' metadata",
            Self::Providing => "Ironic to make it available",
            Self::CleaningBefore => {
                "the ramdisk to clean, as Ironic is set to before a node is available"
            }
            Self::Ironic => "Ironic to go on",
            Self::Lock => "Ironic's conductor to let go of it",
            Self::Refused => "Ironic to accept what it refused before",
            Self::Slot => "other nodes to be inspected",
            Self::Others => "the other nodes",
            Self::Operator(Switch::On) => "the operator to switch it on",
            Self::Operator(Switch::Off) => "the operator to switch it off",
        })
    }
}

/// What this run has done with a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in super::super) struct Done {
    pub(in super::super) inspected: bool,
    pub(in super::super) cleaned: bool,
    pub(in super::super) provided: bool,
}

/// How a node ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) enum Ending {
    Available(Done),
    /// As far as was wanted.
    Manageable(Done),
    /// Why it was not touched.
    LeftAlone(String),
    Failed(Failure),
}

/// What failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Doing {
    Verify,
    Inspect,
    Save,
    Clean,
    Provide,
    /// Ironic would not take it.
    Request(Request),
}

/// Why a node failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct Failure {
    pub(in super::super) doing: Doing,
    /// What Ironic said.
    pub(in super::super) said: Option<String>,
    /// Whether we gave up waiting.
    pub(in super::super) timed_out: bool,
    /// How many inspections have failed.
    pub(in super::super) inspections: u32,
}
