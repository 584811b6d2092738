//! The states of a node, and what can be asked of one.

use std::convert::Infallible;
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Writes an enum of names, with room for those that a newer server has.
macro_rules! names {
    ($(#[$doc:meta])* $name:ident, listed as $list:ident { $($variant:ident = $text:literal),* $(,)? }) => {
        names! { $(#[$doc])* $name { $($variant = $text),* } }

        /// All of them that we know, by name.
        pub(crate) const $list: &[&str] = &[$($text),*];
    };
    ($(#[$doc:meta])* $name:ident { $($variant:ident = $text:literal),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(from = "String", into = "String")]
        pub(crate) enum $name {
            $($variant,)*
            /// One that we don't know.
            Other(String),
        }

        impl $name {
            pub(crate) fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $text,)*
                    Self::Other(text) => text,
                }
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                match text.as_str() {
                    $($text => Self::$variant,)*
                    _ => Self::Other(text),
                }
            }
        }

        impl std::str::FromStr for $name {
            type Err = Infallible;

            fn from_str(text: &str) -> Result<Self, Infallible> {
                Ok(Self::from(text.to_owned()))
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.as_str().to_owned()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }
    };
}

names! {
    /// Where a node is on its way from being registered to being in use.
    ProvisionState, listed as PROVISION_STATES {
        Enroll = "enroll",
        Verifying = "verifying",
        Manageable = "manageable",
        Available = "available",
        Inspecting = "inspecting",
        InspectWait = "inspect wait",
        InspectFailed = "inspect failed",
        Cleaning = "cleaning",
        CleanWait = "clean wait",
        CleanHold = "clean hold",
        CleanFailed = "clean failed",
        Deploying = "deploying",
        DeployWait = "wait call-back",
        DeployHold = "deploy hold",
        DeployFailed = "deploy failed",
        Active = "active",
        Deleting = "deleting",
        Error = "error",
        Adopting = "adopting",
        AdoptFailed = "adopt failed",
        Rescue = "rescue",
        Rescuing = "rescuing",
        RescueWait = "rescue wait",
        RescueFailed = "rescue failed",
        Unrescuing = "unrescuing",
        UnrescueFailed = "unrescue failed",
        Servicing = "servicing",
        ServiceWait = "service wait",
        ServiceHold = "service hold",
        ServiceFailed = "service failed",
    }
}

impl ProvisionState {
    /// Whether the node stays in it until somebody asks for more. `inspect failed` and `clean failed` keep their target,
    /// so that one doesn't tell.
    pub(crate) fn is_final(&self) -> bool {
        matches!(
            self,
            Self::Enroll | Self::Manageable | Self::Available | Self::Active | Self::Rescue
        ) || self.is_failed()
    }

    /// Whether what was asked for has failed. A failed `manage` ends in `enroll`, which is no such state.
    pub(crate) fn is_failed(&self) -> bool {
        matches!(
            self,
            Self::InspectFailed
                | Self::CleanFailed
                | Self::DeployFailed
                | Self::Error
                | Self::AdoptFailed
                | Self::RescueFailed
                | Self::UnrescueFailed
                | Self::ServiceFailed
        )
    }

    /// Whether the ramdisk is expected to report.
    pub(crate) fn waits_for_ramdisk(&self) -> bool {
        matches!(
            self,
            Self::InspectWait
                | Self::CleanWait
                | Self::DeployWait
                | Self::RescueWait
                | Self::ServiceWait
        )
    }
}

names! {
    /// The power of a node, or what it is being switched to.
    PowerState {
        On = "power on",
        Off = "power off",
        Rebooting = "rebooting",
        SoftOff = "soft power off",
        SoftRebooting = "soft rebooting",
        Error = "error",
    }
}

/// What a node is asked to become.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Target {
    /// Ironic asks its BMC, and the node becomes `manageable`.
    Manage,
    Inspect,
    /// The node becomes `available`.
    Provide,
    /// Stops what waits for the ramdisk.
    Abort,
    Clean(Vec<CleanStep>),
}

/// One thing that cleaning does.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct CleanStep {
    pub(crate) interface: &'static str,
    pub(crate) step: &'static str,
}

impl Target {
    /// Removes partition tables and the like; data stays.
    pub(crate) fn clean_metadata() -> Self {
        Self::Clean(vec![CleanStep {
            interface: "deploy",
            step: "erase_devices_metadata",
        }])
    }

    /// What Ironic calls it.
    pub(crate) fn verb(&self) -> &'static str {
        match self {
            Self::Manage => "manage",
            Self::Inspect => "inspect",
            Self::Provide => "provide",
            Self::Abort => "abort",
            Self::Clean(_) => "clean",
        }
    }

    pub(super) fn body(&self) -> Value {
        match self {
            Self::Clean(steps) => json!({ "target": self.verb(), "clean_steps": steps }),
            _ => json!({ "target": self.verb() }),
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.verb())
    }
}
