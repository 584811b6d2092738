//! The commands: one file each with request, response and tests, and one row each in [`TABLE`].
//!
//! To add a command, write `netfn/name.rs` with a request that implements [`Command`], and name it in `commands!`
//! below: that line is the only place where it is registered. What a command *does* never lives here.

use alloc::vec::Vec;
use core::fmt;

use crate::Privilege;
use crate::wire::{Decode, DecodeError, Encode};

/// Implements the wire form of a request without data.
macro_rules! without_data {
    ($name:ident) => {
        impl crate::wire::Encode for $name {
            fn encode(&self, _out: &mut alloc::vec::Vec<u8>) {}
        }

        impl crate::wire::Decode for $name {
            fn decode(input: &[u8]) -> Result<Self, crate::wire::DecodeError> {
                <() as crate::wire::Decode>::decode(input).map(|()| Self)
            }
        }
    };
}

pub mod app;
pub(crate) mod bits;
mod channel;
pub mod chassis;
mod parameter_data;
pub mod sensor;
mod set_in_progress;
pub mod storage;
pub mod transport;

pub use channel::Channel;
pub use parameter_data::ParameterData;
pub use set_in_progress::SetInProgress;

/// A network function (§5.1): the group that a command belongs to. Requests carry an even number, responses the odd
/// one above it; this is always the even one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NetFn(u8);

impl NetFn {
    /// Chassis, 00h.
    pub const CHASSIS: Self = Self(0x00);
    /// Sensor/Event, 04h.
    pub const SENSOR_EVENT: Self = Self(0x04);
    /// Application, 06h.
    pub const APP: Self = Self(0x06);
    /// Storage, 0Ah.
    pub const STORAGE: Self = Self(0x0A);
    /// Transport, 0Ch.
    pub const TRANSPORT: Self = Self(0x0C);
    /// Group extension, 2Ch: the first data byte says whose command it is.
    pub const GROUP_EXTENSION: Self = Self(0x2C);

    /// The network function of a request or response with this number (6 bits; the lowest one is dropped).
    #[must_use]
    pub const fn new(bits: u8) -> Self {
        Self(bits & 0x3E)
    }

    /// The number in a request.
    #[must_use]
    pub const fn request(self) -> u8 {
        self.0
    }

    /// The number in a response.
    #[must_use]
    pub const fn response(self) -> u8 {
        self.0 | 1
    }
}

impl fmt::Debug for NetFn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NetFn({:02X}h)", self.0)
    }
}

/// A request, and through it everything the protocol knows about one command.
pub trait Command: Encode + Decode {
    /// The group it belongs to.
    const NETFN: NetFn;
    /// Its number within the group.
    const CODE: u8;
    /// Its name in the specification.
    const NAME: &'static str;
    /// The lowest privilege level that may send it (appendix G).
    const PRIVILEGE: Privilege;
    /// Whether it is answered outside a session too.
    const SESSIONLESS: bool = false;
    /// Its part in opening an IPMI 1.5 session, if it has one.
    const V15_STEP: Option<V15Step> = None;
    /// What a successful response holds behind the completion code.
    type Response: Encode + Decode;
}

/// A step of opening an IPMI 1.5 session (§22.16, §22.17). The command is answered before there is a session, but only in
/// packets of IPMI 1.5: an RMCP+ console has no use for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum V15Step {
    /// The first: in a packet without a session.
    Challenge,
    /// The second: in the first packet that is authenticated, under the temporary session id of the first step's
    /// answer.
    Activation,
}

/// A row of [`TABLE`].
#[derive(Debug, Clone, Copy)]
pub struct Row {
    /// The group.
    pub netfn: NetFn,
    /// The number within the group.
    pub code: u8,
    /// The name in the specification.
    pub name: &'static str,
    /// The lowest privilege level that may send it.
    pub privilege: Privilege,
    /// Whether it is answered outside a session too.
    pub sessionless: bool,
    /// Its part in opening an IPMI 1.5 session, if it has one.
    pub v15_step: Option<V15Step>,
    /// Decodes the request's data bytes.
    pub decode: fn(&[u8]) -> Result<Request, DecodeError>,
}

impl Row {
    const fn of<C: Command>(decode: fn(&[u8]) -> Result<Request, DecodeError>) -> Self {
        Self {
            netfn: C::NETFN,
            code: C::CODE,
            name: C::NAME,
            privilege: C::PRIVILEGE,
            sessionless: C::SESSIONLESS,
            v15_step: C::V15_STEP,
            decode,
        }
    }
}

/// The row of a command; none if this library does not know it.
#[must_use]
pub fn lookup(netfn: NetFn, code: u8) -> Option<&'static Row> {
    TABLE
        .iter()
        .find(|row| row.code == code && row.netfn == netfn)
}

macro_rules! commands {
    ($( $group:ident :: $name:ident, )+) => {
        /// A decoded request of any command.
        #[derive(Debug, Clone, PartialEq, Eq)]
        #[non_exhaustive]
        #[allow(missing_docs, reason = "each variant is documented at the type it holds")]
        pub enum Request {
            $( $name($group::$name), )+
        }

        impl Request {
            /// The command's row in [`TABLE`].
            #[must_use]
            pub fn row(&self) -> &'static Row {
                match self {
                    $( Self::$name(_) => const { &row_of::$name() }, )+
                }
            }
        }

        impl Encode for Request {
            fn encode(&self, out: &mut Vec<u8>) {
                match self {
                    $( Self::$name(request) => request.encode(out), )+
                }
            }
        }

        #[allow(non_snake_case, reason = "one function per command, under the command's own name")]
        mod row_of {
            use super::*;
            $(
                pub(super) const fn $name() -> Row {
                    Row::of::<$group::$name>(|data| {
                        <$group::$name as Decode>::decode(data).map(Request::$name)
                    })
                }
            )+
        }

        /// Every command that this library can decode: its number, its lowest privilege, whether it is allowed
        /// outside a session, and its decoder. What is not listed here is answered with C1h.
        pub static TABLE: &[Row] = &[ $( row_of::$name(), )+ ];

        /// Decodes and encodes again the response of any command: for fuzzing and for tests over all commands.
        /// None for an unknown command.
        #[must_use]
        pub fn recode_response(netfn: NetFn, code: u8, data: &[u8]) -> Option<Result<Vec<u8>, DecodeError>> {
            $(
                if netfn == $group::$name::NETFN && code == $group::$name::CODE {
                    return Some(<<$group::$name as Command>::Response as Decode>::decode(data).map(|response| {
                        let mut out = Vec::new();
                        response.encode(&mut out);
                        out
                    }));
                }
            )+
            None
        }
    };
}

commands! {
    app::GetDeviceId,
    app::ColdReset,
    app::WarmReset,
    app::GetSelfTestResults,
    app::SetAcpiPowerState,
    app::GetAcpiPowerState,
    app::GetDeviceGuid,
    app::ResetWatchdogTimer,
    app::SetWatchdogTimer,
    app::GetWatchdogTimer,
    app::SetBmcGlobalEnables,
    app::GetBmcGlobalEnables,
    app::ClearMessageFlags,
    app::GetMessageFlags,
    app::GetMessage,
    app::SendMessage,
    app::ReadEventMessageBuffer,
    app::GetSystemGuid,
    app::GetChannelAuthenticationCapabilities,
    app::GetSessionChallenge,
    app::ActivateSession,
    app::SetSessionPrivilegeLevel,
    app::CloseSession,
    app::GetSessionInfo,
    app::SetChannelAccess,
    app::GetChannelAccess,
    app::GetChannelInfo,
    app::SetUserAccess,
    app::GetUserAccess,
    app::SetUserName,
    app::GetUserName,
    app::SetUserPassword,
    app::ActivatePayload,
    app::DeactivatePayload,
    app::GetPayloadActivationStatus,
    app::GetPayloadInstanceInfo,
    app::SetUserPayloadAccess,
    app::GetUserPayloadAccess,
    app::GetChannelPayloadSupport,
    app::GetChannelPayloadVersion,
    app::GetChannelOemPayloadInfo,
    app::GetChannelCipherSuites,
    app::SuspendResumePayloadEncryption,
    app::SetChannelSecurityKeys,
    app::SetSystemInfoParameters,
    app::GetSystemInfoParameters,
    chassis::GetChassisCapabilities,
    chassis::GetChassisStatus,
    chassis::ChassisControl,
    chassis::ChassisIdentify,
    chassis::SetChassisCapabilities,
    chassis::SetPowerRestorePolicy,
    chassis::GetSystemRestartCause,
    chassis::SetSystemBootOptions,
    chassis::GetSystemBootOptions,
    chassis::SetFrontPanelEnables,
    chassis::SetPowerCycleInterval,
    chassis::GetPohCounter,
    sensor::SetEventReceiver,
    sensor::GetEventReceiver,
    sensor::PlatformEvent,
    sensor::GetPefCapabilities,
    sensor::ArmPefPostponeTimer,
    sensor::SetPefConfigurationParameters,
    sensor::GetPefConfigurationParameters,
    sensor::SetLastProcessedEventId,
    sensor::GetLastProcessedEventId,
    sensor::AlertImmediate,
    sensor::PetAcknowledge,
    sensor::GetDeviceSdrInfo,
    sensor::GetDeviceSdr,
    sensor::ReserveDeviceSdrRepository,
    sensor::GetSensorReadingFactors,
    sensor::SetSensorHysteresis,
    sensor::GetSensorHysteresis,
    sensor::SetSensorThresholds,
    sensor::GetSensorThresholds,
    sensor::SetSensorEventEnable,
    sensor::GetSensorEventEnable,
    sensor::RearmSensorEvents,
    sensor::GetSensorEventStatus,
    sensor::GetSensorReading,
    sensor::GetSensorType,
    storage::GetFruInventoryAreaInfo,
    storage::ReadFruData,
    storage::WriteFruData,
    storage::GetSdrRepositoryInfo,
    storage::GetSdrRepositoryAllocationInfo,
    storage::ReserveSdrRepository,
    storage::GetSdr,
    storage::ClearSdrRepository,
    storage::GetSdrRepositoryTime,
    storage::SetSdrRepositoryTime,
    storage::GetSelInfo,
    storage::GetSelAllocationInfo,
    storage::ReserveSel,
    storage::GetSelEntry,
    storage::AddSelEntry,
    storage::DeleteSelEntry,
    storage::ClearSel,
    storage::GetSelTime,
    storage::SetSelTime,
    storage::GetSelTimeUtcOffset,
    storage::SetSelTimeUtcOffset,
    transport::SetLanConfigurationParameters,
    transport::GetLanConfigurationParameters,
    transport::SuspendBmcArps,
    transport::GetIpUdpRmcpStatistics,
    transport::SetSolConfigurationParameters,
    transport::GetSolConfigurationParameters,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Data bytes: mostly few, since few commands take many, and mostly small, since many fields are.
    fn data() -> impl Strategy<Value = Vec<u8>> {
        let byte = || prop_oneof![any::<u8>(), 0..=8_u8];
        prop_oneof![
            4 => proptest::collection::vec(byte(), 0..=8),
            1 => proptest::collection::vec(byte(), 0..=32),
        ]
    }

    proptest! {
        #[test]
        fn requests_survive_a_round_trip(data in data()) {
            for row in TABLE {
                let Ok(request) = (row.decode)(&data) else {
                    continue;
                };
                prop_assert_eq!(request.row().name, row.name);
                let mut encoded = Vec::new();
                request.encode(&mut encoded);
                prop_assert_eq!((row.decode)(&encoded), Ok(request), "{}", row.name);
            }
        }

        #[test]
        fn responses_survive_a_round_trip(data in data()) {
            for row in TABLE {
                let recode = |data: &[u8]| recode_response(row.netfn, row.code, data).unwrap();
                if let Ok(encoded) = recode(&data) {
                    let again = recode(&encoded);
                    prop_assert_eq!(again, Ok(encoded), "{}", row.name);
                }
            }
        }
    }

    #[test]
    fn the_commands_allowed_outside_a_session() {
        let names: Vec<_> = TABLE
            .iter()
            .filter(|row| row.sessionless)
            .map(|row| row.name)
            .collect();
        assert_eq!(
            names,
            [
                "Get System GUID",
                "Get Channel Authentication Capabilities",
                "Get Channel Cipher Suites",
            ]
        );
    }

    #[test]
    fn the_commands_that_open_a_session_of_1_5() {
        let steps: Vec<_> = TABLE
            .iter()
            .filter_map(|row| row.v15_step.map(|step| (row.name, step)))
            .collect();
        assert_eq!(
            steps,
            [
                ("Get Session Challenge", V15Step::Challenge),
                ("Activate Session", V15Step::Activation),
            ]
        );
    }

    #[test]
    fn no_command_is_listed_twice() {
        for (i, row) in TABLE.iter().enumerate() {
            let same = TABLE
                .iter()
                .filter(|other| other.netfn == row.netfn && other.code == row.code);
            assert_eq!(same.count(), 1, "{} is listed twice (row {i})", row.name);
        }
    }
}

/// Helpers for the tests at the bottom of every command's file.
#[cfg(test)]
pub(crate) mod testing {
    use super::*;

    /// Asserts that a request has exactly this form, both ways.
    #[track_caller]
    pub(crate) fn request<C: Command + PartialEq + fmt::Debug>(request: &C, bytes: &[u8]) {
        both_ways(request, bytes);
    }

    /// Asserts that a response of `C` has exactly this form, both ways.
    #[track_caller]
    pub(crate) fn response<C: Command>(response: &C::Response, bytes: &[u8])
    where
        C::Response: PartialEq + fmt::Debug,
    {
        both_ways(response, bytes);
    }

    #[track_caller]
    fn both_ways<T: Encode + Decode + PartialEq + fmt::Debug>(value: &T, bytes: &[u8]) {
        let mut out = Vec::new();
        value.encode(&mut out);
        assert_eq!(out, bytes, "encoded");
        assert_eq!(T::decode(bytes).as_ref(), Ok(value), "decoded");
    }

    /// Asserts that a request with these data bytes is refused with this error.
    #[track_caller]
    pub(crate) fn refused<C: Command + PartialEq + fmt::Debug>(bytes: &[u8], error: DecodeError) {
        assert_eq!(C::decode(bytes), Err(error));
    }
}
