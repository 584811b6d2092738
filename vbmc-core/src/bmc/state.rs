//! What a BMC keeps beside its users: what was set over IPMI and has to outlive a restart.
//!
//! Plain values with a form on disk, which a newer version must go on reading: a field that is missing has its default,
//! one that is unknown is ignored. What it means lives in `behaviour`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

use serde::{Deserialize, Serialize};

/// What a BMC keeps beside its users.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct State {
    /// The chassis.
    #[serde(skip_serializing_if = "is_default")]
    pub chassis: ChassisState,
    /// The LAN channel.
    #[serde(skip_serializing_if = "is_default")]
    pub channel: ChannelState,
    /// LAN parameters.
    #[serde(skip_serializing_if = "is_default")]
    pub lan: LanState,
    /// The event log, but for its records.
    #[serde(skip_serializing_if = "is_default")]
    pub sel: SelState,
    /// What is set of sensors, by their numbers.
    #[serde(skip_serializing_if = "is_default")]
    pub sensors: BTreeMap<u8, SensorSettings>,
    /// Serial over LAN.
    #[serde(skip_serializing_if = "is_default")]
    pub sol: SolState,
    /// The system info parameters that were set, by their numbers.
    #[serde(skip_serializing_if = "is_default")]
    pub info: BTreeMap<u8, InfoState>,
    /// Platform event filtering.
    #[serde(skip_serializing_if = "is_default")]
    pub pef: PefState,
}

impl State {
    /// The default, which all BMCs share that have nothing to keep.
    pub(super) fn nothing() -> Arc<Self> {
        static NOTHING: OnceLock<Arc<State>> = OnceLock::new();
        Arc::clone(NOTHING.get_or_init(Arc::default))
    }
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// What is kept of the chassis.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ChassisState {
    /// What happens to the machine when its host comes up again; none was set.
    pub restore: Option<RestorePolicy>,
    /// Whether the machine was on when it was last seen; kept under [`RestorePolicy::Previous`] alone.
    pub was_on: bool,
    /// The host's boot that this was last true for; [`Settings::host_boot`](super::Settings::host_boot).
    pub host_boot: Option<String>,
    /// For how many seconds the machine has been on in all, as far as it was seen, without its present run.
    pub powered: u64,
    /// When its present run began, in seconds since 1970; none while it is off.
    pub on_since: Option<u64>,
}

/// What happens to a machine when its host comes up again (§28.8).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RestorePolicy {
    /// It stays off.
    AlwaysOff,
    /// It is switched on if it was on before.
    Previous,
    /// It is switched on.
    AlwaysOn,
}

/// What is kept of the LAN parameters.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct LanState {
    /// The privilege limits of cipher suites by their ids, 1 (CALLBACK) to 5 (OEM), or 0: not to be used.
    pub suite_limits: BTreeMap<u8, u8>,
    /// The community string of alerts, 18 bytes at most.
    pub community: Option<String>,
}

/// What is kept of the event log beside its records.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct SelState {
    /// When it was last cleared, in seconds since 1970.
    pub erased: Option<u64>,
    /// The offset of local time that consoles are to show, in minutes.
    pub utc_offset: Option<i16>,
}

/// A system info parameter.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct InfoState {
    /// How it is encoded, by IPMI's number: 0 is Latin 1, 1 UTF-8, 2 Unicode.
    pub encoding: u8,
    /// Its bytes.
    pub text: Vec<u8>,
}

/// What is kept of platform event filtering.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct PefState {
    /// The parameters that are no tables, by their numbers, as IPMI encodes them.
    pub parameters: BTreeMap<u8, Vec<u8>>,
    /// The event filters, from 1, as IPMI encodes them.
    pub filters: BTreeMap<u8, Vec<u8>>,
    /// The alert policies, from 1, as IPMI encodes them.
    pub policies: BTreeMap<u8, Vec<u8>>,
    /// The last record of the event log that software on the machine has handled.
    pub by_software: u16,
    /// The last one that the BMC has handled, as consoles have set it.
    pub by_bmc: u16,
}

/// What is set of a sensor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SensorSettings {
    /// Its thresholds, raw: lower non-critical, critical and non-recoverable, then the upper ones.
    pub thresholds: [Option<u8>; 6],
    /// How far a reading must go back over an upper and over a lower threshold, raw.
    pub hysteresis: [u8; 2],
    /// Whether it generates events.
    pub events: bool,
    /// Whether it is read.
    pub scanning: bool,
    /// The crossings that lead to no event when they come, by their bits in IPMI.
    pub muted_assertions: u16,
    /// The crossings that lead to no event when they go.
    pub muted_deassertions: u16,
}

impl Default for SensorSettings {
    fn default() -> Self {
        Self {
            thresholds: [None; 6],
            hysteresis: [0; 2],
            events: true,
            scanning: true,
            muted_assertions: 0,
            muted_deassertions: 0,
        }
    }
}

/// What is kept of the LAN channel's access settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ChannelState {
    /// The highest privilege level that anybody can have, 1 (CALLBACK) to 5 (OEM).
    pub limit: u8,
    /// Whether alerts are sent.
    pub alerting: bool,
    /// Whether each packet is authenticated, and not only the one that opens a session. IPMI 1.5 alone asks.
    pub per_message_auth: bool,
}

impl Default for ChannelState {
    fn default() -> Self {
        Self {
            limit: 4,
            alerting: false,
            per_message_auth: true,
        }
    }
}

/// What is kept of serial over LAN: its parameters as the wire has them (§26.3), and who may not have it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SolState {
    /// Whether it can be activated at all.
    pub enabled: bool,
    /// Whether it must be encrypted.
    pub force_encryption: bool,
    /// Whether it must be authenticated.
    pub force_authentication: bool,
    /// The lowest level that may activate it, 2 (USER) to 5 (OEM).
    pub privilege: u8,
    /// How long characters wait for others, in steps of 5 ms.
    pub accumulate_interval: u8,
    /// How many characters do not wait for others.
    pub accumulate_threshold: u8,
    /// How often a packet that is not acknowledged is sent again, 0 to 7.
    pub retry_count: u8,
    /// After how long, in steps of 10 ms.
    pub retry_interval: u8,
    /// The bit rate's number.
    pub bit_rate: u8,
    /// The users that may not activate it.
    pub denied: BTreeSet<u8>,
}

impl Default for SolState {
    /// OPERATOR and above, since who has the console may have the machine. Packets of 20 ms; a console that is away for
    /// half a minute loses nothing.
    fn default() -> Self {
        Self {
            enabled: true,
            force_encryption: false,
            force_authentication: false,
            privilege: 3,
            accumulate_interval: 4,
            accumulate_threshold: 255,
            retry_count: 7,
            retry_interval: 50,
            bit_rate: 0x0A,
            denied: BTreeSet::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_to_keep_takes_no_room() {
        assert_eq!(serde_json::to_string(&*State::nothing()).unwrap(), "{}");
    }

    #[test]
    fn other_versions_are_read() {
        let text = r#"{"chassis":{"restore":"always-on","fan":3},"moon":{}}"#;
        let state: State = serde_json::from_str(text).unwrap();
        assert_eq!(state.chassis.restore, Some(RestorePolicy::AlwaysOn));
        assert_eq!(state.channel, ChannelState::default());
    }
}
